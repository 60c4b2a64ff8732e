"""Which corporate goal does each group point to: what is at stake in it for each of Ansoff's directions?

Ansoff (1957, *Harvard Business Review* 35 (5), 113-124): present products in present markets are penetration,
in new markets market development, new products in present markets product development, both new
diversification. What is there already can also be lost: retention. A market that grows is new by its growth.

Amounts would give every group the direction that is largest in the company. So a direction is held against
the company: a group's goal is the one that weighs most in it, per unit of revenue, against the company.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.margin_stakes import BREADTH, read_categories
from segutils.objectives.attractiveness.market_stakes import ABSENT, FOLLOW, LEAD, CellStakes
from segutils.objectives.attractiveness.retention_stakes import NO_GROUP
from segutils.objectives.attractiveness.stakes import DIVERSIFY, GROWTH, RETENTION, SHARE, Stakes
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.multiplicity import adjust_holm

KEEPING, PENETRATION, NEW_MARKETS, NEW_PRODUCTS, BOTH_NEW = (
    *("retention", "penetration", "market development"),
    *("product development", "diversification"),
)
NO_GOAL = "none"
DIRECTIONS = (KEEPING, PENETRATION, NEW_MARKETS, NEW_PRODUCTS)
KIND_OF: Mapping[str, str] = {  # the kind of objective that a goal serves
    KEEPING: RETENTION,
    PENETRATION: SHARE,
    NEW_MARKETS: GROWTH,
    NEW_PRODUCTS: GROWTH,
    BOTH_NEW: DIVERSIFY,
}
_GOALS_OF = {kind: [goal for goal, own in KIND_OF.items() if own == kind] for kind in set(KIND_OF.values())}
MEASURE_OF: Mapping[str, str] = {
    KEEPING: "retention_rate",
    PENETRATION: "market_share",
    NEW_MARKETS: "revenue_growth",
    NEW_PRODUCTS: "categories_per_customer",
    BOTH_NEW: "top_share",
}
MARGIN_OF_EQUAL = 1e-9  # weights so near to 1 are the company's own
SERVES: Mapping[str, tuple[str, ...]] = {  # the goals that a key result of this measure asks for
    "retention_rate": (KEEPING,),
    "market_share": (PENETRATION,),
    "revenue_growth": (PENETRATION, NEW_MARKETS, NEW_PRODUCTS, BOTH_NEW),
    "categories_per_customer": (NEW_PRODUCTS,),
    "top_share": (BOTH_NEW,),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Directions:
    """What is at stake in each group for each direction.

    Parameters
    ----------
    groups : tuple of str
    values : numpy.ndarray
        Group x direction, in the stakes' basis a year; NaN where a direction is not known.
    draws : numpy.ndarray
        Sample x group x direction.
    revenue : numpy.ndarray
        Of each group, a year.
    """

    groups: tuple[str, ...]
    values: np.ndarray
    draws: np.ndarray
    revenue: np.ndarray

    @property
    def known(self) -> list[str]:
        """Directions that are known."""
        return [name for n, name in enumerate(DIRECTIONS) if not np.isnan(self.values[:, n]).all()]

    def weights(self, values: np.ndarray) -> np.ndarray:
        """How much each direction weighs in a group, against the company (1: as much); NaN where nothing is.

        Per unit of revenue; `values` may have samples before groups and directions.
        """
        rate = values / np.where(self.revenue > 0, self.revenue, np.nan)[:, None]
        whole = values.sum(axis=-2, keepdims=True) / self.revenue.sum()
        return np.divide(rate, whole, out=np.full(values.shape, np.nan), where=whole > 0)

    def find_counting(self, *, level: float = 0.95) -> np.ndarray:
        """Group x direction: false where what is at stake in the group, or in the company, may be chance."""
        low, whole = (percentile_interval(draws, level=level)[0] for draws in self._with_company())
        return (low > 0) & (whole > 0)

    def find_counting_again(self, *, level: float = 0.95) -> np.ndarray:
        """Sample x group x direction: the same, had this sample been the data.

        An interval is as wide in another sample but moves with its value. That of what leaves with customers
        grows with it, since no sample has less than nothing there.
        """
        found = []
        values = (self.values, self.values.sum(axis=0))
        for value, draws in zip(values, self._with_company(), strict=True):
            low = percentile_interval(draws, level=level)[0]
            moved = low + draws - value
            kept = value[..., 0] > 0
            part = draws[..., 0] / np.where(kept, value[..., 0], 1.0)
            moved[..., 0] = np.where(kept, low[..., 0] * part, moved[..., 0])
            found.append(moved > 0)
        return found[0] & found[1][:, None, :]

    def _with_company(self) -> tuple[np.ndarray, np.ndarray]:
        return self.draws, self.draws.sum(axis=1)

    def tell(self, *, level: float = 0.95) -> pd.DataFrame:
        """``group, direction, value, low, high, weight, counts`` (what is at stake is beyond chance)."""
        low, high = percentile_interval(self.draws, level=level)
        grid = pd.MultiIndex.from_product([self.groups, DIRECTIONS], names=["group", "direction"])
        columns = {
            "value": self.values,
            "low": low,
            "high": high,
            "weight": self.weights(self.values),
            "counts": self.find_counting(level=level),
        }
        return pd.DataFrame({name: part.ravel() for name, part in columns.items()}, index=grid).reset_index()


def weigh_directions(stakes: Stakes, breadth: CellStakes | None, *, seed: int = 0) -> Directions:
    """What is at stake in each group for each direction, and in other samples?

    Parameters
    ----------
    stakes : Stakes
    breadth : CellStakes, optional
        From :func:`~segutils.objectives.attractiveness.margin_stakes.measure_breadth`.
    seed : int

    Returns
    -------
    Directions
        Market development is what the growth of its markets brings at today's share, and the gap in markets
        where the client hardly sells; penetration is the gap where it does sell.
    """
    names = [name for name in stakes.retention.groups["group"] if name != NO_GROUP]
    resamples = len(stakes.retention.draws)
    values = np.full((len(names), len(DIRECTIONS)), np.nan)
    draws = np.full((resamples, len(names), len(DIRECTIONS)), np.nan)
    places = [stakes.retention.groups["group"].tolist().index(name) for name in names]
    values[:, 0] = stakes.retention.groups.at_risk.to_numpy(float)[places]
    draws[:, :, 0] = stakes.retention.draws[:, places]
    if stakes.markets is not None:
        drawn = stakes.markets.draw(resamples=resamples, seed=seed + 1)
        for direction, parts in ((1, {LEAD: 1, ABSENT: -1}), (2, {FOLLOW: 1, ABSENT: 1})):
            values[:, direction], draws[:, :, direction] = _add(stakes.markets, drawn, names, parts)
    if breadth is not None:
        drawn = breadth.draw(resamples=resamples, seed=seed + 3)
        values[:, 3], draws[:, :, 3] = _add(breadth, drawn, names, {BREADTH: 1})
    return Directions(
        groups=tuple(names),
        values=values,
        draws=draws,
        revenue=np.array([stakes.group_revenue.get(name, 0.0) for name in names]),
    )


def _add(
    stakes: CellStakes, drawn: dict[str, np.ndarray], names: list[str], parts: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of parts per group, and sample x group; 0 for a group that has none."""
    table = stakes.values.reindex(names).fillna(0.0)
    rows = stakes.values.index.get_indexer(names)  # -1, not found, is the column of zeros added below
    value = sum(sign * table[part].to_numpy(float) for part, sign in parts.items())
    draws = sum(
        sign * np.concatenate([drawn[part], np.zeros((len(drawn[part]), 1))], axis=1)[:, rows]
        for part, sign in parts.items()
    )
    return value, draws


def choose_goals(directions: Directions) -> pd.DataFrame:
    """Which one goal does each group point to?

    The direction that weighs most in it against the company, among those with more at stake than chance
    would give; diversification where new markets and new products both weigh more than in the company, and
    one of them most.

    Parameters
    ----------
    directions : Directions

    Returns
    -------
    pandas.DataFrame
        ``group, goal`` (none where nothing is at stake in any direction), ``direction`` (that weighs most),
        ``value, low, high, weight`` (of it), ``second, second_weight`` (the next), ``stands`` (share of
        samples in which the group has the same goal by the same rule, chance judged anew, and it weighs more
        in the group than in the company: else nothing sets the group apart), ``is_told`` (something beyond
        chance is at stake).
    """
    told = directions.tell()
    shape = directions.values.shape
    counts = directions.find_counting()
    weights = _weigh(directions, directions.values, counts)
    goals, first = _lead(weights)
    drawn = _weigh(directions, directions.draws, directions.find_counting_again())
    again = (_lead(drawn)[0] == goals) & (drawn.max(axis=-1) > 1 + MARGIN_OF_EQUAL)
    order = np.argsort(-weights, axis=1, kind="stable")
    second = order[:, 1]
    rows = np.arange(shape[0])
    has_second = np.isfinite(weights[rows, second])
    own = told.set_index(["group", "direction"]).loc[
        [(name, DIRECTIONS[place]) for name, place in zip(directions.groups, first, strict=True)]
    ]
    return pd.DataFrame(
        {
            "group": directions.groups,
            "goal": goals,
            "direction": [DIRECTIONS[place] for place in first],
            **{name: own[name].to_numpy() for name in ("value", "low", "high", "weight")},
            "second": [
                DIRECTIONS[place] if has else "" for place, has in zip(second, has_second, strict=True)
            ],
            "second_weight": np.where(has_second, weights[rows, second], np.nan),
            "stands": again.mean(axis=0),
            "is_told": counts.any(axis=1),
        }
    )


def count_served(directions: Directions) -> dict[str, float]:
    """Kind of objective to the share of samples in which any group points to it, by the same rule."""
    drawn = _weigh(directions, directions.draws, directions.find_counting_again())
    goals = _lead(drawn)[0]
    return {kind: float(np.isin(goals, names).any(axis=1).mean()) for kind, names in _GOALS_OF.items()}


def list_open(directions: Directions, *, level: float = 0.95) -> set[str]:
    """Kinds of objectives of which the data cannot say whether anything is at stake in the company at all.

    Those of a direction whose interval, of the whole company, holds nothing as well as something.
    """
    low, high = percentile_interval(directions.draws.sum(axis=1), level=level)
    unsure = [name for name, one, two in zip(DIRECTIONS, low, high, strict=True) if one <= 0 < two]
    both = {NEW_MARKETS, NEW_PRODUCTS} & set(unsure)
    return {KIND_OF[name] for name in unsure} | ({KIND_OF[BOTH_NEW]} if both else set())


def list_firm(goals: pd.DataFrame, *, min_stands: float) -> list[str]:
    """Which groups are sure to have their goals, with the number of groups looked at allowed for?

    Among many groups that are all alike, some keep a goal in most samples by chance. The share of samples in
    which its goal does not stand is doubled, as its goal was picked by the same data, and adjusted for all
    groups (Holm); what is left must not be more than ``1 - min_stands``.
    """
    others = np.minimum(2 * (1 - goals.stands.to_numpy(float)), 1.0)
    firm = (adjust_holm(others) <= 1 - min_stands + 1e-9) & goals.is_told.to_numpy(bool)
    return goals["group"][firm].tolist()


def list_kinds(known: Sequence[str]) -> set[str]:
    """The kinds of objectives that a group can point to, as far as directions are known.

    Margins are no direction; and what is not known speaks neither for an objective nor against it.
    """
    both = {NEW_MARKETS, NEW_PRODUCTS} <= set(known)
    return {KIND_OF[name] for name in known} | ({KIND_OF[BOTH_NEW]} if both else set())


def _weigh(directions: Directions, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weights of what counts in a group, or of all that is known where nothing does; else −∞."""
    usable = np.where(counts.any(axis=-1, keepdims=True), counts, ~np.isnan(directions.values))
    weights = directions.weights(values)
    return np.where(usable & ~np.isnan(weights), weights, -np.inf)


def _lead(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Goal and leading direction of each group (last axis: directions)."""
    first = weights.argmax(axis=-1)
    new = [DIRECTIONS.index(NEW_MARKETS), DIRECTIONS.index(NEW_PRODUCTS)]
    both = np.isin(first, new) & (weights[..., new].min(axis=-1) > 1)
    goals = np.where(both, BOTH_NEW, np.array(DIRECTIONS, dtype=object)[first])
    return np.where(np.isfinite(weights.max(axis=-1)), goals, NO_GOAL), first


def count_breadth(
    transactions: ir.Table, products: ir.Table, groups: pd.DataFrame, *, as_of: date
) -> pd.DataFrame:
    """From how many of the categories does a customer of each group buy within a year?

    Returns
    -------
    pandas.DataFrame
        ``group, categories`` (mean per customer who bought), ``offered`` (bought by anybody).
    """
    bought = read_categories(transactions, products, as_of=as_of)
    each = bought.groupby("customer_id").category.nunique().rename("categories").reset_index()
    table = groups.merge(each, on="customer_id").groupby("group", as_index=False).categories.mean()
    return table.assign(offered=bought.category.nunique())
