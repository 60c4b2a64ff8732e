"""Ratings of the front line: the planted unrealistic segment, severities, and the ends of the scale."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.statistics.krippendorff import measure_alpha
from segutils.validation.fit.feedback import (
    FITS,
    MISFITS,
    build_ratings,
    count_filing,
    find_saying,
    read_filing,
)
from segutils.validation.fit.sales_realism import ACCEPT, decide_sales_realism
from segutils.validation.fit.severity import separate_raters


def rate(rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["rater", "item", "rating"])
    return table.assign(kind="segment", comment=None, rating=table.rating.astype(float))


class TestSeverity:
    def test_by_hand(self):
        """A strict rater (4, 2) and a lenient one (5, 3): both see two points between the items."""
        found = separate_raters(rate([("s", "x", 4), ("s", "y", 2), ("l", "x", 5), ("l", "y", 3)]))
        assert found.items.set_index("item").adjusted.to_dict() == pytest.approx({"x": 4.5, "y": 2.5})
        assert found.raters.set_index("rater").severity.to_dict() == pytest.approx({"s": 0.5, "l": -0.5})

    def test_who_rated_does_not_matter_any_more(self):
        """y was rated by the strict one only: its mean 2 is 3 for an average rater."""
        rows = [("s", "x", 2), ("s", "z", 3), ("l", "x", 4), ("l", "z", 5), ("s", "y", 2)]
        found = separate_raters(rate(rows)).items.set_index("item")
        assert found["mean"]["y"] == 2 and found.adjusted["y"] == pytest.approx(3)

    def test_intervals_hold_what_they_promise(self):
        rng = np.random.default_rng(1)
        hits = []
        for _ in range(200):
            strict = rng.normal(0, 0.5, 12)
            strict -= strict.mean()
            rows = [
                (f"r{r}", i, m + strict[r] + rng.normal(0, 0.4))
                for r in range(12)
                for i, m in (("x", 4), ("y", 2))
            ]
            items = separate_raters(rate(rows)).items
            hits += ((items.low <= [4, 2]) & (items.high >= [4, 2])).to_list()
        assert 0.92 < np.mean(hits) < 0.98  # 400 intervals at 95 %: standard error 1.1 points


class TestDecision:
    RATINGS = rate(
        [(f"r{n}", item, rating + (n % 2)) for n in range(8) for item, rating in (("Good", 4), ("Bad", 1))]
    )

    def test_a_rejected_segment_is_sent_back(self):
        found = decide_sales_realism(self.RATINGS, None, resamples=50)
        assert found.decision.recommendation == "Rework Bad" and found.decision.robustness_share == 1
        assert found.table.verdict.to_list() == ["real", "rework"] and found.status == "caution"
        assert "1 of the 2 segments real, but not Bad (1.5 of 5)" in found.headline

    def test_all_real_is_accepted(self):
        good = rate([(f"r{n}", item, 4 + (n % 2)) for n in range(8) for item in ("One", "Two")])
        found = decide_sales_realism(good, None, resamples=50)
        assert found.decision.recommendation == ACCEPT and "all 2 segments real" in found.headline

    def test_not_run_without_ratings_and_overrides_are_checked(self):
        assert decide_sales_realism(None, None).status == "not_run"
        wrong = Override(choice="Rework Good", who="x", when="2026-01-01", why="y")
        with pytest.raises(InputError, match="Rework Good"):
            decide_sales_realism(self.RATINGS, None, resamples=20, override=wrong)

    def test_a_saying_needs_three_people(self):
        table = self.RATINGS.assign(comment="Two groups. Not one.")
        assert find_saying(table, "Bad", max_rating=3) == "Two groups."
        assert find_saying(table[table.rater.isin(["r0", "r1"])], "Bad", max_rating=3) == ""


class TestFiling:
    CUSTOMERS = ibis.memtable(
        pd.DataFrame({"customer_id": list("abcd"), "strategy_segment": ["Old", "Old", "Old", "New"]})
    )
    SEGMENTS = pd.DataFrame({"customer_id": list("abcd"), "segment": ["S1", "S1", "S2", "S1"]})

    def test_customers_count_by_how_their_segment_is_filed(self):
        """S1 is mostly Old, so its New customer is filed otherwise."""
        feedback = ibis.memtable(
            pd.DataFrame(
                {
                    "rep_id": ["r", "r", "r"],
                    "realism": [4, 2, 5],
                    "segment": [None, None, "Old"],
                    "customer_id": ["a", "d", None],
                }
            )
        )
        found = build_ratings(feedback, self.CUSTOMERS, self.SEGMENTS, names={"S1": "Big"})
        assert dict(zip(found["item"], found.rating, strict=True)) == {"Old": 5, FITS: 4, MISFITS: 2}

    def test_which_of_ours_a_name_holds(self):
        filed = read_filing(self.CUSTOMERS, self.SEGMENTS, rated={"Old"})
        found = count_filing(filed).set_index("label")
        assert found.holds["Old"] == "S1 67 %, S2 33 %" and found.held["Old"] == 2

    def test_without_a_known_grouping_customers_stand_for_their_segment(self):
        feedback = ibis.memtable(pd.DataFrame({"rep_id": ["r"], "realism": [4], "customer_id": ["a"]}))
        found = build_ratings(
            feedback, self.CUSTOMERS.drop("strategy_segment"), self.SEGMENTS, names={"S1": "Big"}
        )
        assert found["item"].to_list() == ["S1 Big"]


class TestPlantedTruth:
    @staticmethod
    def ratings_of(client) -> pd.DataFrame:
        ours = client.true_groups().rename(columns={"group": "segment"})
        return build_ratings(client.table("sales_feedback"), client.table("customers"), ours, names={})

    def test_realism_is_the_planted_one(self, halden):
        found = separate_raters(self.ratings_of(halden)).items.set_index("item")
        truth = halden.planted("realism").set_index("rated")
        for rated in truth.index[truth.kind == "segment"]:
            half = (found.high[rated] - found.low[rated]) / 2
            # twice the half-width is about four standard errors; the raters' mean severity comes on top
            assert abs(found.adjusted[rated] - truth.expected_rating[rated]) < 2 * half + 0.15

    def test_aftermarket_goes_back_and_its_two_groups_are_named(self, halden):
        ours = halden.true_groups().rename(columns={"group": "segment"})
        ratings = self.ratings_of(halden)
        filing = count_filing(read_filing(halden.table("customers"), ours, rated=set(ratings["item"])))
        found = decide_sales_realism(ratings, filing, resamples=50)
        assert found.decision.recommendation == "Rework Aftermarket"
        assert {"maintenance", "legacy"} <= set(found.headline.replace(".", "").split())
        assert any(note.startswith("Aftermarket:") and "Most said of it" in note for note in found.notes)

    def test_customers_filed_otherwise_are_rated_lower(self, halden):
        found = separate_raters(self.ratings_of(halden)).items.set_index("item")
        assert found.high[MISFITS] < found.low[FITS]

    def test_agreement_is_the_planted_one(self, halden):
        segments = self.ratings_of(halden).query("kind == 'segment'").rename(columns={"item": "unit"})
        truth = halden.planted("rater_agreement").set_index("metric").expected_alpha
        for level in ("interval", "ordinal"):
            found = measure_alpha(segments, level=level, resamples=300)
            assert found.low - 0.05 < truth[level] < found.high + 0.05

    def test_severities_go_with_the_planted_ones(self, halden):
        found = separate_raters(self.ratings_of(halden)).raters
        truth = halden.planted("reps").rename(columns={"rep_id": "rater", "severity": "planted"})
        both = found.merge(truth[["rater", "planted"]], on="rater")
        # planted with deviation 0.35; about eight ratings with noise 0.45 each and rounding leave 0.7 or more
        assert np.corrcoef(-both.severity, both.planted)[0, 1] > 0.5  # added to a rating: positive is lenient

    def test_the_null_client_rejects_nothing(self, null_halden):
        found = decide_sales_realism(self.ratings_of(null_halden), None, resamples=20)
        assert found.decision.recommendation == ACCEPT
