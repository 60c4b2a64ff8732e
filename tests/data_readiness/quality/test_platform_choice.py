"""Platform choice: scores worked by hand, requirements that flip the choice, limits that knock out."""

from dataclasses import replace
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.quality import platform_marks as marks
from segutils.data_readiness.quality.platform_choice import decide_platform_choice
from segutils.data_readiness.quality.platform_demand import Demand, measure_demand
from segutils.data_readiness.quality.platform_scores import CRITERIA, Wanted, move_marks, score_platforms
from segutils.engagement_terms import AccessGrant, Weighting
from segutils.errors import InputError
from segutils.findings import Override

DEMAND = Demand(
    volumes=pd.DataFrame({"table": ["transactions"], "rows": [100], "gigabytes": [1.0]}),
    order_lines=100.0,
    lines_last_year=50.0,
    growth=0.2,
    systems=3.0,
    anonymous_share=0.2,
    channels=4.0,
    domains=2.0,
    jurisdictions=3,
    consent_columns=1,
    grants=4,
    limited_grants=1,
)
COSTS = pd.DataFrame(
    [
        ("Cloud warehouse, central: licence", 60.0, "company", "year", "B. Data"),
        ("cloud warehouse, central: people", 10.0, "company", "quarter", "B. Data"),
        ("customer data platform", 150.0, "company", "year", "B. Data"),
        ("setting up a campaign", 9.0, "campaign", None, "C. Moreau"),
    ],
    columns=["item", "amount", "per", "every", "owner"],
)


def ask(**limits: float) -> pd.DataFrame:
    """Thresholds of the question: residency is a least, the others a most."""
    rows = [
        (name, value if name == "residency" else np.nan, np.nan if name == "residency" else value, "A. Law")
        for name, value in limits.items()
    ]
    return pd.DataFrame(rows, columns=["measure", "min", "max", "owner"])


def weigh(*raters: dict[str, float]) -> Weighting:
    """Raters A, B, … who give weight to the named criteria only."""
    given = [
        {"name": "ABC"[n], "weights": dict.fromkeys(CRITERIA, 0.0) | weights}
        for n, weights in enumerate(raters)
    ]
    return Weighting.model_validate({"criteria": {c: {"means": c} for c in CRITERIA}, "raters": given})


HALF = weigh({"latency": 0.5, "cost": 0.5})


def decide(thresholds: pd.DataFrame, **options):
    stated = {"currency": "EUR", "costs": COSTS, "weighting": HALF, "draws": 50, **options}
    return decide_platform_choice(DEMAND, thresholds=thresholds, **stated)


def test_growth_compounds_over_the_horizon():
    # two years of 60 and 72 lines on top of 100, at 1 GB per 100 lines
    assert DEMAND.gigabytes_in(2) == pytest.approx(2.32)
    assert replace(DEMAND, growth=np.nan).gigabytes_in(2) == pytest.approx(2.0)
    assert replace(DEMAND, order_lines=np.nan, lines_last_year=np.nan).gigabytes_in(2) == 1.0


def test_needs_by_hand():
    needs = DEMAND.list_needs()
    assert needs["identity"] == pytest.approx(0.5)  # 3 systems: (3 − 1) / 4, more than the share of 0.2
    assert needs["activation"] == pytest.approx(0.8)  # 4 of 5 channels
    assert needs["autonomy"] == pytest.approx(0.25)  # 2 domains: (2 − 1) / 4
    # consents are held (1), one of four roles is limited (.25), 3 jurisdictions ((3 − 1) / 4)
    assert needs["governance"] == pytest.approx((1 + 0.25 + 0.5) / 3)
    unknown = replace(DEMAND, systems=np.nan, anonymous_share=np.nan, grants=0, jurisdictions=0)
    assert np.isnan([unknown.list_needs()["identity"], unknown.list_needs()["governance"]]).all()


def test_scores_by_hand():
    wide = marks.spread_marks(marks.list_marks()).loc[[marks.CLOUD, marks.CDP, marks.PREMISES]]
    wanted = Wanted(gigabytes=500.0, latency_hours=4.0, needs=DEMAND.list_needs(), max_cost=200.0)
    costs = pd.Series({marks.CLOUD: 100.0, marks.CDP: 150.0, marks.PREMISES: 200.0})
    scores = score_platforms(wide, costs, wanted)
    assert scores.columns.tolist() == list(CRITERIA)
    # capacities 100,000, 1,000 and 10,000 GB: the second is twice what is needed, log10 2
    assert scores.volume.tolist() == pytest.approx([1, np.log10(2), 1])
    # 4, 0.1 and 24 hours: the last is six times too late
    assert scores.latency.tolist() == pytest.approx([1, 1, 1 - np.log10(6)])
    assert scores.cost.tolist() == pytest.approx([0.5, 0.25, 0])
    # need .5, marks .5, 1, .5; need .8, marks .25, 1, .25
    assert scores.identity.tolist() == pytest.approx([0.75, 1, 0.75])
    assert scores.activation.tolist() == pytest.approx([0.4, 1, 0.4])


def test_the_choice_by_hand():
    # the warehouse: fast enough and 100 of 200; the platform: fast enough and 150 of 200
    finding = decide(ask(latency_hours=4, cost_per_year=200))
    options = finding.decision.options.set_index("option")
    assert options.score.to_dict() == pytest.approx({marks.CLOUD: 0.75, marks.CDP: 0.625})
    assert options.cost_per_year[marks.CLOUD] == 100  # 60 a year and four quarters of 10
    assert finding.headline == (
        "The cloud warehouse, central fits best: a fact is usable after 4 hours (4 hours asked for) and it "
        "costs EUR 100 a year. It leads the customer data platform in cost."
    )
    assert (
        "On-premise warehouse, central is out before scoring: nobody stated what it costs." in finding.notes
    )


def test_a_faster_need_flips_the_choice():
    # within 6 minutes the warehouse is 40 times too late: 0.25 against 0.625
    finding = decide(ask(latency_hours=0.1, cost_per_year=200))
    assert finding.decision.recommendation == marks.CDP
    assert finding.decision.options.score.tolist() == pytest.approx([0.625, 0.25])
    assert "It leads the cloud warehouse, central in speed." in finding.headline


def test_place_of_data_knocks_out_before_scoring():
    finding = decide(ask(latency_hours=0.1, cost_per_year=200, residency=2))
    assert finding.decision.options.option.tolist() == [marks.CLOUD]
    assert (
        "Customer data platform is out before scoring: data would lie in the vendor's cloud." in finding.notes
    )
    assert "no other kind of platform keeps the stated limits" in finding.headline


def test_where_all_are_out_nothing_is_recommended():
    finding = decide(ask(latency_hours=4, cost_per_year=200, residency=3))
    assert finding.status == "fail" and finding.decision is None
    assert finding.headline.startswith("No kind of platform keeps the stated limits: all 6 are out")


def test_too_dear_and_too_small_are_out():
    dear = decide(ask(latency_hours=4, cost_per_year=120))
    assert dear.decision.options.option.tolist() == [marks.CLOUD]
    assert "Customer data platform is out before scoring: it costs more than is allowed." in dear.notes
    big = replace(DEMAND, volumes=DEMAND.volumes.assign(gigabytes=2000.0))
    finding = decide_platform_choice(
        big, currency="EUR", thresholds=ask(latency_hours=4), weighting=HALF, draws=20
    )
    assert (
        "Customer data platform is out before scoring: it does not hold the volume expected." in finding.notes
    )


def test_without_requirements_only_the_volumes_are_shown():
    finding = decide_platform_choice(DEMAND, currency="EUR")
    assert finding.status == "not_run" and finding.decision is None
    assert finding.table.columns.tolist() == ["table", "rows", "megabytes"]
    assert finding.table.megabytes.tolist() == [1000.0]
    assert "growing by 20 % a year" in finding.headline
    assert [need.columns[0].split(":")[0] for need in finding.needs] == ["thresholds", "costs"]


def test_with_latency_only_cost_stays_out_and_is_asked_for():
    finding = decide_platform_choice(DEMAND, currency="EUR", thresholds=ask(latency_hours=4), draws=50)
    assert finding.status == "caution" and "cost" not in finding.decision.options.columns
    assert len(finding.decision.options) == 6  # nobody is out for want of a price
    assert finding.needs[0].columns[0].startswith("costs")
    assert finding.assumptions[-1].owner == "playbook default"


def test_a_mark_of_the_clients_own_counts_and_shows_its_owner():
    line = "cloud warehouse, central: latency_hours = 0.1, B. Data"
    finding = decide(ask(latency_hours=0.1, cost_per_year=200), marks=[line])
    assert finding.decision.recommendation == marks.CLOUD  # as fast, and cheaper
    owners = {a.text.split(":")[0]: a.owner for a in finding.assumptions[:6]}
    assert owners["Cloud warehouse, central"] == "playbook default, except latency: B. Data"
    assert owners["Customer data platform"] == "playbook default"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a data lake: identity = 1, B. Data", "customer data platform"),
        ("customer data platform: beauty = 1, B. Data", "marks: latency_hours"),
        ("customer data platform: identity = 1", "option: mark = value, owner"),
        ("customer data platform: identity = 4, B. Data", "abilities are 0 to 1"),
        ("customer data platform: residency = 5, B. Data", "residency is 1, 2 or 3"),
        ("customer data platform: latency_hours = 0, B. Data", "above 0"),
    ],
)
def test_marks_that_cannot_be_read(line, words):
    with pytest.raises(InputError, match=words):
        marks.list_marks([line])


def test_single_marks_that_flip_by_hand():
    """Identity alone counts, need 1: marks .75 and .5, so one step either way draws level or flips."""
    wide = marks.spread_marks(marks.list_marks()).loc[[marks.COMPOSABLE, marks.CLOUD]]
    needs = {"identity": 1.0, "activation": np.nan, "governance": np.nan, "autonomy": np.nan}
    wanted = Wanted(gigabytes=0.0, latency_hours=np.nan, needs=needs, max_cost=np.nan)
    moves = move_marks(wide, pd.Series(dtype=float), wanted, {"identity": 1.0})
    assert len(moves) == 4 and not moves.flips.any()  # level: the first named stays first
    reverse = move_marks(wide.iloc[::-1], pd.Series(dtype=float), wanted, {"identity": 1.0})
    flips = reverse[reverse.flips]
    assert flips[["option", "step"]].to_numpy().tolist() == [[marks.CLOUD, 1], [marks.COMPOSABLE, -1]]


def test_raters_who_differ_are_shown():
    finding = decide(
        ask(latency_hours=0.4, cost_per_year=200),
        weighting=weigh({"latency": 0.9, "cost": 0.1}, {"latency": 0.1, "cost": 0.9}),
    )
    # within 24 minutes the warehouse is ten times too late: only its price speaks for it
    (said,) = [note for note in finding.notes if "geometric mean" in note]
    assert "They differ most on latency: 10 % for B, 90 % for A." in said
    assert (
        "they would choose differently: the customer data platform for A; the cloud warehouse, central for B"
        in said
    )


def test_robustness_and_override():
    own = Override(choice=marks.CDP, who="A. Boss", when="2026-01-05", why="a contract is signed")
    finding = decide(ask(latency_hours=4, cost_per_year=200), override=own)
    assert finding.decision.choice == marks.CDP
    assert finding.headline == (
        "The client chooses the customer data platform; the scores recommend the cloud warehouse, central."
    )
    assert 0 < finding.decision.robustness_share <= 1
    # activation: need .8, marks .25 and 1, so .4 and 1; level where .125(1 − w) = .6w: w = .1724
    assert finding.decision.robustness.endswith(
        "the customer data platform comes first once activation weighs 17 % instead of 0 %."
    )
    with pytest.raises(InputError, match="not an option"):
        decide(ask(latency_hours=4), override=replace(own, choice="a data lake"))


def test_limits_and_weights_that_cannot_be_used():
    with pytest.raises(InputError, match="state latency_hours with max"):
        decide(ask(speed=3))
    with pytest.raises(InputError, match="state latency_hours with max"):
        decide(ask(latency_hours=4).assign(min=4.0, max=np.nan))
    other = Weighting.model_validate(
        {"criteria": {"price": {"means": "price"}}, "raters": [{"name": "A", "weights": {"price": 1.0}}]}
    )
    with pytest.raises(InputError, match="name exactly these: volume, latency"):
        decide(ask(latency_hours=4), weighting=other)


def test_demand_by_hand():
    """Two years of one line a day and a half: 243 or 244 lines a year; texts of 3 characters, two numbers."""
    last = date(2025, 12, 31)
    days = [last - timedelta(days=n) for n in range(0, 800, 2)]  # every other day
    days += [last - timedelta(days=n) for n in range(1, 365, 2)]  # and in the last year every day
    lines = pd.DataFrame({"customer_id": "abc", "ordered_on": days, "net_revenue": 1.0})
    tables = {
        "transactions": ibis.memtable(lines),
        "customers": ibis.memtable(
            pd.DataFrame(
                {"customer_id": ["ab", "abcd"], "business_unit": ["x", "y"], "consent_email": [True, False]}
            )
        ),
        "source_records": ibis.memtable(pd.DataFrame({"source": ["crm", "erp", "crm"]})),
        "events": ibis.memtable(pd.DataFrame({"customer_id": ["a", None, "b", None]})),
        "campaigns": ibis.memtable(pd.DataFrame({"channel": ["email", "letter", "email"]})),
    }
    counts = pd.DataFrame(
        [(name, 100 * (name == "customers") or 10) for name in [*tables, "costs"]],
        columns=["table", "rows_used"],
    )
    everywhere = AccessGrant(role="board", detail="segments", regions=["all"], product_lines=["all"])
    north = AccessGrant(role="sales", detail="customers", regions=["north"], product_lines=["all"])
    found = measure_demand(
        tables, counts, as_of=last, jurisdictions=["EU", "DE"], access=[everywhere, north, everywhere]
    )
    assert found.lines_last_year == 365  # a line every day of the last 365
    # of the 365 days before, those at an even distance: 366, 368 … 728
    assert found.growth == pytest.approx(365 / 182 - 1)
    assert (found.systems, found.channels, found.domains) == (2, 2, 2)
    assert found.anonymous_share == 0.5
    assert (found.jurisdictions, found.consent_columns, found.grants, found.limited_grants) == (2, 1, 3, 1)
    sizes = found.volumes.set_index("table").gigabytes
    assert sizes["transactions"] == pytest.approx(10 * (3 + 16) / 1e9)
    # texts of 3 (mean of 2 and 4) and 1 characters, one flag
    assert sizes["customers"] == pytest.approx(100 * (3 + 1 + 8) / 1e9)
    assert np.isnan(sizes["costs"])  # counted, but not given to look at


def test_a_short_history_has_no_growth():
    lines = pd.DataFrame({"customer_id": "a", "ordered_on": [date(2025, 1, 1), date(2025, 6, 1)]})
    counts = pd.DataFrame({"table": ["transactions"], "rows_used": [2]})
    found = measure_demand({"transactions": ibis.memtable(lines)}, counts, as_of=date(2025, 12, 31))
    assert np.isnan(found.growth) and np.isnan(found.systems) and np.isnan(found.anonymous_share)
    finding = decide_platform_choice(found, currency="EUR", thresholds=ask(latency_hours=4), draws=20)
    assert {need.table for need in finding.needs} == {"engagement file", "source_records", "campaigns"}


def test_on_the_small_client(small_run):
    tables = {name: small_run.input(name) for name in small_run.report.columns}
    found = measure_demand(tables, small_run.input_counts(), as_of=small_run.as_of)
    finding = decide_platform_choice(found, currency=small_run.currency)
    assert finding.status == "not_run" and set(finding.table.table) == {
        "customers",
        "transactions",
        "products",
    }
