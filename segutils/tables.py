"""A run's tables: the client's inputs, and what notebooks pass to each other.

A notebook opens its run with ``run = tables.open_run(run_dir)`` and then reads, shows and writes through it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from segutils import schemas
from segutils.engagement import Engagement, load_engagement, read_json
from segutils.engagement_data import PURPOSES, SEGMENTATION
from segutils.errors import InputError
from segutils.formats import join_words
from segutils.inputs import ingestion, named_groups, opening
from segutils.inputs.report import InputReport
from segutils.leaks import find_leaks
from segutils.run_files import Written, write_bytes, write_csv, write_parquet, write_text
from segutils.run_folders import find_latest
from segutils.titles import ROOT, find_writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends import BaseBackend

    from segutils.display import Shown
    from segutils.findings import Finding, Override
    from segutils.workbooks import Sheet

DEMO = ROOT / "data" / "retail" / "engagement.yml"
WRITES = "SEGUTILS_WRITES"  # the runner sets it to the run's name in its kernels
TARGET_COLUMNS = ["measure", "segment", "target", "owner", "note"]


def ingest(engagement: Engagement, folder: Path) -> None:
    """Which rows of the client's tables can be used? Fills ``inputs/`` and ``rejects/`` of the run's folder.

    See :func:`segutils.inputs.ingestion.ingest`.
    """
    ingestion.ingest(engagement, folder)


def check_engagement(engagement: Engagement) -> InputReport:
    """Can this engagement be run? Reads, maps and judges every table; writes to a temporary folder only.

    Returns
    -------
    InputReport

    Raises
    ------
    InputError
        Something cannot be read at all.
    """
    with tempfile.TemporaryDirectory(prefix="segutils-check-") as folder:
        ingestion.ingest(engagement, Path(folder), stop=False)
        return InputReport.read(Path(folder))


def check_plans(engagement: Engagement, folder: Path) -> None:
    """Do plans name groups of the customers that an earlier run has read?

    See :func:`segutils.inputs.named_groups.check_named_groups`, which :func:`ingest` asks itself.
    """
    engine = opening.open_engine(engagement)
    try:
        named_groups.check_named_groups(
            engagement, opening.open_inputs(engagement, folder, engine)["customers"]
        )
    finally:
        engine.disconnect()


def open_run(run_dir: str | Path = "") -> Run:
    """Which run does this notebook belong to?

    Parameters
    ----------
    run_dir : str or pathlib.Path
        The run's folder. Empty: the folder in ``SEGUTILS_RUN``, else the latest run of the demo engagement.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        There is no such run; says how to make one.
    """
    stated = str(run_dir) or os.environ.get("SEGUTILS_RUN", "")
    folder = Path(stated).resolve() if stated else find_latest(load_engagement(DEMO))
    if not (folder / "inputs.json").is_file():
        fix = "give the folder of a run under reports/, or make one: segutils run ENGAGEMENT"
        raise InputError("this is not the folder of a run", where=str(folder), fix=fix)
    payload = json.loads((folder / "engagement.json").read_text(encoding="utf-8"))
    run = Run(folder=folder, engagement=read_json(payload, folder))
    if "IPython" in sys.modules:
        from segutils import display

        display.register_formatters()
    return run


@dataclass(frozen=True)
class Run:
    """One run: the engagement as it was, its inputs, and the tables that its notebooks wrote."""

    folder: Path
    engagement: Engagement = field(repr=False)

    @property
    def name(self) -> str:
        """The run's id."""
        return self.folder.name

    @property
    def as_of(self) -> date:
        """The last day of the data."""
        return self.engagement.as_of

    @property
    def currency(self) -> str:
        """ISO 4217 code of every amount."""
        return self.engagement.currency

    @cached_property
    def report(self) -> InputReport:
        """What ingestion counted."""
        return InputReport.read(self.folder)

    @cached_property
    def _engine(self) -> BaseBackend:
        return opening.open_engine(self.engagement)

    @cached_property
    def _inputs(self) -> dict[str, ir.Table]:
        return opening.open_inputs(self.engagement, self.folder, self._engine)

    @cached_property
    def _for_purpose(self) -> dict[tuple[str, str], ir.Table]:
        return {}

    def has_input(self, table: str, purpose: str = SEGMENTATION) -> bool:
        """Did the client give this table, and may it be used for this purpose?"""
        return bool(self._columns(table, purpose))

    def has_columns(
        self, table: str, column: str, second: str = "", third: str = "", *, purpose: str = SEGMENTATION
    ) -> bool:
        """Did the client give this table with this column (with all of these), and may they be used?"""
        wanted = set(filter(None, (column, second, third)))
        return wanted <= set(self._columns(table, purpose))

    def find_input(
        self, table: str, column: str = "", second: str = "", third: str = "", *, purpose: str = SEGMENTATION
    ) -> ir.Table | None:
        """The table, if the client gave it with this column (with all of these) and they may be used."""
        given = self.has_input(table, purpose) and self.has_columns(
            table, column, second, third, purpose=purpose
        )
        return self.input(table, purpose) if given else None

    def _columns(self, table: str, purpose: str) -> tuple[str, ...]:
        if purpose not in PURPOSES:
            fix = f"use one of {', '.join(PURPOSES)}"
            raise InputError(f"there is no purpose '{purpose}'", where=self.name, fix=fix)
        return self.report.columns_for(table, purpose)

    def input(self, table: str, purpose: str = SEGMENTATION) -> ir.Table:
        """A canonical table, accepted rows only, lazily on the run's engine.

        Parameters
        ----------
        table : str
        purpose : str
            What it is read for. Without one: to segment, which fields that identify people, texts and
            protected attributes may not be used for. Another purpose reads the client's source again, gives
            the fields that may serve it, and keeps them in this process only; the notebook's title must
            state it.

        Raises
        ------
        InputError
            The client did not give it, or it may not be used for this purpose.
        """
        if not self._columns(table, purpose):
            raise self._refuse_input(table, purpose)
        if self._columns(table, purpose) == self._columns(table, SEGMENTATION):
            return self._inputs[table]
        if (table, purpose) not in self._for_purpose:
            self._for_purpose[table, purpose] = opening.open_for_purpose(
                table, self.engagement, self.folder, self._engine, purpose=purpose
            )
        return self._for_purpose[table, purpose]

    def inputs(self) -> dict[str, ir.Table]:
        """Every table that may be used to segment, by its name."""
        return {table: self._inputs[table] for table in self.report.columns}

    def _refuse_input(self, table: str, purpose: str) -> InputError:
        given = ", ".join(self.report.columns)
        if table not in schemas.TABLES:
            what = f"there is no table '{table}'"
            return InputError(what, where=self.name, fix=f"this run has: {given}")
        if any(use.table == table for use in self.report.uses):
            what = f"the table '{table}' may not be used for {purpose}"
            fix = "the engagement file decides that, under privacy; ask the owner of that line"
            return InputError(what, where=self.name, fix=fix)
        row = schemas.TABLES[table].row
        fix = f"add '{table}' to the engagement file (one row is {row}); this run has: {given}"
        return InputError(f"the client did not give the table '{table}'", where=self.name, fix=fix)

    def input_counts(self) -> pd.DataFrame:
        """How many rows came in, are used, were set aside, were withheld, were added?

        Returns
        -------
        DataFrame
            table, rows_in, rows_used, rows_set_aside, rows_added, read_as, rows_withheld
        """
        return self.report.count_table()

    def input_faults(self) -> pd.DataFrame:
        """Which rules do the client's tables break, how often, and what happened to the rows?

        Returns
        -------
        DataFrame
            table, column, rule, severity, treatment, rows, share (0-1 of the table's rows in), examples, fix
        """
        return self.report.fault_table()

    def field_uses(self) -> pd.DataFrame:
        """Which field of the client's tables may be used for what, and what was left out?

        Returns
        -------
        DataFrame
            table, column (``all``: the rows), purposes (tuple), basis, consent, keep_days, owner, stated,
            cells, without_consent, too_old
        """
        return self.report.use_table()

    def targets(self) -> pd.DataFrame:
        """Which targets did somebody set?

        Returns
        -------
        DataFrame
            measure, segment ("" = all customers), target, owner, note; empty where the file states none
        """
        import pandas as pd

        return pd.DataFrame([t.model_dump() for t in self.engagement.targets], columns=TARGET_COLUMNS)

    def override(self, slug: str) -> Override | None:
        """The client's own choice for a decision, or None."""
        from segutils.findings import Override

        stated = self.engagement.overrides.get(slug)
        if stated is None:
            return None
        return Override(choice=stated.choice, who=stated.who, when=stated.when.isoformat(), why=stated.why)

    def read(self, table: str) -> pd.DataFrame:
        """A table that an earlier notebook wrote.

        Raises
        ------
        InputError
            It isn't there yet; names the notebook to run first.
        """
        import pandas as pd

        path = self.folder / "tables" / f"{table}.parquet"
        if not path.is_file():
            writer = find_writer(table)
            fix = f"run {writer} first" if writer else f"no notebook writes it; there are: {self._written()}"
            raise InputError(f"the table '{table}' is not there yet", where=f"run {self.name}", fix=fix)
        return pd.read_parquet(path)

    def _written(self) -> str:
        return ", ".join(sorted(p.stem for p in (self.folder / "tables").glob("*.parquet"))) or "none"

    def write(self, table: str, frame: pd.DataFrame) -> Written:
        """Hands a table to later notebooks, complete or not at all.

        A notebook that the runner executes writes to the run's ``tables``. One that is opened by hand writes
        to ``scratch/tables``: a finished run is not changed by looking at it.

        Parameters
        ----------
        table : str
        frame : pandas.DataFrame
            Default (row-number) index, column names as text.

        Returns
        -------
        Written
            Shown in the notebook: how many rows went where.

        Raises
        ------
        InputError
            It has a column that may not be used to segment.
        """
        report = self.report
        restricted, closed = report.restricted_columns(), report.closed_columns()
        if leaks := find_leaks(
            frame, restricted=restricted, closed=closed, opened=list(self._for_purpose.values())
        ):
            what = f"the table '{table}' would carry {join_words(leaks)} to later notebooks"
            fix = "leave it out: it may not be used to segment; a list for people is run.export"
            raise InputError(what, where=f"run.write('{table}', ...)", fix=fix)
        write_parquet(self._place("tables"), table, frame)
        return Written(table=table, rows=len(frame), official=self._is_official)

    def export(self, name: str, frame: pd.DataFrame) -> Written:
        """A list for people, such as the records that somebody must look at: ``exports/<name>.csv``.

        It may hold fields that identify people, so no notebook reads it; it goes to the owner of these data.
        """
        write_csv(self._place("exports"), name, frame)
        return Written(table=name, rows=len(frame), official=self._is_official, place="exports")

    def export_text(self, name: str, text: str) -> Written:
        """A text for people or programs, such as a query that assigns segments: ``exports/scoring.sql``."""
        write_text(self._place("exports"), name, text)
        stem, _, suffix = name.partition(".")
        lines = len(text.splitlines())
        shape = {"place": "exports", "unit": "lines", "suffix": f".{suffix}"}
        return Written(table=stem, rows=lines, official=self._is_official, **shape)

    def export_workbook(self, name: str, sheets: Sequence[Sheet], *, title: str) -> Written:
        """A workbook that people go on working with, such as a scorecard: ``exports/<name>.xlsx``."""
        from segutils.workbooks import build_workbook

        about = {"author": self.engagement.client, "as_of": self.as_of, "currency": self.currency}
        write_bytes(self._place("exports"), f"{name}.xlsx", build_workbook(sheets, title=title, **about))
        shape = {"place": "exports", "unit": "sheets", "suffix": ".xlsx"}
        return Written(table=name, rows=len(sheets), official=self._is_official, **shape)

    @property
    def _is_official(self) -> bool:
        return os.environ.get(WRITES) == self.name

    def _place(self, part: str) -> Path:
        return self.folder / part if self._is_official else self.folder / "scratch" / part

    def show(self, finding: Finding) -> Shown:
        """The finding as the notebook shows it and the packs read it (put it on a cell's last line)."""
        from segutils import display

        return display.show(finding, currency=self.currency, brand=self.engagement.brand)
