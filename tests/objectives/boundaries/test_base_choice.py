"""Which base parts customers: planted truth, nothing planted, time order, scores by hand, missing inputs."""

from dataclasses import replace
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.engagement import load_engagement
from segutils.engagement_terms import Criterion, Rater, Weighting
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.boundaries.base_choice import NONE, decide_base_choice
from segutils.objectives.boundaries.base_evidence import (
    CRITERIA,
    BaseEvidence,
    list_groupings,
    measure_bases,
)
from segutils.objectives.boundaries.base_words import BENCHMARK, CRITERION, call_base
from segutils.objectives.boundaries.customer_periods import CustomerPeriods, build_periods
from segutils.objectives.boundaries.group_rules import Grouping
from segutils.objectives.boundaries.groupings import build_groupings
from segutils.objectives.boundaries.life_cycle import build_life_cycle
from segutils.stated import read_weights, reconcile_weights
from segutils.statistics.explained_share import explain_share

PROTECTED = ["women_owned"]
QUICK = {"repeats": 4, "resamples": 100, "permutations": 299, "seed": 1}


def read_client(client):
    lines, customers = client.table("transactions"), client.table("customers")
    products = client.table("products")
    periods = build_periods(lines, customers, products, as_of=client.as_of)
    found = build_groupings(customers, periods, survey=client.table("survey"), protected=PROTECTED)
    return customers, periods, found, build_life_cycle(lines, products, periods)


@pytest.fixture(scope="module")
def planted(halden):
    return read_client(halden)


@pytest.fixture(scope="module")
def nothing(null_halden):
    return read_client(null_halden)


@pytest.fixture(scope="module")
def evidence(planted) -> BaseEvidence:
    customers, periods, found, stages = planted
    return measure_bases(found, periods, customers, life_cycle=stages, max_messages=6, **QUICK)


def weigh(**weights: float) -> Weighting:
    stated = {name: weights.get(name, 0.0) for name in CRITERIA}
    return Weighting(
        criteria={name: Criterion(means=name) for name in CRITERIA},
        raters=[Rater(name="Ann", weights=stated)],
    )


def stated_weights() -> Weighting:
    """Those that the simulated client's officers stated."""
    path = Path(__file__).parents[3] / "data" / "manufacturer" / "engagement.yml"
    return read_weights(load_engagement(path), "base-choice")


def told_by_truth(halden, periods: CustomerPeriods, of: dict[str, str], ids: pd.Index) -> float:
    """Share of margin that the true segments tell of these customers, with some of them as one."""
    accounts = halden.planted("accounts").set_index("customer_id").segment_before.reindex(ids)
    labels = pd.factorize(accounts.replace(of))[0]
    value = periods.table.set_index("customer_id").value_next.reindex(ids).to_numpy(float)
    return explain_share(labels, np.minimum(value, np.quantile(value, 0.99)), seed=1)


class TestPlantedTruth:
    def test_what_each_base_sees(self, halden, planted, evidence):
        """truth.bases: behaviour sees all six segments, needs five, firmographics four, region one."""
        _, periods, _, _ = planted
        table = periods.table.set_index("customer_id")
        active = table.index[table.orders > 0]
        row = evidence.table.set_index("base")
        six = told_by_truth(halden, periods, {}, active)
        four = dict.fromkeys(("projects", "maintenance", "legacy"), "rest")
        assert row.explained_margin["Behavioural"] > 0.8 * six > 0.3
        assert 0.1 < row.explained_margin["Firmographic"] < told_by_truth(halden, periods, four, active)
        answered = active.intersection(evidence.best["Needs"].groups.index)
        five = told_by_truth(halden, periods, {"legacy": "maintenance"}, answered)
        assert 0.15 < row.explained_margin["Needs"] < five + 0.05
        assert row.explained_margin_high["Geographic"] < 0.02 and row.explained_margin_p["Geographic"] > 0.05
        assert (row.explained_margin_low.drop("Geographic") > 0).all()

    def test_on_the_same_customers(self, evidence):
        common = evidence.table.set_index("base").common_margin
        order = common[["Behavioural", "Needs", "Firmographic", "Geographic"]]
        assert order.is_monotonic_decreasing and order["Geographic"] < 0.02

    def test_whom_each_base_covers(self, halden, planted, evidence):
        _, periods, _, _ = planted
        row = evidence.table.set_index("base")
        respondents = halden.planted("respondents")
        careful = respondents[(respondents["style"] == "careful") & respondents.customer_id.notna()]
        known = careful.customer_id.isin(periods.table.customer_id).sum() / len(periods.table)
        assert row.coverage["Needs"] == pytest.approx(known, abs=0.02)
        assert row.coverage["Geographic"] == row.coverage["Own taxonomy"] == 1.0
        assert row.coverage["Behavioural"] == pytest.approx((periods.table.orders > 0).mean())
        assert row.known_at_first_contact["Behavioural"] == 0.0
        assert row.known_at_first_contact["Own taxonomy"] == 1.0

    def test_the_decision_is_among_the_bases(self, evidence):
        """truth.bases: behaviour alone sees all six segments; of newcomers it sees none."""
        told = decide_base_choice(evidence, weighting=weigh(explained_margin=0.7, explained_retention=0.3))
        assert told.decision.recommendation == "Behavioural" and told.decision.robustness_share == 1.0
        first = decide_base_choice(
            evidence, weighting=weigh(known_at_first_contact=0.6, explained_margin=0.4)
        )
        # the only base known of newcomers that explains anything
        assert first.decision.recommendation == "Firmographic"
        assert "preferred to behaviour as known before the first order" in first.headline
        found = decide_base_choice(evidence, weighting=stated_weights())
        assert found.decision.recommendation == "Behavioural"
        scored = found.decision.options.dropna(subset=["score"]).option.tolist()
        assert set(scored) == {"Behavioural", "Needs", "Firmographic"}
        assert set(found.decision.options.option) == {*scored, "Geographic", "Own taxonomy", NONE}
        assert any("not shown to explain anything: geography." in note for note in found.notes)
        assert len(found.figures) == 2 and found.figures[0].kind == "dot"
        assert len(found.table.columns) <= 8 and len(found.notes) <= 8

    def test_what_speaks_against_the_recommended_base_is_said_first(self, evidence):
        """Nobody who has not ordered has behaved: its groups are known of none of the newcomers."""
        found = decide_base_choice(evidence, weighting=stated_weights())
        assert found.headline.endswith("but is not known before the first order.")
        row = evidence.table.set_index("base")
        assert found.notes[0].startswith("What speaks against behaviour: nobody's group is known before")
        assert f"agreement {row.persistence['Behavioural']:.2f}" in found.notes[0]
        assert f"(firmographics {100 * row.known_at_first_contact['Firmographic']:.0f} %)" in found.notes[0]

    def test_the_own_taxonomy_is_the_benchmark_and_is_not_ranked(self, evidence):
        """It keeps its row and its place in the figures; by its weight on newcomers it would have won."""
        weights = weigh(known_at_first_contact=0.6, explained_margin=0.4)
        found = decide_base_choice(evidence, weighting=weights, plan_by="region")
        options = found.decision.options.set_index("option")
        assert np.isnan(options.score["Own taxonomy"]) and found.decision.recommendation != "Own taxonomy"
        assert found.table.base.iloc[-1] == BENCHMARK
        assert all(BENCHMARK in set(figure.data.base) for figure in found.figures)
        row = evidence.table.set_index("base")
        gap = 100 * (row.explained_margin["Own taxonomy"] - row.explained_margin["Firmographic"])
        note = next(note for note in found.notes if "benchmark" in note)
        assert gap > 0 and f"{gap:.0f} points more than firmographics" in note
        # known of every newcomer, and half of the differences in margin count in full
        score = 0.6 + 0.4 * min(row.explained_margin["Own taxonomy"] / 0.5, 1)
        assert f"it would score {score:.2f}, ahead of firmographics ({options.score.iloc[0]:.2f})" in note
        assert "(overrides, base-choice: Own taxonomy)" in note and "its persistence set to 1" in note
        assert note.endswith("Planning goes on by region until segments are validated.")
        stated = decide_base_choice(evidence, weighting=stated_weights()).notes[1]
        assert "points less than behaviour" in stated and "Planning goes on by strategy segment" in stated

    def test_the_client_can_stay_with_its_own_taxonomy(self, evidence):
        own = Override(choice="Own taxonomy", who="C. Moreau, CMO", when="2026-01-01", why="it works")
        found = decide_base_choice(evidence, override=own)
        assert found.headline.startswith("The client stays with its own taxonomy; the evidence recommends")
        assert found.figures[0].highlight == BENCHMARK

    def test_two_bases_that_are_level_are_an_open_race(self, evidence):
        """By the playbook's own weights behaviour and firmographics are level here: the sample decides."""
        found = decide_base_choice(evidence)
        scores = found.decision.options.score
        assert scores[0] - scores[1] < 0.02 and found.decision.robustness_share < 0.8
        assert found.status == "caution" and found.headline.startswith("Open race: ")
        assert "should define" not in found.headline and len(found.headline) < 260
        first, second = (call_base(name) for name in found.decision.options.option[:2])
        assert f"{first} come" in found.headline and f"else {second};" in found.headline
        held = 100 * found.decision.robustness_share
        assert f" {held:.0f} % of other" in found.headline

    def test_at_the_flip_that_is_read_another_base_wins(self, evidence):
        """Rounded to the nearer side, the weight could be one at which nothing changes."""
        found = decide_base_choice(evidence, weighting=stated_weights())
        words = found.decision.robustness.split("What flips it: ")[1]
        told = float(words.split("weighs ")[1].split(" %")[0]) / 100
        name = next(key for key, called in CRITERION.items() if f"“{called}”" in words)
        scored = found.decision.options.dropna(subset=["score"])
        stated = reconcile_weights(stated_weights(), CRITERIA, question="base-choice").mapping
        rest = 1 - stated[name] / sum(stated.values())
        moved = {key: value / sum(stated.values()) / rest * (1 - told) for key, value in stated.items()}
        moved[name] = told
        totals = scored.set_index("option")[list(CRITERIA)] @ pd.Series(moved)
        assert call_base(totals.idxmax()) == words.split(" come")[0]
        assert totals.idxmax() != found.decision.recommendation

    def test_what_was_not_measured_is_no_reason(self, evidence):
        """Firmographics have no history: that they are steadier is assumed, and must not be claimed."""
        weights = weigh(known_at_first_contact=0.6, explained_margin=0.2, persistence=0.2)
        found = decide_base_choice(evidence, weighting=weights)
        assert found.decision.recommendation == "Firmographic" and found.status == "pass"
        assert evidence.best["Firmographic"].groups_next is None and "steadier" not in found.headline

    def test_size_is_called_size(self, evidence):
        """Bands of past margin alone tell nearly all that behaviour tells of next year's margin."""
        tried = evidence.groupings.set_index("grouping").explained_margin
        told = evidence.table.set_index("base").explained_margin["Behavioural"]
        found = decide_base_choice(evidence, weighting=stated_weights())
        assert tried["value_band"] > 0.9 * told and "as large customers stay large" in found.headline
        less = evidence.groupings.assign(explained_margin=evidence.groupings.explained_margin / 2)
        found = decide_base_choice(replace(evidence, groupings=less), weighting=stated_weights())
        assert "large" not in found.headline

    def test_size_alone_is_watched_however_firm_it_is(self, evidence):
        firm = weigh(explained_margin=0.7, explained_retention=0.3)
        found = decide_base_choice(evidence, weighting=firm)
        assert found.decision.robustness_share == 1.0 and found.status == "caution"
        less = evidence.groupings.assign(explained_margin=evidence.groupings.explained_margin / 2)
        assert decide_base_choice(replace(evidence, groupings=less), weighting=firm).status == "pass"

    def test_default_weights_of_what_was_measured_make_one(self, evidence):
        table = evidence.table.assign(life_cycle_fit=np.nan, addressable=np.nan)
        draws = [draw.assign(life_cycle_fit=np.nan, addressable=np.nan) for draw in evidence.draws]
        unknown = {"life_cycle": None, "contact_columns": (), "max_messages": None}
        found = decide_base_choice(replace(evidence, table=table, draws=draws, **unknown))
        text = next(line.text for line in found.assumptions if line.text.startswith("The criteria weigh"))
        weights = [float(word.rstrip(".,")) for word in text.split() if word[0].isdigit()]
        assert len(weights) == 5 and sum(weights) == pytest.approx(1.0, abs=0.02)
        assert "value explained 0.35" in text  # 0.30 of 0.85

    def test_values_counted_as_one_are_counted(self, evidence):
        text = "Spellings that differ by a letter, capitals or an abbreviation are one value"
        assert not any(text in line.text for line in decide_base_choice(evidence).assumptions)
        known = [replace(g, respelt=12) if g.name == "industry" else g for g in evidence.all]
        found = decide_base_choice(replace(evidence, all=known))
        assert any(f"{text}: industry of 12 customers." == line.text for line in found.assumptions)

    def test_without_a_base_that_explains_the_own_taxonomy_is_not_recommended(self, evidence):
        """What its groups explain stands in the headline, so that nobody thinks there is nothing."""
        table = evidence.table.copy()
        others = table.base != "Own taxonomy"
        table.loc[others, ["explained_margin_low", "explained_retention_low"]] = -0.01
        found = decide_base_choice(replace(evidence, table=table))
        assert found.decision.recommendation == NONE and found.status == "fail"
        told = table.explained_margin[~others].iloc[0]
        assert f"the client's own taxonomy does ({100 * told:.0f} %" in found.headline
        alone = decide_base_choice(replace(evidence, table=table[~others]))
        assert alone.decision.recommendation == NONE and alone.decision.options.option.tolist() == [
            "Own taxonomy",
            NONE,
        ]
        assert {need.table for need in alone.needs} >= {"survey", "customers"}

    def test_no_order_of_rows_and_no_second_run_changes_anything(self, planted, evidence):
        customers, periods, found, stages = planted
        shuffled = ibis.memtable(customers.to_pandas().sample(frac=1.0, random_state=3))
        again = measure_bases(found, periods, shuffled, life_cycle=stages, max_messages=6, **QUICK)
        pd.testing.assert_frame_equal(again.table, evidence.table)

    def test_every_grouping_tried_is_listed(self, planted, evidence):
        assert len(list_groupings(evidence)) == len(planted[2])


class TestNothingPlanted:
    def test_lines_that_tell_nothing_are_not_recommended(self, nothing):
        """The null client: one population. Accounts differ in size, so that past value tells future value."""
        customers, periods, found, stages = nothing
        evidence = measure_bases(found, periods, customers, life_cycle=stages, **QUICK)
        row = evidence.table.set_index("base")
        others = row.drop(index="Behavioural")
        assert (others[["explained_margin_p", "explained_retention_p"]] > 0.05).all(axis=None)
        assert others.explained_margin.max() < 0.02
        finding = decide_base_choice(evidence)
        assert finding.decision.recommendation in ("Behavioural", NONE)
        scored = finding.decision.options.dropna(subset=["score"]).option.tolist()
        assert set(scored) <= {"Behavioural"}

    def test_no_base_where_the_next_period_has_nothing_to_do_with_the_first(self, nothing):
        """The same client, with what customers did next dealt out anew."""
        customers, periods, found, _ = nothing
        table, rng = periods.table.copy(), np.random.default_rng(5)
        later = [name for name in table if name.endswith("_next")]
        active = np.flatnonzero(table.orders > 0)
        table.loc[active, later] = table.loc[rng.permutation(active), later].to_numpy()
        evidence = measure_bases(found, replace(periods, table=table), customers, **QUICK)
        finding = decide_base_choice(evidence)
        assert finding.decision.recommendation == NONE and finding.status == "fail"
        assert finding.headline.startswith("No base is worth drawing lines by")
        assert finding.decision.options.score.isna().all() and finding.decision.robustness_share is None

    def test_many_small_groups_do_not_win_by_noise(self, nothing):
        """A hundred groups at random: in sample they explain a part, out of sample nothing."""
        customers, periods, _, _ = nothing
        table, rng = periods.table, np.random.default_rng(6)
        groups = pd.Series(rng.integers(0, 100, len(table)).astype(str), index=table.customer_id)
        random = Grouping(
            name="district",
            words="district",
            base="Geographic",
            groups=groups,
            at_first_contact=True,
            how="-",
        )
        evidence = measure_bases([random], periods, customers, **QUICK)
        active = table[table.orders > 0]
        own = active.value_next.groupby(active.customer_id.map(groups).to_numpy()).transform("mean")
        inside = 1 - ((active.value_next - own) ** 2).sum() / active.value_next.var(ddof=0) / len(active)
        assert inside > 0.05 and evidence.table.explained_margin[0] < 0.0
        assert decide_base_choice(evidence).decision.recommendation == NONE


class TestTimeOrder:
    def test_past_behaviour_does_not_explain_itself(self):
        """Bands tell most of the value they were cut from; the next period has nothing to do with it."""
        rng = np.random.default_rng(0)
        now, later = rng.gamma(2.0, 100.0, (2, 600))
        table = pd.DataFrame(
            {
                "customer_id": [f"c{n:04d}" for n in range(600)],
                "bought_ever": True,
                **{"orders": 1.0, "value": now, "recency": 9.0, "line": None, "channel": None},
                **{"orders_next": 1.0, "value_next": later, "recency_next": 9.0},
                **{"line_next": None, "channel_next": None},
            }
        )
        day = pd.Timestamp("2024-12-31").date()
        periods = CustomerPeriods(
            table=table,
            mix=pd.DataFrame(),
            start=pd.Timestamp("2024-01-02").date(),
            cut=day,
            end=pd.Timestamp("2025-12-31").date(),
            value="net_revenue",
        )
        customers = ibis.memtable(table[["customer_id"]])
        found = build_groupings(customers, periods)
        bands = next(g for g in found if g.name == "value_band").groups
        codes = pd.factorize(bands.reindex(table.customer_id))[0]
        assert explain_share(codes, np.log(now)) > 0.7
        evidence = measure_bases(found, periods, customers, **QUICK)
        assert evidence.table.explained_margin.max() < 0.01
        assert decide_base_choice(evidence).decision.recommendation == NONE


class TestGivenAndMissing:
    def test_not_run_without_two_periods(self):
        finding = decide_base_choice(
            measure_bases([], None, ibis.memtable(pd.DataFrame({"customer_id": ["a"]})))
        )
        assert finding.status == "not_run" and finding.needs[0].table == "transactions"

    def test_the_clients_own_choice_is_followed_and_a_wrong_one_refused(self, evidence):
        own = Override(choice="Needs", who="C. Moreau, CMO", when="2026-01-01", why="we sell by need")
        finding = decide_base_choice(evidence, override=own)
        assert finding.decision.choice == "Needs" and finding.decision.recommendation != "Needs"
        assert finding.headline.startswith("The client parts customers by needs")
        with pytest.raises(InputError, match="Zodiac"):
            decide_base_choice(evidence, override=replace(own, choice="Zodiac"))

    def test_weights_of_other_criteria_are_refused(self, evidence):
        wrong = Weighting(
            criteria={"beauty": Criterion(means="beauty")},
            raters=[Rater(name="Ann", weights={"beauty": 1.0})],
        )
        with pytest.raises(InputError, match="beauty"):
            decide_base_choice(evidence, weighting=wrong)

    def test_raters_who_would_choose_differently_are_named(self, evidence):
        both = Weighting(
            criteria={name: Criterion(means=name) for name in CRITERIA},
            raters=[
                Rater(name="Ann", weights=weigh(explained_margin=1.0).raters[0].weights),
                Rater(name="Bob", weights=weigh(addressable=1.0).raters[0].weights),
            ],
        )
        notes = decide_base_choice(evidence, weighting=both).notes
        assert any("behaviour for Ann; needs for Bob" in note for note in notes)
