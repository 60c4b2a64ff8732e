"""Files that a run hands on: tables for later notebooks, lists for people; complete or not at all."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TEXT_NAME = re.compile(r"[a-z][a-z0-9_]*\.(sql|py|md|txt)")


@dataclass(frozen=True)
class Written:
    """A note on what was written, for the notebook; `unit` is what is counted, `suffix` that of an export."""

    table: str
    rows: int
    official: bool
    place: str = "tables"
    unit: str = "rows"
    suffix: str = ".csv"

    def __repr__(self) -> str:
        where = "the run" if self.place == "tables" else f"{self.place}/{self.table}{self.suffix} of the run"
        if not self.official:
            where = f"scratch/{self.place}: opened by hand, so the run itself stays as it was"
        return f"{self.table}: {self.rows:,} {self.unit} written to {where}"


def _check_frame(name: str, frame: pd.DataFrame) -> None:
    import pandas as pd

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"a table's name is lower-case words with underscores, not {name!r}")
    if not isinstance(frame.index, pd.RangeIndex):
        raise ValueError(f"{name}: reset the index first; only columns are kept")


def write_parquet(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """A table for later notebooks."""
    _check_frame(name, frame)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    frame.to_parquet(temporary, index=False, compression="zstd")
    os.replace(temporary, path)


def write_csv(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """A list for people; a cell that a spreadsheet would take for a formula starts with an apostrophe."""
    _check_frame(name, frame)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    safe = frame.map(lambda v: f"'{v}" if isinstance(v, str) and v[:1] in FORMULA_STARTS else v)
    safe.to_csv(temporary, index=False)
    os.replace(temporary, path)


def write_bytes(folder: Path, name: str, content: bytes) -> None:
    """A file for people, such as a workbook: ``scorecard.xlsx``."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.xlsx", name):
        raise ValueError(f"a workbook's name is lower-case words with underscores and .xlsx, not {name!r}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def write_text(folder: Path, name: str, text: str) -> None:
    """A text for people or programs, such as a query: ``scoring.sql``."""
    if not TEXT_NAME.fullmatch(name):
        raise ValueError(
            f"a text's name is lower-case words with underscores and .sql, .py, .md or .txt, not {name!r}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    os.replace(temporary, path)
