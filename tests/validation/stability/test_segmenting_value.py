"""Policies by segment against one for all: by hand, against planted lifts, and against what segments cost."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override, read_finding
from segutils.statistics.policy_value import PolicyGain
from segutils.validation.stability import segmenting_value, trials

AS_OF = date(2025, 12, 31)
COSTS = pd.DataFrame(
    [["running a segment", 1000.0, "segment", "year", "Jane Doe"]],
    columns=["item", "amount", "per", "every", "owner"],
)


def policy(gain, error, times=1000.0, arms=("contact", "contact", "no contact")):
    return trials.Policy(
        name="Whom to contact",
        unit="customer and campaign",
        gain=PolicyGain(
            gain=gain,
            error=error,
            base=10.0,
            arm="contact",
            by_segment=pd.Series(list(arms), index=["S1", "S2", "S3"]),
            rows=500,
            customers=400,
        ),
        times_a_year=times,
        scaling="A year has a thousand contacts.",
    )


def decide(*policies, segments=3, **settings):
    return segmenting_value.decide_segmenting_value(
        list(policies), costs=COSTS, segments=segments, currency="EUR", **settings
    )


def test_a_gain_above_the_cost_pays():
    # 5 a contact, 1,000 contacts a year: 5,000 ± 1.96·500; three segments cost 2 · 1,000 more than one
    finding = decide(policy(5.0, 0.5))
    assert finding.decision.recommendation == "segment" and finding.status == "pass"
    row = finding.table.set_index("policy")
    assert row.loc["Whom to contact", "gain_year"] == 5000
    assert row.loc["Whom to contact", "gain_low"] == pytest.approx(5000 - 1.959964 * 500, abs=0.01)
    assert row.loc["Cost of running them", "gain_year"] == -2000 and row.loc["Left", "gain_year"] == 3000
    assert "S3: no contact" in row.loc["Whom to contact", "by_segment"]
    assert finding.decision.robustness_share > 0.999 and "Segments pay" in finding.headline
    assert read_finding(finding.to_json()).headline == finding.headline


def test_a_gain_below_the_cost_says_do_not_segment():
    finding = decide(policy(1.0, 0.1))
    assert finding.decision.recommendation == "do not segment" and finding.status == "fail"
    assert finding.headline.startswith("Do not segment for what has been tested")
    assert finding.assumptions[0].owner == "Jane Doe"


def test_a_gain_that_may_be_either_is_not_spent_on():
    finding = decide(policy(2.5, 0.5))  # 2,500 ± 980 against 2,000
    assert finding.decision.recommendation == "do not segment" and finding.status == "caution"
    assert finding.headline.startswith("Do not segment yet")
    # probability that a normal with mean 2,500 and deviation 500 is above 2,000: 84.1 %
    assert finding.decision.robustness_share == pytest.approx(0.1587, abs=1e-4)


def test_a_gain_that_may_be_none_is_not_asserted():
    finding = decide(policy(0.2, 0.5))  # 200 ± 980 against 2,000
    assert finding.status == "fail"
    assert finding.headline == (
        "Do not segment for what has been tested: no gain of policies by segment is shown (EUR 200 a year, "
        "−780 to 1,180), and running 3 segments instead of one policy costs EUR 2,000 a year."
    )
    assert finding.figures[0].title.endswith("that 3 segments cost more than one policy")


def test_gains_add_up_with_their_errors():
    table = decide(policy(2.0, 0.3), policy(1.0, 0.4)).table.set_index("policy")
    low, high = table.loc["Together", ["gain_low", "gain_high"]]
    assert table.loc["Together", "gain_year"] == 3000 and (high - low) / 2 == pytest.approx(
        1.959964 * 500, abs=0.1
    )


def test_contact_trials_by_hand():
    # campaign C1 by lot, C2 not: four customers of S1; a contact costs 20/2; margin is half of revenue
    exposures = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "a", "e"],
            "campaign_id": ["C1"] * 4 + ["C2", "C2"],
            "arm": ["treated", "treated", "control", "control", "treated", "treated"],
            "randomised": [True] * 4 + [False] * 2,
            "outcome_value": [100.0, 50.0, 20.0, 0.0, 999.0, 0.0],
            "assigned_on": [date(2025, 3, 1)] * 4 + [date(2024, 3, 1), date(2025, 3, 2)],
        }
    )
    lines = pd.DataFrame(
        {"customer_id": list("abcd"), "net_revenue": 10.0, "contribution_margin": [4.0, 6.0, 5.0, 5.0]}
    )
    campaigns = pd.DataFrame({"campaign_id": ["C1", "C2"], "cost": [20.0, 99.0]})
    segments = pd.DataFrame({"customer_id": [*"abcd", "e"], "segment": ["S1"] * 4 + ["none"]})
    found = trials.build_contact_policy(
        *map(ibis.memtable, (exposures, campaigns, lines)), segments, as_of=AS_OF, repeats=1
    )
    assert found.gain.rows == 4 and found.times_a_year == 4  # C2: a year ago, or of nobody's segment
    assert "4 times" in found.scaling and "day of assignment" in found.scaling
    # contacted 100/2 − 10 and 50/2 − 10, not contacted 10 and 0: contact is best on average (27.5 against 5)
    assert found.gain.arm == "contact" and found.gain.gain == 0.0
    # without a day of assignment the campaign's counts: C1 of this year has four rows, C2 of last year none
    dated = campaigns.assign(started_on=[date(2025, 3, 1), date(2024, 3, 1)])
    bare = map(ibis.memtable, (exposures.drop(columns="assigned_on"), dated, lines))
    found = trials.build_contact_policy(*bare, segments, as_of=AS_OF, repeats=1)
    assert found.times_a_year == 4 and "first day of the campaign" in found.scaling
    without = exposures.assign(randomised=False)
    tables = map(ibis.memtable, (without, campaigns, lines))
    assert trials.build_contact_policy(*tables, segments, as_of=AS_OF) is None


def test_planted_lifts(planted):
    tables = planted.tables
    found = trials.build_contact_policy(
        tables["exposures"],
        tables["campaigns"],
        tables["transactions"],
        planted.segments,
        as_of=AS_OF,
        repeats=20,
    )
    # planted: contact causes orders in every segment but Legacy, and costs a few euros; so contacting
    # everybody is best for all, and the most that a policy by segment can save is Legacy's contacts
    assert found.gain.arm == "contact"
    experiments = planted.truth["campaign_lifts"].query("picks == 'chance'")
    of_legacy = (
        experiments.loc[experiments["segment"] == "legacy", "exposed"].sum() / experiments["exposed"].sum()
    )
    costs = tables["campaigns"].to_pandas().set_index("campaign_id")["cost"].astype(float)
    dearest = (costs / planted.truth["exposures"].query("treated").groupby("campaign_id").size()).max()
    low, high = found.gain.interval()
    assert low <= of_legacy * dearest and high >= 0
    assert (found.gain.by_segment.drop("legacy") == "contact").sum() >= 4


def test_planted_prices(planted):
    tables = planted.tables
    found = trials.build_price_policy(
        tables["price_tests"],
        tables["products"],
        tables["transactions"],
        planted.segments,
        as_of=AS_OF,
        repeats=20,
    )
    # a price cut pays where the elasticity is below −1/(1 − cost share): below −1.7 at the usual cost share
    # of 0.42. Only Machine builders (−2.2) are beyond it: Legacy (−1.8) buys products with a share of 0.78
    assert found.gain.arm == "100 % of list price"
    by_segment = found.gain.by_segment
    inelastic = planted.truth["elasticities"].query("own_price > -1.2")["segment"]
    assert len(inelastic) == 3 and (by_segment[inelastic] == "100 % of list price").sum() >= 2
    assert by_segment["builders"] != "100 % of list price"


def test_missing_inputs_are_asked_for():
    none = decide(None, None)
    assert none.status == "not_run" and none.needs[0].table == "exposures"
    margin = decide(policy(1.0, 0.1), has_margin=False)
    assert margin.status == "not_run" and margin.needs[0].columns == ("contribution_margin",)
    free = segmenting_value.decide_segmenting_value([policy(1.0, 0.1)], costs=COSTS.iloc[:0], segments=3)
    assert free.status == "not_run" and "nobody stated what running a segment costs" in free.headline
    assert decide(policy(1.0, 0.1), segments=1).status == "info"


def test_the_clients_choice_is_followed():
    override = Override(choice="segment", who="Jane Doe", when="2025-01-15", why="Sales is organised so")
    finding = decide(policy(1.0, 0.1), override=override)
    assert finding.decision.choice == "segment" and "evidence says “do not segment”" in finding.headline
    with pytest.raises(InputError, match=r"segmenting-value\.choice"):
        decide(policy(1.0, 0.1), override=Override(choice="no", who="J", when="x", why="y"))


def test_where_nothing_differs_segments_do_not_pay():
    rng = np.random.default_rng(0)
    n = 2000
    contacted = rng.random(n) < 0.5
    exposures = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "campaign_id": "C1",
            "arm": np.where(contacted, "treated", "control"),
            "randomised": True,
            "outcome_value": rng.exponential(100, n) + 40 * contacted,
        }
    )
    lines = exposures[["customer_id"]].assign(net_revenue=10.0, contribution_margin=5.0)
    segments = exposures[["customer_id"]].assign(segment=rng.choice(["S1", "S2", "S3"], n))
    found = trials.build_contact_policy(
        ibis.memtable(exposures), None, ibis.memtable(lines), segments, as_of=AS_OF, repeats=10
    )
    assert found.gain.interval()[0] <= 0
    assert decide(found).decision.recommendation == "do not segment"
