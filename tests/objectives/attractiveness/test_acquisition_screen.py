"""Candidates for acquisition: gains by hand, the knapsack, and the planted ranking with its decoy."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.attractiveness.acquisition_candidates import (
    OVERLAP,
    PRICE,
    TARGETS,
    read_candidates,
)
from segutils.objectives.attractiveness.acquisition_leaving import score_leaving
from segutils.objectives.attractiveness.acquisition_margins import score_group_margins
from segutils.objectives.attractiveness.acquisition_scores import Terms, draw_chance, score_candidates
from segutils.objectives.attractiveness.acquisition_screen import (
    BUDGET,
    NOTHING,
    decide_acquisition_screen,
    list_group_margins,
    screen_candidates,
)
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.figure_sources import NEEDS, build_customer_figures

GROUPS = pd.DataFrame(
    {"customer_id": list("abcdef"), "group": ["Big", "Big", "Big", "Small", "Small", "Small"]}
)
# a year: c bought nothing; of Small one customer costs more than it brings
FIGURES = pd.DataFrame(
    {
        "customer_id": list("abcdef"),
        "customers": 1.0,
        "net_revenue": [300.0, 500.0, 0.0, 20.0, 40.0, 60.0],
        "margin": [100.0, 200.0, 0.0, 10.0, 20.0, 30.0],
        "margin_of": [300.0, 500.0, 0.0, 20.0, 40.0, 60.0],
        "cost": [30.0, 30.0, 0.0, 15.0, 5.0, 1.0],
    }
)
TARGETS_TABLE = pd.DataFrame(
    {
        "target_id": ["T2", "T1", "T3"],
        "name": ["Two", "One", "Three"],
        "customers": [100, 10, 40],
        "overlap_customers": [0.0, 0.5, 0.25],
        "share_big": [0.0, 1.0, 0.5],
        "share_SMALL": [1.0, 0.0, 0.5],
        "integration_risk": [1, 3, 2],
        "price_asked": [4000.0, 1500.0, 6000.0],
    }
)
BUDGETS = pd.DataFrame({"item": ["Acquisitions"], "amount": [6000.0], "owner": ["A. Lindqvist, CEO"]})
NAMES = ("Big", "Small")


def limit(measure: str, **ends) -> pd.DataFrame:
    row = {"measure": measure, "min": np.nan, "max": np.nan, "owner": "T. Nowak, CSO", **ends}
    return pd.DataFrame([row])


def screen(table=TARGETS_TABLE, figures=FIGURES, **settings):
    return screen_candidates(
        ibis.memtable(table), CustomerFigures(table=figures), GROUPS, draws=50, **settings
    )


def decide(screened, budgets=BUDGETS, **settings):
    return decide_acquisition_screen(
        screened, CustomerFigures(table=FIGURES), budgets, currency="EUR", **settings
    )


class TestMargins:
    def test_by_hand(self):
        """Big: (300 − 60) / 2 buyers; Small: (60 − 21) / 3, its weaker half −5 and 15."""
        table = score_group_margins(CustomerFigures(table=FIGURES), GROUPS, draws=20).table
        assert table.loc["Big", ["buyers", "margin", "cost", "net"]].to_list() == [2, 150, 30, 120]
        assert table.loc["Small", ["buyers", "margin", "cost", "net"]].to_list() == [3, 20, 7, 13]
        assert table.weak.to_list() == [70, 5] and table.loss_share["Small"] == pytest.approx(1 / 3)

    def test_without_costs_and_without_margins(self):
        bare = CustomerFigures(table=FIGURES.drop(columns="cost"))
        found = score_group_margins(bare, GROUPS, draws=20)
        assert found.table.net.to_list() == [150, 20] and not found.costs_known
        assert found.table.cost.isna().all()
        assert score_group_margins(CustomerFigures(table=FIGURES[["customer_id"]]), GROUPS) is None

    def test_samples_spread_as_the_customers_do(self):
        """Of 400 customers with margins 0 to 2, the mean's standard error is sd / 20."""
        rng = np.random.default_rng(3)
        margin = rng.uniform(0, 2, 400)
        ids = [f"c{n}" for n in range(400)]
        figures = pd.DataFrame({"customer_id": ids, "margin": margin, "margin_of": 1.0})
        groups = pd.DataFrame({"customer_id": ids, "group": "X"})
        found = score_group_margins(CustomerFigures(table=figures), groups, draws=400, seed=1)
        assert found.net_draws.std() == pytest.approx(margin.std() / 20, rel=0.15)
        assert found.net_draws.mean() == pytest.approx(margin.mean(), abs=0.01)


class TestCandidates:
    def test_shares_are_found_in_any_case(self):
        found = read_candidates(ibis.memtable(TARGETS_TABLE.assign(share_other=0.0)), NAMES)
        assert found.shares.columns.to_list() == ["Big", "Small"] and found.unknown == ("share_other",)
        assert found.table.name.to_list() == ["One", "Two", "Three"] and found.needs == ()

    def test_overlap_may_be_a_number_of_customers(self):
        table = TARGETS_TABLE.assign(overlap_customers=[25, 5, 10])
        assert read_candidates(ibis.memtable(table), NAMES).table.overlap.to_list() == [0.5, 0.25, 0.25]

    def test_what_cannot_be_used_is_named(self):
        table = TARGETS_TABLE.assign(share_big=[0.9, 1.0, 0.5])  # T2: 190 % of its customers
        assert read_candidates(ibis.memtable(table), NAMES).dropped == ("Two",)
        bare = TARGETS_TABLE.drop(columns=["overlap_customers", "price_asked"])
        assert read_candidates(ibis.memtable(bare), NAMES).needs == (OVERLAP, PRICE)
        assert read_candidates(ibis.memtable(bare.drop(columns="customers")), NAMES) is None
        assert read_candidates(ibis.memtable(bare), ["Elsewhere"]) is None
        assert read_candidates(None, NAMES) is None

    def test_customers_in_no_group_count_for_nothing(self):
        found = read_candidates(ibis.memtable(TARGETS_TABLE), ["Big"])
        assert found.table.unmapped.to_list() == [0, 1, 0.5] and found.unknown == ("share_SMALL",)


class TestScores:
    def test_by_hand(self):
        """One: 5 new customers at 120, risk 3 at 8 % a point leaves 84 %: 504 a year; before serving 630."""
        scores = screen(payback_years=5).scores.set_index("name")
        one = scores.loc["One"]
        assert (one.gained, one.gain, one.gain_before) == pytest.approx((5, 504, 630))
        assert one.worth == pytest.approx(2520) and one.back == pytest.approx(2520 / 1500)
        assert scores.gain["Two"] == pytest.approx(1300)
        assert scores.gain["Three"] == pytest.approx(30 * (0.5 * 120 + 0.5 * 13) * 0.92)
        assert scores.gain_weak["Three"] == pytest.approx(30 * (0.5 * 70 + 0.5 * 5) * 0.92)

    def test_later_years_count_less_and_customers_leave(self):
        """Two years at 10 %, a fifth leaves: 1/1.1 + 0.8/1.21."""
        terms = Terms(risk_discount=0.0, years=2, discount_rate=0.1)
        assert terms.factor(0.2) == pytest.approx(1 / 1.1 + 0.8 / 1.21)
        assert terms.factor(np.array([0.0, 1.0])) == pytest.approx([1 / 1.1 + 1 / 1.21, 1 / 1.1])
        leaving = pd.DataFrame([[0.2] * 51, [0.0] * 51], index=["Big", "Small"])
        leaving.columns = ["leaving", *range(50)]
        finance = Finance(discount_rate=0.1, horizon_years=2, owner="M. Keller, CFO")
        scores = screen(leaving=leaving, finance=finance).scores.set_index("name")
        assert scores.worth["One"] == pytest.approx(504 * (1 / 1.1 + 0.8 / 1.21))

    def test_fit_is_the_share_in_attractive_groups(self):
        scores = screen(attractive=["Big"]).scores.set_index("name")
        assert scores.fit.to_dict() == {"One": 1.0, "Two": 0.0, "Three": 0.5}
        assert screen().scores.fit.isna().all()

    def test_an_unknown_risk_counts_as_the_highest(self):
        table = TARGETS_TABLE.assign(integration_risk=[np.nan, 3, 2])
        assert screen(table).scores.set_index("name").kept["Two"] == pytest.approx(0.84)
        assert any(
            "risk of Two is not stated; it counts as the highest" in note
            for note in decide(screen(table)).notes
        )

    def test_limits(self):
        scores = screen(limits=limit("overlap_customers", max=0.4)).scores.set_index("name")
        assert scores.missed.to_dict() == {"One": "overlap_customers", "Two": "", "Three": ""}
        scores = screen(limits=limit("customers_gained", min=20)).scores.set_index("name")
        assert scores.missed["One"] == "customers_gained"
        with pytest.raises(InputError, match="beauty"):
            screen(limits=limit("beauty", min=1))


class TestOverlap:
    def test_one_customer_is_not_all_of_them(self):
        """Where others state numbers, 1 is one customer of ten; as shares the same column would say all."""
        numbers = TARGETS_TABLE.assign(overlap_customers=[20.0, 1.0, 10.0])
        found = read_candidates(ibis.memtable(numbers), NAMES).table.set_index("name")
        assert found.overlap.to_dict() == pytest.approx({"One": 0.1, "Two": 0.2, "Three": 0.25})

    def test_what_is_not_said_is_named(self):
        table = TARGETS_TABLE.assign(overlap_customers=[0.0, np.nan, 0.25])
        found = decide(screen(table))
        assert OVERLAP in found.needs and found.status == "caution"
        assert any("not said of One: all their customers count as new" in note for note in found.notes)


class TestChance:
    def test_single_customers_have_the_mean_of_their_group(self):
        """Big: net 70 and 170, and what c costs, who buys nothing, is shared by the two who buy."""
        costly = FIGURES.assign(cost=[30.0, 30.0, 40.0, 15.0, 5.0, 1.0])
        margins = score_group_margins(CustomerFigures(table=costly), GROUPS, draws=3)
        assert margins.single["Big"].tolist() == [50, 150] and margins.table.net["Big"] == 100
        assert margins.single["Small"].mean() == pytest.approx(margins.table.net["Small"])

    def test_intervals_hold_what_such_customers_bring(self):
        """Candidates whose customers are truly like the client's: nine of ten fall within the interval.

        Without the chance of who they are, the intervals would hold less than half of them: the mean of 400
        known customers is far surer than that of 60 others.
        """
        rng, inside, narrow = np.random.default_rng(3), [], []
        ids = [f"c{n:03d}" for n in range(400)]
        groups = pd.DataFrame({"customer_id": ids, "group": "Big"})
        target = TARGETS_TABLE.iloc[[0]].assign(customers=60, share_big=1.0, share_SMALL=0.0, price_asked=1.0)
        for seed in range(60):
            margin = rng.lognormal(3, 1.2, 400)
            figures = pd.DataFrame({"customer_id": ids, "margin": margin, "margin_of": 1.0, "cost": 0.0})
            found = screen_candidates(
                ibis.memtable(target), CustomerFigures(table=figures), groups, payback_years=1, seed=seed
            )
            truth, row = rng.lognormal(3, 1.2, 60).sum(), found.scores.iloc[0]
            inside.append(row.back_low <= truth <= row.back_high)
            low, high = np.quantile(60 * found.margins.net_draws[:, 0], [0.05, 0.95])
            narrow.append(low <= truth <= high)
        # of 60 at 0.9 each: 45 or fewer in one of two thousand tries
        assert np.sum(inside) > 45 and np.mean(narrow) < 0.6

    def test_what_may_come_is_not_in_the_choice_but_in_its_risk(self):
        """One customer, who brings 50 or 150 a year, for 90: worth it on average, and often not."""
        figures = FIGURES[FIGURES.customer_id.isin(["a", "b"])].assign(margin=[50.0, 150.0], cost=0.0)
        target = TARGETS_TABLE.iloc[[1]].assign(customers=1, overlap_customers=0.0, integration_risk=1)
        shared = {"payback_years": 1, "draws": 2000}
        found = screen_candidates(
            ibis.memtable(target.assign(price_asked=90.0)), CustomerFigures(table=figures), GROUPS, **shared
        )
        # of the two customers 2, 1 or none may be b, so the mean is 150, 100 or 50: below 90 in a quarter
        assert (found.draws < 90).mean() == pytest.approx(0.25, abs=0.03)
        said = decide(found)
        assert said.decision.recommendation == "One" and said.status == "caution"
        assert said.decision.robustness_share == pytest.approx(0.75, abs=0.03)
        # the one customer who comes is 50 above or below that mean: from 50 half lose, from 100 half
        lost = said.decision.options.set_index("option").loss_share["One"]
        assert lost == pytest.approx(0.25 * 0.5 + 0.5 * 0.5, abs=0.04) and "loses money in " in said.headline

    def test_many_customers_hardly_differ_from_their_kind(self):
        values = np.random.default_rng(1).lognormal(3, 1, 500)
        few, many = (draw_chance(values, count, 4000, np.random.default_rng(2)) for count in (1000, 4000))
        assert few.std() == pytest.approx(values.std() / 1000**0.5, rel=0.08)
        assert many.std() == pytest.approx(values.std() / 4000**0.5, rel=0.08)


class TestDecision:
    def test_the_best_set_within_the_budget(self):
        """Five years: One 2,520 for 1,500, Two 6,500 for 4,000; Three 9,177 for 6,000 does not fit
        beside them."""
        found = decide(screen())
        assert found.decision.recommendation == "One and Two"
        options = found.decision.options.set_index("option")
        assert options.net["One and Two"] == pytest.approx(1020 + 2500)
        assert (
            options.net["Three"] == pytest.approx(5 * 30 * 66.5 * 0.92 - 6000) and options.net[NOTHING] == 0
        )
        assert found.table.name.to_list()[0] == "One" and found.figures[0].kind == "dot"
        assert "3 bring back more" in found.headline
        # the weaker half: Two 100 · 5 a year, One 5 · 70 · 0.84: together not their price in five years
        assert found.headline.endswith(", and with customers like the weaker half of the client's.")
        assert "EUR 9,020 of margin in 5 years, valued today, for EUR 5,500" in found.headline

    def test_nothing_is_bought_where_no_price_comes_back(self):
        found = decide(screen(TARGETS_TABLE.assign(price_asked=[9000.0, 9000.0, 12000.0])))
        assert (
            found.decision.recommendation == NOTHING and "No candidate is worth the price" in found.headline
        )

    def test_a_price_beyond_the_budget(self):
        found = decide(screen(), BUDGETS.assign(amount=100.0))
        assert found.decision.recommendation == NOTHING and "fits into the budget" in found.headline

    def test_no_candidate_keeps_the_limits(self):
        found = decide(screen(limits=limit("growth", min=0.0).assign(measure="customers", min=1e6)))
        assert found.decision.recommendation == NOTHING and "keeps the stated limits" in found.headline
        assert sum(" is out: customers " in note for note in found.notes) == 3

    def test_the_clients_own_choice(self):
        own = Override(choice="Three", who="A. Lindqvist, CEO", when="2026-01-01", why="the site")
        found = decide(screen(), override=own)
        assert found.decision.choice == "Three" and found.decision.recommendation == "One and Two"
        assert "recommends One and Two" in found.headline
        assert "Three" in found.decision.options.option.to_list()
        odd = TARGETS_TABLE.assign(name=["Two and Sons, Ltd", "One", "Three"])
        both = Override(choice="One and Two and Sons, Ltd", who="x", when="2026-01-01", why="y")
        assert decide(screen(odd), override=both).decision.choice == both.choice
        wrong = Override(choice="Nine", who="x", when="2026-01-01", why="y")
        with pytest.raises(InputError, match="Nine"):
            decide(screen(), override=wrong)

    def test_without_prices_gains_are_ranked_and_nothing_is_recommended(self):
        found = decide(screen(TARGETS_TABLE.drop(columns="price_asked")))
        assert found.decision is None and PRICE in found.needs and found.status == "caution"
        assert "Three would bring most" in found.headline and "price" not in found.table

    def test_what_is_missing_is_asked_for(self):
        none = CustomerFigures(table=FIGURES[["customer_id"]])
        assert screen_candidates(ibis.memtable(TARGETS_TABLE), none, GROUPS) is None
        found = decide_acquisition_screen(None, none, BUDGETS, currency="EUR")
        assert found.status == "not_run" and found.needs == (TARGETS, NEEDS["margin"])
        assert screen_candidates(None, CustomerFigures(table=FIGURES), GROUPS) is None
        assert decide(None).needs == (TARGETS,) and list_group_margins(None).empty
        assert BUDGET in decide(screen(), BUDGETS.head(0)).needs
        bare = screen(figures=FIGURES.drop(columns="cost"))
        assert (
            "gain" not in decide(bare).table and "gain_before" in decide(bare).table
        )  # nothing was taken off
        assert NEEDS["cost"] in decide(bare).needs and decide(bare).status == "caution"

    def test_inputs_are_not_changed(self):
        screened = screen()
        before = screened.scores.copy()
        decide(screened)
        pd.testing.assert_frame_equal(screened.scores, before)


@pytest.fixture(scope="module")
def figures(halden) -> CustomerFigures:
    return build_customer_figures(
        halden.table("customers"),
        halden.table("transactions"),
        as_of=halden.as_of,
        costs=halden.table("costs"),
    )


class TestPlanted:
    def test_the_planted_ranking(self, halden, figures):
        """What comes back in five years at the margin before serving, nobody leaving: truth.acquisitions."""
        truth = halden.planted("acquisitions").set_index("target_id")
        candidates = read_candidates(halden.table("acquisition_targets"), halden.groups().group.unique())
        margins = score_group_margins(figures, halden.groups(), draws=10)
        scores = score_candidates(candidates, margins, Terms(risk_discount=0.08, years=5)).set_index(
            "target_id"
        )
        assert scores.gain_before.to_numpy() == pytest.approx(truth.gain.astype(float), rel=0.005)
        back = scores.worth_before / scores.price
        assert back.to_numpy() == pytest.approx(truth.back.astype(float), rel=0.005)
        assert back.rank(ascending=False).corr(truth.expected_rank.astype(float)) > 0.99
        assert truth.role[back.idxmax()] == "best" and truth.role[back.idxmin()] == "decoy"

    def test_the_decoy_is_the_largest_and_brings_nothing_if_its_customers_are_the_weak_ones(
        self, halden, figures
    ):
        """Planted: after serving its customers, those of the segment to be retired, next to nothing
        is left."""
        truth = halden.planted("acquisitions").set_index("target_id")
        screened = screen_candidates(halden.table("acquisition_targets"), figures, halden.groups(), draws=20)
        scores = screened.scores.set_index("target_id")
        decoy = truth.index[truth.role == "decoy"].item()
        assert scores.customers.idxmax() == scores.revenue.idxmax() == decoy
        assert scores.gain_before.rank(ascending=False)[decoy] <= 3  # of 14, before it is looked at closely
        assert (truth.gain_after_serving / truth.gain).astype(float)[decoy] < 0.1
        weak = scores.gain_weak / scores.gain_before
        assert weak.idxmin() == decoy and weak[decoy] < 0.1 < weak.drop(decoy).min()
        assert scores.back.idxmin() == decoy

    def test_overlap_takes_the_best_customers_away(self, halden, figures):
        truth = halden.planted("acquisitions").set_index("target_id")
        screened = screen_candidates(halden.table("acquisition_targets"), figures, halden.groups(), draws=20)
        scores = screened.scores.set_index("target_id")
        double = truth.index[truth.role == "overlap"].item()
        assert (scores.back / (1 - scores.overlap)).idxmax() == double
        assert scores.back.rank(ascending=False)[double] >= 12

    def test_the_best_is_recommended_on_the_clients_terms(self, halden, figures):
        finance = Finance(discount_rate=0.09, horizon_years=7, owner="M. Keller, CFO")
        shared = {"draws": 40, "seed": 1}
        leaving = score_leaving(
            halden.table("customers"),
            halden.table("transactions"),
            halden.groups(),
            as_of=halden.as_of,
            **shared,
        )
        screened = screen_candidates(
            halden.table("acquisition_targets"),
            figures,
            halden.groups(),
            leaving=leaving,
            finance=finance,
            **shared,
        )
        budgets = BUDGETS.assign(amount=12_500_000.0)  # half of the demo's, for half of its accounts
        found = decide(screened, budgets, finance=finance)
        truth = halden.planted("acquisitions").set_index("name")
        best = truth.index[truth.role == "best"].item()
        assert best in found.decision.recommendation and found.decision.robustness_share > 0.8

    def test_customers_leave_at_the_planted_rate(self, halden):
        """Laboratories leave at 0.05 a year, process majors at 0.02: Laboratory and Process are
        nearly these."""
        found = score_leaving(
            halden.table("customers"),
            halden.table("transactions"),
            halden.groups(),
            as_of=halden.as_of,
            draws=40,
        )
        rate = halden.planted("segments").set_index("segment").churn_a_year.astype(float)
        spread = found.drop(columns="leaving").std(axis=1)
        for group, segment in (("Laboratory", "labs"), ("Process", "majors")):
            expected = 1 - np.exp(-rate[segment])
            assert found.leaving[group] == pytest.approx(expected, abs=4 * spread[group] + 0.02)
        assert found.leaving.idxmax() == "Aftermarket"  # maintenance crews and those to be retired

    def test_where_all_are_alike_none_is_ahead(self, null_halden):
        """Every candidate comes back once in five years before serving: after it, none is worth its price."""
        plain = build_customer_figures(
            null_halden.table("customers"),
            null_halden.table("transactions"),
            as_of=null_halden.as_of,
            costs=null_halden.table("costs"),
        )
        screened = screen_candidates(
            null_halden.table("acquisition_targets"), plain, null_halden.groups(), draws=20
        )
        back = screened.scores.back
        assert back.max() - back.min() < 0.01 and back.max() < 1
        assert decide(screened).decision.recommendation == NOTHING


def test_the_day_that_counts_is_stated():
    """A customer who has been silent for long is more likely gone the later one looks."""
    ids = [f"c{n:03d}" for n in range(80)]
    rng = np.random.default_rng(1)
    lines = pd.DataFrame(
        [
            (c, f"{c}{k}", date(2023, 1 + k, 1 + int(rng.integers(0, 27))), 10.0)
            for c in ids
            for k in range(12)
            if k < 6 or int(c[1:]) % 2
        ],
        columns=["customer_id", "order_id", "ordered_on", "net_revenue"],
    )
    people = pd.DataFrame({"customer_id": ids})
    groups = people.assign(group="X")
    early, late = (
        score_leaving(ibis.memtable(people), ibis.memtable(lines), groups, as_of=day, draws=2).leaving["X"]
        for day in (date(2023, 6, 30), date(2023, 12, 31))
    )
    assert late > early
