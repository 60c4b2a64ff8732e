"""Inside a kernel process: import the heavy libraries first, then become a Jupyter kernel.

``python -m segutils.runner.warm '{"connection_file": …, "modules": […]}'`` is a kernel started ahead of its
notebook.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
from collections.abc import Iterable
from typing import Any

KERNEL_MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.pylabtools",
)
# what libraries themselves import only when a notebook first uses them
LATE_MODULES = (
    "matplotlib.pyplot",
    "ibis.backends.duckdb.converter",
    "ibis.expr.types.groupby",
    "ibis.formats.pandas",
    "pandas.io.formats.html",
    "pyarrow.pandas_compat",
)
# it connects figures to the kernel when it is imported inside one, and only then
NOT_AHEAD = "matplotlib_inline"
ARGUMENTS = ("--HistoryManager.enabled=False",)


def preload(modules: Iterable[str]) -> None:
    """Import these modules so that a notebook finds them in memory; no name is bound anywhere."""
    import_all((*KERNEL_MODULES, *modules, *LATE_MODULES))


def import_all(modules: Iterable[str]) -> None:
    """Import what can be imported.

    What cannot is left out: whoever imports it in earnest shows the error, a notebook in its own cell.
    """
    for module in modules:
        if module.startswith(NOT_AHEAD):
            continue
        try:
            importlib.import_module(module)
        except (
            ImportError,
            SyntaxError,
            AttributeError,
            NameError,
            TypeError,
            ValueError,
            LookupError,
            OSError,
        ):
            continue


def die_with_parent() -> None:
    """On Linux, let the system end this process when its parent ends (elsewhere ipykernel looks)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def run_kernel(connection_file: str) -> None:
    """Be the kernel that this connection file describes, until it is shut down."""
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = ["ipykernel_launcher", "-f", connection_file]
    IPKernelApp.launch_instance(["-f", connection_file, *ARGUMENTS])


def start(config: dict[str, Any]) -> None:
    """Warm up in this process, then be a kernel."""
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # as ipykernel's own launcher does: the working directory must not shadow libraries
    die_with_parent()
    preload(config["modules"])
    run_kernel(config["connection_file"])


if __name__ == "__main__":
    start(json.loads(sys.argv[1]))
