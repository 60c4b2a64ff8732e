"""The simulated client: its true segments are found again, and in the null client there are none."""

import pandas as pd

from segutils.methodology.segments import landscape, segment_count
from segutils.samples import client
from segutils.samples.making import open_making
from segutils.statistics import agreement

LOGGED = ("frequency", "monetary_value")
# the base that tells the true segments apart: behaviour, as the client's engagement file names it
FEATURES = """
select customer_id, count(distinct order_id) as frequency,
  sum(net_revenue) / count(distinct order_id) as monetary_value,
  sum(discount) / (sum(net_revenue) + sum(discount)) as discount_share,
  coalesce(sum(net_revenue) filter (category = 'Spare parts') / sum(net_revenue), 0) as share_spare_parts,
  coalesce(sum(net_revenue) filter (category = 'Laboratory') / sum(net_revenue), 0) as share_laboratory,
  coalesce(sum(net_revenue) filter (category = 'Pneumatics') / sum(net_revenue), 0) as share_pneumatics,
  count(distinct order_id) filter (channel = 'partner') / count(distinct order_id) as orders_partner
from client.transactions join client.products using (product_id)
where net_revenue > 0 group by customer_id order by customer_id
"""
WORK = {"max_segments": 8, "pairs": 20, "restarts": 50, "refit_restarts": 10, "splits": 5, "halves": 3}


def draw(accounts, seed, *, null=False):
    """Features of customers with purchases, and each account's true segment."""
    with open_making(accounts=accounts, seed=seed, null=null) as making:
        for step in client.FIRST:
            step(making)
        features = making.db.sql(FEATURES).df()
        truth = making.db.sql("select customer_id, segment from truth.accounts").df()
    features[features.columns[1:]] = features[features.columns[1:]].astype(float)
    features.insert(1, "has_purchases", True)
    return features, truth


def fit(features, seed, **work):
    names = list(features.columns[2:])
    transforms = ["log1p" if name in LOGGED else "none" for name in names]
    catalogue = pd.DataFrame({"feature": names, "transform": transforms, "used": True})
    return landscape.fit_landscape(features, catalogue, seed=seed, **WORK | work)


def test_true_segments_and_their_number_are_found():
    features, truth = draw(3000, seed=7)
    solutions = fit(features, seed=0)
    finding = segment_count.decide_count(solutions)
    assert finding.decision.recommendation == "6" == str(truth["segment"].nunique())
    true = features[["customer_id"]].merge(truth)["segment"].factorize()[0]
    assert agreement.adjusted_rand(true, solutions.solutions[6].labels) >= 0.9
    assert finding.table.set_index("k").loc[6, "verdict"] in ("natural", "reproducible")


def test_the_null_client_has_none():
    # over a hundred seeds: benchmarks/no_segments.py
    for seed in range(3):
        features, _ = draw(800, seed=seed, null=True)
        solutions = fit(features, seed=seed, max_segments=6, pairs=5, restarts=10, halves=1, splits=2)
        finding = segment_count.decide_count(solutions)
        assert finding.decision.recommendation == "1" and finding.status == "fail"
        assert finding.headline.startswith("The data does not support segmenting")
