"""A small simulated client and its null client, as ibis tables and as the truth that was planted in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import pandas as pd
import pytest

from segutils.data_readiness.enrichment import text_reading
from segutils.data_readiness.enrichment.text_reading import TextReading
from segutils.samples import client as sample_client
from segutils.samples.making import Making, open_making

SEED = 23


@dataclass(frozen=True, kw_only=True)
class Client:
    """A generated client: ``table(name)`` is an ibis table (DuckDB), ``truth(name)`` a frame."""

    making: Making
    engine: ibis.BaseBackend

    def table(self, name: str) -> ibis.Table:
        """A table of the data contract; orders have their day, as ingestion leaves it."""
        table = self.engine.table(name, database="client")
        return table.mutate(ordered_on=table.ordered_at.date()) if name == "transactions" else table

    def truth(self, name: str) -> pd.DataFrame:
        """What was planted."""
        return self.making.ask(f"from truth.{name}")


def _generate(accounts: int, *, null: bool) -> Iterator[Client]:
    with open_making(accounts=accounts, seed=SEED, null=null) as making:
        sample_client.build_tables(making)
        yield Client(making=making, engine=ibis.duckdb.from_connection(making.db))


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """2,500 accounts with everything planted; another seed than the demo's."""
    yield from _generate(2500, null=False)


@pytest.fixture(scope="session")
def null_client() -> Iterator[Client]:
    """1,500 accounts with nothing to find."""
    yield from _generate(1500, null=True)


def _read(made: Client) -> TextReading:
    tickets, customers, records = (made.table(name) for name in ("tickets", "customers", "source_records"))
    keep = text_reading.list_kept_words(made.table("products"), client="Halden Instruments")
    names = text_reading.list_names([customers, records])
    return text_reading.read_tickets(tickets, customers, names=names, keep=keep, seed=1)


@pytest.fixture(scope="session")
def reading(client) -> TextReading:
    """The client's tickets, read."""
    return _read(client)


@pytest.fixture(scope="session")
def null_reading(null_client) -> TextReading:
    """The null client's tickets, read."""
    return _read(null_client)
