"""What the titles of the playbook's notebooks say: who writes a table, who reads for which purpose."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parents[1]


def find_writer(table: str) -> str:
    """The notebook that writes a table, from the ``**Writes**`` lines of the playbook; empty if none does."""
    for path in sorted((ROOT / "playbook").glob("*.ipynb")):
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
        title = "".join(cells[0]["source"])
        _, _, writes = title.partition("**Writes**")
        if f"`{table}`" in re.split(r"\*\*|\n", writes, maxsplit=1)[0]:
            return path.stem
    return ""


def find_purposes() -> pd.DataFrame:
    """Which notebooks read fields for a purpose of their own, by the ``**Purpose**`` of their titles?

    Returns
    -------
    DataFrame
        notebook, purpose
    """
    import pandas as pd

    return pd.DataFrame(list_purposes(), columns=["notebook", "purpose"])


def list_purposes() -> list[tuple[str, str]]:
    """What :func:`find_purposes` finds, as pairs: the runner asks without waiting for pandas."""
    rows = []
    for path in sorted((ROOT / "playbook").glob("*.ipynb")):
        title = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        _, _, said = title.partition("**Purpose**")
        named = re.findall(r"`([^`]+)`", re.split(r"\*\*|\n", said, maxsplit=1)[0])
        rows += [(path.stem, purpose) for purpose in named]
    return rows
