"""The rows set aside, kept with their reason; fields that may not be used are withheld there too."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from segutils.inputs.files import BrokenLine
from segutils.inputs.permissions import WITHHELD, mask_restricted

if TYPE_CHECKING:
    from segutils.inputs.judging import Judged


def write_rejects(
    judged: Judged, broken: Iterable[BrokenLine], folder: Path, restricted: Collection[str]
) -> None:
    """Which rows were set aside, and why?

    Parameters
    ----------
    judged : Judged
    broken : iterable of BrokenLine
        The lines that are no rows.
    folder : pathlib.Path
        ``<table>.csv`` is written there, complete or not at all: ``reason``, the row's number where the
        source has one, and its own cells as the source has them.
    restricted : collection of str
        Canonical columns that may not be shown: their cells, those of columns that nobody mapped, and lines
        that cannot be told apart into cells, are withheld. The row's number finds them in the source.
    """
    target = folder / f"{judged.name}.csv"
    is_open = not restricted and set(judged.source_columns) <= set(judged.mapped.values())
    temporary = target.with_suffix(".csv.part")
    with temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reason", *judged.numbering(), *judged.source_columns])
        for batch in judged.rejected().to_pyarrow_batches():
            *front, raw = (column.to_pylist() for column in batch.columns)
            writer.writerows(
                [*start, *mask_restricted(cells, judged.source_columns, judged.mapped, restricted)]
                for *start, cells in zip(*front, raw, strict=True)
            )
        for line in broken:
            writer.writerow([line.reason, line.line, line.text if is_open else WITHHELD])
    os.replace(temporary, target)
