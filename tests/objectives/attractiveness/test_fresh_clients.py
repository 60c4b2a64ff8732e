"""Retention, goals and exit at clients of seeds on which nothing was tuned; bounds are those of chance."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from segutils.objectives.attractiveness.exit_evidence import ExitEvidence, build_exit_evidence
from segutils.objectives.attractiveness.goal_rules import choose_goals, list_firm, weigh_directions
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from segutils.objectives.attractiveness.stakes import Stakes, build_stakes
from segutils.samples import client
from segutils.samples.customers.profiles import REGIONS
from segutils.samples.making import AS_OF, open_making
from tests.conftest import Client
from tests.objectives.attractiveness.conftest import OBJECTIVES, read_ladder
from tests.objectives.attractiveness.six_customers import LIMITS, decide

SEEDS, ACCOUNTS = (501, 502), 700
COUNTRY = {region: country for country, regions in REGIONS.items() for region in regions}


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A client by its own groups."""

    truth: pd.DataFrame
    groups: pd.DataFrame
    ladder: MarginLadder
    stakes: Stakes
    evidence: ExitEvidence
    planted: pd.DataFrame


def judge(seed: int) -> Judged:
    with open_making(accounts=ACCOUNTS, seed=seed) as making:
        client.build_tables(making)
        made = Client(making=making, as_of=AS_OF)
        groups, ladder = made.groups(), read_ladder(made)
        tables = (made.table("customers"), made.table("transactions"))
        stakes = build_stakes(
            *(*tables, groups, ladder),
            **{"as_of": AS_OF, "market": made.table("market"), "resamples": 200, "seed": 1},
        )
        evidence = build_exit_evidence(
            *(*tables, groups, ladder, stakes, OBJECTIVES, LIMITS),
            **{"as_of": AS_OF, "products": made.table("products"), "costs": made.table("costs")},
            **{"resamples": 50, "seed": 1},
        )
        truth = tell_leaving(made, groups, ladder)
        return Judged(
            **{"truth": truth, "groups": groups, "ladder": ladder, "stakes": stakes, "evidence": evidence},
            planted=tell_weights(made, groups, ladder, truth.lost),
        )


def tell_leaving(made: Client, groups: pd.DataFrame, ladder: MarginLadder) -> pd.DataFrame:
    """Index: group; ``leaving`` (of accounts still there, by planted hazards), ``lost`` (of their margin).

    An account's margin a year is what it left in the years since it began.
    """
    accounts = made.planted("accounts").set_index("customer_id")
    hazard = accounts.segment.map(made.planted("segments").set_index("segment").churn_a_year)
    there = ~(accounts.never_buys | (pd.to_datetime(accounts.churned_on) <= pd.Timestamp(AS_OF)))
    begins = pd.to_datetime(accounts.starts_on).clip(lower=pd.Timestamp("2023-01-01"))
    years = (pd.Timestamp(AS_OF) - begins).dt.days.clip(lower=30) / 365.25
    margin = pd.Series(ladder.amounts["CM2"].sum(axis=1), index=ladder.customer_id)
    table = pd.DataFrame({"leaving": -np.expm1(-hazard), "worth": margin.reindex(accounts.index) / years})
    table = table.fillna({"worth": 0.0})[there]
    table = table.assign(lost=table.leaving * table.worth).join(groups.set_index("customer_id"), how="inner")
    return table.groupby("group").agg(leaving=("leaving", "mean"), lost=("lost", "sum"))


def tell_weights(made: Client, groups: pd.DataFrame, ladder: MarginLadder, lost: pd.Series) -> pd.DataFrame:
    """Group x direction: planted weight against the company, by planted hazards, shares and growth."""
    cells = made.planted("market")
    cells = cells[(pd.to_datetime(cells.period) == "2025-01-01") & (cells.kind != "impossible")]
    best = cells.groupby([cells.industry, cells.region.map(COUNTRY)]).planned_share.transform("max")
    gap = (best - cells.planned_share) * cells.market_size
    absent = gap.where(cells.planned_share < 0.25 * best, 0.0)
    cells = cells.assign(growing=cells.net_revenue * cells.growth + absent, behind=gap - absent)
    people = made.table("customers").select("customer_id", "region", "industry").to_pandas()
    bought = pd.Series(ladder.last_year(REVENUE), name="sold").clip(lower=0).rename_axis("customer_id")
    table = people.merge(bought.reset_index()).merge(groups)
    sold = table.groupby(["region", "industry", "group"], as_index=False).sold.sum()
    sold["part"] = sold.sold / sold.groupby(["region", "industry"]).sold.transform("sum")
    each = sold.merge(cells[["region", "industry", "growing", "behind"]])
    money = pd.DataFrame(
        {
            "retention": lost,
            "penetration": (each.behind * each.part).groupby(each["group"]).sum(),
            "market development": (each.growing * each.part).groupby(each["group"]).sum(),
        }
    )
    revenue = table.groupby("group").sold.sum()
    return money.div(revenue, axis=0) / (money.sum() / revenue.sum())


@pytest.fixture(scope="module")
def fresh() -> Iterator[list[Judged]]:
    yield [judge(seed) for seed in SEEDS]


def list_leaving(judged: list[Judged]) -> pd.DataFrame:
    parts = [
        one.truth.join(one.stakes.retention.groups.set_index("group"), rsuffix="_told") for one in judged
    ]
    return pd.concat(parts).dropna()


def list_firm_goals(one: Judged) -> pd.DataFrame:
    goals = choose_goals(weigh_directions(one.stakes, None, seed=1))
    return goals[goals["group"].isin(list_firm(goals, min_stands=0.8))]


class TestRetention:
    """One interval in twenty may miss: of ten groups more than three do in one of a thousand cases."""

    @pytest.mark.parametrize(("planted", "told"), [("leaving", "leaving"), ("lost", "at_risk")])
    def test_intervals_hold_the_planted(self, fresh, planted, told):
        table = list_leaving(fresh)
        assert len(table) == 10
        missed = (table[planted] < table[f"{told}_low"]) | (table[f"{told}_high"] < table[planted])
        assert missed.sum() <= binom.ppf(0.999, len(table), 0.05)


class TestGoals:
    """A client has a wrong firm goal with 20 % at most, as that is asked for: two have with 4 %."""

    def test_firm_goals_are_planted(self, fresh):
        wrong = []
        for one in fresh:
            rows = list_firm_goals(one)
            weights = [one.planted.loc[row.group, row.goal] for row in rows.itertuples()]
            wrong.append(any(weight < 1 for weight in weights))
        assert not all(wrong)


class TestExit:
    def test_the_hidden_loser_is_found_and_nobody_else(self, fresh):
        for one in fresh:
            units = one.evidence.units
            assert units["group"][units.fails].tolist() == ["Aftermarket, mainly Pneumatics"]
            assert set(one.evidence.parts["group"][one.evidence.parts.found]) == {"Aftermarket"}
            assert decide(one.evidence).status == "fail"
