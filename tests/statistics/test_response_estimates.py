"""What money brings back: experiments against counts by hand and planted orders, history against panels."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.samples import client
from segutils.samples.making import AS_OF, open_making
from segutils.samples.marketing import campaigns
from segutils.statistics.rates import newcombe_interval
from segutils.statistics.response_estimates import (
    BOLDER,
    CAUTIOUS,
    EXPERIMENT,
    OPEN,
    PAYS,
    PAYS_NOT,
    PRICE,
    WITHIN,
    WORTH,
    build_arms,
    compare_declared,
    estimate_responses,
    estimated_return,
    list_estimate_needs,
)
from segutils.statistics.spending_history import (
    NONE,
    SHORT,
    SILENT,
    TOLD,
    build_spending_panel,
    read_spending_history,
)

TODAY = date(2025, 12, 31)


def expose(
    group: str, hits: int, of: int, control_hits: int, control_of: int, campaign="C1", randomised=True
):
    """One row per customer of an experiment; customers are numbered within the group."""
    arms = ["treated"] * of + ["Control"] * control_of
    told = [n < hits for n in range(of)] + [n < control_hits for n in range(control_of)]
    return pd.DataFrame(
        {
            "customer_id": [f"{group}{n:03d}" for n in range(of + control_of)],
            "campaign_id": campaign,
            "arm": arms,
            "assigned_on": date(2025, 6, 1),
            "randomised": randomised,
            "responded": told,
        }
    )


def make_orders(margins: dict[str, list[float]]) -> pd.DataFrame:
    """One order of its own line per number, each by another customer of the group."""
    rows = [
        (f"{group}{n:03d}", f"{group}-{n}", date(2025, 3, 1), 2 * margin, margin)
        for group, own in margins.items()
        for n, margin in enumerate(own)
    ]
    return pd.DataFrame(
        rows, columns=["customer_id", "order_id", "ordered_on", "net_revenue", "contribution_margin"]
    )


def estimate(exposures, orders, *, cost=None, channel="email", **more):
    people = sorted(set(exposures.customer_id))
    groups = pd.DataFrame({"customer_id": people, "group": [name[0] for name in people]})
    names = sorted(set(exposures.campaign_id))
    told = pd.DataFrame({"campaign_id": names, "cost": cost, "channel": channel}).astype({"cost": float})
    return estimate_responses(
        ibis.memtable(exposures),
        ibis.memtable(orders),
        groups,
        as_of=TODAY,
        campaigns=ibis.memtable(told),
        **more,
    )


class TestExperiments:
    def test_newcombes_example_as_money(self):
        """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, method 10); an order earns 100 without
        spread, a contact costs 140 / 70 = 2, so a unit of money brings 50 times the lift."""
        found = estimate(expose("A", 56, 70, 48, 80), make_orders({"A": [100.0] * 20}), cost=140.0).iloc[0]
        assert found.lift == pytest.approx(0.2) and found.cost_per_contact == pytest.approx(2.0)
        assert (found.rate_low, found.rate, found.rate_high) == pytest.approx((2.62, 10.0, 16.695), abs=0.01)
        assert found.verdict == PAYS and found.cost_basis == "booked"
        # 150 customers at 2: contacting all of them once more costs 300 and brings back 3,000
        assert (found.reach_amount, found.reach_return) == pytest.approx((300.0, 3000.0))
        assert found.contacts_a_year == pytest.approx(70 / 150)  # contacts of 2025 by customers

    def test_intervals_hold_for_all_groups_together(self):
        both = pd.concat([expose("A", 56, 70, 48, 80), expose("B", 10, 50, 10, 50)])
        found = estimate(both, make_orders({"A": [100.0] * 9, "B": [100.0] * 9}), cost=120.0)
        expected = newcombe_interval(56, 70, 48, 80, level=0.975)  # Bonferroni: two groups at 95 %
        assert found.loc[0, ["low", "high"]].to_list() == pytest.approx(expected.tolist())
        assert found.verdict[1] == OPEN and found.p_holm[1] > 0.5

    def test_the_margin_of_an_order_varies_too(self):
        """Margins 50 and 150, ten each: mean 100, error 50 / sqrt(20) = 11.18 = 1.96 of it 21.9 either way;
        lift 0.2 with 0.1476 below: 20 - hypot(0.1476 * 100, 0.2 * 21.9) = 20 - 15.40 = 4.60."""
        found = estimate(expose("A", 56, 70, 48, 80), make_orders({"A": [50.0, 150.0] * 10}), cost=70.0)
        assert found.order_se[0] == pytest.approx(11.18, abs=0.01)
        assert found.rate_low[0] == pytest.approx(4.60, abs=0.02)

    def test_a_contact_that_costs_more_than_it_brings(self):
        found = estimate(expose("A", 50, 500, 50, 500), make_orders({"A": [1.0] * 9}), cost=5000.0)
        assert found.verdict[0] == PAYS_NOT and found.rate[0] == pytest.approx(0.0)

    def test_each_campaign_is_compared_within_itself(self):
        """Pooled, 15 of 120 against 50 of 120 would be a loss; within each campaign the lift is 0.1 and 0."""
        first = expose("A", 5, 20, 15, 100, campaign="C1")  # 0.25 against 0.15
        second = expose("A", 50, 100, 10, 20, campaign="C2")  # 0.50 against 0.50
        found = estimate(pd.concat([first, second]), make_orders({"A": [10.0] * 9}), cost=100.0)
        assert found.lift[0] == pytest.approx(0.05)  # weights 20*100/120 alike
        assert found.experiments[0] == 2
        # 100 / 20 contacts in C1 and 100 / 100 in C2: 200 for 120 contacts
        assert found.cost_per_contact[0] == pytest.approx(200 / 120)

    def test_what_is_no_experiment_is_not_read(self):
        groups = pd.DataFrame({"customer_id": ["A000", "A015"], "group": "A"})
        aimed = expose("A", 5, 10, 2, 10, randomised=False)
        one_arm = expose("A", 5, 10, 0, 0)
        lots = expose("A", 5, 10, 2, 10)
        found = build_arms(ibis.memtable(lots), groups)  # the first was contacted and responded
        assert found[["treated", "customers", "responders"]].to_numpy().tolist() == [
            [False, 1, 0],
            [True, 1, 1],
        ]
        for frame in (aimed, one_arm, *(lots.drop(columns=c) for c in ("randomised", "responded"))):
            assert build_arms(ibis.memtable(frame), groups).empty
        none = estimate_responses(None, ibis.memtable(make_orders({"A": [1.0]})), groups, as_of=TODAY)
        assert none.empty and list_estimate_needs(none) == (EXPERIMENT,)

    def test_a_stated_cost_stands_in_with_its_owner(self):
        costs = pd.DataFrame(
            {
                "item": ["e-mail"],
                "amount": [0.5],
                "per": ["message"],
                "channel": ["email"],
                "owner": ["C. Moreau"],
            }
        )
        orders = make_orders({"A": [100.0] * 9})
        found = estimate(expose("A", 56, 70, 48, 80), orders, cost=np.nan, costs=costs)
        assert found.cost_per_contact[0] == 0.5 and found.cost_basis[0] == "stated by C. Moreau"
        unknown = estimate(expose("A", 56, 70, 48, 80), orders, cost=np.nan)
        assert np.isnan(unknown.rate[0]) and list_estimate_needs(unknown) == (PRICE,)
        assert unknown.lift[0] == pytest.approx(0.2) and unknown.verdict[0] == OPEN

    def test_without_margins_the_lift_is_known_and_its_worth_is_not(self):
        orders = make_orders({"A": [100.0] * 9}).drop(columns="contribution_margin")
        found = estimate(expose("A", 56, 70, 48, 80), orders, cost=10.0)
        assert found.lift[0] == pytest.approx(0.2) and np.isnan(found.rate[0])
        assert list_estimate_needs(found) == (WORTH,)

    def test_concave_up_to_everybody_once_and_nothing_beyond(self):
        back = estimated_return([0.0, 100.0, 300.0, 1000.0], rate=10.0, reach_amount=300.0)
        assert back.tolist() == [0.0, 1000.0, 3000.0, 3000.0]
        assert estimated_return(200.0, rate=-4.0, reach_amount=300.0) == 0.0  # no contact is made


class TestAgainstWhatIsDeclared:
    def test_bolder_more_cautious_and_not_contradicted(self):
        """1000 at most, half at 100: the first 10 bring 1000 * (1 - 2 ** -0.1) = 66.97, 6.70 a unit."""
        estimates = pd.DataFrame(
            {"group": ["A", "B", "C"], "rate": [2.0, 50.0, 6.0], "reach_amount": 10.0}
        ).assign(rate_low=[1.0, 20.0, -3.0], rate_high=[4.0, 80.0, 15.0])
        responses = pd.DataFrame({"group": ["A", "B", "C", "D"], "budget": "Marketing", "owner": "X"})
        responses = responses.assign(ceiling=1000.0, half_at=100.0, at_least=800.0, at_most=1200.0)
        found = compare_declared(estimates, responses, budget="Marketing").set_index("group")
        assert found.declared.to_list() == pytest.approx([6.697] * 3, abs=0.001)
        assert found.says.to_dict() == {"A": BOLDER, "B": CAUTIOUS, "C": WITHIN}
        # the lowest ceiling that A's owner thinks possible promises 800 / 1000 of 6.70 = 5.36, still above 4
        assert found.declared_low["A"] == pytest.approx(5.357, abs=0.001)
        assert compare_declared(estimates, responses, budget="Research").empty


def draw_campaigns(seed: int, *, null: bool = False):
    with open_making(accounts=3000, seed=seed, null=null) as making:
        for step in client.FIRST:
            step(making)
        campaigns.build_campaigns(making)
        tables = {
            n: making.ask(f"select * from client.{n}") for n in ("exposures", "transactions", "campaigns")
        }
        groups = making.ask('select customer_id, strategy_segment as "group" from draft.accounts')
        truth = making.ask("select * from truth.exposures")
    tables["transactions"]["ordered_on"] = tables["transactions"].ordered_at.dt.date
    engine = ibis.duckdb.connect()
    return {n: engine.create_table(n, frame) for n, frame in tables.items()}, groups, truth


def estimate_drawn(drawn, **more):
    tables, groups, _ = drawn
    return estimate_responses(
        tables["exposures"],
        tables["transactions"],
        groups,
        as_of=AS_OF,
        campaigns=tables["campaigns"],
        **more,
    ).set_index("group")


@pytest.fixture(scope="module")
def drawn():
    return draw_campaigns(7)


class TestPlantedTruth:
    def test_intervals_hold_what_contacts_caused(self, drawn):
        """Both potential outcomes of every row are kept: their difference, each campaign weighted as here."""
        _, groups, truth = drawn
        chance = truth.merge(groups, on="customer_id")
        chance = chance[chance.campaign_id.isin(["C01", "C04", "C06", "C08"])]  # those with lots
        cells = chance.groupby(["group", "campaign_id"]).agg(
            effect=("y1", lambda y: (y.astype(int) - chance.loc[y.index, "y0"].astype(int)).mean()),
            treated=("treated", "sum"),
            all=("treated", "size"),
        )
        weight = cells.treated * (cells["all"] - cells.treated) / cells["all"]
        expected = (cells.effect * weight).groupby("group").sum() / weight.groupby("group").sum()
        found = estimate_drawn(drawn, confidence=0.99)
        assert ((found.low <= expected) & (expected <= found.high)).all()
        assert found.p_holm["Laboratory"] < 0.001  # most is caused there

    def test_margin_and_cost_are_those_of_the_tables(self, drawn):
        tables, groups, _ = drawn
        lines = tables["transactions"].to_pandas().merge(groups, on="customer_id")
        lines = lines[pd.to_datetime(lines.ordered_on).dt.year == AS_OF.year]
        orders = lines.astype({"net_revenue": float, "contribution_margin": float}).groupby(
            ["group", "order_id"]
        )
        sums = orders[["net_revenue", "contribution_margin"]].sum()
        each = sums.contribution_margin.groupby("group").sum() / (sums.net_revenue > 0).groupby("group").sum()
        found = estimate_drawn(drawn)
        assert found.margin_per_order.to_dict() == pytest.approx(each.to_dict(), rel=1e-6)
        booked = tables["campaigns"].to_pandas().set_index("campaign_id").cost.astype(float)
        seen = tables["exposures"].to_pandas()
        price = booked / seen[seen.arm == "treated"].groupby("campaign_id").size()
        assert found.cost_per_contact.between(price.min(), price.max()).all()

    def test_nothing_caused_nothing_found(self):
        found = estimate_drawn(draw_campaigns(7, null=True))
        assert (found.p_holm > 0.05).all() and not (found.verdict == PAYS).any()


def make_panel(*, months: int = 36, rate: float, own: float, seed: int) -> pd.DataFrame:
    """Five groups that grow, a season, spending per customer that moves by `own` on its own account."""
    rng = np.random.default_rng(seed)
    rows = []
    season = 1 + 0.3 * np.sin(np.arange(months) * np.pi / 6)
    for n in range(5):
        size = np.round(200 * (n + 1) * 1.01 ** np.arange(months))
        spent = 10 * size * (1 + own * rng.standard_normal(months))
        margin = 300 * size + 20_000 * season + rate * spent + 3_000 * rng.standard_normal(months)
        stamps = pd.date_range("2023-01-01", periods=months, freq="MS")
        rows.append(
            pd.DataFrame(
                {"group": f"G{n}", "month": stamps, "spent": spent, "margin": margin, "customers": size}
            )
        )
    return pd.concat(rows, ignore_index=True)


class TestHistory:
    def test_own_variation_by_hand(self):
        """Two groups of constant size whose spending is 10 % above and below its mean in turn, in opposite
        ways: neither group nor month explains any of it, so it moves by 0.1 on its own account."""
        months = pd.date_range("2023-01-01", periods=24, freq="MS")
        turn = np.where(np.arange(24) % 2, 1.0, -1.0)
        parts = [
            pd.DataFrame(
                {"group": g, "month": months, "spent": 100 * (1 + 0.1 * sign * turn), "customers": 50.0}
            )
            for g, sign in (("A", 1), ("B", -1))
        ]
        panel = pd.concat(parts).assign(margin=lambda t: 7 * t.spent)
        found = read_spending_history(panel, lags=0)
        assert found.own_variation == pytest.approx(0.1) and found.verdict == TOLD
        assert found.rate == pytest.approx(7.0)  # margin is 7 times what is spent, without noise

    def test_money_that_follows_customers_tells_nothing(self):
        found = read_spending_history(make_panel(rate=5.0, own=0.0, seed=1))
        assert found.verdict == SILENT and found.own_variation < 1e-9 and np.isnan(found.rate)
        assert "on its own account" in found.reason

    def test_a_season_of_all_groups_is_no_variation_of_its_own(self):
        panel = make_panel(rate=5.0, own=0.0, seed=1)
        month = pd.to_datetime(panel.month).dt.month
        level = panel.groupby("group").spent.transform("mean")
        panel["spent"] = panel.spent + 0.4 * level * np.sin(month)
        assert read_spending_history(panel).own_variation < 1e-9

    def test_intervals_hold_the_planted_rate_and_no_rate_is_invented(self):
        """Of 60 intervals at 95 %, 50 or more hold with 99.9 %; of 60 nulls 9 or fewer are told."""
        planted = [read_spending_history(make_panel(rate=4.0, own=0.3, seed=s)) for s in range(60)]
        assert sum(f.low <= 4.0 <= f.high for f in planted) >= 50
        assert np.mean([f.rate for f in planted]) == pytest.approx(4.0, abs=0.3)
        silent = [read_spending_history(make_panel(rate=0.0, own=0.3, seed=s)) for s in range(60)]
        assert sum(f.verdict == TOLD for f in silent) <= 9

    def test_short_and_missing(self):
        assert read_spending_history(make_panel(months=12, rate=1.0, own=0.3, seed=1)).verdict == SHORT
        panel = make_panel(rate=1.0, own=0.3, seed=1)
        assert read_spending_history(panel[panel.group == "G0"]).verdict == NONE
        assert read_spending_history(panel.iloc[:0]).verdict == NONE

    def test_panel_by_hand(self):
        """Two customers, two months: who signed up in February counts from February."""
        costs = pd.DataFrame(
            {
                "period": [date(2025, 1, 1), date(2025, 2, 1), date(2025, 2, 1)],
                "pool": ["marketing", "marketing", "logistics"],
                "amount": [10.0, 20.0, 99.0],
                "segment": "A",
            }
        )
        lines = pd.DataFrame(
            {"customer_id": ["a", "b"], "ordered_on": [date(2025, 1, 9), date(2025, 2, 9)]}
        ).assign(contribution_margin=[5.0, 7.0])
        people = pd.DataFrame(
            {"customer_id": ["a", "b"], "signup_date": [date(2024, 5, 1), date(2025, 2, 3)]}
        )
        groups = pd.DataFrame({"customer_id": ["a", "b"], "group": "A"})
        tables = [ibis.memtable(frame) for frame in (costs, lines, people)]
        panel = build_spending_panel(*tables, groups, as_of=TODAY)
        assert panel[["spent", "margin", "customers"]].to_numpy().tolist() == [[10, 5, 1], [20, 7, 2]]
        assert build_spending_panel(None, *tables[1:], groups, as_of=TODAY).empty
        assert build_spending_panel(*tables, groups.assign(group="Z"), as_of=TODAY).empty
