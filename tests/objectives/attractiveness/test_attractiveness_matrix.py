"""The matrix of the simulated client: scores that follow from the planted truth."""

import numpy as np
import pandas as pd
import pytest

from segutils.attractiveness.matrix import judge_matrix
from segutils.attractiveness.rules import read_rules
from segutils.attractiveness.samples import resample_groups
from segutils.engagement_terms import Criterion, Rater, Weighting
from segutils.objectives.attractiveness.attractiveness_matrix import (
    check_matrix_raters,
    decide_attractiveness_matrix,
)
from segutils.samples.voices.survey import STYLES
from segutils.statistics.figure_sources import build_customer_figures

NOBODY_OUT = pd.DataFrame({"measure": [], "min": [], "max": [], "owner": []})
SERVING = ["logistics", "order handling", "partner commissions", "e-shop operation", "technical service"]
SCALES = {"margin_rate": (0.0, 0.6), "cost_to_serve": (0.4, 0.0), "satisfaction": (0.4, 1.0)}


def weigh(weights: dict[str, float], *, lower: str = "") -> Weighting:
    criteria = {
        name: Criterion(means=name, better="lower" if name == lower else "higher") for name in weights
    }
    return Weighting(criteria=criteria, raters=[Rater(name="Ann", weights=weights)])


ATTRACTIVE = weigh({"margin_rate": 0.6, "cost_to_serve": 0.4}, lower="cost_to_serve")
COMPETITIVE = weigh({"satisfaction": 1.0})


def judge(client, groups, **options):
    figures = build_customer_figures(
        client.table("customers"),
        client.table("transactions"),
        as_of=client.as_of,
        costs=client.table("costs"),
        cost_pools=SERVING,
        survey=client.table("survey"),
    )
    rules = read_rules(ATTRACTIVE, COMPETITIVE, NOBODY_OUT, measures=figures.measures, scales=SCALES)
    samples = resample_groups(figures, groups, resamples=100, seed=1)
    return judge_matrix(samples, rules, draws=300, seed=2, **options), figures


@pytest.fixture(scope="module")
def judged(halden):
    accounts = halden.planted("accounts")[["customer_id", "segment"]]
    return judge(halden, accounts.rename(columns={"segment": "group"}))


@pytest.fixture(scope="module")
def planted(halden) -> pd.DataFrame:
    """Scores worked from the planted margins, costs to serve and recommendations, by segment."""
    money = halden.planted("cost_to_serve")
    money = money[money.year == halden.as_of.year].set_index("segment").drop(columns="year").astype(float)
    survey = halden.planted("survey_design").set_index("segment")
    margin, cost = money.cm1 / money.revenue, money.cost_to_serve / money.revenue
    attractive = 0.6 * (margin / 0.6).clip(0, 1) + 0.4 * ((0.4 - cost) / 0.4).clip(0, 1)
    # a few respondents are extremely positive and give the best answer whatever their segment
    delighted = STYLES["extremely positive"]
    answer = (1 - delighted) * survey.recommendation / 10 + delighted
    competitive = (answer - 0.4).clip(0, 0.6) / 0.6
    found = pd.DataFrame({"attractiveness": attractive, "competitiveness": competitive.reindex(margin.index)})
    found["respondents"] = survey.respondents_known
    return found.assign(score=(found.attractiveness + found.competitiveness) / 2)


def test_scores_are_those_of_the_planted_truth(judged, planted):
    table = judged[0].table.set_index("name")
    planted = planted.reindex(table.index)
    assert (table.attractiveness - planted.attractiveness).abs().max() < 0.02
    # answers spread by 1.5 points of ten; four standard errors, on a scale of six points
    errors = 4 * 1.5 / 6 / planted.respondents**0.5 + 0.02
    assert ((table.competitiveness - planted.competitiveness).abs() < errors).all()
    assert table.index[-1] == planted.score.idxmin() == "legacy" and table.verdict["legacy"] == "drop"


def test_intervals_hold_the_truth_about_as_often_as_they_say(judged, planted):
    """Six segments, intervals of 90 %: at least four of the six, or the intervals would be too narrow."""
    table = judged[0].table.set_index("name")
    for axis in ("attractiveness", "competitiveness"):
        truth = planted[axis].reindex(table.index)
        # what was sold and what serving cost is known to the cent of all customers: equal but for rounding
        held = truth.between(table[f"{axis}_low"] - 1e-6, table[f"{axis}_high"] + 1e-6)
        assert held.sum() >= 4, axis


def test_the_finding_recommends_the_first_of_the_planted_order_or_says_it_is_open(judged, planted):
    matrix, figures = judged
    found = decide_attractiveness_matrix(matrix, figures, currency="EUR")
    ahead = planted.score.sort_values(ascending=False)
    near = ahead.index[ahead > ahead.iloc[0] - 0.03]  # closer than the survey can tell apart
    assert found.decision.recommendation in near
    assert found.decision.question == "Which group is targeted first?"
    assert found.figures[0].x_high == "competitiveness_high"
    assert check_matrix_raters(matrix).status == "pass"


def test_customers_who_are_all_alike_have_no_firm_first(null_halden):
    """Nothing planted, groups drawn at random: whichever comes first does not stay there."""
    rng = np.random.default_rng(3)
    ids = null_halden.groups().customer_id
    drawn = pd.DataFrame({"customer_id": ids, "group": rng.integers(0, 5, len(ids)).astype(str)})
    matrix, figures = judge(null_halden, drawn)
    found = decide_attractiveness_matrix(matrix, figures, currency="EUR")
    assert found.status == "caution" and found.decision.robustness_share < 0.8
    assert matrix.table.verdict.nunique() == 1  # no difference, no different verdict


def test_not_run_without_weights(halden):
    rules = read_rules(None, COMPETITIVE, NOBODY_OUT, measures=[])
    matrix = judge_matrix(None, rules)
    figures = build_customer_figures(
        halden.table("customers"), halden.table("transactions"), as_of=halden.as_of
    )
    found = decide_attractiveness_matrix(matrix, figures, currency="EUR")
    assert found.status == "not_run" and "weights: attractiveness" in found.needs[0].columns
    assert check_matrix_raters(matrix).status == "not_run"
