"""A simulated manufacturer of 6,000 accounts with planted segments, regions, experiments and price tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.samples import client
from segutils.samples.customers import identities, records
from segutils.samples.making import open_making
from segutils.samples.marketing import campaigns
from segutils.samples.prices import price_tests
from segutils.statistics import kmeans, segment_model

AS_OF = date(2025, 12, 31)
TABLES = ("customers", "transactions", "products", "campaigns", "exposures", "price_tests")
BUILT = (
    identities.build_identities,
    records.build_records,
    campaigns.build_campaigns,
    price_tests.build_price_tests,
)
DAYS = {  # which ingestion leaves beside the moments
    "campaigns": ("started_at", "started_on"),
    "exposures": ("assigned_at", "assigned_on"),
    "transactions": ("ordered_at", "ordered_on"),
}
TRUTH = ("accounts", "drift", "regional_exception", "campaign_lifts", "exposures", "elasticities")
# what 3_1_features computes for this client, said once more in SQL
FEATURES = """
select customer_id, count(distinct order_id) as frequency,
  sum(net_revenue) / count(distinct order_id) as monetary_value,
  sum(discount) / (sum(net_revenue) + sum(discount)) as discount_share,
  sum(net_revenue) filter (category = 'Spare parts') / sum(net_revenue) as share_spare_parts,
  sum(net_revenue) filter (category = 'Laboratory') / sum(net_revenue) as share_laboratory,
  sum(net_revenue) filter (category = 'Pneumatics') / sum(net_revenue) as share_pneumatics,
  count(distinct order_id) filter (channel = 'partner') / count(distinct order_id) as orders_partner
from client.transactions join client.products using (product_id)
where net_revenue > 0 and ordered_at::date between '{first}' and '{last}'
group by customer_id order by customer_id
"""
LOGGED = ("frequency", "monetary_value")


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What the client gives (`tables`, ibis), what was planted (`truth`), features and the segments found.

    `segments` carries the found segments under the names of the true ones that most of their customers have.
    """

    tables: dict[str, ibis.Table]
    truth: dict[str, pd.DataFrame]
    features: pd.DataFrame
    periods: pd.DataFrame
    catalogue: pd.DataFrame
    model: segment_model.SegmentModel
    segments: pd.DataFrame


def _read_features(
    query: Callable[[str], pd.DataFrame], ids: pd.Series, first: str, last: str
) -> pd.DataFrame:
    found = ids.to_frame().merge(query(FEATURES.format(first=first, last=last)), on="customer_id", how="left")
    found.insert(1, "has_purchases", found["frequency"].notna())
    shares = [name for name in found.columns[2:] if name not in LOGGED]
    bought = found["has_purchases"]
    found.loc[bought, shares] = found.loc[bought, shares].astype(float).fillna(0)
    return found.astype(dict.fromkeys(found.columns[2:], float)).assign(
        frequency=lambda table: table["frequency"].fillna(0)
    )


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("planted")
    with open_making(accounts=6000, seed=7) as making:
        for step in (*client.FIRST, *BUILT):
            step(making)
        for name in TABLES:
            day = ", {}::date as {}".format(*DAYS[name]) if name in DAYS else ""
            making.db.execute(f"copy (select *{day} from client.{name}) to '{folder / name}.parquet'")
        truth = {name: making.db.sql(f"select * from truth.{name}").df() for name in TRUTH}

        def query(text: str) -> pd.DataFrame:
            return making.db.sql(text).df()

        ids = query("select customer_id from client.customers order by 1")["customer_id"]
        features = _read_features(query, ids, "2023-01-01", "2025-12-31")
        periods = pd.concat(
            [
                _read_features(query, ids, f"{year}-01-01", f"{year}-12-31").assign(
                    period=str(year), period_start=pd.Timestamp(f"{year}-01-01")
                )
                for year in (2024, 2025)
            ],
            ignore_index=True,
        )
    names = list(features.columns[2:])
    catalogue = pd.DataFrame(
        {"feature": names, "transform": ["log1p" if n in LOGGED else "none" for n in names], "used": True}
    )
    buyers = segment_model.select_buyers(features)
    scaling = segment_model.fit_scaling(buyers, catalogue)
    solution = kmeans.fit_solution(scaling.apply(buyers), k=6, restarts=100, seed=0)
    true = buyers[["customer_id"]].merge(truth["accounts"][["customer_id", "segment"]])["segment"]
    called = tuple(true[solution.labels == label].mode().iloc[0] for label in range(6))
    model = segment_model.SegmentModel(names=called, scaling=scaling, centres=solution.centres)
    connection = ibis.duckdb.connect()
    yield Planted(
        tables={name: connection.read_parquet(folder / f"{name}.parquet") for name in TABLES},
        truth=truth,
        features=features,
        periods=periods,
        catalogue=catalogue,
        model=model,
        segments=segment_model.assign_customers(features, model)[["customer_id", "segment"]],
    )
