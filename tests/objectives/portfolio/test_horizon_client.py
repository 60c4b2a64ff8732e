"""The simulated client's engagement file to the headline of horizon-conflict, planned again on its own.

The expectation takes the stated lines as they stand in the file and nothing of the library: years, present
values and limits are written out below, and plans are SLSQP's, with what is begun switched one after another.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.optimize import minimize, minimize_scalar

from segutils import stated
from segutils.engagement import load_engagement
from segutils.objectives.portfolio.horizon_conflict import Stated, decide_horizon_conflict
from segutils.objectives.portfolio.horizon_words import BARGAIN, LONG, SHORT, TARGET
from segutils.objectives.portfolio.result_floor import read_result

FILE = Path(__file__).parents[3] / "data" / "manufacturer" / "engagement.yml"
M = 1e6


class Planner:
    """The stated money by hand, in millions: a year of margin is c (1 - 2^(-x/h)) of the money x."""

    def __init__(self) -> None:
        file = yaml.safe_load(FILE.read_text(encoding="utf-8"))
        money = {b["item"]: b for b in file["budgets"] if "horizon-conflict" in b["questions"]}
        lines = [line for line in file["responses"] if line["budget"] in money]
        self.lines = pd.DataFrame(lines).fillna({"starts_after_years": 0, "lasts_years": 1})
        rate, horizon = file["finance"]["discount_rate"], file["finance"]["horizon_years"]
        self.ceiling, self.half, self.least = (
            self.lines[["ceiling", "half_at", "min_amount"]].to_numpy().T / M
        )
        self.worth, self.price, self.now = np.transpose(
            [self.value_years(line, money[line.budget], rate, horizon) for line in self.lines.itertuples()]
        )
        asked = {t["measure"]: t for t in file["thresholds"] if t["question"] == "kpi-constraints"}
        teams = {m.removeprefix("people_"): t["max"] for m, t in asked.items() if m.startswith("people_")}
        self.use = np.array(
            [
                *((self.lines.budget == item) / (b["amount"] / M) for item, b in money.items()),
                *([line.get(team, 0) / most for line in self.lines.people] for team, most in teams.items()),
            ]
        )
        self.floor = asked["ebitda_rate"]["min"]
        (target,) = (t["min"] for t in file["thresholds"] if t["question"] == "horizon-conflict")
        self.target = target / M

    def value_years(self, line, budget, rate: float, horizon: int) -> tuple[float, float, float]:
        """Present value of 1 of margin a year and of 1 of money, and the part of the margin in year 1.

        An equal part of the money at the start of each year; each brings its part at the end of the years
        after its delay.
        """
        years = [int(year) for year in re.findall(r"\d{4}", str(budget["horizon"]))]
        parts = years[-1] - years[0] + 1
        worth = now = 0.0
        for part in range(parts):
            for year in range(1, horizon + 1):
                if part + line.starts_after_years < year <= part + line.starts_after_years + line.lasts_years:
                    worth += (1 + rate) ** -year / parts
                    now += (year == 1) / parts
        return worth, sum((1 + rate) ** -part for part in range(parts)) / parts, now

    def margin(self, x: np.ndarray) -> float:
        """This year's."""
        return float(self.now @ self.returns(x))

    def returns(self, x: np.ndarray) -> np.ndarray:
        return self.ceiling * (1 - 2 ** (-x / self.half))

    def slopes(self, x: np.ndarray) -> np.ndarray:
        return self.ceiling * np.log(2) / self.half * 2 ** (-x / self.half)

    def solve(self, on: np.ndarray, asked: float, *, now: bool = False) -> tuple[float, np.ndarray]:
        """The best plan with these begun and so much margin this year; `now`: with most margin this year."""
        worth, price = (self.now, 0 * self.price) if now else (self.worth, self.price)
        rules = [
            {"type": "ineq", "fun": lambda x: 1 - self.use @ x, "jac": lambda x: -self.use},
            {
                "type": "ineq",
                "fun": lambda x: self.margin(x) - asked,
                "jac": lambda x: self.now * self.slopes(x),
            },
        ]
        bounds = [(low, 10) if go else (0, 0) for low, go in zip(self.least, on, strict=True)]
        start = np.where(on, np.maximum(self.least, 0.3), 0.0)
        found = minimize(
            lambda x: price @ x - worth @ self.returns(x),
            start,
            jac=lambda x: price - worth * self.slopes(x),
            bounds=bounds,
            constraints=rules,
            tol=1e-10,
        )
        kept = all(np.min(rule["fun"](found.x)) >= -1e-6 for rule in rules)
        return (-found.fun if kept else -np.inf), found.x

    def search(self, asked: float = 0.0, *, now: bool = False) -> tuple[float, np.ndarray]:
        """All begun at first; then whichever switch, on or off, brings most, until none does."""
        on = np.ones(len(self.lines), dtype=bool)
        best = self.solve(on, asked, now=now)
        while True:
            tried = {n: self.solve(on ^ (np.arange(len(on)) == n), asked, now=now) for n in range(len(on))}
            n = max(tried, key=lambda n: tried[n][0])
            if tried[n][0] <= best[0] + 1e-6:
                return best
            best, on[n] = tried[n], ~on[n]


@pytest.fixture(scope="module")
def by_hand() -> Planner:
    return Planner()


@pytest.fixture(scope="module")
def met(by_hand) -> tuple[float, np.ndarray]:
    """The plan that meets the target at the least cost."""
    return by_hand.search(by_hand.target)


@pytest.fixture(scope="module")
def found(halden):
    engagement = load_engagement(FILE)
    facts = Stated(
        responses=stated.list_responses(engagement),
        budgets=stated.list_budgets(engagement, "horizon-conflict"),
        thresholds=stated.list_thresholds(engagement, "horizon-conflict"),
        company=stated.list_thresholds(engagement, "kpi-constraints"),
        finance=engagement.finance,
        scenarios=stated.list_scenarios(engagement),
    )
    groups = sorted(halden.groups()["group"].unique())
    result = read_result(halden.table("pnl"), as_of=halden.as_of)
    return decide_horizon_conflict(facts, currency="EUR", groups=groups, result=result, points=9, draws=10)


def test_the_headline_names_the_price_of_the_target(found, by_hand, met, halden):
    long = by_hand.search()
    low = by_hand.margin(long[1])
    assert low < 0.6 * by_hand.target, "the plan for the long term misses this year's target by far"
    most = by_hand.search(now=True)[0]
    short = by_hand.search(most * (1 - 1e-4))
    on = met[1] > 0

    def lost(margin: float) -> float:
        return -(margin - low) * (by_hand.solve(on, margin)[0] - short[0])

    even = minimize_scalar(lost, bounds=(low, most), method="bounded", options={"xatol": 1e-3}).x
    bargain = by_hand.solve(on, even)[0]
    assert even > by_hand.target, "so the target is met"

    options = found.decision.options.set_index("option") / M
    assert options.net_present_value[LONG] == pytest.approx(long[0], abs=2e-3)
    assert options.net_present_value[TARGET] == pytest.approx(met[0], abs=2e-3)
    assert options.net_present_value[SHORT] == pytest.approx(short[0], abs=0.03)  # steep there
    assert options.margin_this_year[BARGAIN] == pytest.approx(even, rel=0.01)
    assert found.decision.recommendation == TARGET
    said = re.fullmatch(
        r"Meeting this year's target of EUR ([\d.]+) million costs EUR ([\d,]+) of present value "
        r"\(([\d.]+) %\), less than an even bargain between this year and the long term would "
        r"\(EUR ([\d,]+)\)\.",
        found.headline,
    )
    target, cost, share, gives = (float(number.replace(",", "")) for number in said.groups())
    assert target == by_hand.target
    assert cost == pytest.approx((long[0] - met[0]) * M, abs=2_000)
    assert share == pytest.approx(100 * (1 - met[0] / long[0]), abs=0.06)
    assert gives == pytest.approx((long[0] - bargain) * M, rel=0.03)

    # the floor under EBITDA, which is not planned with by hand, is kept
    pnl = halden.making.ask("""
        select sum(case when line = 'net revenue' then amount else -amount end)::double as ebitda,
          sum(amount) filter (where line = 'net revenue')::double as revenue
        from client.pnl where year(period) = 2025""").iloc[0]
    assert (pnl.ebitda - met[1].sum() * M) / (pnl.revenue + 10 * M) > by_hand.floor


def test_the_last_of_the_target_costs_what_the_plans_differ_by(found, by_hand, met):
    less = by_hand.search(by_hand.target - 0.1)
    (note,) = (note for note in found.notes if note.startswith("At the target the last EUR 100,000"))
    cost = float(re.search(r"cost EUR ([\d,]+) of", note)[1].replace(",", ""))
    assert cost == pytest.approx((less[0] - met[0]) * M, abs=1_500)


def test_how_often_the_target_is_reached_with_money_spent_as_planned(found, by_hand, met):
    """Triangles between the ends that the owners state, drawn here anew."""
    rng, x, lines = np.random.default_rng(11), met[1], by_hand.lines
    drawn = rng.triangular(lines.at_least, lines.ceiling, lines.at_most, (20_000, len(lines))) / M
    share = np.mean((by_hand.now * drawn * (1 - 2 ** (-x / by_hand.half))).sum(axis=1) >= by_hand.target)
    said = float(re.search(r"target's margin in (\d+) % of draws", " ".join(found.notes))[1]) / 100
    assert said == pytest.approx(share, abs=0.02)  # three standard errors of 10,000 draws, and rounding


def test_money_of_three_years_is_told_from_money_of_one(found, by_hand, met):
    x = met[1]
    slow = (by_hand.lines.budget == "Market development").to_numpy()
    spent = x[~slow].sum() + x[slow].sum() / 3
    (note,) = (note for note in found.notes if note.startswith("Market development is for 2026 to 2028"))
    amounts = [float(number) for number in re.findall(r"EUR ([\d.]+) million", note)]
    assert amounts == pytest.approx([x.sum(), spent], abs=0.06)
    assert any(
        "all its years together (Market development is for 2026 to 2028)" in a.text for a in found.assumptions
    )
