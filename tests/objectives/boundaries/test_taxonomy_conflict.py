"""Where two names contradict each other: rulings and the decision by hand."""

import numpy as np
import pandas as pd
import pytest
from two_namings import CORES, LIKE_A, LIKE_B, SALES, STRATEGY, behave, decide, label

from segutils.engagement_terms import Criterion, Rater, Weighting
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.boundaries import taxonomy_options, taxonomy_rulings
from segutils.objectives.boundaries.taxonomy_behaviour import Behaviour
from segutils.objectives.boundaries.taxonomy_conflict import list_contested
from segutils.objectives.boundaries.taxonomy_crosswalk import (
    build_crosswalk,
)
from segutils.objectives.boundaries.taxonomy_options import choose_option, settle_names, try_options
from segutils.objectives.boundaries.taxonomy_rulings import (
    ESCALATE,
    FIRST,
    MERGE,
    SECOND,
    SPLIT,
    file_customers,
    score_cells,
)


class TestRulings:
    def rule(self, *cells, means, max_distance=0.35):
        labels = label(*CORES, *cells)
        behaviour = behave(labels, {("a", "x"): LIKE_A, ("b", "y"): LIKE_B, **means})
        crosswalk = build_crosswalk(labels, behaviour.table)
        filed = file_customers(labels, crosswalk, behaviour)
        table = score_cells(filed, crosswalk, max_distance=max_distance)
        return table.set_index(["first", "second"])

    def test_like_one_and_unlike_the_other(self):
        found = self.rule(("a", "y", 120), ("b", "x", 120), means={("a", "y"): LIKE_A, ("b", "x"): LIKE_A})
        assert found.ruling.to_dict() == {("a", "y"): FIRST, ("b", "x"): SECOND}
        # true distance from b's core: sqrt(((0.3 / 0.1)² + (2 / 0.5)²) / 2) = 3.54
        assert found.second_low["a", "y"] < np.sqrt(12.5) < found.second_high["a", "y"]
        assert found.first_low["a", "y"] == 0

    def test_unlike_both_on_its_own(self):
        found = self.rule(("a", "y", 120), means={("a", "y"): (0.9, 1.0)})
        assert found.ruling["a", "y"] == SPLIT and found.kind["a", "y"] == taxonomy_rulings.APART

    def test_unlike_both_because_it_has_some_of_either(self):
        halfway = tuple(np.mean([LIKE_A, LIKE_B], axis=0))
        found = self.rule(("a", "y", 120), means={("a", "y"): halfway})
        assert found.ruling["a", "y"] == SPLIT and found.kind["a", "y"] == taxonomy_rulings.MIXED
        assert found.position["a", "y"] == pytest.approx(0.5, abs=0.05)

    def test_like_both_where_both_are_alike(self):
        labels = label(*CORES, ("a", "y", 200))
        behaviour = behave(labels, dict.fromkeys([("a", "x"), ("b", "y"), ("a", "y")], LIKE_A))
        found = decide(labels, behaviour)
        assert found.table.verdict[0] == "Merge: behaves like both"
        assert "1 pair with EUR 20,000 a year can go by either name" in found.notes[0]

    def test_few_customers_are_escalated(self):
        found = self.rule(("a", "y", 55), means={("a", "y"): (0.5 + 0.035, 1.0 + 0.175)})
        few = self.rule(("a", "y", 5), ("b", "x", 60), means={("a", "y"): LIKE_A, ("b", "x"): LIKE_A})
        assert found.ruling["a", "y"] == ESCALATE  # 0.35 from a's core: at the bound
        assert ("a", "y") not in few.index  # below the minimum of customers and of revenue

    def test_a_small_cell_with_much_revenue_is_judged_but_too_few_to_tell(self):
        labels = label(*CORES, ("a", "y", 8))
        behaviour = behave(labels, {("a", "x"): LIKE_A, ("b", "y"): LIKE_B, ("a", "y"): LIKE_A})
        behaviour.table.loc[600:, "net_revenue"] = 1000.0
        found = decide(labels, behaviour, owner="C. Moreau, CMO")
        assert found.table.verdict[0] == "Escalate: too few to tell"
        assert "1 pair with EUR 8,000 a year goes to C. Moreau, CMO" in found.notes[0]

    def test_a_name_without_a_partner_is_known_by_its_other_customers(self):
        """c has no partner: its customers in x are held against those in y, and the other way round."""
        found = self.rule(
            ("c", "x", 100), ("c", "y", 100), means={("c", "x"): (0.9, 1.0), ("c", "y"): (0.9, 1.0)}
        )
        assert found.ruling.to_dict() == {("c", "x"): FIRST, ("c", "y"): FIRST}

    def test_settled_names_by_hand(self):
        labels = label(*CORES, ("a", "y", 60), ("b", "x", 60), ("c", "x", 60), ("c", "y", 60))
        behaviour = behave(labels, dict.fromkeys(zip(labels["first"], labels.second, strict=True), LIKE_A))
        crosswalk = build_crosswalk(labels, behaviour.table)
        filed = file_customers(labels, crosswalk, behaviour)
        at = {pair: (filed.first_names.index(pair[0]), filed.second_names.index(pair[1])) for pair in
              (("a", "x"), ("b", "y"), ("a", "y"), ("b", "x"), ("c", "x"), ("c", "y"))}  # fmt: skip
        ruled = np.full(filed.judged.shape, taxonomy_rulings.MATCHED, dtype=object)
        for pair, ruling in (
            (("a", "y"), FIRST),
            (("b", "x"), SECOND),
            (("c", "x"), SPLIT),
            (("c", "y"), ESCALATE),
        ):
            ruled[at[pair]] = ruling
        codes = settle_names(filed, ruled)
        group = {pair: set(codes[filed.cell(*place)]) for pair, place in at.items()}
        assert group["a", "x"] == group["a", "y"] == group["b", "x"]  # a keeps its own; x keeps b's
        assert group["b", "y"] == group["c", "y"] != group["a", "x"]  # what is open stays with y
        assert group["c", "x"] not in (group["a", "x"], group["b", "y"])

    def test_keeping_both_names_is_left_only_for_a_gain(self):
        totals = {"keep": 0.20, "first": 0.2055, "second": 0.1}
        assert choose_option(totals, min_gain=0.01) == "keep"
        assert choose_option(totals, min_gain=0.005) == "first"

    def test_what_is_foretold_is_the_share_of_variance_between_groups(self):
        """Two equal groups 2 apart, standard deviation 1 within: 1 of 2 of the variance lies between them."""
        rng = np.random.default_rng(1)
        codes = np.repeat([0, 1], 4000)
        values = (2.0 * codes + rng.standard_normal(8000))[:, None]
        members = rng.random(8000) < 0.5
        assert taxonomy_options._foretell(values, codes, members)[0] == pytest.approx(0.5, abs=0.02)
        noise = rng.integers(0, 2, 8000)
        assert taxonomy_options._foretell(values, noise, members)[0] == pytest.approx(0.0, abs=0.005)


class TestDecision:
    LABELS = label(("a", "x", 700), ("b", "y", 700), ("a", "y", 300), ("b", "x", 300))
    BEHAVIOUR = behave(
        LABELS, {("a", "x"): LIKE_A, ("b", "y"): LIKE_B, ("a", "y"): LIKE_A, ("b", "x"): LIKE_A}
    )

    def test_one_sides_names_that_are_right_are_recommended(self):
        """All of a behave alike whatever the second name is, and b in x behaves like a, too."""
        found = decide(self.LABELS, self.BEHAVIOUR)
        assert found.decision.recommendation == "Settle the contested pairs one by one"
        assert found.decision.robustness_share > 0.9
        assert found.table.verdict.to_list() == ["Adopt a", "Adopt x"]
        scores = found.decision.options.set_index("option").score
        assert scores["Settle the contested pairs one by one"] > scores["Names of sales for all"]
        assert found.status == "fail"  # 600 of 2,000: more than the 20 % allowed
        assert decide(self.LABELS, self.BEHAVIOUR, max_contested=0.6).status == "caution"

    def test_the_headline_counts_what_the_table_shows(self):
        found = decide(self.LABELS, self.BEHAVIOUR)
        assert found.headline == (
            "Sales and strategy disagree on 30 % of net revenue; behaviour settles 2 of 2 contested pairs of "
            "names (100 % of their revenue)."
        )

    def test_weights_of_raters_are_used(self):
        names = ("margin", "orders", "bought_again", "cost_to_serve")
        criteria = {name: Criterion(means=name) for name in names}
        weights = dict(zip(names, (0.3, 0.1, 0.3, 0.3), strict=True))
        stated = Weighting(criteria=criteria, raters=[Rater(name="Ann", weights=weights)])
        found = decide(self.LABELS, self.BEHAVIOUR, weighting=stated)
        row = found.decision.options.iloc[0]
        assert row.score == pytest.approx(0.75 * row.margin + 0.25 * row.orders)  # of 0.3 and 0.1: both known
        with pytest.raises(InputError, match="taxonomy-conflict"):
            wrong = Weighting(
                criteria={"x": Criterion(means="x")}, raters=[Rater(name="Ann", weights={"x": 1.0})]
            )
            decide(self.LABELS, self.BEHAVIOUR, weighting=wrong)

    def test_the_clients_own_choice(self):
        own = Override(choice="Names of strategy for all", who="CEO", when="2026-01-01", why="contracts")
        found = decide(self.LABELS, self.BEHAVIOUR, override=own)
        assert found.decision.choice == own.choice != found.decision.recommendation
        assert found.headline.startswith(
            "The client decides: names of strategy for all; behaviour leads to: settle"
        )
        with pytest.raises(InputError, match="nonsense"):
            decide(
                self.LABELS, self.BEHAVIOUR, override=Override(choice="nonsense", who="x", when="y", why="z")
            )

    def test_identical_names_do_not_conflict(self):
        labels = label(*CORES)
        found = decide(labels, behave(labels, {("a", "x"): LIKE_A, ("b", "y"): LIKE_B}))
        assert found.status == "pass" and found.table.empty
        assert "draw the same lines" in found.headline
        assert found.decision.recommendation == "Keep both side by side"

    def test_not_run_without_names(self):
        for labels in (None, self.LABELS.assign(second=None)):
            found = decide(labels, self.BEHAVIOUR)
            assert found.status == "not_run"
            assert found.needs[0].columns == ("customer_id", SALES, STRATEGY)
            assert list_contested(labels, self.BEHAVIOUR, found, columns=(SALES, STRATEGY)).empty

    def test_not_run_where_customers_do_not_differ(self):
        same = pd.DataFrame({"customer_id": self.LABELS.customer_id, "net_revenue": 1.0, "margin": 0.4})
        found = decide(self.LABELS, Behaviour(table=same, days=365))
        assert found.status == "not_run" and found.needs[0].table == "transactions"

    def test_rows_in_another_order_lead_to_the_same(self):
        order = np.random.default_rng(2).permutation(len(self.LABELS))
        table = self.BEHAVIOUR.table.iloc[order[::-1]].reset_index(drop=True)
        labels = self.LABELS.iloc[order].sort_values("customer_id", ignore_index=True)
        other = decide(labels, Behaviour(table=table, days=730))
        assert other.to_json() == decide(self.LABELS, self.BEHAVIOUR).to_json()

    def test_the_list_names_everybody_whom_a_ruling_concerns(self):
        found = decide(self.LABELS, self.BEHAVIOUR)
        listed = list_contested(self.LABELS, self.BEHAVIOUR, found, columns=(SALES, STRATEGY), owner="Ann")
        assert len(listed) == 600 and listed.decided_by.eq("behaviour").all()
        assert listed[listed[SALES] == "a"].ruling.unique().tolist() == ["Adopt a"]


def test_trials_do_not_depend_on_chance_alone():
    """The same seed gives the same trials; another seed gives others, with the same choice."""
    labels, behaviour = TestDecision.LABELS, TestDecision.BEHAVIOUR
    filed = file_customers(labels, build_crosswalk(labels, behaviour.table), behaviour)
    one, same, other = (try_options(filed, max_distance=0.35, trials=10, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.explained, same.explained) and not np.array_equal(
        one.explained, other.explained
    )
    assert one.scores.mean(axis=1).idxmax() == other.scores.mean(axis=1).idxmax()
    assert MERGE not in one.rulings


def test_five_hundred_names_are_not_told_apart_pair_by_pair():
    labels = label(*((f"name {n}", f"group {n}", 3) for n in range(500)))
    behaviour = behave(labels, dict.fromkeys(zip(labels["first"], labels.second, strict=True), LIKE_A))
    found = decide(labels, behaviour)
    assert found.status == "not_run" and "sales has 500 names, and more than 60" in found.headline
    assert found.needs[0].table == "customers"


def test_everybody_under_one_name():
    """One name of sales and two of strategy: nothing corresponds beyond chance, and nothing is ruled."""
    labels = label(("all", "x", 200), ("all", "y", 200))
    found = decide(labels, behave(labels, {("all", "x"): LIKE_A, ("all", "y"): LIKE_B}))
    assert "neither can be translated into the other" in found.headline
    assert found.table.verdict.to_list() == ["No ruling: names are unrelated"]


def test_many_pairs_that_correspond_are_not_all_listed():
    labels = label(*((f"name {n}", f"group {n}", 60) for n in range(12)))
    behaviour = behave(labels, dict.fromkeys(zip(labels["first"], labels.second, strict=True), LIKE_A))
    note = next(n for n in decide(labels, behaviour).notes if n.startswith("Names that correspond"))
    assert "and 4 more." in note


def test_a_pair_that_corresponds_by_chance_makes_no_taxonomies_related():
    """Both names are drawn independently; this client has a pair beyond chance, as one in twenty has."""
    rng = np.random.default_rng(29)
    first, second = rng.choice(list("abc"), 900), rng.choice(list("xyz"), 900)
    labels = pd.DataFrame(
        {"customer_id": [f"c{n:05d}" for n in range(900)], "first": first, "second": second}
    ).astype("object")
    behaviour = behave(labels, dict.fromkeys(zip(first, second, strict=True), LIKE_A))
    assert build_crosswalk(labels, behaviour.table).matched.sum() == 1
    found = decide(labels, behaviour)
    assert "are unrelated (adjusted Rand index 0.01" in found.headline
    assert found.table.verdict.to_list() == ["No ruling: names are unrelated"]
    assert "Settle the contested pairs one by one" not in set(found.decision.options.option)
    assert any(note.startswith("No name of one side corresponds") for note in found.notes)


def test_a_correspondence_of_few_customers_translates_no_names():
    """100 of 3,000 carry c and z and nothing else, a, b, x and y are dealt out: 97 beyond chance are 3 %."""
    labels = label(("a", "x", 725), ("a", "y", 725), ("b", "x", 725), ("b", "y", 725), ("c", "z", 100))
    behaviour = behave(labels, dict.fromkeys(zip(labels["first"], labels.second, strict=True), LIKE_A))
    found = decide(labels, behaviour)
    assert "neither can be translated into the other" in found.headline
    found = decide(labels, behaviour, min_matched=0.03)
    assert found.headline.startswith("Sales and strategy disagree on 97 % of net revenue")
