"""Which groups are merged: by hand, twins and strangers planted, noise, and what the client states."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from grouped_shop import COSTS, QUICK, decide, make_client

from segutils.engagement_terms import Criterion, Rater, Weighting
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.boundaries.customer_periods import build_periods
from segutils.objectives.boundaries.granularity import count_permutations, read_running_cost
from segutils.objectives.boundaries.granularity_words import find_knee
from segutils.objectives.boundaries.merge_path import (
    GroupedCustomers,
    build_grouped_customers,
    find_path,
    follow_path,
    sum_aspects,
    walk_path,
)
from segutils.objectives.boundaries.merge_tests import score_merges


def make_group(*values: tuple[str, float]) -> GroupedCustomers:
    names = sorted({name for name, _ in values})
    amounts = np.array([value for _, value in values])
    return GroupedCustomers(
        ids=pd.Index([f"c{n}" for n in range(len(values))]),
        names=names,
        labels=np.array([names.index(name) for name, _ in values]),
        aspects={"value": amounts[:, None]},
        value=amounts,
    )


class TestByHand:
    def test_three_groups(self):
        """A: 1, 3 | 2; B: 10 | 12, 8; C: 2 | 4, in two folds.

        Errors out of sample: A 2, B 8, C 4 + 4 = 8. A with C: 4 + 0 + 1 against 3, 0 + 4 against 2, together
        9: one less than apart. A with B: 66 + 72 = 138. B with C: 4 + 36 against 8, 36 + 4 + 4 against 6: 84.
        So A and C are merged first. All as one: 75 against 6.5, 84 against 4: 159.
        """
        customers = make_group(
            *(
                ("A", 1.0),
                ("A", 3.0),
                ("A", 2.0),
                ("B", 10.0),
                ("B", 12.0),
                ("B", 8.0),
                ("C", 2.0),
                ("C", 4.0),
            )
        )
        fold = np.array([0, 0, 1, 0, 1, 1, 0, 1])
        cells = sum_aspects(customers, [fold])
        pairs, members = walk_path(cells, np.ones(1))
        assert pairs == [(0, 2), (0, 1)]
        assert members[1] == (frozenset({0, 2}), frozenset({1}))
        told = follow_path(cells, pairs)[0, :, 0]
        assert told == pytest.approx([1 - 18 / 159, 1 - 17 / 159, 0.0])

    def test_wards_distance_of_two_groups_and_its_chance(self):
        """0, 0 and 3, 3: of the six ways to deal them out two are as far apart, so p tends to a third."""
        labels, values = np.array([0, 0, 1, 1]), np.array([[0.0], [0.0], [3.0], [3.0]])
        chance = score_merges(
            labels,
            [values],
            [(frozenset({0}), frozenset({1}))],
            np.ones(1),
            permutations=3000,
            rng=np.random.default_rng(0),
        )
        assert chance[0] == pytest.approx(1 / 3, abs=0.03)

    def test_the_running_cost_is_that_of_a_year(self):
        assert read_running_cost(COSTS) == 180_000  # four times 45,000 a quarter
        assert np.isnan(read_running_cost(COSTS.iloc[1:])) and np.isnan(read_running_cost(None))

    def test_the_knee(self):
        """From 5 to 3 groups next to nothing is lost, then all of it: the bend is at 3."""
        told = pd.DataFrame({"groups": [5, 4, 3, 2, 1], "told": [0.40, 0.39, 0.38, 0.19, 0.0]})
        assert find_knee(told) == 3
        assert find_knee(told.assign(told=[0.4, 0.3, 0.2, 0.1, 0.0])) is None


class TestPlanted:
    def test_twins_merge_first_and_strangers_stay(self):
        """A and B are drawn from one distribution, C, D and E from others."""
        customers, periods = make_client({"A": 50.0, "B": 50.0, "C": 70.0, "D": 90.0, "E": 110.0})
        found = decide(customers, periods, costs=COSTS)
        assert found.table["merge"].iloc[0] == "A with B"
        assert found.table.verdict.to_list() == ["alike: merge", *["different: keep"] * 3]
        assert found.decision.recommendation == "4 groups" and found.status == "pass"
        assert found.decision.robustness_share > 0.8
        assert "Merge A and B" in found.headline and "EUR 180,000" in found.headline
        options = found.decision.options.set_index("option")
        assert options.saved["4 groups"] == 180_000 and options.running_cost["5 groups (as now)"] == 900_000

    def test_strangers_are_all_kept(self):
        customers, periods = make_client({"A": 40.0, "B": 60.0, "C": 80.0})
        found = decide(customers, periods, costs=COSTS)
        assert found.decision.recommendation == "3 groups (as now)" and found.status == "pass"
        assert found.headline.startswith("Keep all 3 groups by kind")
        # the smaller of two: 300 customers of about 40 (or 80) each must earn 180,000 more
        assert found.table.break_even.iloc[0] > 5.0

    def test_what_is_told_is_the_share_planted(self):
        """Means 40, 60, 80 vary by 800/3 = 266.7, noise by 100: 72.7 %. A with B: 50, 50, 80 vary by 200."""
        customers, _ = make_client({"A": 40.0, "B": 60.0, "C": 80.0}, each=2000)
        path = find_path(customers, **QUICK)
        assert path.told.told.iloc[0] == pytest.approx(266.7 / 366.7, abs=0.02)
        assert path.told.told.iloc[1] == pytest.approx(200 / 366.7, abs=0.02)
        assert path.steps.lost.iloc[0] == pytest.approx(66.7 / 266.7, abs=0.03)

    def test_a_small_difference_that_is_sure_is_still_small(self):
        """51 and 50 differ surely among so many, but it is next to nothing of what groups tell."""
        customers, periods = make_client({"A": 50.0, "B": 51.0, "C": 90.0}, each=3000)
        found = decide(customers, periods)
        assert found.table.p_holm.iloc[0] < 0.05 and found.table.verdict.iloc[0] == "alike: merge"

    def test_a_segment_cut_in_two_by_chance_is_found(self, halden):
        """The true segments, with Laboratories filed under two names by the toss of a coin."""
        lines, customers = halden.table("transactions"), halden.table("customers")
        periods = build_periods(lines, customers, halden.table("products"), as_of=halden.as_of)
        groups = halden.planted("accounts")[["customer_id", "segment_before"]].sort_values("customer_id")
        coin = np.random.default_rng(3).random(len(groups)) < 0.5
        name = np.where(coin, groups.segment_before, groups.segment_before.replace("labs", "labs too"))
        grouped = build_grouped_customers(groups.assign(group=name), periods)
        found = decide(grouped, periods)
        assert set(grouped.aspects) == {"value", "retention", "assortment"}
        assert found.table["merge"].iloc[0] == "labs with labs too"
        assert found.table.verdict.to_list() == ["alike: merge", *["different: keep"] * 5]
        assert found.decision.recommendation == "6 groups"


class TestManyGroups:
    def test_thirty_groups_of_four_kinds_are_not_one(self):
        """499 permutations can show no p-value below 0.002, which times 29 steps is more than 0.05."""
        kinds = [40.0, 60.0, 80.0, 100.0]
        customers, periods = make_client({f"G{n:02d}": kinds[n % 4] for n in range(30)}, each=60)
        found = decide(customers, periods, resamples=30)
        assert found.decision.recommendation == "4 groups"
        for n in range(4):  # all of one kind are merged
            kind = [f"G{m:02d}" for m in range(n, 30, 4)]
            assert f"{', '.join(kind[:-1])} and {kind[-1]}" in found.headline

    def test_so_many_permutations_that_a_difference_can_be_shown(self):
        assert count_permutations(4, 499, max_p=0.05) == 499
        for steps in (12, 30, 59):
            smallest = 1 / (count_permutations(steps, 499, max_p=0.05) + 1)
            assert steps * smallest <= 0.05 / 1.5

    def test_names_with_a_plus_are_not_taken_apart(self):
        customers, periods = make_client({"Oil + gas": 50.0, "Water": 50.0, "Pharma": 90.0})
        found = decide(customers, periods)
        assert found.headline.startswith("Merge Oil + gas and Water: ")


class TestDoubt:
    def test_what_stands_seldom_says_so_in_its_headline(self):
        """B is as far from A as the stated loss allows: with other customers it is merged, or not."""
        customers, periods = make_client({"A": 50.0, "B": 55.0, "C": 70.0}, each=200)
        lost = decide(customers, periods).table.lost.iloc[0]
        found = decide(customers, periods, max_loss=float(lost))
        assert found.decision.robustness_share < 0.8 and found.status == "caution"
        told = f"{100 * found.decision.robustness_share:.0f} % of other"
        assert "; not firm, it stands " in found.headline and told in found.headline
        firm = decide(customers, periods, max_loss=0.001)
        assert firm.decision.robustness_share >= 0.8 and "not firm" not in firm.headline


class TestNothing:
    def test_groups_at_random_are_one(self):
        customers, periods = make_client(dict.fromkeys("ABCDEF", 50.0))
        found = decide(customers, periods, costs=COSTS)
        assert found.decision.recommendation == "1 group"
        assert found.headline.startswith("One group will do") and "EUR 900,000" in found.headline

    def test_no_region_of_the_null_client_is_worth_a_group(self, null_halden):
        lines, people = null_halden.table("transactions"), null_halden.table("customers")
        periods = build_periods(lines, people, null_halden.table("products"), as_of=null_halden.as_of)
        grouped = build_grouped_customers(null_halden.groups("region"), periods)
        found = decide(grouped, periods, permutations=49)
        assert len(grouped.names) == 12 and found.decision.recommendation == "1 group"

    def test_p_values_are_honest_after_the_path_has_sorted_the_groups(self):
        """Eight groups of noise: the two halves that are left at the end differ because they were sorted.

        Taken as given, they would be called different nearly always; here in about one of twenty cases.
        """
        rng, honest, naive = np.random.default_rng(4), [], []
        for _ in range(40):
            values = [(name, value) for name in "ABCDEFGH" for value in rng.normal(size=30)]
            customers = make_group(*values)
            cells = sum_aspects(customers, [np.arange(240) % 5])
            _, members = walk_path(cells, np.ones(1))
            first, second = members[-2]
            common = {"permutations": 99, "rng": rng}
            args = (list(customers.aspects.values()), [(first, second)], np.ones(1))
            honest.append(score_merges(customers.labels, *args, **common)[0])
            halves = np.isin(customers.labels, list(second)).astype(int)
            args = (list(customers.aspects.values()), [(frozenset({0}), frozenset({1}))], np.ones(1))
            naive.append(score_merges(halves, *args, **common)[0])
        assert np.mean(np.array(honest) <= 0.05) <= 0.15
        assert np.mean(np.array(naive) <= 0.05) > 0.4

    def test_no_difference_shown_is_told_apart_from_none_shown_to_exist(self):
        """With twenty customers each nothing is sure: merged until a difference shows, with a caution."""
        customers, periods = make_client({"A": 50.0, "B": 53.0, "C": 120.0}, each=20, seed=2)
        found = decide(customers, periods, max_loss=0.01)
        assert found.table.verdict.to_list() == ["no difference shown: merge", "different: keep"]
        assert found.status == "caution" and any("rests on no difference" in note for note in found.notes)


class TestGivenAndMissing:
    def test_not_run_without_two_periods_or_groups(self):
        for customers, periods in ((None, None), (None, make_client({"A": 1.0, "B": 2.0}, each=20)[1])):
            found = decide(customers, periods)
            assert found.status == "not_run" and found.needs[0].table == "transactions"
        _, periods = make_client({"A": 1.0, "B": 2.0}, each=20)
        one = pd.DataFrame({"customer_id": periods.table.customer_id, "group": "A"})
        assert build_grouped_customers(one, periods) is None

    def test_a_sample_of_many_customers_stands_for_all(self):
        _, periods = make_client({"A": 40.0, "B": 60.0}, each=500)
        groups = pd.DataFrame({"customer_id": periods.table.customer_id, "group": np.repeat(["A", "B"], 500)})
        every = build_grouped_customers(groups, periods)
        some = build_grouped_customers(groups, periods, max_customers=400)
        assert len(some.ids) == 400 and some.each == 2.5
        costs = COSTS.assign(amount=1_000)
        ends = [decide(part, periods, costs=costs).table.break_even.iloc[0] for part in (every, some)]
        assert ends[1] == pytest.approx(ends[0], rel=0.15)  # about 500 customers of 40: 4,000 / 20,000

    def test_what_was_not_given_is_asked_for(self):
        customers, periods = make_client({"A": 40.0, "B": 60.0})
        found = decide(customers, replace(periods, value="net_revenue"))
        assert {need.table for need in found.needs} == {"engagement file", "transactions", "exposures"}
        assert found.table.worth.isna().all() and found.table.break_even.isna().all()
        assert found.headline.startswith("Keep both groups by kind")

    def test_the_clients_own_choice(self):
        customers, periods = make_client({"A": 50.0, "B": 50.0, "C": 90.0})
        own = Override(choice="3 groups (as now)", who="T. Nowak, CSO", when="2026-01-01", why="two teams")
        found = decide(customers, periods, override=own)
        assert found.headline == "The client runs 3 groups (as now); the evidence recommends 2 groups."
        with pytest.raises(InputError, match="7 groups"):
            decide(customers, periods, override=replace(own, choice="7 groups"))

    def test_at_the_loss_that_is_read_the_next_merge_is_made(self):
        customers, periods = make_client({"A": 50.0, "B": 56.0, "C": 120.0})
        found = decide(customers, periods, max_loss=0.001)
        assert found.decision.recommendation == "3 groups (as now)"
        told = float(found.decision.robustness.split("merged too if ")[1].split(" %")[0]) / 100
        assert decide(customers, periods, max_loss=told).decision.recommendation == "2 groups"
        assert decide(customers, periods, max_loss=told - 0.002).decision.recommendation != "2 groups"

    def test_raters_and_their_disagreement_are_told(self):
        customers, periods = make_client({"A": 50.0, "B": 50.0, "C": 90.0})
        aspects = ("value", "retention", "assortment")
        both = Weighting(
            criteria={name: Criterion(means=name) for name in aspects},
            raters=[
                Rater(name="Ann", weights={"value": 0.8, "retention": 0.1, "assortment": 0.1}),
                Rater(name="Bob", weights={"value": 0.2, "retention": 0.4, "assortment": 0.4}),
            ],
        )
        note = decide(customers, periods, weighting=both).notes[-1]
        assert "2 raters (Ann and Bob)" in note and "20 % for Bob, 80 % for Ann" in note

    def test_weights_of_the_aspects(self):
        customers, periods = make_client({"A": 50.0, "B": 50.0, "C": 90.0})
        aspects = ("value", "retention", "assortment")
        stated = Weighting(
            criteria={name: Criterion(means=name) for name in aspects},
            raters=[Rater(name="Ann", weights={"value": 1.0, "retention": 0.0, "assortment": 0.0})],
        )
        found = decide(customers, periods, weighting=stated)
        assert found.decision.recommendation == "2 groups"
        assert not any("count alike" in a.text for a in found.assumptions)
