"""Five groups of one customer each that point to five goals, by figures that can be checked by hand."""

from datetime import date

import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.goal_map import check_goal_map
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE, MarginLadder
from segutils.objectives.attractiveness.margin_stakes import BREADTH
from segutils.objectives.attractiveness.market_stakes import ABSENT, FOLLOW, LAG, LEAD, CellStakes
from segutils.objectives.attractiveness.retention_stakes import RetentionStakes
from segutils.objectives.attractiveness.stakes import Stakes

NAMES = ["Keep", "Deepen", "Widen", "Broaden", "Both"]
SAMPLES = 200
# money a year in the five groups above, each of 1,000 of revenue, so that a weight is 5 x value / sum
AT_RISK = [60.0, 10, 10, 10, 10]  # 100: weights 3, .5, .5, .5, .5
LEADING = [14.0, 64, 35, 14, 20]  # less the absent: 10, 60, 10, 10, 10 = 100: weights .5, 3, .5, .5, .5
ABSENCE = [4.0, 4, 25, 4, 10]
FOLLOWING = [6.0, 6, 15, 6, 20]  # with the absent: 10, 10, 40, 10, 30 = 100: weights .5, .5, 2, .5, 1.5
BROADER = [10.0, 10, 10, 40, 30]  # 100: weights .5, .5, .5, 2, 1.5
WEIGHTS = [
    [3, 0.5, 0.5, 0.5],
    [0.5, 3, 0.5, 0.5],
    [0.5, 0.5, 2, 0.5],
    [0.5, 0.5, 0.5, 2],
    [0.5, 0.5, 1.5, 1.5],
]
GOALS = ["retention", "penetration", "market development", "product development", "diversification"]
GROUPS = pd.DataFrame({"customer_id": list("abcde"), "group": NAMES})
PLANS = pd.DataFrame(
    [
        ("Grow", "growth", "revenue_growth", 0.06, date(2026, 12, 31), 0.5, "Ann, CEO"),
        ("Be invited", "share", "market_share", 0.12, date(2027, 12, 31), 0.5, "Bob, CSO"),
        ("Lose nobody", "retention", "retention_rate", 0.93, date(2026, 6, 30), 0.5, "Cid, Service"),
        ("Depend less", "diversification", "top_share", 0.35, date(2028, 12, 31), 0.5, "Dee, Chair"),
    ],
    columns=["goal", "kind", "measure", "target", "by", "capacity", "owner"],
)
KEY_RESULTS = pd.DataFrame(
    [
        ("unit", "Keep", "retention_rate", 0.95, date(2026, 12, 31), "Rex, Service"),
        ("unit", "Deepen", "revenue_growth", 0.2, date(2026, 12, 31), "Sue, Sales"),  # it grew by 25 %
        ("unit", "Widen", "market_share", 0.5, date(2026, 12, 31), "Tom, Sales"),  # asks for penetration
        ("unit", "Broaden", "categories_per_customer", 4.0, date(2027, 3, 31), "Uma, Product"),
        ("region", "Both", "retention_rate", 0.1, date(2026, 12, 31), "Vic, North"),  # another grouping's
    ],
    columns=["column", "value", "measure", "target", "by", "owner"],
)
NO_KEYS = KEY_RESULTS.iloc[:0]
CATEGORY_COUNTS = pd.DataFrame({"group": NAMES, "categories": [3.0, 3.0, 3.0, 2.5, 3.0], "offered": 9})


def make_cells(parts: dict[str, list[float]]) -> CellStakes:
    """One block, so that every other sample is the same: nothing is uncertain."""
    columns = pd.MultiIndex.from_product([parts, NAMES], names=["component", "group"])
    blocks = pd.DataFrame([np.concatenate(list(parts.values()))], columns=columns, index=["one"])
    return CellStakes(cells=pd.DataFrame(), blocks=blocks, compared="regions", parts=1)


def make_stakes(
    *,
    at_risk=AT_RISK,
    leading=LEADING,
    drawn: np.ndarray | None = None,
    horizon: float = 1.0,
    quarters: int = 8,
) -> Stakes:
    """Five groups of one customer each: 1,000 of revenue in the last year, 800 to 1,250 in the one before."""
    before = np.array([1000.0, 800, 1000, 1250, 1000])
    revenue = np.column_stack([np.repeat(before[:, None] / 4, 4, axis=1), np.full((5, 4), 250.0)])
    revenue = revenue[:, -quarters:]
    ladder = MarginLadder(
        customer_id=GROUPS.customer_id.to_numpy(),
        quarters=tuple(date(2020 + n, 12, 31) for n in range(quarters)),
        amounts={REVENUE: revenue, CM1: revenue * 0.5, "CM2": revenue * 0.4},
        means={"CM2": "after serving"},
    )
    leaving = np.array([0.1, 0.05, 0.05, 0.05, 0.05])
    table = pd.DataFrame({"group": NAMES, "customers": 1, "active": 1.0, "leaving": leaving, "base": 400.0})
    table = table.assign(leaving_high=[0.12, 0.08, 0.19, 0.08, 0.08], base_leaving=leaving, at_risk=at_risk)
    retention = RetentionStakes(
        groups=table,
        draws=np.tile(at_risk, (SAMPLES, 1)) if drawn is None else drawn,
        leaving_draws=np.tile(leaving, (SAMPLES, 1)),
        horizon_years=horizon,
    )
    markets = make_cells({FOLLOW: FOLLOWING, LAG: [7.0] * 5, LEAD: leading, ABSENT: ABSENCE})
    nothing = pd.DataFrame()
    return Stakes(
        **{
            "values": nothing,
            "draws": {},
            "groups": nothing,
            "horizons": nothing,
            "margins": None,
            "needs": (),
        },
        present={"retention_rate": 0.94},
        scope={"revenue": 1000.0 * 5},
        group_revenue=dict.fromkeys(NAMES, 1000.0),
        top_group="Keep",
        **{"ladder": ladder, "retention": retention, "markets": markets, "horizon_years": horizon},
    )


def check(stakes: Stakes | None = None, *, plans=PLANS, keys=NO_KEYS, breadth=BROADER, **given):
    return check_goal_map(
        stakes or make_stakes(),
        GROUPS,
        plans,
        keys,
        currency="EUR",
        grouping="unit",
        breadth=make_cells({BREADTH: breadth}) if breadth else None,
        categories=CATEGORY_COUNTS,
        **given,
    )


def list_conflicts(finding) -> list[str]:
    return [note for note in finding.notes if note.startswith("Conflict")]
