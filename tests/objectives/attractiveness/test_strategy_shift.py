"""The flip from growth to profit in the simulated client, against scores worked from its planted truth."""

import numpy as np
import pandas as pd
import pytest

from segutils.attractiveness.rules import read_rules
from segutils.attractiveness.samples import resample_groups
from segutils.engagement_terms import Criterion, Rater, Weighting
from segutils.objectives.attractiveness.strategy_shift import check_strategy_shift
from segutils.statistics.figure_sources import build_customer_figures

SCALES = {"market_growth": (-0.05, 0.10), "margin_rate": (0.0, 0.7), "reach": (0.0, 1.0)}
NOBODY_OUT = pd.DataFrame({"measure": [], "min": [], "max": [], "owner": []})


def weigh(weights: dict[str, float]) -> Weighting:
    criteria = {name: Criterion(means=name) for name in weights}
    return Weighting(criteria=criteria, raters=[Rater(name="Ann", weights=weights)])


GROWTH, PROFIT = ({"market_growth": g, "margin_rate": 1 - g} for g in (0.9, 0.1))


def check(client, groups, *, now=GROWTH, then=PROFIT):
    """Judged by attractiveness (nearly) alone, so that the planted figures decide."""
    figures = build_customer_figures(
        client.table("customers"),
        client.table("transactions"),
        as_of=client.as_of,
        market=client.table("market"),
    )
    common = {"measures": figures.measures, "scales": SCALES, "attractiveness_share": 1.0}
    rules = [read_rules(weigh(own), weigh({"reach": 1.0}), NOBODY_OUT, **common) for own in (now, then)]
    samples = resample_groups(figures, groups, resamples=100, seed=1)
    return check_strategy_shift(samples, *rules, figures)


@pytest.fixture(scope="module")
def segments(halden) -> pd.DataFrame:
    accounts = halden.planted("accounts")[["customer_id", "segment"]]
    return accounts.rename(columns={"segment": "group"})


@pytest.fixture(scope="module")
def planted(halden, segments) -> pd.DataFrame:
    """Growth and margin of each true segment: the true growth of markets by what it bought in them."""
    cells = halden.planted("market")
    cells = cells[cells.kind != "impossible"].groupby(["region", "industry"], as_index=False).growth.mean()
    lines = halden.table("transactions").to_pandas()
    year = lines[pd.to_datetime(lines.ordered_on).dt.year == halden.as_of.year]
    bought = year.groupby("customer_id").net_revenue.sum().astype(float).clip(lower=0).rename("bought")
    people = halden.table("customers").to_pandas()[["customer_id", "region", "industry"]]
    people = people.merge(segments, on="customer_id").merge(bought, on="customer_id").merge(cells)
    growth = (people.growth * people.bought).groupby(people["group"]).sum() / people.groupby(
        "group"
    ).bought.sum()
    money = halden.planted("cost_to_serve")
    money = money[money.year == halden.as_of.year].set_index("segment")
    return pd.DataFrame({"growth": growth, "margin": money.cm1.astype(float) / money.revenue.astype(float)})


def score(planted: pd.DataFrame, way: float) -> pd.Series:
    """The total at a place of the way, straight from the planted figures."""
    weight = 0.9 - 0.8 * way
    return weight * (planted.growth + 0.05) / 0.15 + (1 - weight) * planted.margin / 0.7


class TestPlantedTruth:
    def test_the_first_place_flips_where_the_planted_scores_are_level(self, halden, segments, planted):
        """Laboratories buy in the fastest growing markets, Maintenance crews earn the widest margin."""
        assert score(planted, 0).idxmax() == "labs" and score(planted, 1).idxmax() == "maintenance"
        gaps = pd.Series(
            {way: score(planted, way)["labs"] - score(planted, way)["maintenance"] for way in (0, 1)}
        )
        level = gaps[0] / (gaps[0] - gaps[1])  # straight lines meet there
        assert 0.2 < level < 0.98
        found = check(halden, segments)
        assert found.headline.startswith(
            "If weight moves from growth of the market a year to contribution margin as stated, maintenance "
            "overtakes labs as first target at"
        )
        said = float(found.headline.split("first target at ")[1].split(" %")[0]) / 100
        assert said == pytest.approx(level, abs=0.06)
        assert found.status == "caution" and found.figures[0].highlight == "labs"

    def test_places_today_and_then_are_the_planted_ones(self, halden, segments, planted):
        table = check(halden, segments).table.set_index("name")
        for column, way in (("rank_now", 0), ("rank_then", 1)):
            truth = score(planted, way)
            for one, two in ((a, b) for a in truth.index for b in truth.index):
                if truth[one] > truth[two] + 0.03:  # further apart than providers' figures err
                    assert table[column][one] < table[column][two], (column, one, two)

    def test_a_lead_on_both_holds_all_the_way(self, halden, segments, planted):
        """Of Laboratories, Legacy and Machine builders, the first leads in growth and in margin."""
        some = segments[segments["group"].isin(["labs", "legacy", "builders"])]
        truth = planted.loc[["labs", "legacy", "builders"]]
        assert (truth.idxmax() == "labs").all()
        found = check(halden, some)
        assert "labs stays first" in found.headline and "overtakes labs" not in found.headline
        assert any(
            "labs stays first all the way in 100 % of 100 other samples" in note for note in found.notes
        )


def test_where_all_are_alike_no_place_means_anything(null_halden):
    """Nothing planted: one verdict for all, no lead worth a name, and nothing said to be sure."""
    rng = np.random.default_rng(6)
    ids = null_halden.groups().customer_id
    drawn = pd.DataFrame({"customer_id": ids, "group": rng.integers(0, 4, len(ids)).astype(str)})
    found = check(null_halden, drawn)
    assert found.table.verdict.str.split(",").str[0].nunique() == 1  # one verdict for all
    line = found.figures[0].data
    at = line.groupby("share_of_the_way").score.agg(lambda scores: scores.max() - scores.min())
    assert at.max() < 0.05
    assert "first" in found.notes[0] and found.status == "caution"
    said = int(found.notes[0].split(" %")[0].split()[-1]) / 100
    assert said < 0.8  # how often the first holds or is overtaken as here


def test_not_run_without_the_weights_of_the_other_strategy(halden):
    figures = build_customer_figures(
        halden.table("customers"), halden.table("transactions"), as_of=halden.as_of
    )
    samples = resample_groups(figures, halden.groups(), resamples=5)
    now = read_rules(
        weigh({"margin_rate": 1.0}), weigh({"reach": 1.0}), NOBODY_OUT, measures=figures.measures
    )
    found = check_strategy_shift(samples, now, None, figures)
    assert found.status == "not_run" and found.needs[0].columns == ("weights: strategy-shift",)
