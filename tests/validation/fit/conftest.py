"""A small simulated manufacturer without faults, its planted truth, and the null client."""

from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from segutils.samples import client
from segutils.samples.making import AS_OF, Making, open_making

DATES = {"transactions": "ordered_at", "competitor_prices": "observed_at"}


@dataclass(frozen=True, kw_only=True)
class Client:
    """What a client gives (as ibis tables) and what was planted in it."""

    making: Making

    as_of = AS_OF

    def table(self, name: str) -> ir.Table:
        frame = self.making.ask(f"select * from client.{name}")
        if name in DATES:
            frame[DATES[name].replace("_at", "_on")] = frame[DATES[name]].dt.date
        return ibis.memtable(frame)

    def planted(self, name: str) -> pd.DataFrame:
        return self.making.ask(f"select * from truth.{name}")

    def groups(self) -> pd.DataFrame:
        """The true segments, as the grouping that is judged."""
        accounts = self.planted("accounts")[["customer_id", "segment"]]
        return accounts.rename(columns={"segment": "group"}).sort_values(["group", "customer_id"])


def _make(accounts: int, *, null: bool) -> Iterator[Client]:
    with open_making(accounts=accounts, seed=11, null=null) as making:
        client.build_tables(making)
        yield Client(making=making)


@pytest.fixture(scope="session")
def halden() -> Iterator[Client]:
    yield from _make(3000, null=False)


@pytest.fixture(scope="session")
def null_halden() -> Iterator[Client]:
    yield from _make(1500, null=True)
