"""The simulated manufacturer's customers with the planted segments as the accepted solution, built once."""

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.methodology.features.catalogue import build_catalogue
from segutils.methodology.features.customers import build_features
from segutils.methodology.features.measures import rank_values
from segutils.methodology.features.rfm import build_rfm, look_back
from segutils.samples import client
from segutils.samples.making import AS_OF, open_making
from segutils.samples.voices import interviews
from segutils.statistics.segment_model import SegmentModel, assign_customers, fit_scaling, select_buyers

SEGMENT_BY = [
    "frequency", "monetary_value", "discount_share", "share_spare_parts", "share_laboratory",
    "share_pneumatics", "orders_partner",
]  # fmt: skip
DAYS = 1095


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What notebook 3_3 reads, and what was planted: `true` has each customer's segment."""

    features: pd.DataFrame
    catalogue: pd.DataFrame
    rfm: pd.DataFrame
    segments: pd.DataFrame
    names: pd.DataFrame
    model: SegmentModel
    customers: ibis.Table
    lines: ibis.Table
    interviews: pd.DataFrame
    passages: pd.DataFrame
    coding: pd.Series
    true: pd.DataFrame

    @property
    def buyers(self) -> pd.DataFrame:
        known = self.features.merge(self.segments[["customer_id", "segment"]], on="customer_id")
        return known[known["segment"] != "none"].reset_index(drop=True)


def make_planted(*, accounts: int, seed: int, null: bool = False) -> Planted:
    """The centres are the means of the planted segments' buyers, so the solution is the planted one."""
    with open_making(accounts=accounts, seed=seed, null=null) as making:
        for step in client.FIRST:
            step(making)
        interviews.build_interviews(making)
        asked = {
            name: making.ask(f"select * from {name}")
            for name in (
                "draft.accounts",
                "client.transactions",
                "client.products",
                "client.interviews",
                "truth.passages",
                "truth.coding",
            )
        }
    accounts_table = asked["draft.accounts"]
    lines = asked["client.transactions"]
    moved = lines.assign(
        ordered_on=lines["ordered_at"].dt.date, net_revenue=lines["net_revenue"].astype(float)
    )
    moved = moved.astype({"contribution_margin": float, "discount": float, "unit_cost": float})
    sold = ibis.memtable(moved)
    known = ibis.memtable(
        accounts_table[
            [
                *("customer_id", "signup_date", "industry", "employees", "annual_revenue", "country"),
                *("region", "acquisition_channel", "business_unit", "sales_segment", "women_owned"),
            ]
        ]
    )
    products = ibis.memtable(asked["client.products"])
    window = look_back(as_of=AS_OF, window_days=DAYS)
    parts = {
        "categories": rank_values(sold, products, "category", window=window, max_values=9),
        "channels": rank_values(sold, products, "channel", window=window, max_values=4),
    }
    rfm = build_rfm(sold, known, products, as_of=AS_OF, window_days=DAYS, own_brand="Halden", **parts)
    features = build_features(rfm, window_days=DAYS)
    catalogue = build_catalogue(features, wanted=SEGMENT_BY, max_correlation=0.99, **parts)
    buyers = select_buyers(features)
    true = accounts_table[["customer_id", "segment"]]
    scaling = fit_scaling(buyers, catalogue)
    own = buyers.merge(true, on="customer_id")["segment"]
    words = sorted(own.unique())
    points = scaling.apply(buyers)
    centres = np.stack([points[(own == word).to_numpy()].mean(axis=0) for word in words])
    codes = tuple(f"S{n}" for n in range(1, len(words) + 1))
    model = SegmentModel(names=codes, scaling=scaling, centres=centres)
    return Planted(
        features=features,
        catalogue=catalogue,
        rfm=rfm,
        segments=assign_customers(features, model),
        names=pd.DataFrame({"segment": codes, "name": [word.capitalize() for word in words]}),
        model=model,
        customers=known,
        lines=sold,
        interviews=asked["client.interviews"],
        passages=asked["truth.passages"],
        coding=asked["truth.coding"].iloc[0],
        true=true,
    )


@pytest.fixture(scope="session")
def planted() -> Planted:
    return make_planted(accounts=2000, seed=7)


@pytest.fixture(scope="session")
def null_planted() -> Planted:
    """One population: nothing that customers are tells anything about what they buy."""
    return make_planted(accounts=1500, seed=7, null=True)
