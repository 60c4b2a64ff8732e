"""The planted segments of the simulated manufacturer, and how each of them buys.

A *profile* is a way of buying. Each segment has one; two more belong to the planted regional exception and to
the null client. All other generators read their per-segment quantities beside these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

CHANNELS = ("field sales", "inside sales", "e-shop", "partner")
REGIONS: Mapping[str, tuple[str, ...]] = {
    "Germany": ("Nord", "Süd", "West"),
    "France": ("Île-de-France", "Auvergne-Rhône-Alpes", "Grand Est"),
    "Spain": ("Cataluña", "Madrid", "País Vasco"),
    "Poland": ("Mazowsze", "Śląsk", "Pomorze"),
}
REGION_WEIGHTS = (12, 13, 12, 10, 8, 7, 9, 7, 6, 6, 6, 4)
DISTRICTS = 4  # a region

EXCEPTION_REGION = "País Vasco"  # maintenance crews buy there through distributors, seldom and much
DRIFT_REGION = "Śląsk"
DRIFT_SEGMENT = "builders"  # some of its machine builders turn into maintenance crews …
DRIFT_INTO = "maintenance"
DRIFT_DAY = date(2024, 10, 1)  # … on this day …
DRIFT_SHARE = 0.4  # … with this probability


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How an account of this profile orders.

    Parameters
    ----------
    name : str
        The segment's key.
    words : str
        The segment's name for readers.
    share : float
        Of all accounts.
    orders : float
        Orders a year at the start of the history (gamma mean over accounts), without won opportunities.
    evenness : float
        Gamma shape of the order rate over accounts: the larger, the more alike they are.
    churn : float
        Hazard a year of never ordering again.
    decline : float
        Yearly exponential fall of the order rate.
    never : float
        Share of accounts that never order.
    order_value : float
        Median amount of an order in EUR, after discount.
    value_spread : float
        Standard deviation of log amount between accounts.
    lines : float
        Mean lines of an order.
    discount : float
        Mean share off the list price.
    channels : tuple of float
        Shares of field sales, inside sales, e-shop, partner.
    categories : mapping of str to float
        Shares of order lines.
    """

    name: str
    words: str
    share: float
    orders: float
    evenness: float
    churn: float
    decline: float = 0.0
    never: float
    order_value: float
    value_spread: float = 0.3
    lines: float
    discount: float
    channels: tuple[float, float, float, float]
    categories: Mapping[str, float]


SEGMENTS = (
    Profile(
        name="majors",
        words="Process majors",
        share=0.09,
        orders=28,
        evenness=8,
        churn=0.02,
        never=0.02,
        order_value=5200,
        lines=3.4,
        discount=0.13,
        channels=(0.82, 0.12, 0.03, 0.03),
        categories={
            "Flow": 28,
            "Pressure": 22,
            "Analytics": 20,
            "Calibration": 14,
            "Temperature": 10,
            "Spare parts": 6,
        },
    ),
    Profile(
        name="projects",
        words="Project engineers",
        share=0.13,
        orders=0.35,
        evenness=6,
        churn=0.04,
        never=0.14,
        order_value=58_000,
        lines=6.0,
        discount=0.21,
        channels=(0.62, 0.06, 0.0, 0.32),
        categories={"Flow": 34, "Level": 30, "Pressure": 24, "Temperature": 8, "Calibration": 4},
    ),
    Profile(
        name="maintenance",
        words="Maintenance crews",
        share=0.26,
        orders=15,
        evenness=6,
        churn=0.07,
        never=0.08,
        order_value=380,
        lines=1.7,
        discount=0.03,
        channels=(0.04, 0.2, 0.7, 0.06),
        categories={"Spare parts": 72, "Temperature": 12, "Pressure": 10, "Calibration": 6},
    ),
    Profile(
        name="labs",
        words="Laboratories",
        share=0.2,
        orders=6,
        evenness=6,
        churn=0.05,
        never=0.1,
        order_value=1900,
        lines=2.3,
        discount=0.07,
        channels=(0.18, 0.62, 0.16, 0.04),
        categories={"Laboratory": 58, "Calibration": 28, "Analytics": 10, "Spare parts": 4},
    ),
    Profile(
        name="builders",
        words="Machine builders",
        share=0.14,
        orders=9,
        evenness=6,
        churn=0.05,
        never=0.06,
        order_value=11_000,
        lines=1.3,
        discount=0.31,
        channels=(0.5, 0.42, 0.06, 0.02),
        categories={"Pressure": 62, "Temperature": 32, "Level": 6},
    ),
    Profile(
        name="legacy",
        words="Legacy pneumatics",
        share=0.18,
        orders=7.5,
        evenness=6,
        churn=0.16,
        decline=0.3,
        never=0.12,
        order_value=620,
        lines=1.5,
        discount=0.12,
        channels=(0.03, 0.1, 0.05, 0.82),
        categories={"Pneumatics": 84, "Spare parts": 16},
    ),
)

# Maintenance crews of the exception region: distributors collect their demand into few, larger orders.
CONSOLIDATED = Profile(
    name="consolidated",
    words="Maintenance crews served by distributors",
    share=0.0,
    orders=4,
    evenness=6,
    churn=0.07,
    never=0.08,
    order_value=1500,
    lines=3.0,
    discount=0.14,
    channels=(0.02, 0.06, 0.04, 0.88),
    categories={"Spare parts": 72, "Temperature": 12, "Pressure": 10, "Calibration": 6},
)

# The null client: one population with broad, smooth differences and no groups in it.
EVERYONE = Profile(
    name="everyone",
    words="One population",
    share=1.0,
    orders=6,
    evenness=1.4,
    churn=0.07,
    never=0.09,
    order_value=1900,
    value_spread=0.9,
    lines=2.3,
    discount=0.11,
    channels=(0.24, 0.28, 0.27, 0.21),
    categories={
        "Flow": 14,
        "Pressure": 16,
        "Level": 9,
        "Temperature": 11,
        "Analytics": 8,
        "Laboratory": 12,
        "Spare parts": 14,
        "Calibration": 8,
        "Pneumatics": 8,
    },
)


def list_segments(*, null: bool) -> tuple[Profile, ...]:
    """The true segments: six of them, or the null client's single population."""
    return (EVERYONE,) if null else SEGMENTS


def list_profiles(*, null: bool) -> tuple[Profile, ...]:
    """All ways of buying: the segments' own and the regional exception's."""
    return (EVERYONE,) if null else (*SEGMENTS, CONSOLIDATED)


def list_regions() -> list[str]:
    """The twelve regions, country by country."""
    return [region for regions in REGIONS.values() for region in regions]
