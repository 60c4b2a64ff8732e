"""Targets: measures against the planted truth, the verdicts by hand, and how often a choice stands."""

import numpy as np
import pandas as pd
import pytest

from segutils.attractiveness.acceptability import ANY, NEAR, TOGETHER, count_acceptability
from segutils.attractiveness.rules import read_rules
from segutils.attractiveness.samples import CUSTOMERS
from segutils.engagement_terms import Criterion, Rater, Weighting
from segutils.errors import InputError
from segutils.findings import Override
from segutils.statistics.customer_figures import CustomerFigures, list_measures
from segutils.statistics.figure_sources import NEEDS, build_customer_figures
from segutils.statistics.segment_model import Scaling, SegmentModel
from segutils.validation.fit.target_selection import (
    check_target_limits,
    check_target_raters,
    decide_target_selection,
    judge_segments,
    list_targets,
)
from segutils.validation.fit.target_stability import SEGMENTS, resample_segments

SERVING = ["logistics", "order handling", "partner commissions", "e-shop operation", "technical service"]
SCALES = {
    "market_growth": (-0.1, 0.1),
    "margin_rate": (0.0, 0.5),
    "win_rate": (0.0, 1.0),
    "satisfaction": (0, 1),
}
LIMITS = pd.DataFrame({"measure": ["margin_rate"], "min": [0.15], "max": [np.nan]})
NAMES = {"S1": "North", "S2": "East", "S3": "South"}


def weigh(*raters: tuple[str, dict[str, float]]) -> Weighting:
    criteria = {name: Criterion(means=name) for name in raters[0][1]}
    return Weighting(criteria=criteria, raters=[Rater(name=name, weights=w) for name, w in raters])


ATTRACTIVE = weigh(
    ("Ann", {"market_growth": 0.5, "margin_rate": 0.5}), ("Bob", {"market_growth": 0.5, "margin_rate": 0.5})
)
COMPETITIVE = weigh(("Ann", {"win_rate": 1.0}), ("Bob", {"win_rate": 1.0}))


def make_customers(margins: tuple[float, ...], wins: tuple[float, ...], *, seed: int = 1):
    """Three groups of 60 customers on two features, far apart, each with its margin and its wins."""
    rng = np.random.default_rng(seed)
    label = np.repeat([0, 1, 2], 60)
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    points = centres[label] + rng.standard_normal((180, 2))
    ids = [f"c{n:03d}" for n in range(180)]
    features = pd.DataFrame({"customer_id": ids, "has_purchases": True, "f": points[:, 0], "g": points[:, 1]})
    model = SegmentModel(
        names=("S1", "S2", "S3"),
        scaling=Scaling(
            features=("f", "g"), transforms=("none", "none"), means=np.zeros(2), scales=np.ones(2)
        ),
        centres=centres,
    )
    noise = rng.normal(0, 0.02, 180)
    table = pd.DataFrame(
        {
            "customer_id": ids,
            "customers": 1.0,
            "net_revenue": 100.0,
            "margin": 100 * (np.array(margins)[label] + noise),
            "margin_of": 100.0,
            "growth": 0.0,
            "growth_of": 100.0,
            "won": (rng.random(180) < np.array(wins)[label]).astype(float),
            "decided": 1.0,
        }
    )
    return features, model, CustomerFigures(table=table)


def decide(
    features,
    model,
    figures,
    *,
    attractive=ATTRACTIVE,
    competitive=COMPETITIVE,
    override=None,
    resamples=40,
    response=None,
    then=None,
):
    rules = read_rules(attractive, competitive, LIMITS, measures=figures.measures, scales=SCALES)
    resampled = resample_segments(features, model, figures, resamples=resamples, seed=2)
    matrix = judge_segments(resampled, rules, names=NAMES, draws=400, seed=3, override=override)
    then = then and read_rules(then, competitive, LIMITS, measures=figures.measures, scales=SCALES)
    found = decide_target_selection(
        matrix, figures, currency="EUR", response=response, then=then, override=override
    )
    return list_targets(matrix), found


class TestChoice:
    def test_by_hand(self):
        """Growth 0 is half of its scale; margins 0.5, 0.25, 0.1 of 0.5; wins 0.8, 0.8, 0.9 or near."""
        targets, found = decide(*make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9)))
        by = targets.set_index("name")
        assert by.attractiveness["S1 North"] == pytest.approx(0.75, abs=0.01)  # (0.5 + 1.0) / 2
        assert by.attractiveness["S2 East"] == pytest.approx(0.5, abs=0.01)
        assert by.verdict.to_dict() == {"S1 North": "target", "S2 East": "target", "S3 South": "drop"}
        assert by.missed["S3 South"] == "margin_rate" and targets.chosen.to_list() == [True, False, False]
        assert found.decision.recommendation == "S1 North" and found.status == "pass"
        assert "S3 South is dropped" in found.headline
        note = next(note for note in found.notes if note.startswith("S3 South misses"))
        assert "contribution margin (10." in note and "at least 15.0 % asked for" in note
        assert note.endswith("in 100 % of other samples: firm.")
        assert [figure.kind for figure in found.figures] == ["scatter", "heatmap", "bar"]
        assert np.isnan(by.topsis["S3 South"]) and by.topsis["S1 North"] == pytest.approx(1.0)

    def test_a_target_that_contact_does_not_move_is_for_account_care(self):
        made = make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9))
        lifts = pd.DataFrame(
            {"segment": ["S1", "S2"], "lift": [0.01, 0.2], "low": [-0.02, 0.1], "high": 0.04}
        )
        _, found = decide(*made, response=lifts.assign(p_holm=[0.6, 0.001]))
        assert found.notes[0].startswith("S1 North ") and "for account care" in found.notes[0]
        assert "(1.0 points, −2.0 to 4.0)" in found.notes[0]
        for response in (
            lifts.assign(p_holm=0.001),
            lifts.assign(p_holm=np.nan),
            lifts.iloc[:0].assign(p_holm=1.0),
        ):
            _, other = decide(*made, response=response)
            assert not any("account care" in note for note in other.notes)

    def test_a_clear_lead_stands_under_all_weights_and_samples(self):
        _, found = decide(*make_customers((0.5, 0.25, 0.1), (0.9, 0.4, 0.4)))
        assert found.decision.robustness_share == 1.0

    def test_twins_share_the_first_place(self):
        """Two segments alike in everything: neither stays first in nearly all samples."""
        _, found = decide(*make_customers((0.4, 0.4, 0.1), (0.6, 0.6, 0.6)), resamples=100)
        assert 0.1 < found.decision.robustness_share < 0.9 or found.status == "caution"
        assert found.decision.robustness_share < 0.95

    def test_weights_and_samples_are_told_apart(self):
        """One is ahead in margin, the other in growth, both surely: samples agree, weights do not."""
        features, model, figures = make_customers((0.5, 0.25, 0.1), (0.0, 0.0, 0.0))
        figures.table["growth"] = 100 * np.repeat(
            [0.0, 0.09, 0.0], 60
        )  # scores 0.5 and 0.95, margins 1 and 0.5
        rules = read_rules(
            weigh(("Ann", {"margin_rate": 0.5, "market_growth": 0.5})),
            weigh(("Ann", {"win_rate": 0.5, "satisfaction": 0.5})),
            LIMITS,
            measures=figures.measures,
            scales=SCALES,
        )
        assert rules.missing == ("satisfaction",)
        resampled = resample_segments(features, model, figures, resamples=40, seed=2)
        accepted = count_acceptability(resampled, rules.rules, draws=400, seed=1)
        assert list(accepted.firsts.cause.unique()) == [NEAR, ANY, CUSTOMERS, SEGMENTS, TOGETHER]
        assert accepted.firsts.groupby("cause").first_share.sum().to_list() == pytest.approx([1.0] * 5)
        held = accepted.held("S1")
        # ahead where growth weighs below 10 / 19 of attractiveness: 0.45 w < 0.5 (1 - w)
        assert held[ANY] == pytest.approx(10 / 19, abs=0.07)
        assert held[ANY] < held[NEAR] < 0.9 and held[CUSTOMERS] > 0.99 and held[SEGMENTS] > 0.99
        assert resampled.agreement.min() > 0.9  # far apart: every refit finds the three groups again

    def test_refits_of_noise_do_not_agree(self):
        features, model, figures = make_customers((0.4, 0.4, 0.4), (0.5, 0.5, 0.5))
        rng = np.random.default_rng(0)
        features[["f", "g"]] = rng.standard_normal((180, 2))
        assert resample_segments(features, model, figures, resamples=30, seed=1).agreement.mean() < 0.8

    def test_an_unknown_criterion_is_named_and_both_scores_are_shown(self):
        both = weigh(("Ann", {"win_rate": 0.6, "satisfaction": 0.4}))
        alone = weigh(("Ann", {"market_growth": 0.5, "margin_rate": 0.5}))
        features, model, figures = make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9))
        figures = CustomerFigures(table=figures.table, needs=(NEEDS["satisfied"],))
        targets, found = decide(features, model, figures, attractive=alone, competitive=both)
        width = targets.score_high - targets.score_low
        assert width.to_list() == pytest.approx([0.5 * 0.4] * 3)
        assert ((targets.score_low <= targets.score) & (targets.score <= targets.score_high)).all()
        assert found.status == "caution" and "1 criterion unknown" in found.headline
        assert any(note.startswith("Not known: satisfaction") for note in found.notes)
        assert found.needs == (NEEDS["satisfied"],)

    def test_nobody_is_recommended_where_none_keeps_the_limits(self):
        _, found = decide(*make_customers((0.1, 0.1, 0.1), (0.8, 0.8, 0.9)))
        assert found.decision.recommendation == "No segment" and found.status == "fail"

    def test_the_clients_own_choice_is_followed_and_shown(self):
        own = Override(choice="S2 East", who="A. Lindqvist, CEO", when="2026-01-01", why="the plant is there")
        targets, found = decide(*make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9)), override=own)
        assert targets.loc[targets.chosen, "name"].to_list() == ["S2 East"]
        assert found.decision.choice == "S2 East" and found.decision.recommendation == "S1 North"
        wrong = Override(choice="S9", who="x", when="2026-01-01", why="y")
        with pytest.raises(InputError, match="S9"):
            decide(*make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9)), override=wrong)

    def test_not_run_without_stated_weights(self):
        _, _, figures = make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9))
        rules = read_rules(None, COMPETITIVE, LIMITS, measures=figures.measures, scales=SCALES)
        matrix = judge_segments(None, rules, names=NAMES)
        found = decide_target_selection(matrix, figures, currency="EUR")
        assert rules is None and list_targets(matrix).empty and found.status == "not_run"
        assert any("weights: attractiveness" in need.columns for need in found.needs)
        assert check_target_limits(matrix).status == check_target_raters(matrix).status == "not_run"

    def test_not_run_where_nothing_is_known_of_an_axis(self):
        features, model, figures = make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9))
        bare = CustomerFigures(
            table=figures.table.drop(columns=["won", "decided"]), needs=(NEEDS["won"], NEEDS["price"])
        )
        targets, found = decide(features, model, bare)
        assert targets.empty and found.status == "not_run" and "too little is known" in found.headline
        assert found.needs == bare.needs

    def test_what_would_flip_under_another_strategy_is_said(self):
        """Growth 0.5 of its scale everywhere; S2 has margin 0.25 of 0.5: its score stays 0.5, S1's rises."""
        profit = weigh(("Ann", {"market_growth": 0.1, "margin_rate": 0.9}))
        made = make_customers((0.5, 0.25, 0.1), (0.8, 0.4, 0.9))
        _, found = decide(*made, then=profit)
        assert found.notes[-1].startswith("If weight moves from growth of the market a year to contribution")
        assert "no decision flips: S1 North stays first" in found.notes[-1]

    def test_the_appendix_moves_the_limit_on_the_segments_themselves(self):
        features, model, figures = make_customers((0.5, 0.25, 0.1), (0.8, 0.8, 0.9))
        rules = read_rules(ATTRACTIVE, COMPETITIVE, LIMITS, measures=figures.measures, scales=SCALES)
        resampled = resample_segments(features, model, figures, resamples=20, seed=2)
        moved = check_target_limits(judge_segments(resampled, rules, names=NAMES, draws=50)).table
        assert moved.name.to_list() == ["S3 South", "S2 East", "S1 North"]
        assert moved.effect.to_list() == ["returns", "falls", "falls"]
        assert moved["at"].to_list() == pytest.approx([0.1, 0.25, 0.5], abs=0.01)


@pytest.fixture(scope="module")
def measures(halden) -> pd.DataFrame:
    tables = {
        n: halden.table(n)
        for n in ("market", "costs", "opportunities", "survey", "competitor_prices", "products")
    }
    figures = build_customer_figures(
        halden.table("customers"),
        halden.table("transactions"),
        as_of=halden.as_of,
        cost_pools=SERVING,
        **tables,
    )
    assert not figures.needs
    return list_measures(figures, halden.true_groups()).set_index("group")


class TestPlantedTruth:
    def test_margin_and_cost_to_serve_are_those_of_the_truth(self, halden, measures):
        truth = halden.planted("cost_to_serve")
        truth = truth[truth.year == halden.as_of.year].set_index("segment").astype(float)
        assert (measures.margin_rate - truth.cm1 / truth.revenue).abs().max() < 0.005
        assert (measures.cost_to_serve - truth.cost_to_serve / truth.revenue).abs().max() < 0.01

    def test_satisfaction_is_the_planted_recommendation(self, halden, measures):
        design = halden.planted("survey_design").set_index("segment")
        design = design.reindex(measures.index)
        counts = design.respondents_known
        # answers spread by about 1.5 points of ten: four standard errors
        assert (
            (measures.satisfaction * 10 - design.recommendation).abs() < 4 * 1.5 / counts**0.5 + 0.1
        ).all()

    def test_growth_lies_between_the_planted_ones_of_the_industries(self, halden, measures):
        growth = halden.planted("market").groupby("industry").growth.mean()
        assert measures.market_growth.between(growth.min(), growth.max()).all()
        assert measures.market_growth.idxmax() == "labs"  # pharma and laboratories grow fastest

    def test_impossible_markets_are_found(self, halden):
        figures = build_customer_figures(
            halden.table("customers"),
            halden.table("transactions"),
            as_of=halden.as_of,
            market=halden.table("market"),
        )
        truth = halden.planted("market")
        cells = truth[truth.kind == "impossible"][["region", "industry"]].drop_duplicates()
        assert all(" · ".join(cell) in figures.notes[1] for cell in cells.to_numpy())

    def test_the_segment_to_retire_misses_the_margin(self, measures):
        assert measures.margin_rate.idxmin() == "legacy" and measures.margin_rate["legacy"] < 0.3
