"""The planted loser and its hiding place, and a client in which all are alike."""

import pandas as pd
import pytest

from segutils.objectives.attractiveness.exit_criteria import ALL
from segutils.objectives.attractiveness.exit_evidence import build_exit_evidence
from segutils.objectives.attractiveness.stakes import build_stakes
from tests.objectives.attractiveness.conftest import OBJECTIVES
from tests.objectives.attractiveness.six_customers import LIMITS, decide


def weigh_exit(client, groups, ladder, stakes):
    """All that the client gives."""
    names = ("tickets", "opportunities")
    contacts = {name: client.table(name) for name in names}
    contacts = {name: table.mutate(opened_on=table.opened_at.date()) for name, table in contacts.items()}
    return build_exit_evidence(
        client.table("customers"),
        client.table("transactions"),
        *(groups, ladder, stakes, OBJECTIVES, LIMITS),
        as_of=client.as_of,
        products=client.table("products"),
        costs=client.table("costs"),
        contacts=contacts,
        headcount={"sales": 64, "service": 31},
        resamples=100,
        seed=5,
    )


@pytest.fixture(scope="module")
def true_exit(halden, true_groups, true_ladder, true_stakes):
    return weigh_exit(halden, true_groups, true_ladder, true_stakes)


@pytest.fixture(scope="module")
def planned_exit(halden, true_ladder):
    """With the client's own groups, which know no Legacy pneumatics."""
    groups = halden.groups()
    tables = (halden.table("customers"), halden.table("transactions"))
    stakes = build_stakes(*tables, groups, true_ladder, as_of=halden.as_of, resamples=20, seed=3)
    return weigh_exit(halden, groups, true_ladder, stakes)


def read_true_year(client) -> pd.DataFrame:
    costs = client.planted("cost_to_serve")
    year = costs[costs.year == costs.year.max()].set_index("segment")
    return year[["revenue", "cm1", "cost_to_serve", "cm2"]].astype(float)


class TestPlanted:
    def test_rates_are_the_planted_ones(self, halden, true_exit):
        """Rate x volume was planted, so dividing gives it back; booked to the cent: a tenth of a point."""
        truth = read_true_year(halden)
        units = true_exit.units.set_index("group")
        assert set(units.index) == set(truth.index)
        assert (units.rate - truth.cm2 / truth.revenue).abs().max() < 0.001
        assert truth.cm2.lt(0.05 * truth.revenue).sum() == 1  # of one segment only, by the truth
        legacy = units.loc["legacy"]
        assert legacy.low < truth.cm2["legacy"] / truth.revenue["legacy"] < legacy.high

    def test_only_legacy_pneumatics_fails(self, halden, true_exit):
        units = true_exit.units
        assert units["group"][units.fails].tolist() == ["legacy"]
        truth = read_true_year(halden).loc["legacy"]
        finding = decide(true_exit)
        assert finding.status == "fail" and finding.decision.recommendation == "Exit legacy"
        assert finding.decision.robustness_share > 0.95
        options = finding.decision.options.set_index("option")
        # every pool is a rate times a volume: all of it is avoidable
        assert options.frees["Exit legacy"] == pytest.approx(truth.cost_to_serve, rel=0.01)
        assert options.loses["Exit legacy"] == pytest.approx(truth.cm1, rel=0.01)
        assert options.needs["Fix legacy"] == pytest.approx(0.05 * truth.revenue - truth.cm2, rel=0.01)
        assert not true_exit.parts.found.any()

    def test_aftermarket_hides_it(self, halden, planned_exit):
        units = planned_exit.units.set_index("group")
        groups, parts = units[units.within == ""], units[units.within != ""]
        assert not groups.fails.any()
        assert parts.within.tolist() == ["Aftermarket"] and parts.fails.all()
        assert parts.index[0] == "Aftermarket, mainly Pneumatics" and parts.high.iloc[0] < 0.05
        assert set(planned_exit.parts["group"][planned_exit.parts.found]) == {"Aftermarket"}
        # the rate of nearly pure legacy customers: between theirs and a tenth of it mixed with maintenance's
        truth = read_true_year(halden)
        rate = truth.cm2 / truth.revenue
        assert abs(parts.rate.iloc[0] - rate["legacy"]) < 0.1 * (rate["maintenance"] - rate["legacy"])
        finding = decide(planned_exit)
        assert finding.status == "fail" and "Aftermarket hides it" in finding.headline
        table = finding.table["group"].tolist()
        assert table.index("Aftermarket, mainly Pneumatics") == table.index("Aftermarket") + 1

    def test_nothing_planted(self, null_halden, null_ladder, null_stakes):
        evidence = weigh_exit(null_halden, null_halden.groups(), null_ladder, null_stakes)
        assert not evidence.units.fails.any() and (evidence.units.in_a_row == 0).all()
        assert len(evidence.parts) > 10 and not evidence.parts.found.any()
        finding = decide(evidence)
        assert finding.status == "pass" and finding.decision.recommendation == ALL
        assert finding.headline.startswith("No group misses the exit criteria")
        assert (finding.table.advice == "Keep").all()
        assert finding.table.rate.max() - finding.table.rate.min() < 0.05  # all alike
