"""Small simulated clients with their planted truth: orders, accounts and a survey, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from segutils.samples import client
from segutils.samples.customers import identities, records
from segutils.samples.making import AS_OF, open_making
from segutils.samples.voices import survey


@dataclass(frozen=True, kw_only=True)
class Orders:
    """A client's order lines, customers and survey, and what was planted in them."""

    transactions: ir.Table
    customers: ir.Table
    survey: pd.DataFrame
    accounts: pd.DataFrame
    respondents: pd.DataFrame
    as_of: date = AS_OF


def _make(*, accounts: int, null: bool) -> Orders:
    with open_making(accounts=accounts, seed=7, null=null) as making:
        for step in (*client.FIRST, identities.build_identities, records.build_records, survey.build_survey):
            step(making)
        lines = making.ask("select * from client.transactions")
        return Orders(
            transactions=ibis.memtable(lines.assign(ordered_on=pd.to_datetime(lines["ordered_at"]).dt.date)),
            customers=ibis.memtable(making.ask("select * from client.customers")),
            survey=making.ask("select * from client.survey"),
            accounts=making.ask("select * from truth.accounts"),
            respondents=making.ask("select * from truth.respondents"),
        )


@pytest.fixture(scope="session")
def planted() -> Iterator[Orders]:
    """Six true segments that order at different rates."""
    yield _make(accounts=3000, null=False)


@pytest.fixture(scope="session")
def alike() -> Iterator[Orders]:
    """The null client: one population, one distribution of rates, one hazard of leaving; no segments."""
    yield _make(accounts=2000, null=True)
