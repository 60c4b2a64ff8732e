"""Cohorts by hand, and segment effects against planted truth and an independent formula."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segutils.errors import InputError
from segutils.impact.value.cohorts import check_cohorts
from segutils.impact.value.retention import build_activity, build_cohorts, label_period, number_last_period
from segutils.impact.value.segment_effects import score_segment_effects

LAST_DAY = date(2024, 5, 15)  # April is the last complete month
LAST = number_last_period(LAST_DAY)
LINES = pd.DataFrame(
    [
        ("A", "o1", date(2024, 1, 3), 10.0),
        ("A", "o2", date(2024, 1, 9), 5.0),
        ("A", "o3", date(2024, 3, 1), 8.0),
        ("B", "o4", date(2024, 2, 29), 4.0),
        ("B", "o5", date(2024, 3, 31), 6.0),
        ("B", "o6", date(2024, 5, 1), 99.0),  # May is not complete
        ("C", "o7", date(2024, 4, 30), 7.0),
    ],
    columns=["customer_id", "order_id", "ordered_on", "net_revenue"],
)
SEGMENTS = pd.DataFrame({"customer_id": list("ABCD"), "segment": ["S1", "S2", "S2", "none"]})


def activity(frame: pd.DataFrame = LINES, **options) -> pd.DataFrame:
    lines = ibis.memtable(frame).cast({"ordered_on": "date"})
    return build_activity(lines, SEGMENTS, last_day=LAST_DAY, **options)


def test_activity_by_hand():
    rows = activity()
    labels = [(row.customer_id, label_period(row.period, months=1), row.revenue) for row in rows.itertuples()]
    assert labels == [
        ("A", "2024-01", 15),
        ("A", "2024-03", 8),
        ("B", "2024-02", 4),
        ("B", "2024-03", 6),
        ("C", "2024-04", 7),
    ]
    assert label_period(LAST, months=1) == "2024-04"
    quarters = activity(months_per_period=3)
    assert [label_period(number, months=3) for number in quarters["period"]] == ["2024 Q1", "2024 Q1"]


def test_a_return_is_no_order_but_lowers_revenue():
    returned = pd.DataFrame(
        [
            ("A", "r1", date(2024, 4, 2), -3.0),  # a month with nothing but a return
            ("C", "r2", date(2024, 2, 2), -1.0),  # of something bought before the data begins
            ("D", "r3", date(2024, 2, 2), -1.0),  # never bought anything
        ],
        columns=LINES.columns,
    )
    rows = activity(pd.concat([LINES, returned], ignore_index=True))
    assert rows.loc[rows["customer_id"] == "A", "ordered"].tolist() == [True, True, False]
    assert [label_period(n, months=1) for n in rows.loc[rows["customer_id"] == "C", "period"]] == ["2024-04"]
    assert "D" not in set(rows["customer_id"])
    monthly = build_cohorts(rows, last_period=LAST, months_per_cohort=1)
    january = monthly[(monthly["cohort"] == "2024-01") & (monthly["segment"] == "S1")]
    assert january["retained_share"].tolist() == [1, 0, 1, 0]
    assert january["revenue_per_customer"].tolist() == [15, 0, 8, -3]


def test_cohorts_by_hand():
    cohorts = build_cohorts(activity(), last_period=LAST)
    first = cohorts[(cohorts["cohort"] == "2024 Q1") & (cohorts["segment"] == "all")]
    # A and B; a month is shown only once the whole cohort, up to customers new in March, has reached it
    assert first["period_index"].tolist() == [0, 1]
    assert first["customers"].tolist() == [2, 2]
    assert first["retained_share"].tolist() == [1.0, 0.5]
    assert first["revenue_per_customer"].tolist() == [9.5, 3.0]
    monthly = build_cohorts(activity(), last_period=LAST, months_per_cohort=1)
    january = monthly[(monthly["cohort"] == "2024-01") & (monthly["segment"] == "S1")]
    assert january["retained_share"].tolist() == [1, 0, 1, 0]
    with pytest.raises(InputError, match="whole periods"):
        build_cohorts(
            activity(months_per_period=3), last_period=LAST, months_per_period=3, months_per_cohort=1
        )


def simulate(rng: np.random.Generator, *, customers: int, periods: int = 8) -> pd.DataFrame:
    """Activity with a planted segment effect of ±0.1 around the average, period shocks and loyal customers.

    Half of S2 enters late, when the shocks are high: raw shares mix the calendar into the segments.
    """
    segment = np.repeat([0, 1], customers // 2)
    entry = np.where((segment == 1) & (rng.random(customers) < 0.5), periods - 3, 0)
    shock = np.linspace(-0.15, 0.15, periods)
    loyalty = rng.uniform(-0.2, 0.2, customers)
    chance = 0.5 + np.array([0.1, -0.1])[segment][:, None] + loyalty[:, None] + shock[None, :]
    drawn = rng.random((customers, periods)) < chance
    drawn &= np.arange(periods) > entry[:, None]
    drawn[np.arange(customers), entry] = True
    who, period = np.nonzero(drawn)
    names = np.array(["S1", "S2"])
    return pd.DataFrame(
        {
            "customer_id": who.astype(str),
            "segment": names[segment[who]],
            "first_period": entry[who],
            "ordered": True,
            "period": period,
            "revenue": 20.0 * drawn[who, period],
        }
    )


def test_planted_effect_is_recovered_net_of_the_calendar():
    rows = simulate(np.random.default_rng(5), customers=20_000)
    effects = score_segment_effects(rows, last_period=7).set_index("segment")
    for segment, planted in (("S1", 0.1), ("S2", -0.1)):
        row = effects.loc[segment]
        assert row["active_low"] < planted < row["active_high"]
        assert row["active_effect"] == pytest.approx(planted, abs=0.01)
        assert row["revenue_effect"] == pytest.approx(20 * planted, abs=0.2)
    raw = effects.loc["S1", "active_share"] - effects.loc["S2", "active_share"]
    assert raw < 0.18  # without the calendar the difference of 0.2 is understated
    assert effects["customers"] @ effects["active_effect"] == pytest.approx(0, abs=1e-9)


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(120):
        row = score_segment_effects(simulate(rng, customers=200), last_period=7).iloc[0]
        covered += row["active_low"] < 0.1 < row["active_high"]
    assert stats.binomtest(covered, 120, 0.95).pvalue > 0.01


def test_balanced_panel_equals_the_difference_of_customer_means():
    rows = simulate(np.random.default_rng(2), customers=60)
    rows = rows[rows["first_period"] == 0]
    effects = score_segment_effects(rows, last_period=7).set_index("segment")
    later = rows[rows["period"] > 0].groupby(["segment", "customer_id"]).size() / 7
    people = rows.drop_duplicates("customer_id").set_index(["segment", "customer_id"]).index
    means = later.reindex(people, fill_value=0.0).groupby("segment")
    gap = means.mean()["S1"] - means.mean()["S2"]
    assert effects.loc["S1", "active_effect"] - effects.loc["S2", "active_effect"] == pytest.approx(gap)
    # where all customers are seen in all periods, the clustered variance is that of customer means times CR1
    n, rows_seen, coefficients = means.size(), 7 * len(people), 7 + 1
    variance = (means.var(ddof=0) / n).sum()
    factor = len(people) / (len(people) - 1) * (rows_seen - 1) / (rows_seen - coefficients)
    reach = stats.t.ppf(0.975, len(people) - 1) * np.sqrt(factor * variance)
    weight = n["S2"] / n.sum()  # S1's distance from the average is this share of the gap
    assert effects.loc["S1", "active_high"] - effects.loc["S1", "active_effect"] == pytest.approx(
        weight * reach
    )


def test_finding_says_that_the_first_cohort_is_not_new():
    rows = simulate(np.random.default_rng(3), customers=400)
    rows = rows.assign(period=rows["period"] + 24_288, first_period=rows["first_period"] + 24_288)
    cohorts = build_cohorts(rows, last_period=24_295)
    effects = score_segment_effects(rows, last_period=24_295)
    finding = check_cohorts(cohorts, effects, currency="EUR", max_entry_ratio=2.0)
    assert finding.status == "caution"
    assert "most of them were customers before" in finding.limits[0]
    assert finding.headline.startswith("Net of the calendar, S1 is active in ")
    assert [figure.kind for figure in finding.figures] == ["heatmap", "heatmap", "dot"]
    assert "2024 Q1 or earlier" in set(finding.figures[0].data["cohort"])
    assert finding.needs[0].table == "market"


def test_nobody_seen_twice_is_said():
    rows = activity()
    rows = rows[rows["period"] == rows["first_period"]]
    rows = rows.assign(first_period=LAST, period=LAST)
    cohorts = build_cohorts(rows, last_period=LAST)
    finding = check_cohorts(cohorts, score_segment_effects(rows, last_period=LAST), currency="EUR")
    assert finding.status == "not_run" and finding.needs


def test_one_segment_has_no_effect():
    rows = simulate(np.random.default_rng(3), customers=50).assign(segment="S1")
    effects = score_segment_effects(rows, last_period=7)
    assert effects["active_effect"].tolist() == [0.0] and effects["active_low"].isna().all()
    finding = check_cohorts(build_cohorts(rows, last_period=7), effects, currency="EUR", has_market=True)
    assert finding.headline.startswith("There is one segment and nothing to compare it with")


def test_bad_grain_is_refused():
    with pytest.raises(InputError, match="months_per_period is 2"):
        activity(months_per_period=2)
