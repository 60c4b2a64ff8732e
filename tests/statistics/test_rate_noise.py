"""Rates over years: by hand, planted noise, and cells in which hardly anything is sold."""

import numpy as np
import pytest

from segutils.statistics.rate_noise import find_apart, fit_rates


class TestByHand:
    def test_years_that_move_the_whole_block(self):
        """The second year doubles both cells' sales; A sells 10 and 20 of 100, B 30 and 60 of 200 and 150.

        At the last year's level A's rate is 0.2 and B's: what it sold, over sizes as the year had them. A
        Poisson fit repeats the sums of each cell and year: 30, 90 and 40, 80.
        """
        above, below = np.array([[10.0, 20], [30, 60]]), np.array([[100.0, 100], [200, 150]])
        found = fit_rates(above, below, np.array(["x", "x"]))
        assert found.fitted.sum(axis=0) == pytest.approx([40, 80])
        assert found.fitted.sum(axis=1) == pytest.approx([30, 90])
        assert (found.sales / found.exposure * below[:, 1]).sum() == pytest.approx(80)
        assert found.df == 1

    def test_a_year_that_is_not_known_counts_for_nothing(self):
        above, below = np.array([[np.nan, 20], [30, 60.0], [5, 10]]), np.full((3, 2), 100.0)
        found = fit_rates(above, below, np.zeros(3))
        assert found.sales.tolist() == [20, 90, 15]
        assert found.sales[0] / found.exposure[0] == pytest.approx(0.2)
        assert found.df == 5 - 3 - 1

    def test_with_one_year_noise_is_what_is_said(self):
        found = fit_rates(np.array([[10.0], [20]]), np.full((2, 1), 100.0), np.zeros(2), otherwise=(2.0, 7.0))
        assert (found.by_sales, found.by_square, found.df) == (2.0, 0.0, 7.0)
        assert found.counts == pytest.approx([5, 10])  # 10 and 20 in units of 2

    def test_years_that_repeat_each_other_leave_next_to_no_noise(self):
        above = np.tile([[10.0], [20], [30]], 3)
        found = fit_rates(above, np.full((3, 3), 100.0), np.zeros(3))
        assert np.exp(found.logs) == pytest.approx([0.1, 0.2, 0.3])
        assert (found.log_variances < 1e-6).all()


class TestPlanted:
    @staticmethod
    def draw(*, orders: float, shock: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """300 cells in 100 blocks over three years: orders of 1 each, and shocks of a cell's year."""
        rng = np.random.default_rng(seed)
        mean = (
            orders
            * rng.uniform(0.2, 3, 300)[:, None]
            * rng.lognormal(0, 0.2, (100, 3))[np.repeat(np.arange(100), 3)]
        )
        shocks = rng.lognormal(-(shock**2) / 2, shock, (300, 3))
        return rng.poisson(mean * shocks).astype(float), np.repeat(np.arange(100), 3)

    def test_orders_alone(self):
        """Poisson orders of 1: variance 1 per unit; 400 degrees of freedom leave 7 %, three of them 21 %."""
        above, block = self.draw(orders=40, shock=0.0, seed=1)
        found = fit_rates(above, np.full(above.shape, 1000.0), block)
        assert found.df == 400
        whole = np.nansum(found.variance(found.fitted)) / np.nansum(found.fitted)
        assert whole == pytest.approx(1.0, rel=0.21)

    def test_shocks_alone(self):
        """So many orders that shocks of 20 % are all: variance exp(0.04) - 1 per square.

        Shocks of a block's three cells are taken for the year's in part: what is left is adjusted for that.
        """
        above, block = self.draw(orders=1e6, shock=0.2, seed=2)
        found = fit_rates(above, np.full(above.shape, 1e8), block)
        share = found.variance(found.fitted) / found.fitted**2
        assert share.mean() == pytest.approx(np.expm1(0.04), rel=0.21)


class TestApart:
    def test_hardly_sold_is_no_chance_where_much_was_to_be_expected(self):
        """Others sell 10 % of 1,000 a year, 30 up or down: variance 9 per unit or so.

        One cell sells nothing of 1,000, where more than 20 such events were expected, one nothing of 20,
        and one sells half of what is usual.
        """
        above = np.array([[130.0, 70], [70, 130], [0, 0], [0, 0], [60, 40], [110, 90]])
        below = np.array([[1000.0, 1000]] * 3 + [[20, 20], [1000, 1000], [1000, 1000]])
        found = fit_rates(above, below, np.zeros(6))
        assert find_apart(found, np.zeros(6)).tolist() == [False, False, True, False, False, False]

    def test_a_block_of_its_own_is_not_apart(self):
        found = fit_rates(np.array([[0.0, 0], [9, 11.0]]), np.full((2, 2), 100.0), np.array(["a", "b"]))
        assert not find_apart(found, np.array(["a", "b"])).any()
