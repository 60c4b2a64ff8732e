"""What a notebook cell said, as one hash: the run records it, a pack checks that nothing changed since."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def hash_cell(cell: Mapping[str, Any]) -> str:
    """Is this cell as the run left it?

    Parameters
    ----------
    cell : mapping
        A notebook cell (nbformat 4), as a node or as the file's JSON.

    Returns
    -------
    str
        SHA-256 of type, tags, text and what the cell shows; not of execution counts, so that running an
        unchanged notebook again on the same data changes nothing.
    """
    shown = [
        [output["output_type"], _joined(output.get("text", "")), _bundle(output.get("data", {}))]
        for output in cell.get("outputs", [])
    ]
    tags = sorted(cell.get("metadata", {}).get("tags", []))
    content = [cell["cell_type"], tags, _joined(cell["source"]), shown]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_cells(path: Path) -> dict[str, str]:
    """The hash of each cell of a notebook file, by cell id."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {cell.get("id", ""): hash_cell(cell) for cell in cells}


def _bundle(data: Mapping[str, Any]) -> dict[str, Any]:
    return {mime: value if mime.endswith("json") else _joined(value) for mime, value in data.items()}


def _joined(value: Any) -> Any:
    """A text that nbformat may have stored as lines."""
    return "".join(value) if isinstance(value, list) else value
