"""How demand reacts to price: a randomised price test, and negotiated prices that mislead.

For half a year each customer of the panel gets two substitutes quoted monthly, each at a discount drawn at
random; in the half-year after, sales negotiates, and gives least away when demand is high. Quantities are the
pieces asked for at the quoted price (they are quotations, not orders, so they stand in no transaction).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.samples.customers.accounts import choose
from segutils.samples.customers.profiles import list_segments
from segutils.samples.making import DAYS, Making

SHARE = 0.22  # of accounts that buy and were with us all through 2025
CUSTOMERS = (60, 6_000)  # at least (if there are so many), at most
YEAR, YEAR_STARTS = 2025, 731  # the day of the history on which it begins
TEST_MONTHS = range(1, 7)
TALK_MONTHS = range(7, 13)
LADDER = (0.0, 0.05, 0.1, 0.15, 0.25)  # discounts off the list price, equally likely
PAIRED: Mapping[str, float] = {  # category of a pair of substitutes → mean pieces a month at list price
    "Flow": 3,
    "Pressure": 6,
    "Temperature": 6,
    "Laboratory": 5,
    "Spare parts": 8,
    "Pneumatics": 5,
}
OWN: Mapping[str, float] = {  # own-price elasticity
    "majors": -0.6,
    "projects": -1.3,
    "maintenance": -0.9,
    "labs": -0.7,
    "builders": -2.2,
    "legacy": -1.8,
    "everyone": -1.2,
}
CROSS: Mapping[str, float] = {  # change of demand in % when the substitute's price rises by 1 %
    "majors": 0.2,
    "projects": 0.4,
    "maintenance": 0.3,
    "labs": 0.2,
    "builders": 0.8,
    "legacy": 0.6,
    "everyone": 0.0,
}
CUSTOMER_SPREAD = (
    0.35  # standard deviation of log demand between customers: errors must be clustered by customer
)
SHOCK = 0.3  # of log demand of a customer for a product in a month, in the negotiated half-year
PASS_THROUGH = 0.12  # log price per unit of shock: a customer in need pays more
PASS_THROUGH_NULL = 0.0
TALK_LEVEL, TALK_NOISE = -0.22, 0.07  # log of negotiated over list price, at no shock


def build_price_tests(making: Making) -> None:
    """How much less do customers ask for when a price rises, and what goes to the substitute?

    Leaves ``client.price_tests`` and the truth ``price_pairs``, ``elasticities`` and ``price_bias``.
    """
    rng = making.rng("price tests")
    pairs = _pair_products(making)
    panel = _draw_panel(making, rng)
    quotes = pd.concat(
        [
            _draw_quotes(panel, pairs, TEST_MONTHS, rng, randomised=True, null=making.null),
            _draw_quotes(panel, pairs, TALK_MONTHS, rng, randomised=False, null=making.null),
        ],
        ignore_index=True,
    )
    making.draft("quotes", quotes)
    making.emit(
        "price_tests",
        f"""select euros(price) as price, quantity, customer_id, cell, product_id,
        make_date({YEAR}, month, 1) as tested_on, randomised from draft.quotes""",
        order="customer_id, tested_on, product_id",
    )
    making.run("drop table draft.quotes")
    _keep_truth(making, pairs, quotes)


def expect_bias(*, null: bool) -> float:
    """What the naive slope of negotiated prices adds to the elasticity.

    It is the covariance of shock and log price over the variance of log price.
    """
    through = PASS_THROUGH_NULL if null else PASS_THROUGH
    return through * SHOCK**2 / ((through * SHOCK) ** 2 + TALK_NOISE**2)


def _pair_products(making: Making) -> pd.DataFrame:
    """Two substitutes a category: its best seller and the product nearest to that in price."""
    products = making.ask("select * from draft.products order by product_id")
    pairs = []
    for category, pieces in PAIRED.items():
        of = products[products.category == category]
        best = of.loc[of.popularity.idxmax()]
        others = of[of.product_id != best.product_id]
        near = others.loc[(np.log(others.list_price) - np.log(best.list_price)).abs().idxmin()]
        pairs.append(
            {
                "category": category,
                "product_a": best.product_id,
                "product_b": near.product_id,
                "list_a": float(best.list_price),
                "list_b": float(near.list_price),
                "pieces": pieces,
            }
        )
    return pd.DataFrame(pairs)


def _draw_panel(making: Making, rng: np.random.Generator) -> pd.DataFrame:
    """The customers, each with the pair of a category that its way of buying knows."""
    able = making.ask(f"""
        select account, customer_id, segment from draft.accounts
        where starts <= {YEAR_STARTS} and ends >= {DAYS} and not never_buys order by account""")
    count = min(int(np.clip(round(SHARE * making.accounts), *CUSTOMERS)), len(able))
    panel = able.iloc[np.sort(rng.permutation(len(able))[:count])].reset_index(drop=True)
    shares = {
        profile.name: [profile.categories.get(category, 0.0) for category in PAIRED]
        for profile in list_segments(null=making.null)
    }
    return panel.assign(
        pair=choose(rng, panel.segment, shares),
        level=CUSTOMER_SPREAD * rng.standard_normal(len(panel)),
        label=rng.permutation(len(panel)) + 1,
    )


def _draw_quotes(
    panel: pd.DataFrame,
    pairs: pd.DataFrame,
    months: range,
    rng: np.random.Generator,
    *,
    randomised: bool,
    null: bool,
) -> pd.DataFrame:
    """Prices and quantities of both products of the pair, for every customer and month."""
    shape = (len(panel), len(months), 2)
    if randomised:
        shock = np.zeros(shape)
        log_price = np.log1p(-np.array(LADDER))[rng.integers(0, len(LADDER), shape)]
    else:
        shock = SHOCK * rng.standard_normal(shape)
        through = PASS_THROUGH_NULL if null else PASS_THROUGH
        log_price = TALK_LEVEL + through * shock + TALK_NOISE * rng.standard_normal(shape)
    mine = pairs.iloc[panel.pair]
    list_price = mine[["list_a", "list_b"]].to_numpy(float)[:, None, :]
    price = np.round(list_price * np.exp(log_price), 2)
    relative = np.log(price / list_price)
    own = panel.segment.map(OWN).to_numpy(float)[:, None, None]
    cross = panel.segment.map(CROSS).to_numpy(float)[:, None, None]
    level = (panel.level + np.log(mine.pieces.to_numpy(float))).to_numpy()[:, None, None]
    quantity = rng.poisson(np.exp(level + own * relative + cross * relative[:, :, ::-1] + shock))
    month = np.broadcast_to(np.array(months)[None, :, None], shape).ravel()
    label = np.char.zfill(panel.label.to_numpy(str), 5).repeat(2 * len(months))
    return pd.DataFrame(
        {
            "customer_id": panel.customer_id.repeat(2 * len(months)),
            "product_id": np.broadcast_to(
                mine[["product_a", "product_b"]].to_numpy(str)[:, None, :], shape
            ).ravel(),
            "month": month,
            "cell": np.char.add(np.char.add(label, "-"), np.char.zfill(month.astype(str), 2)),
            "price": price.ravel(),
            "quantity": quantity.ravel(),
            "randomised": randomised,
        }
    )


def _keep_truth(making: Making, pairs: pd.DataFrame, quotes: pd.DataFrame) -> None:
    segments = [profile.name for profile in list_segments(null=making.null)]
    bias = expect_bias(null=making.null)
    making.truth("price_pairs", pairs[["category", "product_a", "product_b"]])
    making.truth(
        "elasticities",
        pd.DataFrame(
            {
                "segment": segments,
                "own_price": [OWN[segment] for segment in segments],
                "cross_price": [CROSS[segment] for segment in segments],
                "own_price_naive": [OWN[segment] + bias for segment in segments],
            }
        ),
    )
    making.truth(
        "price_bias",
        pd.DataFrame(
            [
                {
                    "rows": "randomised = false",
                    "mechanism": "none: prices vary at random"
                    if making.null
                    else "price rises with an unseen demand shock of customer, product and month",
                    "expected_error_of_naive_slope": bias,
                    "sign": "none" if making.null else "positive: demand looks less elastic than it is",
                }
            ]
        ),
    )
    making.plant(
        "Price elasticities",
        _tell(quotes, bias, null=making.null),
        tables="price_tests",
        truth="elasticities price_pairs price_bias",
        capabilities="elasticity-test dynamic-rules discounts bundles",
    )


def _tell(quotes: pd.DataFrame, bias: float, *, null: bool) -> str:
    rows = (
        f"{quotes.randomised.sum():,} quotations at a random discount (first half of {YEAR}) and "
        f"{(~quotes.randomised).sum():,} at a negotiated one, to {quotes.customer_id.nunique():,} customers; "
        "the two products of a cell are substitutes. Quantities are Poisson around a level of the customer's "
        "own, so standard errors must be clustered by customer. "
    )
    if null:
        return rows + (
            f"One elasticity ({OWN['everyone']}) for all, no effect of the substitute's price, and "
            "negotiated prices that follow nothing: no difference between segments or kinds of rows."
        )
    return rows + (
        "Own- and cross-price elasticity are the segment's, the same for all products. Negotiated prices "
        f"rise with an unseen demand shock, which adds {bias:.2f} to the naive slope: on those rows even "
        "Machine builders hardly seem to mind the price. Only the randomised rows give the elasticities back."
    )
