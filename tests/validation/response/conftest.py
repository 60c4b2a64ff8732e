"""The simulated client's campaigns, drawn without the rest of the client, and its true segments."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from segutils.samples import client
from segutils.samples.making import open_making
from segutils.samples.marketing import campaigns
from segutils.validation.response import campaign_cells

TABLES = ("exposures", "campaigns", "transactions", "products")
DAYS = {  # which ingestion leaves beside the moments
    "exposures": ("assigned_at", "assigned_on"),
    "campaigns": ("started_at", "started_on"),
    "transactions": ("ordered_at", "ordered_on"),
}


@dataclass(frozen=True, kw_only=True)
class Campaigner:
    """The client's tables on an engine, its customers by true segment, and what was planted."""

    tables: dict[str, ir.Table]
    members: pd.DataFrame
    planted: pd.DataFrame
    lifts: pd.DataFrame
    shares: pd.DataFrame

    @property
    def cells(self) -> pd.DataFrame:
        return campaign_cells.build_cells(self.tables["exposures"], self.members)

    @property
    def segments(self) -> list[str]:
        return campaign_cells.sort_names(self.members)


def _draw(accounts: int, seed: int, *, null: bool = False) -> Campaigner:
    with open_making(accounts=accounts, seed=seed, null=null) as making:
        for step in client.FIRST:
            step(making)
        campaigns.build_campaigns(making)
        engine = ibis.duckdb.connect()
        tables = {}
        for name in TABLES:
            given = making.ask(f"select * from client.{name}")
            if name in DAYS:
                moment, day = DAYS[name]
                given[day] = given[moment].dt.date
            tables[name] = engine.create_table(name, given)
        truth = making.ask("select customer_id, segment from truth.accounts order by customer_id")
        return Campaigner(
            tables=tables,
            members=campaign_cells.build_members(truth),
            planted=making.ask("select * from truth.exposures"),
            lifts=making.ask("select * from truth.campaign_lifts"),
            shares=pd.DataFrame() if null else making.ask("select * from truth.buying_shares"),
        )


@pytest.fixture(scope="session")
def campaigner() -> Campaigner:
    """6,000 accounts, as in the demo, with another seed."""
    return _draw(6000, 7)


@pytest.fixture(scope="session")
def null_campaigner() -> Campaigner:
    """1,500 accounts whose campaigns do nothing."""
    return _draw(1500, 7, null=True)
