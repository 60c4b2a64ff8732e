"""Counts of campaigns, margins and baskets are the same on PostgreSQL as on DuckDB."""

from datetime import date

import ibis
import pandas as pd

from segutils.validation.response import campaign_cells, closeness, observed_campaigns


def sort(frame: pd.DataFrame) -> pd.DataFrame:
    ordered = frame.reindex(columns=sorted(frame.columns))
    keys = [c for c in ordered if ordered[c].dtype.kind not in "fi"]
    return ordered.sort_values(keys, ignore_index=True)


def answers(tables: dict, members: pd.DataFrame, audiences: pd.Series) -> list[pd.DataFrame]:
    window = {"as_of": date(2025, 12, 31), "window_days": 365}
    worth = campaign_cells.build_worth(tables["transactions"], members, **window)
    shares = closeness.build_category_shares(tables["transactions"], tables["products"], members, **window)
    return [
        campaign_cells.build_cells(tables["exposures"], members),
        worth,
        observed_campaigns.build_past_orders(
            tables["exposures"], tables["campaigns"], tables["transactions"]
        ),
        closeness.build_reach(tables["exposures"], members),
        closeness.count_collisions(tables["exposures"], tables["campaigns"], audiences, window_days=90),
        shares.reset_index(),
    ]


def test_same_on_postgresql(null_campaigner, postgres):
    there = ibis.connect(postgres)
    tables = {
        name: there.create_table(name, table.to_pyarrow()) for name, table in null_campaigner.tables.items()
    }
    campaigns = null_campaigner.lifts["campaign_id"].drop_duplicates().sort_values()
    audiences = pd.Series([f"S{n % 2}" for n in range(len(campaigns))], index=campaigns.to_numpy())
    audiences.index.name = "campaign_id"
    here = answers(null_campaigner.tables, null_campaigner.members, audiences)
    for left, right in zip(here, answers(tables, null_campaigner.members, audiences), strict=True):
        assert len(left)
        pd.testing.assert_frame_equal(sort(left), sort(right), check_dtype=False, rtol=1e-9)
