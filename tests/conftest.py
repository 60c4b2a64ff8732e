"""Clients for tests: a small shop as files, and the simulated manufacturer as tables.

The shop has 300 customers, about 6,000 order lines over one year, three kinds of shoppers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:  # most tests need neither
    import ibis.expr.types as ir

    from segutils.samples.making import Making

SMALL_YAML = """\
client: Small Shop
currency: EUR
as_of: 2024-12-31
timezone: Europe/Berlin
simulated: true
data_note: Simulated data for tests.
tables:
  customers:
    path: customers.csv
    columns: {customer_id: client, region: area, household: household}
  transactions:
    path: lines.csv
    timezone: Europe/Berlin
    columns:
      customer_id: client
      order_id: receipt
      ordered_at: sold
      net_revenue: amount
      product_id: article
      quantity: pieces
      discount: rebate
  products:
    path: articles.csv
    columns: {product_id: article, category: group, brand: maker}
protected_attributes: [household]
"""


def _write_small_client(folder: Path) -> None:
    rng = np.random.default_rng(20241231)
    kinds = np.repeat([0, 1, 2], [60, 120, 120])  # frequent and broad; regular; rare but large orders
    ids = [f"C{number:04d}" for number in range(1, 301)]
    categories = ["dairy", "bakery", "produce", "wine", "household"]
    articles = pd.DataFrame(
        {
            "article": [f"P{number:02d}" for number in range(50)],
            "group": [categories[number % 5] for number in range(50)],
            "maker": ["own" if number % 3 == 0 else "brand" for number in range(50)],
        }
    )
    lines = []
    receipt = 0
    for client, kind in zip(ids, kinds, strict=True):
        orders = max(1, rng.poisson([16, 7, 4][kind]))
        for _ in range(orders):
            receipt += 1
            sold = datetime(2024, 1, 1, 8) + timedelta(minutes=int(rng.integers(0, 366 * 1440 - 900)))
            articles_bought = 1 + rng.poisson([1.6, 1.2, 3.0][kind])
            for article in rng.choice(50, size=articles_bought, replace=False, p=_tastes(kind)).tolist():
                pieces = int(rng.integers(1, 4))
                price = [2.5, 3.0, 9.0][kind] * (1 + (article % 7) / 7)
                lines.append(
                    (client, f"R{receipt:05d}", sold, f"P{article:02d}", pieces, round(price * pieces, 2))
                )
    names = ["client", "receipt", "sold", "article", "pieces", "amount"]
    sales = pd.DataFrame(lines, columns=names).sort_values(["sold", "receipt"], ignore_index=True)
    sales["rebate"] = np.where(rng.random(len(sales)) < 0.15, (sales.amount * 0.1).round(2), 0.0)
    customers = pd.DataFrame(
        {
            "client": ids,
            "area": rng.choice(["north", "south", "west"], 300),
            "household": rng.choice(["single", "family"], 300),
        }
    )
    customers.to_csv(folder / "customers.csv", index=False)
    articles.to_csv(folder / "articles.csv", index=False)
    sales.to_csv(folder / "lines.csv", index=False)
    (folder / "engagement.yml").write_text(SMALL_YAML, encoding="utf-8")


def _tastes(kind: int) -> np.ndarray:
    weights = np.array([[3, 3, 3, 0.2, 1], [2, 1, 1, 0.5, 2], [0.3, 0.3, 0.3, 6, 1]][kind])
    return np.tile(weights, 10) / np.tile(weights, 10).sum()


@pytest.fixture(scope="session")
def _small_client(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small-client")
    _write_small_client(folder)
    return folder


@pytest.fixture
def small_engagement(_small_client, tmp_path) -> Path:
    """Path of the small client's ``engagement.yml``; the csv files beside it are a copy to be changed."""
    folder = tmp_path / "client"
    shutil.copytree(_small_client, folder)
    return folder / "engagement.yml"


@pytest.fixture(scope="session")
def _small_ingested(_small_client, tmp_path_factory) -> Path:
    from segutils import tables
    from segutils.engagement import load_engagement

    folder = tmp_path_factory.mktemp("small-run") / "2024-12-31-00000000"
    tables.ingest(load_engagement(_small_client / "engagement.yml"), folder)
    return folder


@pytest.fixture
def small_run(_small_ingested, tmp_path, monkeypatch):
    """The small client's run after ingestion, without notebooks; what it writes is official."""
    from segutils import tables

    folder = tmp_path / "reports" / "small-shop" / _small_ingested.name
    shutil.copytree(_small_ingested, folder)
    monkeypatch.setenv(tables.WRITES, folder.name)
    return tables.open_run(folder)


LOCAL_DATES = {"transactions": "ordered_at", "competitor_prices": "observed_at"}


@dataclass(frozen=True, kw_only=True)
class Client:
    """What the simulated manufacturer gives (as ibis tables) and what was planted in it."""

    making: Making
    as_of: date

    def table(self, name: str) -> ir.Table:
        import ibis

        frame = self.making.ask(f"select * from client.{name}")
        if name in LOCAL_DATES:
            moment = LOCAL_DATES[name]
            frame[moment.replace("_at", "_on")] = frame[moment].dt.date
        return ibis.memtable(frame)

    def planted(self, name: str) -> pd.DataFrame:
        return self.making.ask(f"select * from truth.{name}")

    def groups(self, column: str = "strategy_segment") -> pd.DataFrame:
        """The groups that the client plans with: ``customer_id, group``."""
        people = self.making.ask(f'select customer_id, {column} as "group" from client.customers')
        return people.dropna().sort_values(["group", "customer_id"], ignore_index=True)

    def true_groups(self) -> pd.DataFrame:
        """The true segments, as a grouping: ``customer_id, group``."""
        people = self.planted("accounts")[["customer_id", "segment"]].rename(columns={"segment": "group"})
        return people.sort_values(["group", "customer_id"], ignore_index=True)


def _make(accounts: int, *, null: bool) -> Iterator[Client]:
    from segutils.samples import client
    from segutils.samples.making import AS_OF, open_making

    with open_making(accounts=accounts, seed=11, null=null) as making:
        client.build_tables(making)
        yield Client(making=making, as_of=AS_OF)


@pytest.fixture(scope="session")
def halden() -> Iterator[Client]:
    """The manufacturer without faults: 3,000 accounts; another seed than the demo's."""
    yield from _make(3000, null=False)


@pytest.fixture(scope="session")
def null_halden() -> Iterator[Client]:
    """1,500 accounts, all alike."""
    yield from _make(1500, null=True)


@pytest.fixture
def postgres():
    """The URL of a throw-away PostgreSQL; skipped where its programs or its driver are missing."""
    pytest.importorskip("psycopg", reason="psycopg (extra postgres) is not installed")
    if not (shutil.which("initdb") and shutil.which("pg_ctl")):
        pytest.skip("PostgreSQL's programs initdb and pg_ctl are not on the path")
    owner = None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if os.name == "posix" and os.geteuid() == 0:  # PostgreSQL does not start as root
        try:
            shutil.chown(folder, "postgres")
        except LookupError:
            shutil.rmtree(folder)
            pytest.skip("PostgreSQL does not start as root, and there is no user postgres")
        owner = "postgres"

    def call(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=owner)

    data, options = str(folder / "data"), f"-c listen_addresses='' -k {folder} -c fsync=off"
    call("initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8")
    call("pg_ctl", "-D", data, "-o", options, "-w", "-l", str(folder / "log"), "start")
    yield f"postgresql://tester@/postgres?host={folder}"
    call("pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)
