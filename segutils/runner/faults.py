"""A fault of the program: one line on the screen, the whole traceback in a file for who mends it."""

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from segutils.runner import places, redaction

LOG = "error.log"
MAX_MESSAGE = 300  # characters

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def reporter(args: argparse.Namespace) -> Hook:
    """What Python does with an error that nobody expected: for :data:`sys.excepthook`.

    Bad input and failed notebooks do not come here: they are told by the commands.

    Parameters
    ----------
    args : argparse.Namespace
        The command's arguments. The traceback is saved as ``error.log`` in its folder of all runs; secrets of
        its engagement files are replaced by their references.
    """

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        redact = redaction.redactor(_read_engagements(args))
        text = redact("".join(traceback.format_exception(kind, error, trace)))
        words = redact(" ".join(f"{kind.__name__}: {error}".split()))
        saved = _save(text, getattr(args, "reports", "") or "")
        kept = f"the full report is in {saved}" if saved else f"the full report could not be saved:\n{text}"
        print(f"\nsegutils itself failed, not your input: {words[:MAX_MESSAGE]}\n  {kept}", file=sys.stderr)

    return report


def _save(text: str, reports: str) -> Path | None:
    with contextlib.suppress(OSError):  # a full disk may be what went wrong in the first place
        folder = places.find_reports(reports)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / LOG
        temporary = path.with_name(f".{LOG}.{os.getpid()}.tmp")
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
        return path
    return None


def _read_engagements(args: argparse.Namespace) -> list[str]:
    """The engagement files as text: which secrets they name is all that is wanted of them."""
    stated = [getattr(args, "engagement", ""), getattr(args, "run", ""), *getattr(args, "engagements", ())]
    files = [Path(text) for text in stated if text]
    return [path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file()]
