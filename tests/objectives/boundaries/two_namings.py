"""Customers with two names each, and how they behave: shared by the tests of taxonomy-conflict."""

import numpy as np
import pandas as pd

from segutils.objectives.boundaries.taxonomy_behaviour import Behaviour
from segutils.objectives.boundaries.taxonomy_conflict import decide_taxonomy_conflict

SALES, STRATEGY = "sales_segment", "strategy_segment"
# a = x and b = y are the cores; the other customers are told by what they do
CORES = (("a", "x", 300), ("b", "y", 300))
LIKE_A, LIKE_B = (0.5, 1.0), (0.2, 3.0)


def label(*cells: tuple[str, str, int]) -> pd.DataFrame:
    """So many customers per pair of names."""
    rows = [(first, second) for first, second, times in cells for _ in range(times)]
    table = pd.DataFrame(rows, columns=["first", "second"], dtype="object")
    table.insert(0, "customer_id", [f"c{n:05d}" for n in range(len(table))])
    return table


def behave(labels: pd.DataFrame, means: dict[tuple[str, str], tuple[float, float]], *, seed=1) -> Behaviour:
    """Margin and orders per pair of names, with standard deviations 0.1 and 0.5."""
    rng = np.random.default_rng(seed)
    middle = np.array([means[pair] for pair in zip(labels["first"], labels.second, strict=True)])
    drawn = middle + rng.standard_normal(middle.shape) * [0.1, 0.5]
    table = pd.DataFrame({"customer_id": labels.customer_id, "net_revenue": 100.0})
    return Behaviour(table=table.assign(margin=drawn[:, 0], orders=drawn[:, 1]), days=730)


def decide(labels, behaviour, *, trials=20, **options):
    return decide_taxonomy_conflict(labels, behaviour, currency="EUR", trials=trials, seed=3, **options)
