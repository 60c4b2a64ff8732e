"""The simulated client's records and visits, drawn without the rest of the client, and linked once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity import clusters, linking
from segutils.samples import client
from segutils.samples.customers import accounts, identities, records
from segutils.samples.making import open_making
from segutils.samples.orders import assortment

STEPS = (
    assortment.build_products,
    accounts.build_accounts,
    identities.build_identities,
    records.build_records,
)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Records on an engine, and beside them whose they are."""

    records: ir.Table
    truth: pd.DataFrame
    customers: ir.Table


def draw(count: int, seed: int, *, null: bool = False) -> Drawn:
    with open_making(accounts=count, seed=seed, null=null) as making:
        for step in STEPS:
            step(making)
        engine = ibis.duckdb.connect()
        tables = {
            name: engine.create_table(name, making.db.execute(f"from client.{name}").to_arrow_table())
            for name in ("source_records", "customers")
        }
        truth = making.ask("select source, record_id, entity from draft.records")
    return Drawn(records=tables["source_records"], truth=truth, customers=tables["customers"])


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    return draw(6000, seed=7)


@pytest.fixture(scope="session")
def other_seed() -> Drawn:
    return draw(2000, seed=11)


@pytest.fixture(scope="session")
def nothing() -> Drawn:
    """The null client: every record is of another firm."""
    return draw(2000, seed=7, null=True)


@pytest.fixture(scope="session")
def linkage(drawn) -> linking.Linkage:
    return linking.fit_linkage(drawn.records)


@pytest.fixture(scope="session")
def entities(linkage) -> pd.DataFrame:
    return clusters.assign_entities(linkage)


@pytest.fixture(scope="session")
def visits() -> dict[str, pd.DataFrame]:
    """Events, customers and order lines of a small client, with the truth of its visitors."""
    with open_making(accounts=800, seed=7) as making:
        client.build_tables(making)
        names = ("client.events", "client.customers", "client.transactions")
        names += ("truth.anonymous", "truth.anonymous_sessions", "truth.accounts")
        return {name.split(".")[1]: making.ask(f"from {name}") for name in names}


@pytest.fixture(scope="session")
def febrl() -> Callable[[int], ir.Table]:
    """Febrl's data set of this number, with the canonical names of its columns."""

    def read(number: int) -> ir.Table:
        found = pd.read_parquet(Path(__file__).parent / "data" / f"febrl{number}.parquet")
        text = found.fillna("")
        street = text["street_number"] + " " + text["address_1"] + " " + text["address_2"]
        return ibis.memtable(
            pd.DataFrame(
                {
                    "source": np.where(found["rec_id"].str.endswith("org"), "original", "duplicate"),
                    "record_id": found["rec_id"],
                    "name": text["given_name"] + " " + text["surname"],
                    "street": street,
                    "city": found["suburb"],
                    "postcode": found["postcode"],
                    "birth_date": found["date_of_birth"],
                    "identifier": found["soc_sec_id"],
                    "true_entity": found["rec_id"].str.extract(r"rec-(\d+)-")[0],
                }
            )
        )

    return read


@pytest.fixture(scope="session")
def share_right() -> Callable[[pd.DataFrame, pd.DataFrame], tuple[float, float]]:
    """Precision and recall of pairs, counted here and not by the code under test."""

    def count(found: pd.DataFrame, truth: pd.DataFrame) -> tuple[float, float]:
        both = found.merge(truth, on=["source", "record_id"], validate="one_to_one")
        pairs = [
            (both.groupby(keys).size() * (both.groupby(keys).size() - 1) / 2).sum()
            for keys in (["entity_id", "entity"], ["entity_id"], ["entity"])
        ]
        return float(pairs[0] / pairs[1]) if pairs[1] else 1.0, float(pairs[0] / pairs[2])

    return count
