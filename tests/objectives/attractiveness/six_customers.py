"""Six customers whose exit is worked by hand: margins, costs, objectives and what is decided from them."""

from datetime import date

import ibis
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.exit_criteria import decide_exit_criteria
from segutils.objectives.attractiveness.exit_evidence import build_exit_evidence
from segutils.objectives.attractiveness.exit_groups import MarginLimit
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE, MarginLadder
from segutils.objectives.attractiveness.retention_stakes import RetentionStakes
from segutils.objectives.attractiveness.stakes import Stakes
from tests.objectives.attractiveness.conftest import OBJECTIVES

AS_OF = date(2025, 12, 31)
LIMITS = pd.DataFrame(
    [
        ("cm2_rate", 0.05, np.nan, 4, "M. Keller, CFO", ""),
        ("strategic_fit", 0.4, np.nan, 1, "A. Lindqvist, CEO", ""),
    ],
    columns=["measure", "min", "max", "periods", "owner", "note"],
)
NO_LIMITS = LIMITS.iloc[:0]
LIMIT = MarginLimit(level="CM2", least=0.05, periods=4, owner="M. Keller, CFO")
NAMES = ["Good", "Low", "Poor"]  # two customers each
GROUPS = pd.DataFrame({"customer_id": list("abcdef"), "group": np.repeat(NAMES, 2)})
SAMPLES = 50


def make_ladder(quarters: int = 8) -> MarginLadder:
    """Six customers of 100 a quarter in the last year; 80, 100 and 125 in the one before.

    CM1 a quarter: 40, 31, 20 of each customer. CM2: 20 of a and b each. Of c and d 4, but 6 in the fourth
    last quarter, so that they are below 5 % three times in a row. Of e -30 and of f +10 in the last year,
    -10 % together, and +30 and +10 before, so that they are below four times.
    """
    before = np.repeat([80.0, 100, 125], 2)
    revenue = np.column_stack([np.tile(before[:, None], 4), np.full((6, 4), 100.0)])
    served = np.array(
        [
            *[[20.0] * 8] * 2,
            *[[4.0, 4, 4, 4, 6, 4, 4, 4]] * 2,
            [30.0, 30, 30, 30, -30, -30, -30, -30],
            [10.0] * 8,
        ]
    )
    goods = np.tile(np.repeat([40.0, 31, 20], 2)[:, None], 8)
    # a year's pools of each customer; CM1 - CM2 is 160 of Good, 248 - 36 = 212 of Low, 160 + 80 = 240 of Poor
    year = pd.DataFrame(
        {
            "orders": [1.0, 1, 1, 1, 2, 2],
            "order_lines": [5.0, 5, 5, 5, 10, 10],
            "handling": [50.0, 50, 76, 76, 150, 30],
            "hall": [30.0] * 6,
            "visits": [7.0, 7, 7, 7, 30, 30],
        }
    )
    return MarginLadder(
        customer_id=GROUPS.customer_id.to_numpy(),
        quarters=tuple(date(2020 + number, 12, 31) for number in range(quarters)),
        amounts={REVENUE: revenue[:, -quarters:], CM1: goods[:, -quarters:], "CM2": served[:, -quarters:]},
        means={CM1: "after the goods", "CM2": "after serving"},
        year=year,
        pools={"handling": "CM2", "hall": "CM2", "visits": "CM3"},
    )


def make_stakes(ladder: MarginLadder, horizon: float = 1.0) -> Stakes:
    """Of Good 5 % leave within the horizon, of Low 10 %, of Poor 30 %; 85 % of all stay a year."""
    leaving = np.array([0.05, 0.1, 0.3])
    retention = RetentionStakes(
        groups=pd.DataFrame({"group": NAMES, "leaving": leaving}),
        draws=np.zeros((SAMPLES, 3)),
        leaving_draws=np.tile(leaving, (SAMPLES, 1)),
        horizon_years=horizon,
    )
    nothing = pd.DataFrame()
    return Stakes(
        **{"values": nothing, "draws": {}, "groups": nothing, "horizons": nothing, "scope": {}, "needs": ()},
        **{"present": {"retention_rate": 0.85}, "group_revenue": {}, "top_group": "Good"},
        **{"ladder": ladder, "retention": retention, "markets": None, "margins": None},
        horizon_years=horizon,
    )


def make_lines(months: int = 24) -> pd.DataFrame:
    """1, 2, 3, 1, 2, 3, ... orders of 10 a month: 2 on average."""
    lines = []
    for number, month in enumerate(pd.date_range("2024-01-01", periods=months, freq="MS")):
        orders = range(number % 3 + 1)
        lines += [("a", f"{number}-{n}", (month + pd.Timedelta(days=n)).date(), 10.0) for n in orders]
    return pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_on", "net_revenue"])


def make_costs(months: int = 24, **pools: list[float]) -> ibis.Table:
    """Pools of `base` and `per order`, monthly."""
    rows = []
    for number, month in enumerate(pd.date_range("2024-01-01", periods=months, freq="MS")):
        for pool, (base, rate) in pools.items():
            rows.append((month.date(), pool, base + rate * (number % 3 + 1), "orders"))
    return ibis.memtable(pd.DataFrame(rows, columns=["period", "pool", "amount", "driver"]))


def gather(
    *,
    limits=LIMITS,
    objectives=OBJECTIVES,
    ladder=None,
    horizon=1.0,
    hall=(20.0, 0.0),
    groups=GROUPS,
    **given,
):
    """Handling moves with orders; the hall does not."""
    ladder = ladder or make_ladder()
    customers = ibis.memtable(pd.DataFrame({"customer_id": list("abcdef")}))
    return build_exit_evidence(
        customers,
        ibis.memtable(make_lines()),
        groups,
        ladder,
        make_stakes(ladder, horizon),
        objectives,
        limits,
        as_of=AS_OF,
        costs=make_costs(handling=(0.0, 3.0), hall=hall),
        resamples=SAMPLES,
        **given,
    )


def decide(evidence=None, **given):
    return decide_exit_criteria(evidence or gather(), currency="EUR", **given)
