"""Which groups are merged: by hand, twins and strangers planted, noise, what was tried by lot in money."""

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.engagement_terms import Criterion, Rater, Weighting
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.boundaries.customer_periods import CustomerPeriods, build_periods
from segutils.objectives.boundaries.granularity import decide_granularity, read_running_cost
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
from segutils.objectives.boundaries.merge_worth import Lever, build_levers, score_worth

COSTS = pd.DataFrame(
    {
        "item": ["running a segment", "setting up a campaign", "e-mail"],
        "amount": [45_000, 9_000, 0.05],
        "per": ["segment", "campaign", "message"],
        "every": ["quarter", None, None],
        "segment": "",
        "owner": "C. Moreau, CMO",
    }
)
QUICK = {"resamples": 60, "permutations": 199, "seed": 1}


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


def make_client(means: dict[str, float], *, each: int = 300, seed: int = 0) -> tuple:
    """Groups of customers whose next year brings so much on average, with a standard deviation of 10."""
    rng = np.random.default_rng(seed)
    names = np.repeat(list(means), each)
    ids = [f"c{n:05d}" for n in range(len(names))]
    value = np.array([means[name] for name in names]) + rng.normal(0, 10, len(names))
    table = pd.DataFrame(
        {
            "customer_id": ids,
            "bought_ever": True,
            **{"orders": 1.0, "value": 1.0, "orders_next": 1.0, "value_next": value},
        }
    )
    periods = CustomerPeriods(
        table=table,
        mix=pd.DataFrame(),
        start=date(2024, 1, 2),
        cut=date(2024, 12, 31),
        end=date(2025, 12, 31),
        value="contribution_margin",
    )
    groups = pd.DataFrame({"customer_id": ids, "group": names})
    return build_grouped_customers(groups, periods), periods


def decide(customers, periods, **words):
    return decide_granularity(customers, periods, grouping="kind", currency="EUR", **{**QUICK, **words})


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


def make_lever(effects: dict[str, float], *, each: int = 2000, seed: int = 0) -> tuple[Lever, dict]:
    """Half of each group's customers are contacted by lot; a contact is worth so much in it."""
    rng = np.random.default_rng(seed)
    ids = {name: pd.Index([f"{name}{n:05d}" for n in range(each)]) for name in effects}
    rows = []
    for name, effect in effects.items():
        contacted = rng.random(each) < 0.5
        outcome = effect * contacted + rng.normal(0, 5, each)
        arm = np.where(contacted, "contact", "no contact")
        rows.append(pd.DataFrame({"customer_id": ids[name], "arm": arm, "outcome": outcome, "stratum": "C1"}))
    trials = pd.concat(rows, ignore_index=True)
    scale = pd.Series(3.0, index=trials.customer_id)
    lever = Lever(name="whom to contact", trials=trials, scale=scale, per_base=False, words="Three a year.")
    return lever, ids


class TestWorth:
    def test_the_gain_planted_is_found(self):
        """A gains 10 by a contact, B loses 4. One policy contacts all (3 on average), apart only A: 5.

        The gain of 2 a contact comes three times a year to 4,000 customers: 24,000.
        """
        lever, ids = make_lever({"A": 10.0, "B": -4.0})
        found = score_worth([lever], ids["A"], ids["B"])
        assert found.worth == pytest.approx(24_000, rel=0.1)
        assert found.worth_low < 24_000 < found.worth_high and found.worth_low > 0

    def test_nothing_is_gained_where_both_respond_alike(self):
        lever, ids = make_lever({"A": 5.0, "B": 5.0})
        found = score_worth([lever], ids["A"], ids["B"])
        assert found.worth_low <= 0 <= found.worth_high

    def test_too_few_trials_say_nothing(self):
        lever, ids = make_lever({"A": 10.0, "B": -4.0}, each=40)
        assert score_worth([lever], ids["A"], ids["B"]).isna().all()
        assert score_worth([], ids["A"], ids["B"]).isna().all()

    def test_twins_that_respond_differently_are_kept_apart_if_that_pays(self):
        """A and B bring the same, but a contact moves them in opposite ways: worth 24,000 a year."""
        customers, periods = make_client({"A": 50.0, "B": 50.0, "C": 90.0}, each=2000)
        lever, ids = make_lever({"A": 10.0, "B": -4.0, "C": 10.0})
        renamed = dict(zip([*ids["A"], *ids["B"], *ids["C"]], customers.ids, strict=True))
        trials = lever.trials.assign(customer_id=lever.trials.customer_id.map(renamed))
        lever = replace(lever, trials=trials, scale=pd.Series(3.0, index=customers.ids))
        cheap, dear = (COSTS.assign(amount=amount, every="year") for amount in (5_000, 180_000))
        found = decide(customers, periods, levers=[lever], costs=cheap)
        assert (
            found.table["merge"].iloc[0] == "A with B" and found.table.verdict.iloc[0] == "pays apart: keep"
        )
        assert found.decision.recommendation == "3 groups (as now)" and len(found.figures) == 2
        found = decide(customers, periods, levers=[lever], costs=dear)
        assert found.decision.recommendation == "2 groups"

    def test_groups_that_differ_are_kept_but_not_said_to_pay(self):
        """A and B differ in what they bring and respond alike: deciding for them apart is worth nothing."""
        customers, periods = make_client({"A": 40.0, "B": 90.0}, each=2000)
        lever, ids = make_lever({"A": 5.0, "B": 5.0})
        renamed = dict(zip([*ids["A"], *ids["B"]], customers.ids, strict=True))
        trials = lever.trials.assign(customer_id=lever.trials.customer_id.map(renamed))
        lever = replace(lever, trials=trials, scale=pd.Series(3.0, index=customers.ids))
        costs = COSTS.assign(amount=50_000, every="year")
        found = decide(customers, periods, levers=[lever], costs=costs)
        assert found.decision.recommendation == "2 groups (as now)" and found.status == "caution"
        assert found.headline.endswith("the EUR 50,000 a year of a segment is not shown.")
        assert any("less than the EUR 50,000" in note for note in found.notes)
        assert decide(customers, periods, costs=costs).status == "pass"  # nothing tried, nothing claimed

    def test_levers_by_hand(self):
        """Two customers with margins of 40 % and 10 %; the campaign cost 30 for two contacts, 15 each."""
        lines = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "b"],
                    "ordered_on": [date(2025, 6, 1)] * 2,
                    "net_revenue": [100.0, 200.0],
                    "contribution_margin": [40.0, 20.0],
                    "product_id": ["p", "q"],
                }
            )
        )
        exposures = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "b", "a", "c"],
                    "campaign_id": ["C1", "C1", "C1", "C2"],
                    "arm": ["treated", "control", "treated", "treated"],
                    "randomised": [True, True, True, False],
                    "outcome_value": [100.0, 50.0, 0.0, 9.0],
                    "assigned_at": pd.to_datetime(["2025-03-01", "2025-03-01", "2024-12-31", "2025-03-01"]),
                }
            )
        )
        campaigns = ibis.memtable(pd.DataFrame({"campaign_id": ["C1"], "cost": [30.0]}))
        (lever,) = build_levers(lines, as_of=date(2025, 12, 31), exposures=exposures, campaigns=campaigns)
        rows = lever.trials.sort_values(["customer_id", "outcome"])
        assert rows.outcome.to_list() == pytest.approx([0 - 15, 100 * 0.4 - 15, 50 * 0.1])
        assert lever.scale.to_dict() == {"a": 1.0, "b": 1.0, "c": 1.0}  # the last year begins on 1 January
        assert (
            build_levers(lines.drop("contribution_margin"), as_of=date(2025, 12, 31), exposures=exposures)
            == []
        )

    def test_prices_are_valued_on_the_margin_of_what_was_tested(self):
        lines = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "a", "b"],
                    "ordered_on": [date(2025, 6, 1), date(2025, 6, 1), date(2024, 6, 1)],
                    "net_revenue": 100.0,
                    "contribution_margin": [40.0, 7.0, 20.0],
                    "product_id": ["p", "other", "p"],
                }
            )
        )
        tests = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "b"],
                    "product_id": ["p", "p"],
                    "price": [90.0, 100.0],
                    "quantity": [2.0, 1.0],
                    "randomised": True,
                }
            )
        )
        products = ibis.memtable(
            pd.DataFrame({"product_id": ["p"], "list_price": [100.0], "unit_cost": [60.0]})
        )
        (lever,) = build_levers(lines, as_of=date(2025, 12, 31), price_tests=tests, products=products)
        assert lever.trials.set_index("customer_id").outcome.to_dict() == {"a": 60.0, "b": 40.0}
        assert lever.trials.arm.to_list() == ["90 % of list price", "100 % of list price"]
        assert lever.scale.to_dict() == {"a": 40.0} and lever.per_base


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
