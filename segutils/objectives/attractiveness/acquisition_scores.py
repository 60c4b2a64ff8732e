"""What each candidate would bring after overlap, cost to serve and integration, against its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.objectives.attractiveness.acquisition_candidates import Candidates
from segutils.objectives.attractiveness.acquisition_margins import GroupMargins

MOST_DRAWN = 2000  # customers of a candidate in one group that are drawn one by one
LIMITS = {  # measure of a threshold: column of the scores
    "fit": "fit",
    "overlap_customers": "overlap",
    "integration_risk": "risk",
    "growth": "growth",
    "margin": "margin",
    "price_asked": "price",
    "customers": "customers",
    "customers_gained": "gained",
    "back": "back",
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How gains of years to come are counted.

    Parameters
    ----------
    risk_discount : float
        What a point of integration risk above 1 takes off the gain, as a share.
    years : int
        Years of gain that are held against the price.
    discount_rate : float
        Cost of capital a year; 0: years count alike.
    """

    risk_discount: float
    years: int
    discount_rate: float = 0.0

    def factor(self, leaving: np.ndarray | float = 0.0) -> np.ndarray:
        """What 1 a year at first, at the end of each year, is worth today if so many leave each year."""
        year = np.arange(self.years)
        stays = (1 - np.asarray(leaving, dtype=float))[..., None] ** year
        return (stays * (1 + self.discount_rate) ** -(year + 1.0)).sum(axis=-1)


def score_candidates(
    candidates: Candidates,
    margins: GroupMargins,
    terms: Terms,
    *,
    attractive: Sequence[str] = (),
    limits: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What would each candidate bring a year, what comes back of its price, and which limits does it miss?

    Gain = customers × (1 − overlap) × Σ over groups (share × margin per customer less cost to serve) × (1 −
    discount × (risk − 1)).

    Parameters
    ----------
    candidates : Candidates
    margins : GroupMargins
    terms : Terms
    attractive : sequence of str
        Groups that the client wants more of.
    limits : pandas.DataFrame, optional
        ``measure, min, max``: what misses one is out.

    Returns
    -------
    pandas.DataFrame
        In the order of the candidates: their columns and ``gained`` (customers that are not the client's
        already), ``fit`` (share of its customers in attractive groups; NaN where none is named), ``kept``
        (1 less the discount for risk), ``gain_before`` (a year at first, before cost to serve), ``gain``
        (after it), ``gain_weak`` (after it, if its customers are like the weaker half of the client's),
        ``worth`` (of the gains of all years, today, as customers leave), ``worth_before, worth_weak`` (the
        same of the other two), ``back`` (worth per unit of price), ``net`` (worth less price), ``missed``
        (the limits, joined by commas).

    Raises
    ------
    InputError
        A threshold names a measure that candidates do not have.
    """
    table = candidates.table.copy()
    table["gained"] = table.customers * (1 - table.overlap)
    priority = [group for group in candidates.shares.columns if group in set(attractive)]
    table["fit"] = candidates.shares[priority].sum(axis=1) if len(attractive) else np.nan
    table["kept"] = keep_share(table.risk, terms.risk_discount)
    values = margins.table.reindex(candidates.shares.columns).fillna(0.0)
    factor = terms.factor(values.leaving.to_numpy())
    for end, column in (("_before", "margin"), ("", "net"), ("_weak", "weak")):
        per_customer = candidates.shares.to_numpy() * values[column].to_numpy()
        table[f"gain{end}"] = table.gained * table.kept * per_customer.sum(axis=1)
        table[f"worth{end}"] = table.gained * table.kept * (per_customer @ factor)
    table["back"] = table.worth / table.price
    table["net"] = table.worth - table.price
    table["missed"] = _list_missed(table, limits)
    return table


def draw_worth(
    candidates: Candidates,
    scores: pd.DataFrame,
    margins: GroupMargins,
    terms: Terms,
    *,
    risk_discounts: np.ndarray,
    chance_seed: int | None = None,
) -> np.ndarray:
    """What might each candidate be worth, with other samples of customers and other discounts for risk?

    What is not known of the mean customer may change the choice. Who the candidate's customers are is known
    after it was bought only: that chance is in what may come of a choice, not in the choice.

    Parameters
    ----------
    candidates, scores, margins, terms
        `scores` from :func:`score_candidates` on the same.
    risk_discounts : numpy.ndarray
        One per sample of `margins`.
    chance_seed : int, optional
        Draws the candidate's customers, as many as it brings, from customers like the client's; without it
        they bring what these do on average.

    Returns
    -------
    numpy.ndarray
        Sample x candidate: worth of all years.
    """
    groups = list(margins.table.index)
    shares = candidates.shares.reindex(columns=groups).fillna(0.0).to_numpy()
    factors = terms.factor(margins.leaving_draws)
    rng, gained = np.random.default_rng(chance_seed), scores.gained.to_numpy()
    worth = np.zeros((len(margins.net_draws), len(scores)))
    for company, group in np.argwhere(shares * gained[:, None] > 0):
        many = shares[company, group] * gained[company]
        chance = 0.0
        if chance_seed is not None:
            chance = draw_chance(margins.single[groups[group]], many, len(worth), rng)
        worth[:, company] += many * (margins.net_draws[:, group] + chance) * factors[:, group]
    return worth * keep_share(scores.risk, risk_discounts[:, None])


def keep_share(risk: pd.Series, discount: float | np.ndarray) -> np.ndarray:
    """What integration leaves of the gain: 1 at risk 1; a risk nobody states counts as the highest stated."""
    known = risk.fillna(risk.max() if risk.notna().any() else 1.0).to_numpy(dtype=float)
    return np.clip(1 - discount * (known - 1), 0, 1)


def draw_chance(values: np.ndarray, many: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    """By how much may the mean of so many customers differ from that of all of their kind?

    Parameters
    ----------
    values : numpy.ndarray
        What each customer of this kind brings.
    many : float
        Customers whose mean it is; counted in whole ones.
    draws : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        One difference per draw.
    """
    count = max(round(many), 1)
    if count > MOST_DRAWN:  # their mean is normal by then
        return rng.normal(0.0, values.std() / np.sqrt(count), draws)
    return values[rng.integers(0, len(values), (draws, count))].mean(axis=1) - values.mean()


def _list_missed(table: pd.DataFrame, limits: pd.DataFrame | None) -> list[str]:
    rows = [] if limits is None else limits.to_dict("records")
    missed = pd.Series("", index=table.index)
    for row in rows:
        if row["measure"] not in LIMITS:
            raise InputError(
                f"the threshold '{row['measure']}' of acquisition-screen cannot be used",
                where="engagement file, thresholds",
                fix=f"state one of {', '.join(LIMITS)}, with min or max",
            )
        value = table[LIMITS[row["measure"]]]
        bad = (value < row["min"]) | (value > row["max"])
        missed = missed.mask(bad, missed + ", " + row["measure"])
    return missed.str.removeprefix(", ").tolist()
