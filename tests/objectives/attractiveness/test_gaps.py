"""Gaps to comparable cells: by hand, where nothing differs, and against planted ratios."""

import numpy as np
import pandas as pd
import pytest

from segutils.objectives.attractiveness.gaps import BEST, USUAL, measure_gaps


def cells(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["block", "cell", "part", "above", "below"])


TWO_YEARS = cells(
    # A leads in the first year (30 % against 10 % and 20 %), C in the second (25 %)
    *[("x", "A", 1, 30.0, 100.0), ("x", "A", 2, 20.0, 100.0)],
    *[("x", "B", 1, 20.0, 200.0), ("x", "B", 2, 30.0, 200.0)],
    *[("x", "C", 1, 20.0, 100.0), ("x", "C", 2, 25.0, 100.0)],
    *[("alone", "D", 1, 1.0, 100.0), ("alone", "D", 2, 1.0, 100.0)],
)


class TestByHand:
    def test_best(self):
        """Chosen in one year, measured in the other.

        Measured in year 2 (year 1 says A leads): B lacks 20 − 15 = 5 points, C 20 − 25 = −5. Measured in year
        1 (year 2 says C leads): A lacks 20 − 30 = −10 points, B 20 − 10 = 10. At the size of year 2, halved:
        A −10/2 of 100, B (5 + 10)/2 of 200, C −5/2 of 100.
        """
        found = measure_gaps(TWO_YEARS, benchmark=BEST)
        gap = found.table.set_index("cell").gap
        assert gap.to_dict() == pytest.approx({"A": -5.0, "B": 15.0, "C": -2.5})
        assert found.blocks == ("x",) and found.parts == 2
        row = found.table.set_index("cell").loc["B"]
        assert (row.ratio, row.aim) == pytest.approx((0.15, 0.15 + 15 / 200))

    def test_usual(self):
        """The others together. Year 1: of A (B + C) 40/300, of B 50/200, of C 50/300; so B lags.
        Year 2: of A 55/300, of B 45/200, of C 50/300: B lags again, C and A do not.
        """
        gap = measure_gaps(TWO_YEARS, benchmark=USUAL).table.set_index("cell").gap
        measured_in_two = (45 / 200 - 0.15) * 200
        measured_in_one = (50 / 200 - 0.10) * 200
        assert gap.to_dict() == pytest.approx({"B": (measured_in_two + measured_in_one) / 2})

    def test_one_year_is_chosen_and_measured_in_one(self):
        found = measure_gaps(TWO_YEARS[TWO_YEARS["part"] == 2], benchmark=BEST)
        assert found.parts == 1
        assert found.table.set_index("cell").gap.to_dict() == pytest.approx({"A": 5.0, "B": 20.0})

    def test_parts_of_customers_add_up(self):
        """Halves of the customers: size and ratio are those of both, each half counts by its size."""
        found = measure_gaps(TWO_YEARS, benchmark=BEST, latest=False)
        row = found.table.set_index("cell").loc["B"]
        assert row.ratio == pytest.approx(50 / 400)
        assert row.gap == pytest.approx((0.05 * 200 + 0.10 * 200) / 400 * 400)

    def test_a_cell_that_is_not_known_in_every_part_is_left_out(self):
        missing = TWO_YEARS[~((TWO_YEARS.cell == "A") & (TWO_YEARS["part"] == 1))]
        assert "A" not in measure_gaps(missing, benchmark=BEST).table.cell.to_list()

    def test_nothing_to_compare(self):
        found = measure_gaps(cells(), benchmark=BEST)
        assert found.table.empty and found.blocks == () and found.parts == 0


class TestChance:
    @staticmethod
    def draw(ratios: np.ndarray, *, seed: int) -> pd.DataFrame:
        """Three cells a block over three years, with 20 % noise of the year."""
        rng = np.random.default_rng(seed)
        parts = [
            (f"b{block:03d}", cell, year, 1000 * ratio * rng.lognormal(0, 0.2), 1000.0)
            for block in range(200)
            for cell, ratio in zip("ABC", ratios, strict=True)
            for year in (1, 2, 3)
        ]
        return cells(*parts)

    def test_where_nothing_differs_gaps_add_up_to_nothing(self):
        """In one year's figures alone, chance would make a gap of a fifth of all sales out of nothing."""
        table = self.draw(np.array([0.1, 0.1, 0.1]), seed=1)
        by_block = measure_gaps(table, benchmark=BEST).table.groupby("block").gap.sum()
        error = by_block.std() / np.sqrt(200)
        assert abs(by_block.sum() / 200) < 3 * error
        naive = measure_gaps(table[table["part"] == 3], benchmark=BEST).table.gap.sum() / 200
        assert naive > 30  # of 300 sold in a block

    def test_a_planted_gap_is_found(self):
        """Best 0.2, others 0.1 and 0.15: 150 are lacking, times the mean of the noise, exp(0.02).

        Less is found where luck names the wrong leader; luck in the measured year adds nothing.
        """
        table = self.draw(np.array([0.2, 0.1, 0.15]), seed=2)
        found = measure_gaps(table, benchmark=BEST).table.gap.sum() / 200
        naive = measure_gaps(table[table["part"] == 3], benchmark=BEST).table.gap.sum() / 200
        planted = 150 * np.exp(0.02)
        assert 0.85 * planted < found < 1.02 * planted < naive
