"""Groups of customers with a planted mean each, and decisions tried by lot, for the tests of merging."""

from datetime import date

import numpy as np
import pandas as pd

from segutils.objectives.boundaries.customer_periods import CustomerPeriods
from segutils.objectives.boundaries.granularity import decide_granularity
from segutils.objectives.boundaries.merge_path import build_grouped_customers
from segutils.objectives.boundaries.merge_worth import Lever

COSTS = pd.DataFrame(
    {
        "item": ["running a segment", "setting up a campaign", "e-mail"],
        "amount": [45_000, 9_000, 0.05],
        "per": ["segment", "campaign", "message"],
        "every": ["quarter", None, None],
        "segment": "",
        "owner": "C. Moreau, CMO",
    }
)
QUICK = {"resamples": 60, "permutations": 199, "seed": 1}


def make_client(means: dict[str, float], *, each: int = 300, seed: int = 0) -> tuple:
    """Groups of customers whose next year brings so much on average, with a standard deviation of 10."""
    rng = np.random.default_rng(seed)
    names = np.repeat(list(means), each)
    ids = [f"c{n:05d}" for n in range(len(names))]
    value = np.array([means[name] for name in names]) + rng.normal(0, 10, len(names))
    table = pd.DataFrame(
        {
            "customer_id": ids,
            "bought_ever": True,
            **{"orders": 1.0, "value": 1.0, "orders_next": 1.0, "value_next": value},
        }
    )
    periods = CustomerPeriods(
        table=table,
        mix=pd.DataFrame(),
        start=date(2024, 1, 2),
        cut=date(2024, 12, 31),
        end=date(2025, 12, 31),
        value="contribution_margin",
    )
    groups = pd.DataFrame({"customer_id": ids, "group": names})
    return build_grouped_customers(groups, periods), periods


def decide(customers, periods, **words):
    return decide_granularity(customers, periods, grouping="kind", currency="EUR", **{**QUICK, **words})


def make_lever(effects: dict[str, float], *, each: int = 2000, seed: int = 0) -> tuple[Lever, dict]:
    """Half of each group's customers are contacted by lot; a contact is worth so much in it."""
    rng = np.random.default_rng(seed)
    ids = {name: pd.Index([f"{name}{n:05d}" for n in range(each)]) for name in effects}
    rows = []
    for name, effect in effects.items():
        contacted = rng.random(each) < 0.5
        outcome = effect * contacted + rng.normal(0, 5, each)
        arm = np.where(contacted, "contact", "no contact")
        rows.append(pd.DataFrame({"customer_id": ids[name], "arm": arm, "outcome": outcome, "stratum": "C1"}))
    trials = pd.concat(rows, ignore_index=True)
    scale = pd.Series(3.0, index=trials.customer_id)
    lever = Lever(name="whom to contact", trials=trials, scale=scale, per_base=False, words="Three a year.")
    return lever, ids
