"""Importing the notebook tools ahead of their use, and without what they never use."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from segutils.runner.fingerprint import imported_modules
from segutils.runner.warm import import_all

SLOW = "rfc3987_syntax"
PAPERMILL = ("papermill.engines", "segutils.runner.kernel_manager")


def import_papermill() -> None:
    """Import papermill, nbformat and nbclient while data is read and kernels warm up."""
    with _without_slow():
        import_all(PAPERMILL)


def import_ahead(sources: Sequence[str]) -> None:
    """Import everything that these sources import, and our modules they reach, also inside functions.

    Parameters
    ----------
    sources : sequence of str
        Python sources, such as ``"from segutils.packs import rendering"``.
    """
    with _without_slow():
        import_all(imported_modules(sources))


@contextmanager
def _without_slow() -> Iterator[None]:
    """Hide a package that takes a second or more to import and checks what no notebook has.

    Beside JupyterLab, jsonschema finds `rfc3987_syntax`, which builds a grammar in every process for the
    format of IRIs. jsonschema does without it where it is missing.
    """
    hidden = SLOW not in sys.modules
    if hidden:
        sys.modules[SLOW] = None
    try:
        yield
    finally:
        if hidden and sys.modules.get(SLOW, "") is None:
            del sys.modules[SLOW]
