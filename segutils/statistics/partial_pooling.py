"""True levels of cells that are known with noise: how much of what differs between them is chance?

A cell (a region of an industry, say) has the level of its block, what its row adds in every block (the region
is strong or weak throughout), perhaps something of its own, and noise:

    value = block + row + own + noise

Rows are normal around 0; of the cells a share has something of its own, normal around 0, the others nothing,
so that one exception does not make every cell one. How large all this is, and whether there is any, is itself
drawn from what the data say, so that draws of the levels carry every uncertainty. The maximum of a block in a
draw is then a draw of the true maximum: no leader is chosen by its luck (Louis 1984; Gelman, Hill and
Yajima 2012; own effects with a point mass at 0: Mitchell and Beauchamp 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import chi2

STEPS = 20  # points of a spread's distribution, beside "none"
NOISES = 9  # points of the noise's distribution, where it is itself estimated
WIDEST = 20.0  # times the scale: the largest spread that is considered
WARM_UP, THIN = 300, 2  # of the Gibbs sampler
DIFFERING = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)  # shares of cells with something of their own


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooled:
    """Draws from what is known of the true levels.

    Parameters
    ----------
    levels : numpy.ndarray
        Draw x cell.
    spread_rows, spread_cells : numpy.ndarray
        Standard deviation of rows, and of cells that have something of their own, in each draw; 0 where there
        are none.
    noise : numpy.ndarray
        By what the variances of the noise are multiplied in each draw.
    alike : numpy.ndarray of bool
        Draws in which the cells of a block do not differ at all.
    """

    levels: np.ndarray
    spread_rows: np.ndarray
    spread_cells: np.ndarray
    noise: np.ndarray
    alike: np.ndarray


def pool_levels(
    values: np.ndarray,
    variances: np.ndarray,
    block: np.ndarray,
    row: np.ndarray,
    *,
    scale: float,
    fixed: np.ndarray | float = 0.0,
    noise_df: float = np.inf,
    none: float = 0.25,
    differing: Sequence[float] = DIFFERING,
    draws: int = 1000,
    seed: int = 0,
) -> Pooled:
    """What are the true levels, and how sure is that?

    Parameters
    ----------
    values, variances : numpy.ndarray
        What was found of each cell, and the variance of its noise (above 0).
    block, row : numpy.ndarray
        Labels. Cells of one block have a common level; cells of one row may differ from it together. Where
        every row has one cell only there are no rows.
    scale : float
        Of the half-Cauchy prior of both spreads (Gelman 2006), in the unit of `values`: half of all spreads
        are expected to be smaller.
    fixed : numpy.ndarray or float
        Variance of noise that is known apart and does not change with the estimate of the rest.
    noise_df : float
        Degrees of freedom on which `variances` rest; their common factor is inverse chi-squared.
    none : float
        Chance, before the data, that rows do not differ at all; and that no cell has anything of its own.
    differing : sequence of float
        Shares of cells with something of their own that are as likely as each other, if there are any.
    draws : int
    seed : int

    Returns
    -------
    Pooled

    Notes
    -----
    A Gibbs sampler whose steps leave out what they can: spreads of rows are drawn with all block and row
    levels integrated out, spreads and shares of cells without knowing which cells they are. Checked against
    the eight schools of Rubin (1981) as printed in Gelman et al., Bayesian Data Analysis, 3rd edition, table
    5.3, and against numerical integration.
    """
    values, variances = np.asarray(values, float), np.asarray(variances, float)
    fixed = np.broadcast_to(fixed, values.shape)
    spreads, weights = _list_spreads(scale, none)
    rows = np.unique(np.asarray(row).astype(str), return_inverse=True)[1]
    of_rows = (spreads, weights)
    if rows.max() + 1 == len(rows):  # every row has one cell only: row and own are one and the same
        rows, of_rows = np.zeros_like(rows), (np.zeros(1), np.zeros(1))
    cells = _Cells(
        values=values, block=np.unique(np.asarray(block).astype(str), return_inverse=True)[1], row=rows
    )
    own = _Own(spreads=spreads[spreads > 0], shares=np.asarray(differing, float), none=none)
    noises = _list_noises(noise_df)
    rng = np.random.default_rng(seed)
    noise, spread, has_own = float(np.median(noises)), 0.0, np.zeros(len(values), bool)
    kept: list[tuple[np.ndarray, float, float, float, bool]] = []
    for turn in range(WARM_UP + draws * THIN):
        base = noise * variances + fixed
        rows_spread, common = cells.draw_common(base + has_own * spread**2, *of_rows, rng)
        off = values - common
        wide = np.outer(noises, variances) + fixed + has_own * spread**2
        noise = float(_pick(noises, _log_normal(off, wide), rng))
        base = noise * variances + fixed
        spread, chance = own.draw_spread(off, base, rng)
        has_own = own.draw_members(off, base, spread, chance, rng)
        if turn >= WARM_UP and (turn - WARM_UP) % THIN == 0:
            part = has_own * spread**2 / (base + has_own * spread**2)
            level = common + part * off + np.sqrt(part * base) * rng.standard_normal(len(off))
            is_alike = rows_spread == 0 and not has_own.any()
            kept.append((level, rows_spread, spread * has_own.any(), noise, is_alike))
    levels, rows, spread_cells, factors, alike = (np.array(found) for found in zip(*kept, strict=True))
    return Pooled(levels=levels, spread_rows=rows, spread_cells=spread_cells, noise=factors, alike=alike)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cells:
    """Block and row levels, given the variance of everything else."""

    values: np.ndarray
    block: np.ndarray
    row: np.ndarray

    @property
    def rows(self) -> int:
        return int(self.row.max()) + 1

    def draw_common(
        self, variance: np.ndarray, spreads: np.ndarray, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[float, np.ndarray]:
        """The spread of rows, and block + row of each cell."""
        blocks, rows = int(self.block.max()) + 1, self.rows
        precision = 1 / variance
        of_block = np.bincount(self.block, precision, blocks)
        crossed = np.bincount(self.row * blocks + self.block, precision, rows * blocks).reshape(rows, blocks)
        matrix = np.diag(crossed.sum(axis=1)) - (crossed / of_block) @ crossed.T
        sums = np.bincount(self.block, precision * self.values, blocks)
        right = np.bincount(self.row, precision * self.values, rows) - crossed @ (sums / of_block)
        values, vectors = np.linalg.eigh(matrix)
        told = vectors.T @ right
        widened = 1 + np.outer(spreads**2, np.maximum(values, 0.0))
        likelihood = 0.5 * (spreads[:, None] ** 2 * told**2 / widened - np.log(widened)).sum(axis=1)
        place = _pick(np.arange(len(spreads)), likelihood + weights, rng)
        spread, wide = spreads[place], widened[place]
        rotated = spread * told / wide + rng.standard_normal(rows) / np.sqrt(wide)
        by_row = spread * (vectors @ rotated)
        left = np.bincount(self.block, precision * (self.values - by_row[self.row]), blocks)
        by_block = left / of_block + rng.standard_normal(blocks) / np.sqrt(of_block)
        return float(spread), by_block[self.block] + by_row[self.row]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Own:
    """What cells have of their own: how large it is, how many have it, which ones."""

    spreads: np.ndarray
    shares: np.ndarray
    none: float

    def draw_spread(self, off: np.ndarray, base: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
        """Spread, and share of cells that have it; 0 and 0 where none has."""
        without = -0.5 * (off**2 / base + np.log(base))
        wide = base + self.spreads[:, None] ** 2
        gained = -0.5 * (off**2 / wide + np.log(wide)) - without  # spread x cell
        chances = self.shares[:, None, None]
        with np.errstate(divide="ignore"):
            each = np.logaddexp(np.log1p(-chances), np.log(chances) + gained).sum(axis=2)
            start = np.log(self.none)
            each += np.log1p(-self.none) - np.log(each.size)
        place = _pick(np.arange(each.size + 1), np.append(each.ravel(), start), rng)
        if place == each.size:
            return 0.0, 0.0
        return float(self.spreads[place % len(self.spreads)]), float(self.shares[place // len(self.spreads)])

    @staticmethod
    def draw_members(
        off: np.ndarray, base: np.ndarray, spread: float, chance: float, rng: np.random.Generator
    ) -> np.ndarray:
        if chance in (0.0, 1.0):
            return np.full(len(off), chance == 1.0)
        wide = base + spread**2
        odds = 0.5 * (off**2 / base + np.log(base) - off**2 / wide - np.log(wide))
        return rng.random(len(off)) < expit(odds + np.log(chance / (1 - chance)))


def _pick(values: np.ndarray, logs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of the values, by the logs of their weights (Gumbel's way)."""
    return values[np.argmax(logs + rng.gumbel(size=len(logs)))]


def _log_normal(off: np.ndarray, variances: np.ndarray) -> np.ndarray:
    return -0.5 * (off**2 / variances + np.log(variances)).sum(axis=1)


def _list_spreads(scale: float, none: float) -> tuple[np.ndarray, np.ndarray]:
    """Spreads, and the log of each one's prior weight: quantiles of a half-Cauchy, and 0."""
    top = np.arctan(WIDEST) * 2 / np.pi
    found = scale * np.tan(np.pi / 2 * (np.arange(STEPS) + 0.5) / STEPS * top)
    weights = np.full(STEPS, np.log((1 - none) / STEPS))
    if none == 0:
        return found, weights
    return np.append(0.0, found), np.append(np.log(none), weights)


def _list_noises(noise_df: float) -> np.ndarray:
    if np.isinf(noise_df):
        return np.ones(1)
    return noise_df / chi2.ppf((np.arange(NOISES) + 0.5) / NOISES, noise_df)
