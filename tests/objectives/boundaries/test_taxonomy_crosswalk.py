"""Two names for every customer: which correspond and how far they agree, by hand and as published."""

import ibis
import numpy as np
import pandas as pd
import pytest
from two_namings import LIKE_A, SALES, STRATEGY, behave, decide, label

from segutils.objectives.boundaries.taxonomy_crosswalk import (
    build_crosswalk,
    build_labels,
    measure_agreement,
)
from segutils.statistics.agreement import adjusted_rand_of_table


class TestCrosswalk:
    LABELS = label(("a", "x", 20), ("a", "y", 5), ("b", "x", 5), ("b", "y", 20), ("c", "x", 5), ("c", "y", 5))

    def revenue(self, labels):
        return pd.DataFrame({"customer_id": labels.customer_id, "net_revenue": 10.0})

    def test_by_hand(self):
        """a: 25, b: 25, c: 10; x: 30, y: 30. By chance a and x share 25 x 30 / 60 = 12.5."""
        table = build_crosswalk(self.LABELS, self.revenue(self.LABELS)).set_index(["first", "second"])
        assert table.customers["a", "x"] == 20 and table.net_revenue["a", "x"] == 200
        assert table.expected["a", "x"] == 12.5 and table.expected["c", "y"] == 5
        assert table.matched.to_dict() == {
            ("a", "x"): True,
            ("a", "y"): False,
            ("b", "x"): False,
            ("b", "y"): True,
            ("c", "x"): False,
            ("c", "y"): False,
        }

    def test_a_pair_that_chance_would_bring_is_no_correspondence(self):
        labels = label(("a", "x", 13), ("a", "y", 12), ("b", "x", 12), ("b", "y", 13))
        assert not build_crosswalk(labels, self.revenue(labels)).matched.any()

    def test_names_left_over_stay_alone(self):
        """c would be forced on y, with which it has less in common than chance; it stays alone."""
        labels = label(("a", "x", 50), ("c", "x", 40), ("a", "y", 30), ("c", "y", 2), ("b", "z", 40))
        table = build_crosswalk(labels, self.revenue(labels))
        pairs = set(zip(table[table.matched]["first"], table[table.matched].second, strict=True))
        assert ("c", "y") not in pairs and ("b", "z") in pairs

    def test_agreement_is_the_published_one(self):
        """Rand example of methods.md: [[1,1,0],[1,2,1],[0,0,4]] has an adjusted Rand index of 0.312573."""
        counts = [[1, 1, 0], [1, 2, 1], [0, 0, 4]]
        labels = label(*((f"r{i}", f"c{j}", n) for i, row in enumerate(counts) for j, n in enumerate(row)))
        found = measure_agreement(build_crosswalk(labels, self.revenue(labels)))
        assert found.value == pytest.approx(0.312573, abs=1e-6)

    def test_its_interval_holds_the_index_of_the_population(self):
        """400 customers from known cells: 95 % intervals hold the index that the cells have, in 9 of 10."""
        cells = np.array([[0.3, 0.1], [0.1, 0.2], [0.05, 0.25]])
        whole = adjusted_rand_of_table(cells * 1e7)
        rng, held = np.random.default_rng(4), 0
        for sample in rng.multinomial(400, cells.ravel(), size=60):
            pairs = np.ndindex(cells.shape)
            labels = label(*((f"r{i}", f"c{j}", n) for (i, j), n in zip(pairs, sample, strict=True)))
            found = measure_agreement(build_crosswalk(labels, self.revenue(labels)), resamples=400)
            held += found.low <= whole <= found.high
        assert held >= 0.95 * 60 - 3 * np.sqrt(60 * 0.95 * 0.05)

    def test_its_interval_holds_the_index_itself_where_cells_are_small(self):
        """300 names of about ten customers: who is drawn twice agrees with itself, which is no agreement."""
        rng = np.random.default_rng(2)
        first = rng.integers(0, 300, 3000)
        second = np.where(rng.random(3000) < 0.6, first, rng.integers(0, 300, 3000))
        labels = pd.DataFrame({"first": first.astype(str), "second": second.astype(str)}, dtype="object")
        labels.insert(0, "customer_id", [f"c{n}" for n in range(3000)])
        found = measure_agreement(build_crosswalk(labels, self.revenue(labels)), resamples=100)
        assert found.low < found.value < found.high and found.high - found.low < 0.1

    def test_spellings_of_a_name_are_one_and_blank_is_none(self):
        customers = pd.DataFrame(
            {
                "customer_id": [f"c{n:02d}" for n in range(44)],
                SALES: ["Key account"] * 40 + ["key account", "Key acount", "  ", None],
                STRATEGY: ["<b>OEM</b>"] * 43 + ["oem"],
            }
        )
        labels = build_labels(ibis.memtable(customers), SALES, STRATEGY)
        assert labels["first"].value_counts().to_dict() == {"Key account": 42}
        assert labels["first"].isna().sum() == 2 and labels.respelt.sum() == 2
        assert set(labels.second) == {"<b>OEM</b>", "oem"}  # markup is part of a name; it is escaped later
        both = labels.assign(second=np.where(np.arange(44) % 2, "x", "y")).astype({"second": "object"})
        behaviour = behave(
            both.fillna("Key account"), dict.fromkeys([("Key account", "x"), ("Key account", "y")], LIKE_A)
        )
        found = decide(both, behaviour)
        assert any(
            line.text.startswith("2 customers whose name is written otherwise") for line in found.assumptions
        )

    def test_customers_without_a_name_are_left_out_and_said(self):
        labels = self.LABELS.copy()
        labels.loc[[0, 1], "second"] = None
        table = build_crosswalk(labels, self.revenue(labels)).set_index(["first", "second"])
        assert table.customers.sum() == 58
        behaviour = behave(self.LABELS, dict.fromkeys(table.index.drop_duplicates(), LIKE_A))
        found = decide(labels, behaviour)
        assert any(
            "2 customers of 60 are left out: 0 without a name of sales, 2" in note for note in found.notes
        )
