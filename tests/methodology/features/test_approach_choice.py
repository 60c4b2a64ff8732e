"""RFM against needs: planted segments, a client without any, and marks worked by hand."""

import numpy as np
import pandas as pd
import pytest

from segutils.engagement_terms import Weighting
from segutils.errors import InputError
from segutils.findings import Override, read_finding
from segutils.methodology.features.approach_choice import (
    _say_leads,
    decide_approach_choice,
    measure_approaches,
)
from segutils.methodology.features.approach_trial import (
    CRITERIA,
    PSYCHOGRAPHIC,
    RFM,
    Approach,
    value_column,
)
from segutils.methodology.features.survey_needs import read_needs
from segutils.statistics.agreement import adjusted_rand
from segutils.statistics.order_histories import choose_cuts

FIELDS = ["industry", "employees", "country", "region", "sales_segment", "strategy_segment", "not_given"]
STATED = {"who": "C. Moreau, CMO", "when": "2026-01-05", "why": "Positioning comes first."}


def measure(client, needs, **given):
    cut = choose_cuts(client.transactions, as_of=client.as_of, period_days=364)[1]
    return measure_approaches(
        client.transactions,
        client.customers,
        needs,
        cut=cut,
        as_of=client.as_of,
        window_days=732,
        fields=FIELDS,
        counts=(4, 5, 6),
        pairs=12,
        **given,
    )


@pytest.fixture(scope="module")
def needs(planted):
    return read_needs(planted.survey)


@pytest.fixture(scope="module")
def approaches(planted, needs):
    return measure(planted, needs)


def marks(approach: Approach) -> pd.Series:
    return approach.marks.set_index("criterion")["value"]


def test_needs_find_the_five_planted_groups_and_come_back(approaches, planted, needs):
    """Maintenance crews and Legacy pneumatics say the same, so needs see five groups."""
    psychographic = approaches[1]
    assert psychographic.name == PSYCHOGRAPHIC and psychographic.segments == 5
    assert marks(psychographic)["stability"] > 0.9 > marks(approaches[0])["stability"]
    truth = planted.accounts.set_index("customer_id")["segment"].replace("legacy", "maintenance")
    cut = pd.Timestamp(choose_cuts(planted.transactions, as_of=planted.as_of, period_days=364)[1])
    lines = planted.transactions.to_pandas()
    # the customers compared: those who ordered for more than nothing in the 732 days until the cut
    inside = lines[pd.to_datetime(lines["ordered_on"]).between(cut - pd.Timedelta(days=731), cut)]
    orders = inside.groupby(["customer_id", "order_id"])["net_revenue"].sum()
    bought = orders[orders > 0].index.get_level_values(0).unique()
    shared = [c for c in sorted(bought) if c in set(needs.table["customer_id"])]
    assert len(shared) == len(psychographic.labels)
    groups = truth.loc[shared].astype("category").cat.codes.to_numpy()
    assert adjusted_rand(psychographic.labels, groups) > 0.9


def test_each_is_better_at_what_was_planted(approaches, planted):
    rfm, psychographic = (marks(a) for a in approaches)
    # past orders foretell orders; a fifth of the accounts answered
    assert rfm["explained_value"] > 0.15 and rfm["coverage"] > 0.7 > 0.3 > psychographic["coverage"]
    # sales' and strategy's labels are drawn by the true segment, which needs follow and RFM blurs
    assert psychographic["actionability"] > rfm["actionability"] > 0.2
    assert value_column(planted.transactions) == "contribution_margin"


def test_the_decision_follows_its_weights(approaches, needs):
    finding = decide_approach_choice(approaches, needs, value_name="contribution_margin", draws=200)
    assert "contribution margin" in finding.headline and finding.assumptions[0].owner == "playbook default"
    back = read_finding(finding.to_json())
    assert back.decision.recommendation == finding.decision.recommendation
    for name, weights in ((RFM, (0, 0.5, 0, 0.5)), (PSYCHOGRAPHIC, (0.5, 0, 0.5, 0))):
        weighting = Weighting.model_validate(
            {
                "criteria": {c: {"means": c} for c in CRITERIA},
                "raters": [{"name": "C. Moreau, CMO", "weights": dict(zip(CRITERIA, weights, strict=True))}],
            }
        )
        stated = decide_approach_choice(approaches, needs, weighting=weighting, draws=100)
        assert stated.decision.recommendation == name and not stated.assumptions
    chosen = decide_approach_choice(
        approaches, needs, draws=50, override=Override(choice=PSYCHOGRAPHIC, **STATED)
    )
    assert chosen.decision.choice == PSYCHOGRAPHIC
    with pytest.raises(InputError, match="which is not an option"):
        decide_approach_choice(approaches, needs, draws=50, override=Override(choice="Both", **STATED))


def made_up(name: str, values: tuple[float, ...], *, error: float = 0.0) -> Approach:
    table = pd.DataFrame({"criterion": CRITERIA, "value": values, "error": error})
    return Approach(name=name, segments=4, labels=np.arange(8) % 4, marks=table)


def test_scores_by_hand():
    """RFM .15 + .12 + .12 + .18 = .57; psychographic .27 + .06 + .16 + .04 = .53."""
    pair = [made_up(RFM, (0.5, 0.4, 0.6, 0.9)), made_up(PSYCHOGRAPHIC, (0.9, 0.2, 0.8, 0.2))]
    finding = decide_approach_choice(pair, None, draws=50)
    assert finding.decision.options["score"].tolist() == pytest.approx([0.57, 0.53])
    assert finding.figures[0].title == (
        "RFM leads in explained value and coverage; "
        "Psychographic leads in stability and assignment from CRM fields"
    )
    # w for coverage and 1 - w for the rest (.39/.8 and .49/.8) draw level at w = .125 / .825 = .1515
    assert "coverage below 0.15 (now 0.20)" in finding.decision.robustness
    assert "much alike" in finding.notes[0]  # the same labels


def test_without_crm_fields_that_mark_is_left_out():
    pair = [made_up(RFM, (0.5, 0.4, np.nan, 0.9)), made_up(PSYCHOGRAPHIC, (0.9, 0.2, np.nan, 0.2))]
    finding = decide_approach_choice(pair, None, draws=50)
    # (.3 · .5 + .3 · .4 + .2 · .9) / .8
    assert finding.decision.options["score"].tolist() == pytest.approx([0.45 / 0.8, 0.37 / 0.8])
    assert "actionability" not in finding.decision.options


def test_without_a_survey_rfm_stands_and_the_survey_is_asked_for(planted):
    found = measure(planted, None, max_customers=800)
    finding = decide_approach_choice(found, None)
    assert finding.status == "not_run" and finding.decision is None
    assert finding.table["approach"].tolist() == [RFM] and finding.needs[0].table == "survey"
    assert finding.headline.startswith("Only RFM can be built, as no survey was given: it covers ")


def test_a_client_without_groups_gives_no_steady_needs(alike):
    """One population: needs hang together by one factor alone, which tells nothing of the next period."""
    needs = read_needs(alike.survey)
    assert needs.careless < 0.02 * needs.respondents  # careful ones who happen to answer flatly
    found = {a.name: marks(a) for a in measure(alike, needs)}
    assert found[PSYCHOGRAPHIC]["explained_value"] < 0.05
    assert found[PSYCHOGRAPHIC]["stability"] < 0.75 and found[PSYCHOGRAPHIC]["actionability"] < 0.1


def test_a_lead_needs_intervals_apart():
    rows = [("Value", RFM, 0.4, 0.38, 0.42), ("Value", PSYCHOGRAPHIC, 0.2, 0.18, 0.22)]
    rows += [("Stability", RFM, 0.7, 0.6, 0.8), ("Stability", PSYCHOGRAPHIC, 0.75, 0.65, 0.85)]
    data = pd.DataFrame(rows, columns=["criterion", "approach", "value", "low", "high"])
    assert _say_leads(data) == f"{RFM} leads in value; about equal in stability"
