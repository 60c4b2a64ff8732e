"""Five ways to treat few orders, each fitted until a cut and judged by the orders that came after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import poisson

from segutils.statistics.buying import BuyingModel, Histories, fit_bgnbd, fit_nbd
from segutils.statistics.counts import Hurdle, fit_hurdle
from segutils.statistics.pareto_nbd import fit_pareto_nbd

RAW, SHRUNK, BG, PARETO, INFLATED, HURDLE = (
    "Raw counts",
    "Shrunk rates (gamma-Poisson)",
    "BG/NBD",
    "Pareto/NBD",
    "Zero-inflated Pareto/NBD",
    "Hurdle",
)
TREATMENTS = (RAW, SHRUNK, BG, PARETO, INFLATED, HURDLE)  # simplest first
NUMBERS = {RAW: 0, SHRUNK: 2, BG: 4, PARETO: 4, INFLATED: 5, HURDLE: 13}  # estimated from all customers
LEAST = (
    0.5  # orders: what a raw count of none counts as where a chance is asked, as none has no chance of one
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Treatments:
    """Every treatment, ready to look ahead from histories of the same kind.

    Parameters
    ----------
    models : mapping of str to BuyingModel
        The shrunk rates, BG/NBD and Pareto/NBD.
    hurdle : Hurdle or None
        None where no earlier period had zeros and different counts to learn from.
    horizon : float
        Days ahead.
    """

    models: Mapping[str, BuyingModel]
    hurdle: Hurdle | None
    horizon: float

    @property
    def names(self) -> list[str]:
        """Those that could be fitted, simplest first."""
        return [n for n in TREATMENTS if n == RAW or n in self.models or (n == HURDLE and self.hurdle)]

    def expect(self, histories: Histories) -> pd.DataFrame:
        """Orders to be expected within the horizon, one column per treatment."""
        columns = {RAW: histories.purchases / histories.seen * self.horizon}
        columns |= {n: m.expected_purchases(histories, self.horizon) for n, m in self.models.items()}
        if self.hurdle is not None:
            columns[HURDLE] = self.hurdle.expected_counts(_predictors(histories, self.horizon))
        return pd.DataFrame(columns)[self.names]

    def log_chance(self, histories: Histories, counts: np.ndarray) -> pd.DataFrame:
        """Log probability that each treatment gave to what came, one column per treatment."""
        return pd.DataFrame({name: self.log_chance_by(name, histories, counts) for name in self.names})

    def log_chance_by(self, name: str, histories: Histories, counts: np.ndarray) -> np.ndarray:
        """The same of one treatment. A raw count is taken as the mean of a Poisson distribution."""
        if name == RAW:
            return poisson.logpmf(
                counts, np.maximum(histories.purchases, LEAST) / histories.seen * self.horizon
            )
        if name == HURDLE:
            return self.hurdle.log_chance(_predictors(histories, self.horizon), counts)
        return self.models[name].log_chance(histories, counts, self.horizon)


def fit_treatments(
    histories: Histories,
    *,
    horizon: float,
    earlier: Histories,
    since: np.ndarray,
    names: Sequence[str] = TREATMENTS,
    max_customers: int = 10_000,
    seed: int = 0,
) -> Treatments:
    """How would each treatment have looked ahead from a cut?

    Parameters
    ----------
    histories : Histories
        Until the cut, in days.
    horizon : float
        Days ahead.
    earlier : Histories
        `horizon` days before the cut.
    since : numpy.ndarray
        Orders of the customers of `earlier` from then to the cut: what the hurdle learns from.
    names : sequence of str
        Which ones to fit.
    max_customers, seed : int
        Customers that the models are fitted on, drawn with `seed`.

    Returns
    -------
    Treatments
        Nothing after the cut is used.
    """
    given = {"max_customers": max_customers, "seed": seed}
    fits = {
        SHRUNK: fit_nbd,
        BG: fit_bgnbd,
        PARETO: fit_pareto_nbd,
        INFLATED: partial(fit_pareto_nbd, inflated=True),
    }
    hurdle = None
    if HURDLE in names and (since == 0).any() and len(np.unique(since[since > 0])) > 1:
        hurdle = fit_hurdle(_predictors(earlier, horizon), since)
    models = {name: fit(histories, **given) for name, fit in fits.items() if name in names}
    return Treatments(models=models, hurdle=hurdle, horizon=horizon)


def _predictors(histories: Histories, horizon: float) -> np.ndarray:
    """What the hurdle sees: past rate, number and silence, and how long the customer is known."""
    x, quiet = histories.purchases, histories.seen - histories.last
    rate = np.log1p(x / histories.seen * horizon)
    missed = np.log1p(x * quiet / histories.seen)  # orders that the silence would have held at the past rate
    return np.column_stack([rate, np.log1p(x), missed, np.log(histories.seen), x == 0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Holdout:
    """What each treatment said of the next period, and what came.

    Parameters
    ----------
    customer_id, counts : numpy.ndarray
    expected, log_chance : pandas.DataFrame
        Customer x treatment.
    """

    customer_id: np.ndarray
    counts: np.ndarray
    expected: pd.DataFrame
    log_chance: pd.DataFrame

    @property
    def errors(self) -> pd.DataFrame:
        """Absolute error of the expected orders."""
        return self.expected.sub(self.counts, axis=0).abs()


def choose_simplest(scores: np.ndarray, *, weights: np.ndarray | None = None) -> np.ndarray:
    """Which treatment is the simplest that the best one does not beat by more than one standard error?

    The one-standard-error rule (Breiman and others 1984), with the error of the paired difference.

    Parameters
    ----------
    scores : numpy.ndarray
        Customer x treatment, simplest first; higher is better.
    weights : numpy.ndarray, optional
        Draw x customer: how often each customer is in a resample. Without it: all customers once.

    Returns
    -------
    numpy.ndarray
        Column chosen, one per draw.
    """
    drawn = np.ones((1, len(scores))) if weights is None else weights
    total = drawn.sum(axis=1)
    best = (drawn @ scores).argmax(axis=1)
    chosen = np.full(len(drawn), scores.shape[1] - 1)
    for row, winner in enumerate(best):
        lag = scores[:, [winner]] - scores
        mean = drawn[row] @ lag / total[row]
        error = np.sqrt(np.maximum(drawn[row] @ lag**2 / total[row] - mean**2, 0.0) / (total[row] - 1))
        chosen[row] = int(np.flatnonzero(mean <= error + 1e-12)[0])
    return chosen


def draw_resamples(customers: int, *, draws: int, seed: int) -> np.ndarray:
    """How often is each customer in each bootstrap sample (draw x customer)?"""
    rng = np.random.default_rng(seed)
    return rng.multinomial(customers, np.full(customers, 1 / customers), size=draws).astype(np.float32)
