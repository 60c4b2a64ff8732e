"""A small simulated manufacturer with its planted truth, as files and as an ingested run."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from segutils import tables
from segutils.engagement import load_engagement
from segutils.samples import writing
from segutils.samples.writing import Recipe


@dataclass(frozen=True, kw_only=True)
class Manufacturer:
    """A client on disk: what it gives (`table`), what was planted in it, and its `run` after ingestion."""

    folder: Path
    run: tables.Run

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "tables" / f"{name}.parquet")

    def planted(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "truth" / f"{name}.parquet")


def _make(folder: Path, recipe: Recipe) -> Manufacturer:
    writing.write_client(folder / "client", recipe)
    tables.ingest(load_engagement(folder / "client" / "engagement.yml"), folder / "2025-12-31-00000000")
    return Manufacturer(folder=folder / "client", run=tables.open_run(folder / "2025-12-31-00000000"))


@pytest.fixture(scope="session")
def manufacturer(tmp_path_factory) -> Manufacturer:
    """2,000 accounts with the usual faults; another seed than the demo's."""
    return _make(tmp_path_factory.mktemp("manufacturer"), Recipe(accounts=2000, seed=7))


@pytest.fixture(scope="session")
def null_manufacturer(tmp_path_factory) -> Manufacturer:
    """300 accounts with clean tables, in which nothing is to be found."""
    return _make(tmp_path_factory.mktemp("null-manufacturer"), Recipe(accounts=300, seed=7, null=True))


@pytest.fixture(scope="session")
def true_records(manufacturer) -> pd.DataFrame:
    """What the systems say, each record with its true firm as group, and with what is wrong with it."""
    records = manufacturer.table("source_records").merge(
        manufacturer.planted("records"), on=["source", "record_id"], validate="one_to_one"
    )
    return records.rename(columns={"entity": "group_id"})
