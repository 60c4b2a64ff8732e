"""Spellings of one value: by hand, what must stay apart, and what is told to the reader."""

import ibis
import pandas as pd
import pytest

from segutils.statistics.spellings import harmonise_spelling, match_spellings, respell_columns

MANY, FEW = 400, 3


class TestMatching:
    def test_spellings_of_one_value_are_one(self):
        values = pd.Series(["Chemicals"] * 200 + ["CHEMICALS", " chemicals", "Chem.", "Chemcals", "Pharma"])
        assert harmonise_spelling(values).value_counts().to_dict() == {"Chemicals": 204, "Pharma": 1}

    @pytest.mark.parametrize(
        ("often", "seldom"),
        [
            ("50-74K", "50-75K"),
            ("Cluster A", "Cluster B"),
            ("Type I", "Type II"),
            ("female", "male"),
            ("active", "inactive"),
            ("Drinks", "Miscellaneous drinks"),
        ],
    )
    def test_a_rare_value_of_its_own_is_not_swallowed(self, often, seldom):
        assert match_spellings({often: MANY, seldom: FEW}) == {}
        assert match_spellings({often: FEW, seldom: MANY}) == {}

    def test_a_value_nearly_as_frequent_is_another_one(self):
        """Twenty times as frequent: 60 against 3 is, 59 is not."""
        assert match_spellings({"Machinery": 60, "Machinrey": 3}) == {"Machinrey": "Machinery"}
        assert match_spellings({"Machinery": 59, "Machinrey": 3}) == {}


class TestColumns:
    def test_rows_are_counted_and_other_columns_left_alone(self):
        frame = pd.DataFrame(
            {
                "customer_id": [f"c{n}" for n in range(64)],
                "industry": ["Machinery"] * 60 + ["Machinrey", "machinery", "machinery", None],
                "employees": range(64),
            }
        )
        found = respell_columns(ibis.memtable(frame), ["industry", "employees", "region"])
        assert found.changes.to_numpy().tolist() == [
            ["industry", "Machinrey", "Machinery", 1],
            ["industry", "machinery", "Machinery", 2],
        ]
        told = found.table.order_by("employees").to_pandas()
        assert told.industry.fillna("-").value_counts().to_dict() == {"Machinery": 63, "-": 1}
        assert told.drop(columns="industry").equals(frame.drop(columns="industry"))

    def test_a_column_of_names_is_no_category(self):
        frame = pd.DataFrame({"company": [f"Firm number {n} Ltd" for n in range(600)]})
        assert respell_columns(ibis.memtable(frame), ["company"]).changes.empty
