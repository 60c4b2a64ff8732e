"""How fast is the best plan found, against general solvers at the same quality, on this machine?

``python benchmarks/allocation.py [--problems 5] [--draws 200] [--few 10]`` divides two budgets over eight
options with diminishing returns that are on or off, with people who run out and a floor under this year's
margin:

a. one plan by :func:`segutils.statistics.allocation.allocate`, by ``scipy.optimize.minimize`` (SLSQP, with
   gradients) on every set of options whose minimum amounts the limits allow, and by ``scipy.optimize.milp``
   (HiGHS) on tangents that are added where each solution lies, until they touch the curves;
b. the plans of 200 draws of what money brings back by
   :func:`segutils.statistics.allocation.allocate_draws`, and by the faster of the other two on the first few
   draws, its time scaled to all.

Printed are the times of one run side by side, and the values: theirs over ours, smallest and largest.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count, islice, product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp, minimize

from segutils.statistics.allocation import Limit, Option, allocate, allocate_draws, value_plan
from segutils.statistics.responses import marginal_return, return_a_year

OPTIONS, ROUNDS, TOUCH = 8, 30, 1e-7
MIN_SETS, MIN_TANGENTS, MIN_DRAWS, EQUAL = 50.0, 10.0, 200.0, 1e-6
BUDGETS = ("Marketing", "Development")
SETS, TANGENTS = "SLSQP, all sets", "MILP, tangents"


def make_problem(seed: int, *, floor: float = 1.02) -> tuple[list[Option], list[Limit]]:
    """Money in millions, less than would be worth spending; the floor is a share of what comes without it."""
    rng = np.random.default_rng(seed)
    options = [
        Option(
            name=f"option {place}",
            group=f"group {place // 2}",
            budget=BUDGETS[place % 2],
            ceiling=rng.uniform(0.5, 4.0),
            half_at=rng.uniform(0.3, 2.0),
            min_amount=rng.uniform(0.1, 0.6),
            worth=2.0,
            price=1.0,
            uses={BUDGETS[place % 2]: 1.0, "people": rng.uniform(1.0, 5.0)},
            gives={"margin": rng.uniform(0.2, 1.0)} if place % 2 == 0 else {},
        )
        for place in range(OPTIONS)
    ]
    limits = [Limit(name=name, amount=amount) for name, amount in zip(BUDGETS, (2.0, 2.5), strict=True)]
    limits += [Limit(name="people", amount=13.0), Limit(name="margin", amount=0.0, kind="at_least")]
    margin = float(allocate(options, limits).limits.used.iloc[-1])
    return options, [*limits[:-1], replace(limits[-1], amount=floor * margin)]


class Arrays:
    """The same problem in arrays; every limit as uses @ x + gives @ return <= bound."""

    def __init__(self, options: list[Option], limits: list[Limit]) -> None:
        self.curve = {name: np.array([getattr(o, name) for o in options]) for name in ("ceiling", "half_at")}
        self.least, self.worth, self.price = (
            np.array([getattr(option, name) for option in options])
            for name in ("min_amount", "worth", "price")
        )
        sign = np.array([limit.sign for limit in limits])
        self.uses, self.gives = (
            sign[:, None] * [[getattr(o, name).get(limit.name, 0.0) for o in options] for limit in limits]
            for name in ("uses", "gives")
        )
        self.bound = sign * [limit.amount for limit in limits]
        money = {limit.name: limit.amount for limit in limits}
        self.most = np.array([money[option.budget] for option in options])


def try_sets(options: list[Option], limits: list[Limit]) -> np.ndarray:
    """SLSQP on every set of options that is possible: amounts of the best plan."""
    own = Arrays(options, limits)
    best, found = -np.inf, np.zeros(len(options))
    for chosen in product((False, True), repeat=len(options)):
        on = np.flatnonzero(chosen)
        least = own.least[on]
        if not len(on) or (own.uses[:, on] @ least > np.where(own.bound > 0, own.bound, np.inf)).any():
            continue
        curve = {name: values[on] for name, values in own.curve.items()}
        worth, price, uses, gives = own.worth[on], own.price[on], own.uses[:, on], own.gives[:, on]
        rule = {
            "type": "ineq",
            "fun": lambda x, c=curve, u=uses, g=gives: own.bound - u @ x - g @ return_a_year(x, **c),
            "jac": lambda x, c=curve, u=uses, g=gives: -u - g * marginal_return(x, **c),
        }
        solved = minimize(
            lambda x, c=curve, w=worth, p=price: p @ x - w @ return_a_year(x, **c),
            least,
            jac=lambda x, c=curve, w=worth, p=price: p - w * marginal_return(x, **c),
            bounds=[(low, None) for low in least],
            constraints=rule,
            method="SLSQP",
            options={"ftol": 1e-10, "maxiter": 300},
        )
        if -solved.fun > best and (rule["fun"](solved.x) > -1e-7).all():
            best, found = -solved.fun, np.zeros(len(options))
            found[on] = solved.x
    return found


def add_tangents(options: list[Option], limits: list[Limit]) -> np.ndarray:
    """A mixed-integer programme with a tangent more wherever its solution leaves a curve."""
    own, many = Arrays(options, limits), len(options)
    one, nothing = np.eye(many), np.zeros((many, many))
    keep = LinearConstraint(np.hstack([own.uses, own.gives, np.zeros_like(own.uses)]), ub=own.bound)
    low = LinearConstraint(np.hstack([-one, nothing, np.diag(own.least)]), ub=np.zeros(many))
    high = LinearConstraint(np.hstack([one, nothing, -np.diag(own.most)]), ub=np.zeros(many))
    cuts = [(np.arange(many), own.most * share) for share in (0.0, 0.1, 0.25, 0.5, 1.0)]
    for _ in range(ROUNDS):
        place, at = (np.concatenate(part) for part in zip(*cuts, strict=True))
        curve = {name: values[place] for name, values in own.curve.items()}
        slope = marginal_return(at, **curve)
        start = return_a_year(at, **curve) - slope * at
        under = np.hstack([-slope[:, None] * one[place], one[place], -start[:, None] * one[place]])
        solved = milp(
            np.concatenate([own.price, -own.worth, np.zeros(many)]),
            constraints=[keep, low, high, LinearConstraint(under, ub=np.zeros(len(place)))],
            integrality=np.repeat([0, 0, 1], many),
            bounds=Bounds(0.0, np.concatenate([own.most, np.full(many, np.inf), np.ones(many)])),
            options={"mip_rel_gap": TOUCH, "presolve": False},
        )
        amounts, returns = solved.x[:many], solved.x[many : 2 * many]
        wide = np.flatnonzero(returns - return_a_year(amounts, **own.curve) > TOUCH * own.curve["ceiling"])
        if not len(wide):
            break
        cuts.append((wide, amounts[wide]))
    return amounts


SOLVERS: dict[str, Callable[..., np.ndarray]] = {
    "segutils": lambda *problem: allocate(*problem).amounts.amount.to_numpy(),
    SETS: try_sets,
    TANGENTS: add_tangents,
}


def time_solver(name: str, problems: list) -> tuple[float, np.ndarray]:
    """Seconds, and the value of each plan that is found."""
    start = time.perf_counter()
    plans = [SOLVERS[name](*problem) for problem in problems]
    seconds = time.perf_counter() - start
    pairs = zip(problems, plans, strict=True)
    return seconds, np.array([value_plan(*problem, plan).value for problem, plan in pairs])


def compare(name: str, seconds: float, theirs: np.ndarray, ours: np.ndarray, note: str = "") -> bool:
    """Print one line; whether the values are the same."""
    ratio = theirs / ours
    print(
        f"{name:<18}{1000 * seconds:10.1f} ms   value {ratio.min():.7f} to {ratio.max():.7f} of ours {note}"
    )
    return bool(np.abs(ratio - 1).max() <= EQUAL)


def main() -> int:
    """Measure, print, and return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", type=int, default=5)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--few", type=int, default=10, help="draws that the other solver is timed on")
    told = parser.parse_args()
    drawn = (make_problem(seed) for seed in count())
    problems = list(islice((problem for problem in drawn if allocate(*problem).feasible), told.problems))
    for name in SOLVERS:
        time_solver(name, problems[:1])  # what is loaded once is left out
    found = {name: time_solver(name, problems) for name in SOLVERS}
    ours, values = found["segutils"]
    print(f"one plan, {OPTIONS} options that are on or off (mean of {told.problems} problems)")
    same = [compare(name, found[name][0] / told.problems, found[name][1], values) for name in SOLVERS]
    options, limits = make_problem(0, floor=0.7)
    spread = np.random.default_rng(0).triangular(0.7, 1.0, 1.3, (told.draws, OPTIONS))
    ceilings = spread * [option.ceiling for option in options]
    start = time.perf_counter()
    drawn = allocate_draws(options, limits, ceilings=ceilings).values
    together = time.perf_counter() - start
    few = [
        ([replace(option, ceiling=ceiling) for option, ceiling in zip(options, row, strict=True)], limits)
        for row in ceilings[: told.few]
    ]
    fastest = min((SETS, TANGENTS), key=lambda name: found[name][0])
    seconds, theirs = time_solver(fastest, few)
    seconds *= told.draws / told.few
    print(f"\n{told.draws} draws of what money brings back")
    same.append(compare("segutils", together, drawn, drawn))
    note = f"(timed on {told.few} draws, scaled)"
    same.append(compare(fastest, seconds, theirs, drawn[: told.few], note))
    print()
    marks = [
        ("times faster than all sets", found[SETS][0] / ours, MIN_SETS),
        ("times faster than tangents", found[TANGENTS][0] / ours, MIN_TANGENTS),
        ("times faster on all draws", seconds / together, MIN_DRAWS),
    ]
    for name, value, mark in marks:
        print(f"{name:<30}{value:>10.1f}   mark {mark:<8g}{'met' if value >= mark else 'MISSED'}")
    print(f"{'values agree':<30}{'':>10}   mark {EQUAL:<8g}{'met' if all(same) else 'MISSED'}")
    return 0 if all(same) and all(value >= mark for _, value, mark in marks) else 1


if __name__ == "__main__":
    sys.exit(main())
