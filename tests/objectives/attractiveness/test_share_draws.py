"""True shares of cells: by hand, and intervals that hold in worlds whose truth is known."""

import numpy as np
import pytest
from scipy.stats import binom

from segutils.objectives.attractiveness.gaps import BEST, draw_gaps
from segutils.objectives.attractiveness.share_draws import draw_shares

BLOCK = np.repeat([f"b{n:02d}" for n in range(12)], 4)
ROW = np.tile(list("NESW"), 12)
YEARS = 3


def draw_world(rng: np.random.Generator, *, rows: float, cells: float) -> dict:
    """Twelve blocks of four cells over three years: orders come at random (20 to 250 a year in most cells).

    A true share is that of the block times what the row and the cell add, whose logs have standard deviations
    `rows` and `cells`; order values have a log standard deviation of 1, so that few large ones count most.
    Blocks rise and fall by 10 % from year to year.
    """
    added = rows * rng.standard_normal(4)[np.tile(np.arange(4), 12)] + cells * rng.standard_normal(48)
    share = np.exp(-2.3 + 0.5 * rng.standard_normal(12)[np.repeat(np.arange(12), 4)] + added)
    size = np.exp(rng.uniform(np.log(200), np.log(2500), 48))
    orders = size * share
    by_year = np.exp(0.1 * rng.standard_normal((12, YEARS)))
    by_year[:, -1] = 1.0  # shares are those of the last year
    counts = rng.poisson(orders[:, None] * np.repeat(by_year, 4, axis=0))
    sold = np.array([[rng.lognormal(-0.5, 1.0, n).sum() for n in cell] for cell in counts])
    return {"above": sold, "below": np.tile(size[:, None], YEARS), "share": share}


def measure(world: dict, seed: int) -> dict:
    """The gap to the best in truth, in draws, and in the last year's own figures."""
    size = world["below"][:, -1]
    found = draw_shares(world["above"], world["below"], BLOCK, ROW, draws=200, seed=seed)
    year = world["above"][:, -1] / size
    truth, drawn, naive = (
        draw_gaps(np.atleast_2d(shares), size, BLOCK, benchmark=BEST).sum(axis=1)
        for shares in (world["share"], found.shares, year)
    )
    low, high = np.quantile(drawn, [0.025, 0.975])
    sales = (world["share"] * size).sum()
    return {
        "holds": low <= truth[0] <= high,
        "low": low,
        "off": (drawn.mean() - truth[0]) / sales,
        "off_naive": (naive[0] - truth[0]) / sales,
    }


class TestWorlds:
    def test_intervals_hold_and_the_gap_is_not_off(self):
        """20 worlds, spreads of rows and cells anywhere from 0.05 to 0.4: 95 % intervals.

        So many of 20 may miss as do in one of a thousand cases if each does with 5 %. A year's own figures
        are off by a large part of all sales, always in one direction.
        """
        rng = np.random.default_rng(1)
        found = []
        for seed in range(20):
            rows, cells = np.exp(rng.uniform(np.log(0.05), np.log(0.4), 2))
            found.append(measure(draw_world(rng, rows=rows, cells=cells), seed))
        missed = sum(not one["holds"] for one in found)
        assert missed <= binom.ppf(0.999, 20, 0.05)
        off, naive = (np.array([one[name] for one in found]) for name in ("off", "off_naive"))
        assert abs(off.mean()) < 3 * off.std(ddof=1) / np.sqrt(20)
        assert np.sqrt((off**2).mean()) < 0.6 * np.sqrt((naive**2).mean())

    def test_where_all_shares_are_alike_the_interval_begins_at_nothing(self):
        """10 worlds without differences: the gap is 0, and each interval holds that with 97.5 %."""
        rng = np.random.default_rng(2)
        found = [measure(draw_world(rng, rows=0.0, cells=0.0), seed) for seed in range(10)]
        missed = sum(one["low"] > 0 for one in found)
        assert missed <= binom.ppf(0.999, 10, 0.025)
        assert np.mean([one["off"] for one in found]) < 0.15 * np.mean([one["off_naive"] for one in found])


class TestByHand:
    def test_todays_level_is_that_of_the_last_year(self):
        """Both cells sell 10 % of 1,000, then 20 %: today 20 %, whatever the years before."""
        above = np.array([[100.0, 200], [100, 200], [100, 200]])
        found = draw_shares(above, np.full((3, 2), 1000.0), np.zeros(3), np.arange(3), draws=50, seed=1)
        assert found.shares == pytest.approx(0.2, rel=1e-3)

    def test_a_cell_in_which_hardly_anything_is_sold_is_told_as_that(self):
        """Nothing in a market in which others sell 10 % of 10,000: no luck makes 0 out of that."""
        rng = np.random.default_rng(3)
        above = rng.poisson(1000.0, (6, 3)).astype(float)
        above[5] = 0.0
        found = draw_shares(above, np.full((6, 3), 1e4), np.zeros(6), np.arange(6), draws=100, seed=1)
        assert (found.shares[:, 5] < 0.01).all()
        assert found.shares[:, :5].mean() == pytest.approx(0.1, rel=0.05)

    def test_one_year_rests_on_the_noise_that_is_said(self):
        """Sales of 100 and a variance of 20 per unit, so 45 %, are no evidence; 0.01, so 1 %, is."""
        above, size = np.array([[100.0], [150], [80], [120]]), np.full((4, 1), 1000.0)
        wide, narrow = (
            draw_shares(above, size, np.zeros(4), np.arange(4), otherwise=(noise, 50.0), draws=200, seed=1)
            for noise in (20.0, 0.01)
        )
        assert wide.alike > narrow.alike == 0
        assert narrow.shares.mean(axis=0) == pytest.approx(above[:, 0] / 1000, rel=0.02)

    def test_an_error_of_the_providers_is_no_share(self):
        """Years repeat each other, so that all that differs is true, or else the providers are wrong."""
        above = np.tile([[100.0], [110], [95], [103]], 3)
        sure, unsure = (
            draw_shares(
                above, np.full((4, 3), 1e3), np.zeros(4), np.arange(4), fixed=fixed, draws=200, seed=1
            )
            for fixed in (0.0, 0.01)
        )
        assert sure.alike == 0 and unsure.alike > 0.05

    def test_nothing_sold_anywhere(self):
        found = draw_shares(
            np.zeros((3, 2)), np.full((3, 2), 9.0), np.zeros(3), np.arange(3), draws=20, seed=1
        )
        assert (found.shares == 0).all()
