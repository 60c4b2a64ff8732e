"""The scorecard's statuses, trends and sentences against a hand-written table."""

import numpy as np
import pandas as pd
import pytest

from segutils.impact.returns.board_scorecard import check_board_scorecard
from segutils.impact.returns.overview import check_overview, find_verdict
from segutils.impact.returns.scores import score_segments
from segutils.impact.returns.targets import check_targets

Q3, Q4 = "2024 Q3", "2024 Q4"
VALUES = {  # (segment, measure): value in Q3, value in Q4
    ("S1", "revenue_per_customer"): (100.0, 103.0),
    ("S2", "revenue_per_customer"): (50.0, 45.0),
    ("S3", "revenue_per_customer"): (10.0, 0.0),
    ("S1", "net_revenue"): (1000.0, 1030.0),
    ("S2", "net_revenue"): (1000.0, 900.0),
    ("S3", "net_revenue"): (50.0, 0.0),
    ("S1", "revenue_per_order"): (20.0, 20.1),
    ("S2", "revenue_per_order"): (20.0, 19.0),
    ("S3", "revenue_per_order"): (25.0, np.nan),
    ("S1", "customers"): (10.0, 10.0),
    ("S2", "customers"): (20.0, 20.0),
    ("S3", "customers"): (5.0, 5.0),
    ("S1", "share_of_revenue"): (1000 / 2050, 1030 / 1930),
    ("S2", "share_of_revenue"): (1000 / 2050, 900 / 1930),
    ("S3", "share_of_revenue"): (50 / 2050, 0.0),
    ("all", "net_revenue"): (2050.0, 1930.0),
    ("all", "customers"): (35.0, 35.0),
    ("all", "revenue_per_customer"): (2050 / 35, 1930 / 35),
    ("all", "revenue_growth"): (np.nan, 1930 / 2050 - 1),
}
KPIS = pd.DataFrame(
    [
        (segment, period, pd.Timestamp(start), measure, value)
        for (segment, measure), values in VALUES.items()
        for period, start, value in zip((Q3, Q4), ("2024-07-01", "2024-10-01"), values, strict=True)
    ],
    columns=["segment", "period", "period_start", "measure", "value"],
)
STABILITY = pd.DataFrame(
    {
        "segment": ["S1", "S2", "S3"],
        "jaccard": [0.75, 0.60, 0.59],
        "reading": ["valid", "pattern", "do not trust"],
        "kept_share": [0.9, 0.8, np.nan],
    }
)
NAMES = pd.DataFrame({"segment": ["S1", "S2", "S3"], "name": ["Frequent broad", "Steady", "Lapsing"]})
TARGETS = pd.DataFrame(
    [
        ("revenue_per_customer", "S1", 103.0, "Ann", ""),  # reached exactly
        ("revenue_per_customer", "Steady", 47.0, "Bob", ""),  # missed by 4.3 %, by name
        ("revenue_per_order", "S2", 20.0, "Bob", ""),  # missed by exactly 5 %
        ("revenue_per_order", "S3", 20.0, "Bob", ""),  # nothing measured
        ("net_revenue", "S2", 1000.0, "Bob", ""),  # missed by 10 %
        ("net_revenue", "", 1900.0, "Cleo", "Agreed in May."),  # all customers
        ("revenue_growth", "", -0.05, "Cleo", "Agreed in May."),  # missed by 0.85 points
        ("margin_rate", "", 0.3, "Cleo", ""),  # not measured in this run
    ],
    columns=["measure", "segment", "target", "owner", "note"],
)
NO_TARGETS = TARGETS.iloc[:0]


@pytest.fixture(scope="module")
def scorecard() -> pd.DataFrame:
    return score_segments(KPIS, STABILITY, NAMES, TARGETS)


def last(scorecard: pd.DataFrame, segment: str, measure: str) -> pd.Series:
    rows = scorecard[(scorecard["segment"] == segment) & (scorecard["measure"] == measure)]
    return rows[rows["period"] == Q4].iloc[0]


@pytest.mark.parametrize(
    ("segment", "measure", "status", "trend"),
    [
        ("S1", "revenue_per_customer", "pass", "up"),  # +3 %
        ("S2", "revenue_per_customer", "caution", "down"),
        ("S3", "revenue_per_customer", "info", "down"),
        ("S2", "revenue_per_order", "caution", "down"),
        ("S3", "revenue_per_order", "info", None),  # a missing value is no missed target
        ("S1", "revenue_per_order", "info", "flat"),  # +0.5 %
        ("S2", "net_revenue", "fail", "down"),
        ("all", "net_revenue", "pass", "down"),
        ("all", "revenue_growth", "caution", None),  # less than one point short
        ("S1", "jaccard", "pass", None),
        ("S2", "jaccard", "caution", None),
        ("S3", "jaccard", "fail", None),
        ("S1", "kept_share", "info", None),
    ],
)
def test_status_and_trend_by_hand(scorecard, segment, measure, status, trend):
    row = last(scorecard, segment, measure)
    assert row["status"] == status
    assert row["trend"] == trend or (trend is None and pd.isna(row["trend"]))


def test_columns_order_and_names(scorecard):
    expected = "segment name period measure actual previous target status trend owner"
    assert " ".join(scorecard.columns) == expected
    assert list(dict.fromkeys(scorecard["segment"])) == ["S1", "S2", "S3", "all"]
    assert last(scorecard, "all", "net_revenue")["name"] == "All customers"
    assert last(scorecard, "S1", "net_revenue")["previous"] == 1000
    growth = scorecard[scorecard["measure"] == "revenue_growth"]
    assert set(growth["segment"]) == {"all"}  # not a measure of every page: only where it has a target


def test_previous_is_the_same_season_once_there_is_one():
    starts = pd.date_range("2023-01-01", periods=5, freq="QS")
    kpis = pd.DataFrame(
        {
            "segment": "S1",
            "period": [f"{start.year} Q{start.quarter}" for start in starts],
            "period_start": starts,
            "measure": "net_revenue",
            "value": [10.0, 20.0, 30.0, 40.0, 11.0],
        }
    )
    card = score_segments(kpis, STABILITY.iloc[:1], NAMES, NO_TARGETS)
    row = card[(card["period"] == "2024 Q1") & (card["measure"] == "net_revenue")].iloc[0]
    assert (row["previous"], row["trend"]) == (10.0, "up")


def test_pages_are_the_same_for_every_segment(scorecard):
    finding = check_board_scorecard(scorecard, currency="USD")
    assert list(dict.fromkeys(finding.table["segment"])) == NAMES["name"].tolist()
    pages = {figure.highlight: figure for figure in finding.figures if figure.highlight}
    assert list(pages) == NAMES["name"].tolist()
    assert {figure.kind for figure in pages.values()} == {"line"}
    first = pages["Frequent broad"].data
    assert all(figure.data.equals(first) for figure in pages.values())  # same scale, same order
    assert pages["Frequent broad"].title == (
        "“Frequent broad” (S1): net revenue per customer rose by 3.0 % from 2024 Q3 to 2024 Q4, to USD 103, "
        "at or above its target of USD 103"
    )
    assert pages["Steady"].title.endswith(
        "fell by 10.0 % from 2024 Q3 to 2024 Q4, to USD 45, below its target of USD 47"
    )
    assert pages["Lapsing"].title == (
        "“Lapsing” (S3): net revenue per customer fell by 100.0 % from 2024 Q3 to 2024 Q4, to USD 0; the "
        "segment is too unstable to steer by"
    )
    assert pages["Steady"].reference == 47 and pages["Lapsing"].reference is None
    assert finding.status == "caution"
    assert finding.headline == (
        "From 2024 Q3 to 2024 Q4, net revenue per customer rose in 1 of 3 segments, most in “Frequent broad” "
        "(+3.0 %); reliable in repeated samples: 1 of 3; segment targets reached: 1 of 4."
    )


def test_what_is_asked_of_the_board(scorecard):
    table = check_board_scorecard(scorecard, currency="USD").table
    asked = table[table["decision_asked"] != ""].set_index(["segment", "measure"])["decision_asked"]
    assert asked.to_dict() == {
        ("Steady", "Net revenue"): "Bob: a plan to reach the target, or a new one",
        ("Steady", "Stability in repeated samples (Jaccard)"): "Use as a working aid only",
        ("Lapsing", "Stability in repeated samples (Jaccard)"): "Do not steer by this segment",
    }
    assert np.isnan(table.loc[table["measure"] == "Net revenue per order", "actual"].tolist()[-1])


def test_values_stay_numbers_in_the_units_of_their_rows(scorecard):
    """By hand from VALUES: USD 50 to 45 is −10 %; 900 of 1,930 after 1,000 of 2,050 is −2.15 points."""
    finding = check_board_scorecard(scorecard, currency="USD")
    steady = finding.table[finding.table["segment"] == "Steady"].set_index("measure")
    row = steady.loc["Net revenue per customer"]
    assert row[["actual", "previous", "target"]].tolist() == [45.0, 50.0, 47.0]
    assert row["change"] == pytest.approx(-0.1) and row["change_unit"] == "change"
    assert row["unit"].startswith("money")
    share = steady.loc["Share of net revenue"]
    assert share["change"] == pytest.approx(-0.0215, abs=5e-5) and share["change_unit"] == "points"
    business = check_targets(scorecard, TARGETS).table.set_index("measure")
    growth = business.loc["Growth on the quarter before"]
    assert [growth["actual"], growth["target"]] == pytest.approx([1930 / 2050 - 1, -0.05])
    assert finding.formats["actual"] == "by:unit"


def test_targets_of_the_business_and_those_that_fit_nothing(scorecard):
    finding = check_targets(scorecard, TARGETS)
    assert finding.status == "caution"
    assert finding.headline == (
        "In 2024 Q4, 1 of 2 targets for the business as a whole was reached; missed: growth on "
        "the quarter before."
    )
    assert finding.limits == [
        "The target for margin_rate (Cleo) fits no measure and segment of this run: it was not used."
    ]
    cleo = next(item for item in finding.assumptions if item.owner == "Cleo")
    assert cleo.text.startswith("These targets are stated, not derived: net revenue,")
    assert cleo.text.endswith("Agreed in May.")


def test_without_targets_nothing_is_invented():
    card = score_segments(KPIS, STABILITY, NAMES, NO_TARGETS)
    finding = check_targets(card, NO_TARGETS)
    assert finding.status == "not_run" and finding.needs[0].table == "targets"
    pages = check_board_scorecard(card, currency="USD")
    assert "no segment has a target of its own yet" in pages.headline
    assert set(card.loc[card["measure"] != "jaccard", "status"]) == {"info"}


def test_single_quarter():
    card = score_segments(KPIS[KPIS["period"] == Q4], STABILITY, NAMES, NO_TARGETS)
    finding = check_board_scorecard(card, currency="USD")
    assert finding.headline.startswith("2024 Q4 is the first quarter on the scorecard of 3 segments")
    assert (
        finding.figures[0].title == "“Frequent broad” (S1): net revenue per customer was USD 103 in 2024 Q4"
    )
    assert card["previous"].isna().all() and card["trend"].isna().all()
    overview = check_overview(KPIS[KPIS["period"] == Q4], card, STABILITY, NAMES, verdict="natural")
    assert "2024 Q4 is the first quarter" in overview.headline


def test_overview_does_not_claim_more_than_stability_allows(scorecard):
    finding = check_overview(KPIS, scorecard, STABILITY, NAMES, verdict="reproducible")
    assert finding.status == "caution"
    # both quarters: S1 2,030 of 3,980, S1's 10 of 35 customers
    assert finding.headline == (
        "Of 3 segments, “Frequent broad” brings most: 29 % of the 35 buyers account for 51 % of net "
        "revenue. The data shows no gaps between groups, but new samples cut into as many give "
        "nearly the same ones, except “Steady” and “Lapsing”, to be used as a working aid only; in 2024 Q4 "
        "net revenue fell by 5.9 % on the quarter before, season included, and 1 of 2 targets was reached."
    )
    weak = STABILITY.assign(jaccard=0.5)
    shaky = check_overview(KPIS, scorecard, weak, NAMES, verdict="reproducible")
    assert shaky.status == "fail"
    assert "nearly the same" not in shaky.headline and "working aid only" in shaky.headline
    missed = score_segments(KPIS, STABILITY, NAMES, TARGETS.assign(target=TARGETS["target"] * 2))
    assert check_overview(KPIS, missed, STABILITY, NAMES, verdict="constructive").headline.endswith(
        "fell by 5.9 % on the quarter before, season included, and action is asked on net revenue."
    )
    chance = check_overview(KPIS, scorecard, STABILITY.assign(jaccard=0.9), NAMES, verdict="none")
    assert chance.status == "fail" and "no tighter than chance" in chance.headline
    selection = pd.DataFrame({"k": [2, 3], "chosen": [False, True], "verdict": ["natural", "constructive"]})
    assert find_verdict(selection) == "constructive"
    assert find_verdict(selection.assign(chosen=False)) == "one"
    assert find_verdict(selection.assign(chosen=False, verdict="none")) == "none"
    firm = check_overview(KPIS, scorecard, STABILITY.assign(jaccard=0.9), NAMES, verdict="natural")
    assert "working aid" not in firm.headline
    assert "The data itself shows these groups" in firm.headline


def test_one_segment_is_not_called_reliable_nor_compared():
    one = KPIS[KPIS["segment"].isin(["S1", "all"])]
    names, alone = NAMES[NAMES["segment"] == "S1"], STABILITY[STABILITY["segment"] == "S1"]
    scored = score_segments(one, alone.assign(jaccard=float("nan")), names, TARGETS.head(0))
    noise = check_overview(one, scored, alone, names, verdict="none")
    assert noise.status == "fail" and "does not support segmenting" in noise.headline
    chosen = check_overview(one, scored, alone, names, verdict="one")
    assert chosen.status != "fail" and "No cut into more was recommended or chosen" in chosen.headline
    pages = check_board_scorecard(scored, currency="USD")
    assert "reliable" not in pages.headline and "of 1" not in pages.headline
