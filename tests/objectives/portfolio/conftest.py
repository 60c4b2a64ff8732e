"""Key results against goals, worked by hand.

Five customers of three groups and two regions; this year's and last year's revenue:

======== ===== ====== === ====== =================================
customer group region now before channels now
======== ===== ====== === ====== =================================
a1       A     north  100     80 60 e-shop, 40 partner
a2       A     north  100    120 100 partner
b1       B     north   60     50 e-shop
b2       B     south   40     50 e-shop
c1       C     south  100    100 e-shop
======== ===== ====== === ====== =================================
"""

from dataclasses import dataclass
from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.objectives.portfolio import key_results, result_conflicts, result_sums

AS_OF = date(2025, 12, 31)
DUE = date(2026, 12, 31)
NOW, BEFORE = date(2025, 6, 1), date(2024, 6, 1)
GROUPS = ["A", "B", "C"]
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["a1", "a2", "b1", "b2", "c1"],
        "taxonomy": ["A", "A", "B", "B", "C"],
        "region": ["north", "north", "north", "south", "south"],
    }
)
LINES = pd.DataFrame(
    [
        *(("a1", NOW, 60, "e-shop"), ("a1", NOW, 40, "partner"), ("a1", BEFORE, 80, "partner")),
        *(("a2", NOW, 100, "partner"), ("a2", BEFORE, 120, "partner")),
        *(("b1", NOW, 60, "e-shop"), ("b1", BEFORE, 50, "e-shop")),
        *(("b2", NOW, 40, "e-shop"), ("b2", BEFORE, 50, "e-shop")),
        *(("c1", NOW, 100, "e-shop"), ("c1", BEFORE, 100, "e-shop")),
        ("c1", date(2023, 12, 31), 999, "e-shop"),  # a day before the year before
    ],
    columns=["customer_id", "ordered_on", "net_revenue", "channel"],
)
GOAL = {
    **{"goal": "Grow", "kind": "growth", "perspective": "financial", "measure": "revenue_growth"},
    **{"target": 0.10, "by": DUE, "capacity": 0.5, "owner": "Ann", "note": ""},
}
RESULT = {
    **{"column": "taxonomy", "perspective": "financial", "objective": "Sell more", "supports": "Grow"},
    **{"measure": "revenue_growth", "by": DUE, "unit": "sales", "owner": "Bob", "note": ""},
}


BOTH = [{"value": "A", "target": 0.10}, {"value": "B", "target": 0.20}]


@dataclass(frozen=True)
class Case:
    """The table above, with what key results make of it."""

    lines: pd.DataFrame
    as_of = AS_OF
    goal = GOAL
    both = BOTH
    groups = GROUPS

    def sums(self, columns=("taxonomy",), figures=None):
        return result_sums.build_result_sums(
            ibis.memtable(CUSTOMERS), ibis.memtable(self.lines), as_of=AS_OF, columns=columns, figures=figures
        )

    def without(self, customer_id):
        """The same, had this customer not come back."""
        return Case(self.lines[(self.lines.customer_id != customer_id) | (self.lines.ordered_on != NOW)])

    def build(self, results, goals=(GOAL,), figures=None):
        """Ladder and conflicts of these key results, each said by what differs from a plain one."""
        stated = pd.DataFrame([{**RESULT, **line} for line in results], columns=[*RESULT, "value", "target"])
        sums = self.sums([*stated["column"], "taxonomy"], figures)
        objectives = pd.DataFrame(list(goals), columns=list(GOAL))
        ladder = key_results.build_ladder(stated, objectives, sums, grouping="taxonomy")
        return ladder, result_conflicts.find_conflicts(ladder.results, sums)


@pytest.fixture
def ladders() -> Case:
    return Case(LINES)
