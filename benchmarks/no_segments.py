"""How often does the playbook say "no segments" where there are none, over many seeds?

``python benchmarks/no_segments.py [--seeds 100] [--accounts 1000]`` decides the number of segments as
notebook 3_2 does, with less work per seed, for

a. the simulated null client (one population of accounts, no effects), with the features that its engagement
   file names, another client with every seed;
b. pure noise: 1,000 customers whose five features have nothing to do with each other (normal, even, skewed).

It prints how many of the seeds ended in one message for all, and what came out in the others.
"""

import argparse
import sys
from collections import Counter

import numpy as np
import pandas as pd

from segutils.methodology.segments import landscape, segment_count
from segutils.samples import client
from segutils.samples.making import open_making

MIN_SHARE = 0.99
WORK = {"max_segments": 6, "pairs": 10, "restarts": 10, "refit_restarts": 3, "splits": 3, "halves": 1}
LOGGED = ("frequency", "monetary_value")
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


def draw_null_client(seed: int, accounts: int) -> pd.DataFrame:
    """Features of one null client's customers with purchases."""
    with open_making(accounts=accounts, seed=seed, null=True) as making:
        for step in client.FIRST:
            step(making)
        found = making.db.sql(FEATURES).df()
    found[found.columns[1:]] = found[found.columns[1:]].astype(float)
    found.insert(1, "has_purchases", True)
    return found


def draw_noise(seed: int) -> pd.DataFrame:
    """1,000 customers whose features are unrelated."""
    rng = np.random.default_rng(seed)
    columns = [*rng.normal(size=(2, 1000)), *rng.uniform(size=(2, 1000)), rng.exponential(size=1000)]
    table = pd.DataFrame(np.column_stack(columns), columns=list("abcde"))
    table.insert(0, "customer_id", [f"c{number}" for number in range(1000)])
    table.insert(1, "has_purchases", True)
    return table


def decide(features: pd.DataFrame, seed: int) -> str:
    """The recommended number of segments; "1": one message for all."""
    names = list(features.columns[2:])
    transforms = ["log1p" if name in LOGGED else "none" for name in names]
    catalogue = pd.DataFrame({"feature": names, "transform": transforms, "used": True})
    solutions = landscape.fit_landscape(features, catalogue, seed=seed, **WORK)
    return segment_count.decide_count(solutions, seed=seed).decision.recommendation


def main() -> int:
    """Measure, print, and return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--accounts", type=int, default=1000, help="of each null client")
    told = parser.parse_args()
    missed = False
    for name, draw in (
        ("null client", lambda seed: draw_null_client(seed, told.accounts)),
        ("pure noise", draw_noise),
    ):
        found = Counter(decide(draw(seed), seed) for seed in range(told.seeds))
        none = found["1"] / told.seeds
        missed |= none < MIN_SHARE
        others = ", ".join(f"{count} x {k} segments" for k, count in sorted(found.items()) if k != "1")
        print(
            f"{name:<14}no segments in {found['1']} of {told.seeds} seeds   mark {MIN_SHARE:.0%}   {others}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
