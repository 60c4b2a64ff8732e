"""Which objective comes first: by hand, against planted churn and markets, and where nothing is planted."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.attractiveness.gaps import BEST, measure_gaps
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder, build_margin_ladder
from segutils.objectives.attractiveness.margin_stakes import MARGIN, measure_breadth, measure_margins
from segutils.objectives.attractiveness.market_stakes import ABSENT, FOLLOW, LAG, LEAD, measure_markets
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
from segutils.objectives.attractiveness.order_days import read_order_days
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


class TestOrderDays:
    def test_by_hand(self):
        """a signed up on 1 January; b never did, so its first order starts the clock; c came too late."""
        people = pd.DataFrame(
            {"customer_id": ["a", "b", "c"], "signup_date": [date(2024, 1, 1), None, date(2024, 12, 31)]}
        )
        rows = [
            ("a", "1", "2024-01-01"),
            ("a", "2", "2024-07-01"),
            ("a", "2", "2024-07-02"),
            ("a", "3", "2024-07-01"),
        ]
        rows += [("b", "4", "2024-03-01"), ("b", "5", "2024-06-01"), ("a", "6", "2024-12-31")]
        lines = pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_on"])
        lines["ordered_on"] = pd.to_datetime(lines.ordered_on).dt.date
        lines["net_revenue"] = 10.0
        lines.loc[len(lines)] = ["b", "7", date(2024, 8, 1), -5.0]  # a return is no order
        found = read_order_days(
            *(ibis.memtable(people), ibis.memtable(lines)),
            **{"cut": date(2024, 9, 30), "until": date(2024, 12, 31), "since": date(2024, 5, 1)},
        )
        assert found.customer_id.tolist() == ["a", "b"]
        assert found.histories.purchases.tolist() == [2, 1]  # orders 2 and 3 of a are of one day
        days = [274, 213]  # from 31 December and from 1 March to 30 September
        assert found.histories.seen * 365.25 == pytest.approx(days)
        assert found.histories.last * 365.25 == pytest.approx([183, 92])
        assert found.counted.tolist() == [1, 1] and found.later.tolist() == [1, 0]


class TestPlantedChurn:
    def test_share_leaving_and_margin_at_risk(self, halden, true_stakes):
        """Planted: a constant hazard of the true segment; 1 − exp(−hazard) leave within a year.

        Legacy pneumatics is left out: its orders decline by 30 % a year besides (decline_a_year), which any
        model of silence takes for leaving in part; it must lie above. Five groups at once: each is within 2.8
        standard deviations of its samples (99.5 %), so that all are with 97.5 %.
        """
        planted = halden.planted("segments").set_index("segment")
        leaving = -np.expm1(-planted.churn_a_year)
        found = true_stakes.retention.groups.set_index("group")
        accounts = halden.planted("accounts")
        gone = accounts.never_buys | (pd.to_datetime(accounts.churned_on) <= pd.Timestamp(halden.as_of))
        truth = halden.planted("cost_to_serve")
        margin = truth[truth.year == 2025].set_index("segment").cm2.astype(float)
        steady = [name for name in found.index if planted.decline_a_year[name] == 0]
        assert len(steady) == 5
        spread = {
            part: pd.Series(getattr(true_stakes.retention, part).std(axis=0), index=found.index)
            for part in ("leaving_draws", "draws")
        }
        for name in steady:
            row = found.loc[name]
            assert abs(row.leaving - leaving[name]) < 2.8 * spread["leaving_draws"][name]
            # about half of those who left within 2025 are still in its margin
            expected = leaving[name] * margin[name] * (1 - leaving[name] / 2)
            assert abs(row.at_risk - expected) < 2.8 * spread["draws"][name]
            assert row.active == pytest.approx((~gone)[accounts.segment == name].sum(), rel=0.06)
        assert found.leaving["legacy"] > leaving["legacy"]

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


class TestPlantedMarkets:
    def test_growth_at_todays_share(self, halden, true_stakes):
        """Planted: own sales of 2025 by cell, times the industry's growth, at the margin after serving."""
        truth = halden.planted("market")
        last = truth[(pd.to_datetime(truth.period) == "2025-01-01") & (truth.kind == "regular")]
        sold = halden.planted("cost_to_serve")
        sold = sold[sold.year == 2025]
        rate = float(sold.cm2.sum()) / float(sold.revenue.sum())
        expected = (last.net_revenue * last.growth).sum() * rate
        row = true_stakes.values.set_index("part").loc[FOLLOW]
        assert row.low < expected < row.high and row.value == pytest.approx(expected, rel=0.15)

    def test_gap_to_the_best_cell_lies_between_the_two_ways_to_measure_it(self, halden, true_stakes):
        """Planted: a cell's share is the industry's times the region's, so each country's best is known.

        Choosing in other years names the wrong leader now and then and says too little; one year's own
        figures say too much. (The largest of several means has no unbiased estimate.)
        """
        cells, rate = self.planted_cells(halden)
        best = cells.groupby("block")["planned_share"].transform("max")
        expected = ((best - cells.planned_share) * cells.market_size).sum() * rate
        row = true_stakes.values.set_index("part").loc[LEAD]
        assert row.value < expected < true_stakes.markets.with_luck
        part = cells.assign(cell=cells.region, part=1, above=cells.net_revenue, below=cells.market_size)
        naive = measure_gaps(part, benchmark=BEST).table.gap.sum() * rate
        assert true_stakes.markets.with_luck == pytest.approx(naive, rel=0.15)

    def test_without_the_noise_of_years_the_planted_gap_is_found_to_the_cent(self, halden):
        """Every cell has its planned share in each year."""
        truth = halden.planted("market")
        regular = truth[truth.kind == "regular"]
        people = halden.table("customers").to_pandas().groupby("region").country.first()
        exact = regular.assign(
            block=regular.industry + regular.region.map(people),
            cell=regular.region,
            part=regular.period,
            above=regular.planned_share * regular.market_size,
            below=regular.market_size,
        )
        cells, _ = self.planted_cells(halden)
        best = cells.groupby("block")["planned_share"].transform("max")
        expected = ((best - cells.planned_share) * cells.market_size).sum()
        assert measure_gaps(exact, benchmark=BEST).table.gap.sum() == pytest.approx(expected)

    @staticmethod
    def planted_cells(halden) -> tuple[pd.DataFrame, float]:
        truth = halden.planted("market")
        cells = truth[(pd.to_datetime(truth.period) == "2025-01-01") & (truth.kind == "regular")]
        people = halden.table("customers").to_pandas().groupby("region").country.first()
        sold = halden.planted("cost_to_serve")
        sold = sold[sold.year == 2025]
        cells = cells.assign(block=cells.industry + cells.region.map(people))
        return cells.reset_index(drop=True), float(sold.cm2.sum()) / float(sold.revenue.sum())

    def test_impossible_cells_are_left_out_and_white_space_is_compared_with_nothing(
        self, halden, true_stakes
    ):
        truth = halden.planted("market")
        markets = true_stakes.markets
        assert (
            markets.left_out
            == truth[truth.kind == "impossible"][["region", "industry"]].drop_duplicates().shape[0]
        )
        white = markets.cells[(markets.cells.cell == "Śląsk") & markets.cells.block.str.startswith("mining")]
        assert len(white) == 1 and white[[LEAD, LAG]].to_numpy().tolist() == [[0.0, 0.0]]
        assert markets.placed > 0.9 and markets.compared == "regions of the same industry and country"

    def test_groups_add_up_to_the_company(self, true_stakes):
        each = true_stakes.groups.groupby("part").value.sum()
        whole = true_stakes.values[true_stakes.values["part"] != ""].set_index("part").value
        assert each[whole.index].to_numpy() == pytest.approx(whole.to_numpy())

    def test_the_planted_exception_is_the_margin_gap_and_nothing_else(
        self, halden, true_groups, true_ladder, true_stakes
    ):
        """In País Vasco crews buy through distributors, and leave less than in the rest of Spain."""
        margins = true_stakes.margins
        planted = halden.planted("regional_exception").iloc[0]
        of_segment = margins.cells[margins.cells.group == planted.segment].set_index("cell")
        there = of_segment.loc[planted.region.lower()]
        others = of_segment.loc[["cataluña", "madrid"]].sum()
        lacking = others.above / others.below * there.below - there.above
        assert there[MARGIN] == pytest.approx(lacking, rel=0.2)
        rest = margins.blocks.drop(index=f"{planted.segment} · spain").sum(axis=1)
        assert abs(rest.sum()) < 3 * rest.std() * np.sqrt(len(rest))

    def test_a_planted_margin_gap_is_found(self, halden, true_groups, true_ladder):
        """Every line in Nord loses 10 % of its revenue: so much lacks there against the rest of Germany."""
        nord = halden.table("customers").filter(lambda t: t.region == "Nord").customer_id.to_pandas()
        in_nord = np.isin(true_ladder.customer_id, nord)
        amounts = dict(true_ladder.amounts)
        lost = 0.1 * amounts[REVENUE] * in_nord[:, None]
        amounts["CM2"] = amounts["CM2"] - lost
        changed = MarginLadder(
            customer_id=true_ladder.customer_id, quarters=true_ladder.quarters, amounts=amounts
        )
        found = measure_margins(halden.table("customers"), true_groups, changed, seed=3)
        of_nord = found.cells[found.cells.cell == "nord"][MARGIN].sum()
        assert of_nord == pytest.approx(lost[:, -4:].sum(), rel=0.25)

    def test_breadth_is_the_same_in_all_regions(self, halden, true_groups, true_ladder):
        tables = [halden.table(name) for name in ("customers", "transactions", "products")]
        found = measure_breadth(*tables, true_groups, true_ladder, as_of=halden.as_of, seed=3)
        draws = found.draw(resamples=300, seed=1)["categories bought elsewhere"].sum(axis=1)
        low, high = np.quantile(draws, [0.025, 0.975])
        assert low < 0 < high


class TestNull:
    def test_no_gap_is_found_where_all_cells_are_alike(self, null_stakes):
        """Planted: every cell has the same share and grows by 3 % a year."""
        parts = null_stakes.values.set_index("part")
        assert parts.low[LEAD] <= 0 and parts.low[LAG] <= 0 and parts.low[MARGIN] < 0
        assert null_stakes.markets.values[ABSENT].sum() == 0
        cells = null_stakes.markets.cells
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
