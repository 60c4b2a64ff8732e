"""What money did and how it is divided is counted the same on PostgreSQL as on DuckDB."""

import ibis
import pandas as pd

from segutils.objectives.portfolio.budget_habits import build_bases, read_current_split
from segutils.statistics.response_estimates import estimate_responses
from segutils.statistics.spending_history import build_spending_panel

TABLES = ("exposures", "campaigns", "transactions", "customers", "costs", "budgets")
SOURCES = ["Research and development: Research", "Marketing: marketing"]


def answers(tables: dict, groups: pd.DataFrame, as_of) -> list[pd.DataFrame]:
    lines, names = tables["transactions"], sorted(set(groups.group))
    return [
        estimate_responses(tables["exposures"], lines, groups, as_of=as_of, campaigns=tables["campaigns"]),
        build_spending_panel(tables["costs"], lines, tables["customers"], groups, as_of=as_of),
        build_bases(lines, groups, as_of=as_of).reset_index(),
        read_current_split(tables["budgets"], tables["costs"], sources=SOURCES, groups=names, as_of=as_of),
    ]


def test_same_on_postgresql(null_halden, postgres):
    here = {name: null_halden.table(name) for name in TABLES}
    engine = ibis.connect(postgres)
    there = {name: engine.create_table(name, table.to_pyarrow()) for name, table in here.items()}
    groups = null_halden.groups()
    both = [answers(tables, groups, null_halden.as_of) for tables in (here, there)]
    for left, right in zip(*both, strict=True):
        assert len(left)
        pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-9)
