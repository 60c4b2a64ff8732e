"""What competitors charge: their weekly prices for products like ours, and their planted moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from segutils.samples.making import AS_OF, FIRST_DAY, Making

COMPETITORS = {
    "Brennecke": 0.96,
    "Orsatec": 1.08,
    "Valmetric": 0.88,
}  # price level relative to our list price
CATEGORIES = ("Flow", "Pressure", "Temperature", "Laboratory", "Spare parts")
PRODUCTS = 3  # of each category, the best sellers
FIRST_WEEK = date(2023, 1, 2)
LEVEL_SPREAD = 0.05  # standard deviation of log price between products of a competitor
NOISE = 0.015  # of log price from week to week
GAPS = 0.15  # share of weeks without an observation


@dataclass(frozen=True, kw_only=True)
class Move:
    """A lasting change of a competitor's prices; without `products` it is for the whole category.

    Parameters
    ----------
    competitor : str
    category : str
    moved_on : datetime.date
        A Monday: the first week with new prices.
    change : float
        Share of the price before.
    products : tuple of int
        Which of the category's watched products: 0 is the best seller.
    strategic : bool
        Whether the category earns most of a segment that the strategy counts on.
    """

    competitor: str
    category: str
    moved_on: date
    change: float
    products: tuple[int, ...] = tuple(range(PRODUCTS))
    strategic: bool = False


MOVES = (
    Move(competitor="Orsatec", category="Temperature", moved_on=date(2023, 9, 4), change=0.06),
    Move(competitor="Valmetric", category="Spare parts", moved_on=date(2024, 2, 5), change=0.04),
    Move(competitor="Valmetric", category="Laboratory", moved_on=date(2024, 11, 4), change=-0.05),
    Move(
        competitor="Brennecke",
        category="Pressure",
        moved_on=date(2025, 3, 10),
        change=-0.08,
        strategic=True,  # the main category of Machine builders, and the second of Process majors
    ),
    Move(competitor="Orsatec", category="Flow", moved_on=date(2025, 6, 16), change=-0.06, products=(0, 2)),
)


def build_competitor_prices(making: Making) -> None:
    """What do competitors charge for products like ours, and when did they move?

    Leaves ``client.competitor_prices``, whose size does not grow with accounts, and the truth
    ``competitor_moves``.
    """
    rng = making.rng("competitors")
    watched = making.ask(f"""
        select product_id, category, list_price, place - 1 as place from (
          select *, row_number() over (partition by category order by popularity desc, product_id) as place
          from draft.products) where place <= {PRODUCTS} and category in {CATEGORIES} order by product_id""")
    series = watched.merge(pd.DataFrame({"competitor": list(COMPETITORS)}), how="cross")
    weeks = pd.date_range(FIRST_WEEK, AS_OF, freq="7D")
    level = np.log(series.list_price * series.competitor.map(COMPETITORS)).to_numpy()
    level = level + LEVEL_SPREAD * rng.standard_normal(len(series))
    shape = (len(series), len(weeks))
    log_price = level[:, None] + NOISE * rng.standard_normal(shape)
    moves = () if making.null else MOVES
    for move in moves:
        moved = (series.competitor == move.competitor) & (series.category == move.category)
        moved &= series.place.isin(move.products)
        log_price += np.outer(moved, weeks >= pd.Timestamp(move.moved_on)) * np.log1p(move.change)
    seen_on = weeks.to_numpy()[None, :] + rng.integers(0, 2, shape).astype("timedelta64[D]")
    seen_at = seen_on + rng.integers(7 * 3600, 18 * 3600, shape).astype("timedelta64[s]")
    rows, columns = np.nonzero(rng.random(shape) >= GAPS)
    making.draft(
        "competitor_prices",
        pd.DataFrame(
            {
                "observed_at": seen_at[rows, columns],
                "product_id": series.product_id.to_numpy()[rows],
                "competitor": series.competitor.to_numpy()[rows],
                "price": np.exp(log_price[rows, columns]),
            }
        ),
    )
    making.emit(
        "competitor_prices",
        """select observed_at::timestamp as observed_at, product_id, competitor, euros(price) as price
        from draft.competitor_prices""",
        order="observed_at, product_id, competitor",
    )
    making.run("drop table draft.competitor_prices")
    _keep_truth(making, watched, moves)


def _keep_truth(making: Making, watched: pd.DataFrame, moves: tuple[Move, ...]) -> None:
    rows = [
        {
            "competitor": move.competitor,
            "category": move.category,
            "product_id": product.product_id,
            "moved_on": move.moved_on,
            "change": move.change,
            "strategic": move.strategic,
        }
        for move in moves
        for product in watched[watched.category == move.category].itertuples()
        if product.place in move.products
    ]
    kinds = {
        "competitor": "str",
        "category": "str",
        "product_id": "str",
        "moved_on": "datetime64[s]",
        "change": "float64",
        "strategic": "bool",
    }
    making.draft("competitor_moves", pd.DataFrame(rows, columns=list(kinds)).astype(kinds))
    making.truth(
        "competitor_moves",
        """select * replace (moved_on::date as moved_on) from draft.competitor_moves
        order by moved_on, competitor, product_id""",
    )
    making.plant(
        "Competitors' price moves",
        _tell(moves),
        tables="competitor_prices products",
        truth="competitor_moves",
        capabilities="competitor-moves dynamic-rules",
    )


def _tell(moves: tuple[Move, ...]) -> str:
    series = (
        f"{len(COMPETITORS)} competitors are watched weekly on {len(CATEGORIES) * PRODUCTS} products since "
        f"{FIRST_DAY:%B %Y}, at a level of their own around our list price, with {NOISE:.1%} noise and "
        f"{GAPS:.0%} of weeks missing. "
    )
    if not moves:
        return series + "Nobody moved: every change is noise."
    told = "; ".join(
        f"{move.competitor} {move.change:+.0%} in {move.category} on {move.moved_on}"
        + (f" ({len(move.products)} of {PRODUCTS} products)" if len(move.products) < PRODUCTS else "")
        for move in moves
    )
    return series + f"Lasting moves: {told}. The cut in Pressure hits strategic segments."
