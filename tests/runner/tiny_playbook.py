"""A playbook and an engagement small enough to run in seconds, for tests that make things go wrong."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from segutils.runner.execute import Outcome, prepare_cells
from segutils.runner.graph import Notebook
from segutils.runner.run import Request, RunResult, run_engagement

RUN_DIR = 'run_dir: str = ""  # folder of the run'
OPEN = "from segutils import tables\n\nrun = tables.open_run(run_dir)"
WRITE_ALPHA = "import pandas as pd\n\nrun.write('alpha', pd.DataFrame({'value': [factor, 2 * factor]}))"
ENGAGEMENT = """client: Tiny Shop
currency: EUR
as_of: 2024-12-31
timezone: Europe/Berlin
tables:
  customers:
    path: customers.csv
    columns: {customer_id: id}
  transactions:
    path: transactions.csv
    columns: {customer_id: id, order_id: order, ordered_at: day, net_revenue: amount}
"""


def write_engagement(folder: Path, more: str = "", *, amount: str = "10.50") -> Path:
    """Three customers, six orders."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "customers.csv").write_text("id\nA\nB\nC\n")
    lines = [f"{customer},{customer}{n},2024-0{n}-15,{amount}" for customer in "ABC" for n in (3, 8)]
    (folder / "transactions.csv").write_text("\n".join(["id,order,day,amount", *lines, ""]))
    path = folder / "engagement.yml"
    path.write_text(ENGAGEMENT + more)
    return path


def write_notebook(
    folder: Path,
    name: str,
    cells: Mapping[str, str],
    *,
    reads: Sequence[str] = (),
    writes: Sequence[str] = (),
    parameters: str = RUN_DIR,
) -> Path:
    """A notebook with title, parameters, and these code cells by id."""

    def names(words: Sequence[str]) -> str:
        return ", ".join(f"`{word}`" for word in words)

    title = f"# {name}\n\n**Decides** `rfm` · **Reads** {names(reads)} · **Writes** {names(writes)}"
    contents = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": title},
        _code("parameters", parameters, ["parameters"]),
        *(_code(cell_id, source, []) for cell_id, source in cells.items()),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": contents, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def write_playbook(folder: Path) -> Path:
    """1_1_first writes alpha; 1_2_second makes beta of it; 1_3_side stands alone; 1_4_last reads beta."""
    write_notebook(
        folder,
        "1_1_first",
        {"setup": OPEN, "orders": "run.input('transactions').count().execute()", "save": WRITE_ALPHA},
        reads=["transactions"],
        writes=["alpha"],
        parameters=f"{RUN_DIR}\nfactor: int = 1  # multiplies",
    )
    double = "alpha = run.read('alpha')\nrun.write('beta', alpha.assign(value=alpha['value'] * 2 + shift))"
    write_notebook(
        folder,
        "1_2_second",
        {"setup": OPEN, "double": double},
        reads=["alpha"],
        writes=["beta"],
        parameters=f"{RUN_DIR}\nshift: float = 0.5  # added\nlabel: str = 'x'  # not used",
    )
    write_notebook(folder, "1_3_side", {"setup": OPEN, "count": "run.input_counts()"})
    write_notebook(folder, "1_4_last", {"setup": OPEN, "show": "run.read('beta')"}, reads=["beta"])
    return folder


def _code(cell_id: str, source: str, tags: list[str]) -> dict:
    cell = {"cell_type": "code", "id": cell_id, "metadata": {"tags": tags} if tags else {}, "source": source}
    return {**cell, "outputs": [], "execution_count": None}


class NoPool:
    """Stands in for the pool of kernels where notebooks run in the test's own process."""

    def __init__(self, **options: object) -> None:
        self.options = options

    def __enter__(self) -> "NoPool":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def take(self) -> None:
        """No kernel."""

    def close(self) -> None:
        """Nothing to end."""


def execute_here(
    notebook: Notebook, *, kernel: None, parameters: str, folder: Path, cell_seconds: int, redact: object
) -> Outcome:
    """Executes a notebook in the test's own process: for tests of what is done again, not of how."""
    os.environ["SEGUTILS_WRITES"] = folder.parent.name
    cells = prepare_cells(notebook.cells, parameters)
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(cell["source"], names)
            names["run_dir"] = str(folder.parent)
    target = folder / f"{notebook.name}.ipynb"
    target.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    code = sum(cell["cell_type"] == "code" for cell in cells)
    return Outcome(cells=code, executed=code, seconds=0.0, failure=None)


class Lines(list):
    """Collects what a run says."""

    def __call__(self, line: str) -> None:
        self.append(line)

    @property
    def text(self) -> str:
        return "\n".join(self)


def run_tiny(
    home: Path,
    *,
    engagement: Path | None = None,
    assignments: Sequence = (),
    only: Sequence[str] = (),
    cell_seconds: int = 60,
    renderer: object = None,
    lines: Lines | None = None,
) -> RunResult:
    """Run the playbook in ``home/playbook`` on ``home/client/engagement.yml`` into ``home/reports``."""
    request = Request(
        engagement=engagement or home / "client" / "engagement.yml",
        playbook=home / "playbook",
        reports=home / "reports",
        assignments=tuple(assignments),
        only=tuple(only),
        cell_seconds=cell_seconds,
    )
    return run_engagement(request, renderer=renderer, say=lines if lines is not None else Lines())
