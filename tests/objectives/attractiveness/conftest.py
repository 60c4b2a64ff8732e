"""What is at stake at the simulated client by its true segments, and at the client in which all are alike."""

import pandas as pd
import pytest

from segutils.engagement_terms import MarginLevel
from segutils.objectives.attractiveness.margin_ladder import MarginLadder, build_margin_ladder
from segutils.objectives.attractiveness.stakes import Stakes, build_stakes

SERVING = ["logistics", "order handling", "partner commissions", "e-shop operation", "technical service"]
SELLING = ["field sales visits", "inside sales", "marketing", "segment management"]
LEVELS = (
    MarginLevel(level="CM1", means="after the goods", deducts=["unit_cost"]),
    MarginLevel(level="CM2", means="after serving", deducts=SERVING),
    MarginLevel(level="CM3", means="after selling", deducts=SELLING),
)
OBJECTIVES = pd.DataFrame(
    [
        ("Grow", "growth", "revenue_growth", 0.06, "2026-12-31", 0.6, "A. Lindqvist, CEO"),
        ("Be invited", "share", "market_share", 0.12, "2027-12-31", 0.4, "T. Nowak, CSO"),
        ("Lose nobody", "retention", "retention_rate", 0.93, "2026-12-31", 0.7, "J. Ortega, Head of Service"),
        ("Earn more", "profitability", "margin_rate", 0.48, "2026-12-31", 0.8, "M. Keller, CFO"),
        ("Depend less", "diversification", "top_share", 0.35, "2028-12-31", 0.3, "A. Lindqvist, CEO"),
    ],
    columns=["goal", "kind", "measure", "target", "by", "capacity", "owner"],
)


def read_ladder(client) -> MarginLadder:
    """The client's margins down to after selling."""
    tables = [client.table(name) for name in ("customers", "transactions", "costs")]
    return build_margin_ladder(*tables[:2], as_of=client.as_of, costs=tables[2], levels=LEVELS)


def weigh(client, groups: pd.DataFrame, ladder: MarginLadder) -> Stakes:
    """What is at stake in these groups."""
    return build_stakes(
        client.table("customers"),
        client.table("transactions"),
        groups,
        ladder,
        as_of=client.as_of,
        market=client.table("market"),
        resamples=200,
        seed=3,
    )


@pytest.fixture(scope="session")
def true_groups(halden) -> pd.DataFrame:
    return halden.true_groups()


@pytest.fixture(scope="session")
def true_ladder(halden) -> MarginLadder:
    return read_ladder(halden)


@pytest.fixture(scope="session")
def true_stakes(halden, true_groups, true_ladder) -> Stakes:
    return weigh(halden, true_groups, true_ladder)


@pytest.fixture(scope="session")
def null_ladder(null_halden) -> MarginLadder:
    return read_ladder(null_halden)


@pytest.fixture(scope="session")
def null_stakes(null_halden, null_ladder) -> Stakes:
    return weigh(null_halden, null_halden.groups(), null_ladder)
