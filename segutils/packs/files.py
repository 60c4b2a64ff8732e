"""Pack files appear whole or not at all."""

import os
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def save_file(path: Path, blob: bytes) -> None:
    """Write under a temporary name beside `path`, then move it there: nobody ever reads half a pack."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(blob)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
