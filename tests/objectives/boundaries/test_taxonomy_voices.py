"""What sales people and customers say of two names, by hand, and who answers for what."""

import ibis
import pandas as pd
import pytest
from two_namings import label

from segutils.engagement_terms import Person
from segutils.objectives.boundaries.answering import find_owners, find_role, first_of
from segutils.objectives.boundaries.taxonomy_voices import compare_themes, score_realism


class TestVoices:
    def test_a_name_rated_lower_by_the_same_raters(self):
        """Six raters give a two points less than b and c, each on a scale of their own."""
        rows = [
            (f"R{n}", name, base + shift)
            for n, base in enumerate([3, 4, 5, 3, 4, 5])
            for name, shift in (("a", -2.0 + 0.1 * (n % 2)), ("b", 0.0), ("c", 0.0))
        ]
        table = ibis.memtable(pd.DataFrame(rows, columns=["rep_id", "segment", "realism"]))
        found = score_realism(table, ["a", "b", "c"])
        assert found.name[0] == "a" and found.raters[0] == 6
        assert found.difference[0] == pytest.approx(-1.95) and found.high[0] < -1.5
        assert score_realism(table, ["a"]).empty

    def test_a_theme_of_the_cell_alone(self):
        """Eight customers speak of rust only, eight of speed only: Mann-Whitney p below 0.001, two themes."""
        labels = label(("a", "y", 8), ("b", "y", 8))
        themes = ["rust"] * 8 + ["speed"] * 8
        coded = pd.DataFrame({"customer_id": labels.customer_id, "theme": themes})
        found = compare_themes(ibis.memtable(coded), labels, cell=("a", "y"), core=("b", "y"))
        assert found.cell_share.to_list() == [1.0, 0.0] and (found.p_holm < 0.01).all()
        few = compare_themes(ibis.memtable(coded.iloc[4:]), labels, cell=("a", "y"), core=("b", "y"))
        assert few.empty


OWNERS = {
    "Ann": Person(role="marketing", answers_for=["segments", "campaigns"]),
    "Bob": Person(role="product", answers_for=["business unit North"]),
}


class TestWhoAnswers:
    def test_found_by_what_they_answer_for_and_by_role(self):
        assert find_owners(OWNERS, "Segments") == ["Ann"]
        assert find_owners(OWNERS, "North") == [] and find_owners(OWNERS, "North", exact=False) == ["Bob"]
        assert find_owners(OWNERS, "Nor", exact=False) == []  # whole words
        assert find_role(OWNERS, "product") == ["Bob"] and find_role(OWNERS, "") == []
        assert first_of([], "nobody") == "nobody"
