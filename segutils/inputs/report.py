"""What ingestion counted, as a run keeps it: rows per table, broken rules, columns, and who may use them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from segutils import schemas
from segutils.engagement_data import SEGMENTATION, WHOLE_ROWS
from segutils.inputs.faults import Counts, Fault
from segutils.inputs.permissions import FieldRecord

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class InputReport:
    """What ingestion counted: rows per table, broken rules, and the columns each table has.

    Plain values; :meth:`Run.input_counts` and :meth:`Run.input_faults` give them as DataFrames.
    """

    counts: tuple[Counts, ...]
    faults: tuple[Fault, ...]
    columns: dict[str, tuple[str, ...]]
    uses: tuple[FieldRecord, ...]

    @classmethod
    def read(cls, folder: Path) -> InputReport:
        """The report that ingestion left in a run's folder."""
        payload = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
        return cls(
            counts=tuple(Counts(**record) for record in payload["tables"]),
            faults=tuple(
                Fault(**{**record, "examples": tuple(record["examples"])}) for record in payload["faults"]
            ),
            columns={name: tuple(columns) for name, columns in payload["columns"].items()},
            uses=tuple(
                FieldRecord(**{**record, "purposes": tuple(record["purposes"])})
                for record in payload.get("uses", [])
            ),
        )

    def columns_for(self, table: str, purpose: str) -> tuple[str, ...]:
        """The columns of a table that may be used for a purpose; none where it was not given."""
        if purpose == SEGMENTATION:
            return self.columns.get(table, ())
        uses = [use for use in self.uses if use.table == table]
        if any(use.column == WHOLE_ROWS and purpose not in use.purposes for use in uses):
            return ()
        return tuple(u.column for u in uses if purpose in u.purposes and u.column != WHOLE_ROWS)

    def restricted_columns(self) -> frozenset[str]:
        """Names of columns that may not be used to segment, in whichever table."""
        return frozenset(u.column for u in self.uses if SEGMENTATION not in u.purposes) - {WHOLE_ROWS}

    def closed_columns(self) -> frozenset[str]:
        """Names of columns that stand only in tables of which no row may be used to segment, keys apart."""
        whole = {u.table for u in self.uses if u.column == WHOLE_ROWS and SEGMENTATION not in u.purposes}
        keys = {key for table in schemas.TABLES.values() for key in table.key} | {WHOLE_ROWS}
        seen = {column for columns in self.columns.values() for column in columns}
        return frozenset(u.column for u in self.uses if u.table in whole) - seen - keys

    def unused_columns(self) -> frozenset[tuple[str, str]]:
        """Table and name of the columns that may be used for nothing."""
        return frozenset((u.table, u.column) for u in self.uses if not u.purposes)

    def count_table(self) -> pd.DataFrame:
        """One row per table: ``table, rows_in, rows_used, rows_set_aside, rows_added, read_as,
        rows_withheld``."""
        return _frame(Counts, [asdict(c) for c in self.counts])

    def fault_table(self) -> pd.DataFrame:
        """One row per broken rule: the fields of :class:`segutils.inputs.faults.Fault`."""
        records = [{**asdict(f), "examples": "; ".join(f.examples)} for f in self.faults]
        return _frame(Fault, records)

    def use_table(self) -> pd.DataFrame:
        """One row per column: the fields of :class:`segutils.inputs.permissions.FieldRecord`."""
        return _frame(FieldRecord, [asdict(u) for u in self.uses])


def _frame(kind: type, records: list[dict[str, object]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(records, columns=[f.name for f in fields(kind)])
