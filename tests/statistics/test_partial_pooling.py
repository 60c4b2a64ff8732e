"""True levels out of noise: a published case, numerical integration, and where nothing differs."""

import numpy as np
import pytest
from scipy.stats import chi2, norm

from segutils.statistics.partial_pooling import pool_levels

# coaching effects and their standard errors in eight schools (Rubin 1981; Gelman et al., BDA3, table 5.2)
EFFECTS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
ERRORS = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
ONE = np.zeros(8)


class TestPublished:
    def test_eight_schools(self):
        """BDA3, table 5.3, quantiles 25, 50 and 75 % of each school's effect from 200 draws.

        A quartile of 200 draws from a spread of about 8 has a standard error of about 0.8; rounded to whole
        points, 2.5 points leave three of these. The book's prior of the spread is flat; a half-Cauchy of 25
        is nearly that where the likelihood is (Gelman 2006, figure 3).
        """
        quartiles = np.array(
            [[7, 10, 16], [3, 8, 12], [2, 7, 11], [4, 8, 11], [1, 5, 10], [2, 6, 10], [7, 10, 15], [3, 8, 13]]
        )
        found = pool_levels(
            *(EFFECTS, ERRORS**2, ONE, np.arange(8)),
            **{"scale": 25.0, "none": 0.0, "differing": [1.0], "draws": 3000, "seed": 1},
        )
        again = np.quantile(found.levels, [0.25, 0.5, 0.75], axis=0).T
        assert np.abs(again - quartiles).max() < 2.5
        # school A's effect is above C's in 141 of 200 draws (BDA3, section 5.5): 0.705 +- 3 * 0.032
        assert (found.levels[:, 0] > found.levels[:, 2]).mean() == pytest.approx(0.705, abs=0.1)


class TestAgainstIntegration:
    def test_one_block_with_a_chance_of_no_difference(self):
        """Three cells, a third of the chance on no difference, noise that rests on ten degrees of freedom.

        Given spread and noise, values less the block's flat level are normal: the weight of "none", the mean
        of each cell and that of the noise follow from sums over a fine grid of both.
        """
        values, variances, scale = np.array([0.0, 0.1, 0.6]), np.array([0.02, 0.03, 0.02]), 0.3
        found = pool_levels(
            *(values, variances, np.zeros(3), np.arange(3)),
            **{"scale": scale, "none": 1 / 3, "differing": [1.0], "noise_df": 10, "draws": 4000, "seed": 2},
        )
        chances = (np.arange(500) + 0.5) / 500
        spreads = np.append(0.0, scale * np.tan(np.arctan(20.0) * chances))
        weights = np.append(1 / 3, np.full(500, 2 / 3 / 500))[:, None]
        factors = 10 / chi2.ppf((np.arange(100) + 0.5) / 100, 10)
        precision = 1 / (factors[:, None] * variances + spreads[:, None, None] ** 2)
        level = (precision * values).sum(axis=2) / precision.sum(axis=2)
        off = values - level[..., None]
        logs = 0.5 * (np.log(precision) - precision * off**2).sum(axis=2)
        likelihood = weights * np.exp(logs) / np.sqrt(precision.sum(axis=2))
        likelihood /= likelihood.sum()
        part = spreads[:, None, None] ** 2 * precision
        means = (likelihood[..., None] * (level[..., None] + part * off)).sum(axis=(0, 1))
        # 4,000 draws that hang together a little
        assert found.alike.mean() == pytest.approx(likelihood[0].sum(), abs=0.04)
        assert found.levels.mean(axis=0) == pytest.approx(means, abs=0.02)
        assert found.noise.mean() == pytest.approx((likelihood * factors).sum(), rel=0.06)


class TestChance:
    @staticmethod
    def draw(seed: int, *, rows=0.0, exception=0.0) -> dict:
        """Twelve blocks of four rows; noise of 0.1."""
        rng = np.random.default_rng(seed)
        block, row = np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12)
        truth = rng.normal(0, 1, 12)[block] + rows * np.array([-1, 0, 0, 1])[row]
        truth[5] += exception
        values = truth + rng.normal(0, 0.1, 48)
        return {"values": values, "block": block, "row": row, "truth": truth}

    @staticmethod
    def pool(case: dict, **given):
        keys = ("values", "block", "row")
        values, block, row = (case[key] for key in keys)
        given = {"scale": 0.3, "draws": 600, "seed": 1} | given
        return pool_levels(values, np.full(len(values), 0.01), block, row, **given)

    def test_where_nothing_differs_it_says_so(self):
        """Before the data the chance of no difference is a quarter of a quarter."""
        found = self.pool(self.draw(3))
        assert found.alike.mean() > 4 / 16
        alike = found.levels[found.alike]
        first = alike[:, np.repeat(np.arange(12) * 4, 4)]
        assert np.array_equal(alike, first)  # to the last digit: the gap is 0

    def test_rows_that_differ_in_every_block_are_found_in_all(self):
        """Rows are 0.2 apart from the middle: with twelve blocks that is 7 standard errors."""
        case = self.draw(4, rows=0.2)
        found = self.pool(case)
        assert not found.alike.any() and (found.spread_rows > 0).all()
        error = found.levels.mean(axis=0) - case["truth"]
        # a block level is known to 0.05 (four cells of 0.1): noise of a single cell would leave 0.1
        assert np.sqrt((error**2).mean()) < 0.08

    def test_one_exception_does_not_make_every_cell_one(self):
        """A cell that is ten standard errors off is told as it is, the other 47 stay together."""
        case = self.draw(5, exception=-1.0)
        found = self.pool(case)
        row = found.levels.mean(axis=0)
        assert row[5] == pytest.approx(case["values"][5], abs=0.05)
        rest = np.delete(found.levels - found.levels[:, np.repeat(np.arange(12) * 4 + 3, 4)], 5, axis=1)
        assert np.median(np.abs(rest)) < 0.02  # noise is 0.1

    def test_same_seed_same_draws(self):
        case = self.draw(7)
        one, two = (self.pool(case, draws=50).levels for _ in range(2))
        assert np.array_equal(one, two)


def test_intervals_hold_in_worlds_drawn_from_the_prior():
    """Worlds in which spreads are drawn as the model expects them: 90 % intervals hold in 90 %.

    40 worlds; the share of a world's 12 cells whose interval holds varies by less than 0.2 (standard
    deviation) between worlds, so that its mean over worlds is within 3 * 0.2 / sqrt(40) = 0.095 of 0.9.
    """
    rng = np.random.default_rng(8)
    block, row = np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)
    held = []
    for seed in range(40):
        spreads = [
            0.3 * np.abs(np.tan(np.pi / 2 * rng.uniform(0, 0.97))) * (rng.random() > 0.5) for _ in "ab"
        ]
        has_own = rng.random(12) < rng.choice([0.2, 0.4, 1.0])
        truth = norm.rvs(size=3, random_state=rng)[block] + spreads[0] * rng.standard_normal(4)[row]
        truth = truth + spreads[1] * has_own * rng.standard_normal(12)
        values = truth + 0.1 * rng.standard_normal(12)
        found = pool_levels(
            *(values, np.full(12, 0.01), block, row),
            **{"scale": 0.3, "differing": [0.2, 0.4, 1.0], "none": 0.5, "draws": 150, "seed": seed},
        )
        low, high = np.quantile(found.levels, [0.05, 0.95], axis=0)
        held.append(((low <= truth) & (truth <= high)).mean())
    assert np.mean(held) == pytest.approx(0.9, abs=0.095)
