"""Quarters below a limit, and losers hidden in groups: by hand, and where a few customers are large."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from segutils.objectives.attractiveness.exit_groups import Labels, chance_below, count_streak, find_hidden
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from tests.objectives.attractiveness.six_customers import LIMIT


class TestStreak:
    def test_by_hand(self):
        """Below, at the limit (which is not below), below after one above, and with a quarter of no sales."""
        revenue = np.array([[100.0] * 4, [100.0] * 4, [100.0] * 4, [100.0, 100, 0, 100], [0.0] * 4])
        margin = np.array([[4.0] * 4, [4.0, 4, 4, 5], [4.0, 9, 4, 4], [9.0, 4, -3, 4], [-3.0] * 4])
        assert count_streak(revenue, margin, 0.05).tolist() == [4, 0, 2, 2, 0]


def hide(below: float, count: int = 80) -> tuple:
    """One group: half of its customers leave `below` of 100 a quarter (a cent more or less), half 60."""
    noise = np.where(np.arange(count) % 4 < 2, 0.5, -0.5)
    is_low = np.arange(count) % 2 == 0
    each = np.where(is_low, below, 60.0) + noise
    names = np.array([f"c{number:03d}" for number in range(count)])
    ladder = MarginLadder(
        customer_id=names,
        quarters=tuple(date(2022 + number, 12, 31) for number in range(4)),
        amounts={REVENUE: np.full((count, 4), 100.0), "CM2": np.tile(each[:, None], 4)},
    )
    kinds = pd.DataFrame({"kind": np.where(is_low, "low", "high")}, index=names)
    return ladder, Labels(names=("G",), code=np.zeros(count, dtype=int)), kinds


class TestHidden:
    def test_a_part_below_the_limit_is_found(self):
        """40 customers leave 3 of 100: 8 too little each a year. Holm: two parts were looked at."""
        ladder, labels, kinds = hide(3.0)
        found = find_hidden(ladder, labels, kinds, LIMIT).set_index("value")
        assert found.found.to_dict() == {"low": True, "high": False}
        assert found.shortfall["low"] == pytest.approx(40 * 8)
        assert found.rate["low"] == pytest.approx(0.03) and found.in_a_row["low"] == 4
        over = ladder.amounts["CM2"][::2].sum(axis=1) - 20
        assert found.p["low"] == pytest.approx(2 * ttest_1samp(over, 0, alternative="less").pvalue)

    def test_what_chance_may_have_done_is_not(self):
        """4.97 of 100 is below the limit in every quarter, by less than its error (.5 / sqrt(40) = .08)."""
        found = find_hidden(*hide(4.97), LIMIT).set_index("value")
        assert found.shortfall["low"] > 0 and found.in_a_row["low"] == 4
        assert not found.found.any()

    def test_values_that_are_numbers(self):
        """A column of 0 and 1, as years or codes are: its parts are found, too."""
        ladder, labels, kinds = hide(3.0)
        codes = kinds.assign(kind=(kinds.kind == "low").astype(int)).astype(object)
        found = find_hidden(ladder, labels, codes, LIMIT).set_index("value")
        assert found.found.to_dict() == {"1": True, "0": False}

    def test_small_parts_and_failing_groups_are_not_looked_at(self):
        assert find_hidden(*hide(3.0), LIMIT, min_customers=41).empty
        assert find_hidden(*hide(3.0), LIMIT, failing=("G",)).empty


class TestChanceBelow:
    def test_by_hand(self):
        """-3, 0, 1: mean -2/3, spread sqrt(26)/3 (over n), third moment (-343 + 8 + 125) / 81 = -70/27.

        Ratio -2/sqrt(26) = -.39223, skewness -70/27 / (26 sqrt(26) / 27) = -.52800; so
        -.39223 - .52800 * .15385 / 3 + .27878 * -.06034 / 27 - .52800 / 18 = -.44926; times sqrt(2) -.63535,
        and a Student of 2 degrees is below t with 1/2 + t / (2 sqrt(2 + t^2)) = .29508.
        """
        assert chance_below(np.array([-3.0, 0.0, 1.0])) == pytest.approx(0.29508, abs=1e-4)

    def test_without_skewness_it_is_students(self):
        values = np.array([-4.0, -2.0, -1.0, 0.0, 2.0])  # symmetric about -1
        assert chance_below(values) == pytest.approx(ttest_1samp(values, 0, alternative="less").pvalue)

    def test_nothing_varies(self):
        assert chance_below(np.full(9, -1.0)) == 0.0 and chance_below(np.zeros(9)) == 1.0
        assert chance_below(np.array([-5.0])) == 0.0

    @pytest.mark.parametrize("customers", [30, 100])
    def test_a_few_large_customers_do_not_make_a_part_a_loser(self, customers):
        """Log-normal amounts (sigma 1) with a true mean of 0: at 1/800, a Holm step of 40 parts, Student's
        test is wrong more than ten times as often as it says; this one is wrong less than half as often."""
        rng = np.random.default_rng(20)
        drawn = rng.lognormal(0, 1, (4000, customers)) - np.exp(0.5)
        level = 0.05 / 40
        wrong = np.mean([chance_below(row) <= level for row in drawn])
        students = np.mean(ttest_1samp(drawn, 0, axis=1, alternative="less").pvalue <= level)
        assert students > 10 * level and wrong < 0.5 * students

    def test_a_real_loser_is_still_found(self):
        rng = np.random.default_rng(21)
        below = np.exp(0.5) * np.sqrt(np.e - 1)  # a standard deviation: ten standard errors
        drawn = rng.lognormal(0, 1, (400, 100)) - np.exp(0.5) - below
        assert np.mean([chance_below(row) <= 0.05 for row in drawn]) > 0.95
