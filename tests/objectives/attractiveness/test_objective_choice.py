"""Which objective comes first: by hand, against planted churn and markets, and where nothing is planted."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder, build_margin_ladder
from segutils.objectives.attractiveness.margin_stakes import MARGIN
from segutils.objectives.attractiveness.market_stakes import (
    ABSENT,
    FOLLOW,
    LAG,
    LEAD,
    CellStakes,
    measure_markets,
)
from segutils.objectives.attractiveness.money_words import say_money, say_span
from segutils.objectives.attractiveness.objective_choice import decide_objective_choice
from segutils.objectives.attractiveness.objective_scores import (
    KEEP,
    break_even_loss,
    count_first,
    count_once,
    find_flips,
    score_objectives,
    value_target,
)
from segutils.objectives.attractiveness.retention_stakes import NO_GROUP, RetentionStakes, measure_retention
from segutils.objectives.attractiveness.stakes import LEAVING, Stakes, build_stakes

SAMPLES = 400
STATED = pd.DataFrame(
    [
        ("Grow", "growth", "revenue_growth", 0.1, date(2026, 12, 31), 0.5, "Ann"),
        ("Be seen", "share", "market_share", 0.2, date(2027, 12, 31), 0.25, "Bob"),
        ("Keep", "retention", "retention_rate", 0.9, date(2026, 12, 31), 1.0, "Cid"),
        ("Depend less", "diversification", "top_share", 0.5, date(2028, 12, 31), 0.2, "Ann"),
    ],
    columns=["goal", "kind", "measure", "target", "by", "capacity", "owner"],
)
NONE = STATED.iloc[:0]


def make_stakes(
    values: dict[str, float], *, spread: float = 0.0, both: float = 0.0, seed: int = 1, basis: str = "CM2"
) -> Stakes:
    """Stakes of one group by hand: each kind's value with normal noise of `spread` times the value."""
    rng = np.random.default_rng(seed)
    draws = {kind: value * rng.normal(1, spread, SAMPLES) for kind, value in values.items()}
    rows = []
    for kind, value in values.items():
        ends = np.quantile(draws[kind], [0.025, 0.975])
        rows.append((kind, "", value, *ends))
        if kind == "growth":
            rows += [(kind, FOLLOW, value - both, *ends), (kind, LAG, both, *ends)]
    table = pd.DataFrame(rows, columns=["kind", "part", "value", "low", "high"])
    amounts = {REVENUE: np.full((1, 4), 250.0)}
    if basis != REVENUE:
        amounts |= {"CM1": np.full((1, 4), 125.0), "CM2": np.full((1, 4), 100.0)}
    ladder = MarginLadder(
        customer_id=np.array(["a"]),
        quarters=(date(2025, 12, 31),),
        amounts=amounts,
        means={"CM2": "after serving"},
    )
    groups = pd.DataFrame(
        {
            **{"group": ["Plants"], "customers": [100], "active": [80.0], "base": [500.0]},
            **{"leaving": [0.2], "leaving_low": [0.1], "leaving_high": [0.3], "base_leaving": [0.1]},
            **{"at_risk": [50.0], "at_risk_low": [40.0], "at_risk_high": [60.0]},
            **{"expected": [np.nan], "came": [np.nan]},
        }
    )
    drawn = np.full((SAMPLES, 1), 50.0)
    each = [("Plants", kind, "", value, value, value) for kind, value in values.items()]
    horizons = [(years, kind, value) for years in (1, 2) for kind, value in values.items()]
    return Stakes(
        values=table,
        draws=draws,
        groups=pd.DataFrame(each, columns=["group", "kind", "part", "value", "low", "high"]),
        horizons=pd.DataFrame(horizons, columns=["years", "kind", "value"]),
        present={
            "top_share": 0.6,
            "revenue_growth": 0.03,
            "market_share": 0.1,
            "retention_rate": 0.8,
            "margin_rate": 0.5,
        },
        scope={"revenue": 1000, "margin": 400, "active_margin": 500, "top_margin": 400, "market": 10_000},
        group_revenue={"Plants": 1000.0},
        top_group="Plants",
        ladder=ladder,
        retention=RetentionStakes(groups=groups, draws=drawn, leaving_draws=np.full((SAMPLES, 1), 0.2)),
        markets=None,
        margins=None,
        needs=(),
        horizon_years=1.0,
    )


FIVE = {"growth": 100.0, "share": 160.0, "retention": 30.0}  # times capacity 50, 40, 30


class TestScores:
    def test_by_hand(self):
        found = score_objectives(make_stakes(FIVE), STATED)
        assert found.option.to_list() == ["Growth", "Share", "Retention", KEEP, "Diversification"]
        assert found.within_capacity[:4].to_list() == [50.0, 40.0, 30.0, 0.0]
        assert found.first_samples.to_list() == [1.0, 0.0, 0.0, 0.0, 0.0]  # nothing is uncertain in the data
        assert found.first_equal[1] == 1.0  # with equal capacities share has most
        assert 0.5 < found.first_capacities[0] < 0.9
        assert found.first_capacities.sum() == pytest.approx(1.0)

    def test_flips_are_exact(self):
        """Share draws level at 50/160, growth falls to it at 40/100, share would need 50/0.25 at stake."""
        flips = find_flips(score_objectives(make_stakes(FIVE), STATED)).set_index("option")
        share = flips.loc["Share"]
        assert share[["flip_capacity", "leader_capacity", "flip_value"]].to_list() == [0.3125, 0.4, 200.0]
        assert np.isnan(flips.flip_capacity["Retention"])  # even all of its 30 is less than 50
        assert flips.flip_value["Retention"] == 50.0
        moved = STATED.assign(capacity=STATED.capacity.where(STATED["kind"] != "share", 0.3126))
        assert score_objectives(make_stakes(FIVE), moved).option[0] == "Share"

    def test_capacities_that_nobody_stated(self):
        some = STATED.assign(capacity=STATED.capacity.where(STATED["kind"] != "share"))
        found = score_objectives(make_stakes(FIVE), some).set_index("kind")
        assert (
            found.capacity["share"] == pytest.approx((0.5 + 1.0 + 0.2) / 3) and not found.is_stated["share"]
        )
        assert (score_objectives(make_stakes(FIVE), NONE).capacity.dropna() == 1.0).all()

    def test_first_counts_nothing_below_zero(self):
        values = np.array([[1.0, 2.0], [3.0, 2.0], [-1.0, -2.0], [0.0, 0.0]])
        assert count_first(values).tolist() == [0.25, 0.25, 0.5]

    def test_targets_in_money(self):
        """At a margin of 40 %: 10 % growth of 1,000; 10 points of a market of 10,000; 10 points of 500."""
        stakes = make_stakes(FIVE)
        assert value_target(stakes, STATED, "growth") == pytest.approx(0.1 * 1000 * 0.4)
        assert value_target(stakes, STATED, "share") == pytest.approx(0.1 * 10_000 * 0.4)
        assert value_target(stakes, STATED, "retention") == pytest.approx(0.1 * 500)
        assert np.isnan(value_target(stakes, STATED, "profitability"))
        other = STATED.assign(measure="shelf_share")
        assert np.isnan(value_target(stakes, other, "share"))

    def test_how_likely_the_largest_group_must_be_lost(self):
        """Growth has 50 within capacity; diversification 0.2 × 400 × the chance."""
        stakes = make_stakes(FIVE)
        assert break_even_loss(score_objectives(stakes, STATED), stakes) == pytest.approx(50 / 80)
        unable = STATED.assign(capacity=STATED.capacity.where(STATED["kind"] != "diversification", 0.1))
        assert np.isnan(break_even_loss(score_objectives(stakes, unable), stakes))

    def test_what_is_counted_twice(self):
        """Of growth's 100, 60 are in share's 160, too: growth has 20 without, share 25."""
        stakes = make_stakes(FIVE, both=60.0)
        scores = score_objectives(stakes, STATED)
        assert count_once(stakes, scores) == {"growth": "Growth", "share": "Share"}
        assert count_once(make_stakes(FIVE), scores) == {}


class TestFinding:
    def test_a_clear_lead(self):
        found = decide_objective_choice(
            make_stakes(FIVE | {"growth": 400.0}, spread=0.05), STATED, currency="EUR"
        )
        assert found.status == "pass" and found.decision.recommendation == "Growth"
        assert found.decision.robustness_share > 0.99
        assert "Growth comes first: EUR 400 a year is at stake, EUR 200 of it" in found.headline
        assert (
            "share if" in found.decision.robustness and "EUR 800 were at stake" in found.decision.robustness
        )
        assert {figure.kind for figure in found.figures} == {"dot", "bar"}
        assert list(found.table.columns) == [
            *("objective", "at_stake", "low", "high", "capacity", "within_capacity", "made_of", "target")
        ]
        assert any("chance of losing all of it" in note or "certain loss" in note for note in found.notes)

    def test_a_lead_that_hangs_on_what_is_counted_twice_is_said_to(self):
        found = decide_objective_choice(
            make_stakes(FIVE | {"growth": 120.0}, both=90.0), STATED, currency="EUR"
        )
        assert found.status == "caution" and "but share leads if what both count" in found.headline
        assert any("EUR 90 is counted in growth and in share" in note for note in found.notes)

    def test_nothing_at_stake_is_no_reason_to_change(self):
        found = decide_objective_choice(
            make_stakes({"growth": -10.0, "share": -5.0, "retention": 0.0}), STATED, currency="EUR"
        )
        assert found.decision.recommendation == KEEP and found.status == "caution"
        assert "no reason to change course" in found.headline

    def test_a_gap_that_is_most_likely_none_is_no_reason_either(self):
        """A gap is never below 0: a mean above 0 says nothing where it is 0 in two of three cases."""
        stakes = make_stakes({"growth": -10.0, "share": 5.0, "retention": 0.0})
        stakes.draws["share"][:] = np.where(np.arange(SAMPLES) % 3 == 0, 15.0, 0.0)
        found = decide_objective_choice(stakes, STATED, currency="EUR")
        assert found.decision.recommendation == KEEP
        stakes.draws["share"][:] = np.where(np.arange(SAMPLES) % 3 == 0, 0.0, 7.5)
        assert decide_objective_choice(stakes, STATED, currency="EUR").decision.recommendation == "Share"

    def test_one_objective_alone_is_no_choice(self):
        found = decide_objective_choice(make_stakes({"retention": 30.0}, basis=REVENUE), NONE, currency="USD")
        assert found.decision is None and found.status == "caution"
        assert found.headline.startswith("Retention is the only objective that can be valued: USD 30 of net")
        assert any("objectives: goal" in " ".join(need.columns) for need in found.needs)
        assert "capacity" not in found.table.columns
        assert found.table.set_index("objective").at_stake.notna().sum() == 1

    def test_the_clients_own_choice(self):
        own = Override(choice="Share", who="Bob", when="2026-01-01", why="the plants decide now")
        found = decide_objective_choice(make_stakes(FIVE), STATED, currency="EUR", override=own)
        assert found.decision.choice == "Share" and found.decision.recommendation == "Growth"
        assert found.headline == "The client puts share first; its numbers recommend growth."
        wrong = Override(choice="Fame", who="Bob", when="2026-01-01", why="why not")
        with pytest.raises(InputError, match="Fame"):
            decide_objective_choice(make_stakes(FIVE), STATED, currency="EUR", override=wrong)

    def test_a_target_beyond_all_evidence_is_named(self):
        """Share's target is worth 400 a year, at stake are 160."""
        found = decide_objective_choice(make_stakes(FIVE), STATED, currency="EUR")
        assert any("target for share asks for 2 times" in note or "3 times" in note for note in found.notes)


class TestWords:
    @staticmethod
    def say_gaps(**given) -> str:
        """The note on what share compares, of three comparable markets of which two lag."""
        cells = pd.DataFrame(
            {"block": "x", "cell": list("abc"), "lags": [True, True, False]}
            | {"market_size": 100.0, "net_revenue": 10.0}
        )
        markets = CellStakes(cells=cells, blocks=pd.DataFrame(), compared="regions", **given)
        stakes = replace(make_stakes(FIVE, both=60.0), markets=markets)
        found = decide_objective_choice(stakes, STATED, currency="EUR")
        return next(note for note in found.notes if note.startswith("Share compares"))

    def test_what_the_interval_of_the_gap_holds(self):
        note = self.say_gaps(parts=3, has_rivals=True)
        assert "over 3 years: 2 of 3 markets lag behind the best one beyond chance" in note
        assert "holds that luck, the doubt which market is best and how far providers disagree" in note
        assert "providers" not in self.say_gaps(parts=3)

    def test_markets_that_are_most_likely_alike_are_told_to_be(self):
        note = self.say_gaps(parts=3, alike=0.7)
        assert "more likely than not (70 %) comparable markets all have the same share" in note
        assert "beyond chance" not in note

    def test_one_year_is_told_to_rest_on_single_customers(self):
        assert "in the one year on record" in self.say_gaps(parts=1)

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (7_103_619, "EUR 7.1 million"),
            (145_874, "EUR 146,000"),
            (-1_442_338, "EUR −1.4 million"),
            (4_304, "EUR 4,300"),
            (12.4, "EUR 12"),
            (999_700, "EUR 1.0 million"),
            (123_456_789, "EUR 123 million"),
            (float("nan"), "–"),
        ],
    )
    def test_money(self, value, words):
        assert say_money(value, "EUR") == words

    def test_span(self):
        assert say_span(4_300_000, 9_800_000, "EUR") == "EUR 4.3 to 9.8 million"
        assert say_span(781_000, 1_354_000, "EUR") == "EUR 781,000 to 1.4 million"


class TestPlantedChurn:
    def test_who_is_still_there_is_counted(self, halden, true_stakes):
        """Shares and margin that leave are held against planted truth in test_retention_stakes."""
        found = true_stakes.retention.groups.set_index("group")
        accounts = halden.planted("accounts")
        gone = accounts.never_buys | (pd.to_datetime(accounts.churned_on) <= pd.Timestamp(halden.as_of))
        for name in found.index.drop("legacy"):
            there = (~gone)[accounts.segment == name].sum()
            assert found.active[name] == pytest.approx(there, rel=0.06)

    def test_the_held_out_year_comes_as_expected(self, true_stakes):
        """Out of sample: fitted on two years, held against the third; the declining segment is off."""
        table = true_stakes.retention.groups.set_index("group")
        off = table.expected / table.came - 1
        assert off.drop("legacy").abs().max() < 0.15 and off["legacy"] > 0.2
        assert true_stakes.retention.held_out_days == 365

    def test_by_the_clients_own_groups_margin_leaves_more_slowly_than_heads(self, halden, true_ladder):
        """In Aftermarket many are Legacy pneumatics (16 % leave) who bring nothing: heads would overstate."""
        groups = halden.groups()
        found = measure_retention(
            *(halden.table("customers"), halden.table("transactions"), groups, true_ladder),
            **{"as_of": halden.as_of, "resamples": 200, "seed": 3},
        ).groups.set_index("group")
        filed = groups.merge(halden.planted("accounts")[["customer_id", "segment"]], on="customer_id")
        hazard = halden.planted("segments").set_index("segment").churn_a_year
        worth = (
            pd.Series(true_ladder.last_year("CM2")).rename("worth").rename_axis("customer_id").reset_index()
        )
        filed = filed.merge(worth, on="customer_id").assign(
            leaves=lambda t: -np.expm1(-t.segment.map(hazard)), worth=lambda t: t.worth.clip(lower=0)
        )
        inside = filed[filed["group"] == "Aftermarket"]
        by_worth = (inside.worth * inside.leaves).sum() / inside.worth.sum()
        row = found.loc["Aftermarket"]
        assert row.at_risk_low < by_worth * row.base < row.at_risk_high
        assert row.base_leaving < 0.8 * row.leaving

    def test_small_groups_leave_as_all_do(self, halden, true_ladder):
        few = halden.groups().groupby("group").head(20)
        tables = (halden.table("customers"), halden.table("transactions"))
        given = {"as_of": halden.as_of, "resamples": 10, "seed": 1}
        found = measure_retention(*tables, few, true_ladder, **given).groups.set_index("group")
        small = found.drop(index=NO_GROUP).leaving
        assert small.nunique() == 1 and found.customers[NO_GROUP] > 2000
        alone = measure_retention(*tables, few, true_ladder, with_others=False, **given).groups
        assert NO_GROUP not in set(alone["group"])


class TestNull:
    def test_no_gap_is_found_where_all_cells_are_alike(self, null_stakes):
        """Planted: every cell has the same share and grows by 3 % a year."""
        parts = null_stakes.values.set_index("part")
        assert parts.low[LEAD] == 0 and parts.low[LAG] == 0 and parts.low[MARGIN] == 0
        assert null_stakes.markets.values[ABSENT].sum() == 0
        cells = null_stakes.markets.cells
        assert not cells.lags.any() and null_stakes.markets.alike > 0.25
        # in one year's figures alone, chance makes a gap of a quarter of all sales
        naive = cells.assign(share=cells.net_revenue / cells.market_size)
        naive["aim"] = naive.groupby("block").share.transform("max")
        by_luck = ((naive.aim - naive.share) * naive.market_size).sum() / naive.net_revenue.sum()
        rate = null_stakes.scope["margin"] / null_stakes.scope["revenue"]
        assert parts.value[LEAD] < 0.1 * by_luck * naive.net_revenue.sum() * rate
        rate = null_stakes.scope["margin"] / null_stakes.scope["revenue"]
        assert parts.value[FOLLOW] == pytest.approx(0.03 * cells.net_revenue.sum() * rate, rel=0.1)

    def test_the_planted_churn_is_found_there_too(self, null_halden, null_stakes):
        hazard = null_halden.planted("segments").churn_a_year
        assert hazard.nunique() == 1
        groups = null_stakes.retention.groups
        leaving = -np.expm1(-hazard.iloc[0])
        assert ((groups.leaving_low < leaving) & (leaving < groups.leaving_high)).mean() >= 0.8

    def test_neither_share_nor_profitability_is_recommended(self, null_stakes):
        found = decide_objective_choice(null_stakes, NONE, currency="EUR", seed=1)
        assert found.decision.recommendation in ("Growth", "Retention") and found.status == "caution"


class TestMissing:
    def test_no_market_no_country(self, halden, true_groups, true_ladder):
        people = halden.table("customers").drop("country", "region")
        found = build_stakes(
            *(people, halden.table("transactions"), true_groups, true_ladder),
            **{"as_of": halden.as_of, "resamples": 20, "seed": 1},
        )
        assert found.totals.index.to_list() == ["retention"]
        assert [need.table for need in found.needs] == ["market", "customers"]
        assert found.values["part"].to_list() == ["", LEAVING]

    def test_a_market_that_shares_no_column_with_the_customers(self, halden, true_groups, true_ladder):
        people = halden.table("customers").drop("industry", "region")
        assert (
            measure_markets(
                *(halden.table("market"), people, halden.table("transactions"), true_groups, true_ladder),
                as_of=halden.as_of,
            )
            is None
        )

    def test_without_margins_everything_is_in_revenue(self, halden, true_groups):
        bare = halden.table("transactions").drop("contribution_margin", "unit_cost")
        people = halden.table("customers")
        ladder = build_margin_ladder(people, bare, as_of=halden.as_of)
        found = build_stakes(
            *(people, bare, true_groups, ladder),
            **{"as_of": halden.as_of, "market": halden.table("market"), "resamples": 20, "seed": 1},
        )
        assert found.margins is None and "profitability" not in found.totals.index
        growth = found.markets.cells
        assert growth[FOLLOW].sum() == pytest.approx((growth.net_revenue * growth.growth).sum())
