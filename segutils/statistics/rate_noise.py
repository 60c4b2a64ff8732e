"""Rates of cells over several years, such as own sales over the market: how much is the year's own noise?

Sales of a cell and year are its rate x size x what the year does to the whole block. What is left over has a
variance with two parts: one in proportion to the sales (orders come one by one, and some are large) and one
in proportion to their square (something happens to the whole cell in that year).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls
from scipy.special import digamma, polygamma
from scipy.stats import poisson

TURNS = 100  # of alternating between cells and years; the fit is there when the change is below CLOSE
CLOSE = 1e-10
STEPS = 10  # of weighting residuals anew
LEFT = 0.01  # part of its variance that a residual must have left to tell anything
EXACT = 1e-12  # variance below which years are taken to repeat each other, as a share of the largest sales
HARDLY, CHANCE = 0.25, 0.001  # of what is expected; and how rarely chance may do that


@dataclass(frozen=True, kw_only=True, eq=False)
class Rates:
    """What is known of the cells.

    Parameters
    ----------
    fitted : numpy.ndarray
        Cell x year: expected sales.
    exposure : numpy.ndarray
        Each cell's size over the years, in units of the block's last year.
    sales : numpy.ndarray
        Each cell's sales over the years.
    by_sales, by_square : float
        Variance per unit of expected sales, and per unit of their square.
    df : float
        Degrees of freedom on which these rest.
    """

    fitted: np.ndarray
    exposure: np.ndarray
    sales: np.ndarray
    by_sales: float
    by_square: float
    df: float

    def variance(self, sales: np.ndarray) -> np.ndarray:
        """Of the noise in a cell and year with such expected sales."""
        return self.by_sales * sales + self.by_square * sales**2

    @property
    def counts(self) -> np.ndarray:
        """How many independent events would be as sure as a cell's sales over the years (0: nothing sold)."""
        whole = np.nansum(self.fitted, axis=1)
        noise = np.nansum(self.variance(self.fitted), axis=1)
        return np.divide(whole**2, noise, out=np.zeros(len(whole)), where=noise > 0)

    @property
    def unit(self) -> np.ndarray:
        """Sales per such event; where nothing was sold, that of all cells together."""
        usual = np.full(len(self.sales), self.usual_unit)
        return np.divide(self.sales, self.counts, out=usual, where=self.counts > 0)

    @property
    def usual_unit(self) -> float:
        """Sales per such event of all cells together: variance over sales."""
        whole = np.nansum(self.fitted)
        noise = np.nansum(self.variance(self.fitted))
        return float(noise / whole) if noise > 0 else 1.0

    @property
    def logs(self) -> np.ndarray:
        """Mean of the log rate, if events are Poisson (Jeffreys' prior), which is finite at 0, too."""
        return digamma(self.counts + 0.5) - np.log(self.exposure / self.unit)

    @property
    def log_variances(self) -> np.ndarray:
        """Its variance."""
        return polygamma(1, self.counts + 0.5)


def fit_rates(
    above: np.ndarray,
    below: np.ndarray,
    block: np.ndarray,
    *,
    otherwise: tuple[float, float] = (float("nan"), 0.0),
) -> Rates:
    """How large are the cells' rates, and how much do they vary from year to year by chance?

    Parameters
    ----------
    above, below : numpy.ndarray
        Cell x year, such as own sales and the market; NaN where the year is not known. The last year must be.
    block : numpy.ndarray
        Label of each cell: years move all cells of a block alike.
    otherwise : tuple of float
        Variance per unit of sales, and its degrees of freedom, where years do not tell: with one year, or one
        cell per block, nothing is left over.

    Returns
    -------
    Rates
        Maximum likelihood (of Poisson rates) for cells and years in turn; variances by least squares of
        adjusted squared residuals (Haberman 1973), weighted by what is expected of them.
    """
    known = ~np.isnan(above) & (below > 0)
    sold, size = (np.where(known, values, 0.0) for values in (np.clip(above, 0, None), below))
    member = (np.asarray(block)[:, None] == np.unique(np.asarray(block))).astype(float)
    years = np.ones((member.shape[1], sold.shape[1]))
    rate = np.zeros(len(sold))
    for _ in range(TURNS):
        before = years
        exposure = (size * (member @ years)).sum(axis=1)
        rate = sold.sum(axis=1) / exposure
        expected = member.T @ (size * rate[:, None])
        years = np.divide(member.T @ sold, expected, out=before.copy(), where=expected > 0)
        last = years[:, -1]
        years = years / np.where(last > 0, last, years.max(axis=1))[:, None]
        if np.abs(years - before).max() < CLOSE:
            break
    exposure = (size * (member @ years)).sum(axis=1)
    fitted = np.where(known, size * (member @ years) * rate[:, None], np.nan)
    seen = (member.T @ known) > 0
    df = float(known.sum() - len(sold) - (seen.sum(axis=1) - 1).sum())
    # what a residual has left of its variance, after its cell's rate and its block's year have followed it
    sums = fitted.sum(axis=1, keepdims=True, where=known), member @ (member.T @ np.where(known, fitted, 0.0))
    left = np.prod(
        [1 - np.divide(fitted, part, where=part > 0, out=np.ones(fitted.shape)) for part in sums], axis=0
    )
    by_sales, by_square = _fit_variance(sold, fitted, left) if df > 0 else (otherwise[0], 0.0)
    # where years repeat each other exactly, noise is next to nothing but not nothing
    least = EXACT * np.nanmax(fitted, initial=0.0)
    return Rates(
        fitted=fitted,
        exposure=exposure,
        sales=sold.sum(axis=1),
        by_sales=max(by_sales, least) if by_square == 0 else by_sales,
        by_square=by_square,
        df=df if df > 0 else otherwise[1],
    )


def find_apart(rates: Rates, block: np.ndarray) -> np.ndarray:
    """In which cells is so little sold that it is no chance? Such a cell is no example of its block.

    Parameters
    ----------
    rates : Rates
    block : numpy.ndarray

    Returns
    -------
    numpy.ndarray of bool
        Less than a quarter of what the others of the block would sell there, and too little to be chance
        (Poisson, one in a thousand).
    """
    block = np.asarray(block)
    alike = block[:, None] == block
    others = alike & ~np.eye(len(block), dtype=bool)
    size = others @ rates.exposure
    rate = np.divide(others @ rates.sales, size, out=np.zeros(len(block)), where=size > 0)
    expected = rate * rates.exposure
    unit = rates.usual_unit
    unlikely = poisson.cdf(np.floor(rates.sales / unit), expected / unit) < CHANCE
    return (rates.sales < HARDLY * expected) & unlikely


def _fit_variance(sold: np.ndarray, fitted: np.ndarray, left: np.ndarray) -> tuple[float, float]:
    """Least squares with both parts at least 0, weighted anew by what the step before expects."""
    used = ~np.isnan(fitted) & (fitted > 0) & (left > LEFT)
    if not used.any():
        return 0.0, 0.0
    mean = fitted[used]
    square = (sold[used] - mean) ** 2 / left[used]
    terms = np.column_stack([mean, mean**2])
    units = terms.max(axis=0)
    found = np.array([square.sum() / mean.sum(), 0.0])
    for _ in range(STEPS):
        expected = np.maximum(terms @ found, EXACT * mean.max() ** 2)
        found = nnls(terms / units / expected[:, None], square / expected)[0] / units
    return float(found[0]), float(found[1])
