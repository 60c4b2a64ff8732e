"""What papermill reports as success: each failure is injected into a real kernel."""

import json
import os
import sys

import psutil
import pytest
from tiny_playbook import write_notebook

from segutils.runner import execute, kernels
from segutils.runner.graph import read_notebook
from segutils.runner.parameters import injected_source

MODES = ["fork", "start"] if sys.platform == "linux" else ["start"]


def open_pool(folder, *, ahead=1, total=1):
    return kernels.KernelPool(
        modules=["pandas", "matplotlib.pyplot", "no_such_module"],
        environment={"SEGUTILS_WRITES": "this-run"},
        folder=folder,
        ahead=ahead,
        total=total,
    )


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    with open_pool(tmp_path_factory.mktemp("kernels"), total=20) as opened:
        yield opened


@pytest.fixture
def run(pool, tmp_path):
    def run_cells(cells, *, cell_seconds=60, redact=str, values=None, pool=pool):
        notebook = read_notebook(write_notebook(tmp_path, "1_1_a", cells))
        return execute.execute_notebook(
            notebook,
            kernel=pool.take(),
            parameters=injected_source("..", values or {}),
            folder=tmp_path / "out",
            cell_seconds=cell_seconds,
            redact=redact,
        )

    (tmp_path / "out").mkdir()
    return run_cells


def outputs(path):
    cells = json.loads(path.read_text())["cells"]
    return {cell["id"]: cell.get("outputs", []) for cell in cells}


def said(path, cell):
    return "".join(line for output in outputs(path)[cell] for line in output["text"])


def test_success_is_every_cell_confirmed(run, tmp_path):
    found = run({"a": "x = 1", "empty": "", "b": "print(x, factor)"}, values={"factor": 3})
    assert (found.cells, found.executed, found.failure) == (4, 4, None)  # parameters, injected, a, b
    assert said(tmp_path / "out" / "1_1_a.ipynb", "b") == "1 3\n"


def test_an_error_names_cell_and_line_and_keeps_what_was_done(run, tmp_path):
    (tmp_path / "out" / "1_1_a.ipynb").write_text("an earlier success")
    found = run({"good": "print('seen')", "bad": "x = 1\n1 / 0", "never": "print('never')"})
    assert (found.cells, found.executed) == (5, 3)
    assert found.failure == execute.Failure(
        cell="bad",
        line="line 2: 1 / 0",
        message="ZeroDivisionError: division by zero",
        error="ZeroDivisionError",
    )
    assert not (tmp_path / "out" / "1_1_a.ipynb").exists()
    partial = tmp_path / "out" / "1_1_a.failed.ipynb"
    assert said(partial, "good") == "seen\n" and not outputs(partial)["never"]
    assert outputs(partial)["bad"][0]["ename"] == "ZeroDivisionError"


def test_bad_input_found_in_a_cell_is_shown_as_what_where_fix(run):
    raising = "from segutils.errors import InputError\nraise InputError('what', where='here', fix='so')"
    assert run({"a": raising}).failure.message == "what\n  where: here\n  fix:   so"


@pytest.mark.parametrize("cells", [{"a": "import sys; sys.exit(0)", "b": "1"}, {"a": "raise SystemExit"}])
def test_leaving_with_code_0_is_a_failure(run, cells):
    found = run(cells)
    assert found.failure.cell == "a" and "sys.exit" in found.failure.message
    assert found.executed == 2


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("more", [{}, {"b": "1"}])
def test_a_killed_kernel_is_a_failure_even_in_the_last_cell(run, tmp_path, more):
    found = run({"a": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", **more})
    assert found.failure.cell == "a" and "killed" in found.failure.message
    assert found.executed == 2 and not (tmp_path / "out" / "1_1_a.ipynb").exists()


def test_a_cell_that_stalls_is_stopped(run):
    found = run({"a": "import time\ntime.sleep(60)"}, cell_seconds=1)
    assert "after 1 seconds" in found.failure.message and found.seconds < 30


def test_a_secret_is_replaced_in_outputs_and_errors(run, tmp_path):
    def redact(text):
        return text.replace("s3cret", "env:KEY")

    assert run({"a": "print('s3' + 'cret'); {'key': 's3' + 'cret'}"}, redact=redact).failure is None
    found = run({"a": "raise ValueError('s3' + 'cret')"}, redact=redact)
    assert found.failure.message == "ValueError: env:KEY"
    for path in (tmp_path / "out").iterdir():
        assert "s3cret" not in path.read_text() and "env:KEY" in path.read_text()


def test_no_clock_time_is_left_in_the_notebook(run, tmp_path):
    run({"a": "1"})
    text = (tmp_path / "out" / "1_1_a.ipynb").read_text()
    assert "start_time" not in text and "iopub" not in text
    run({"a": "1"})
    assert (tmp_path / "out" / "1_1_a.ipynb").read_text() == text


@pytest.mark.parametrize("mode", MODES)
def test_a_warm_kernel_is_a_clean_one(run, tmp_path, monkeypatch, mode):
    """Libraries are in memory, no name is bound; figures and tables show as in any kernel; seeds differ."""
    monkeypatch.setenv(kernels.MODE, mode)
    look = "import os, sys\nprint('pandas' in sys.modules, sorted(n for n in dir() if n[0] not in '_IO'))"
    where = "print(os.environ['SEGUTILS_WRITES'], os.environ['OMP_NUM_THREADS'], os.path.realpath('.'))"
    dice = "import random, numpy\nprint(random.random(), numpy.random.rand())"
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    cells = {
        "look": look,
        "where": where,
        "dice": dice,
        "plot": plot,
        "frame": "import pandas\npandas.Series([1])",
    }
    rolls = set()
    with open_pool(tmp_path, ahead=2, total=2) as own:
        for _ in range(2):
            assert run(cells, pool=own).failure is None
            executed = tmp_path / "out" / "1_1_a.ipynb"
            rolls |= set(said(executed, "dice").split())
    assert said(executed, "look") == "True ['exit', 'get_ipython', 'open', 'os', 'quit', 'run_dir', 'sys']\n"
    assert said(executed, "where") == f"this-run 1 {tmp_path.resolve()}\n"
    assert "image/png" in outputs(executed)["plot"][0]["data"]
    assert "text/plain" in outputs(executed)["frame"][0]["data"]
    assert len(rolls) == 4


@pytest.mark.parametrize("mode", MODES)
def test_closing_the_pool_leaves_no_process(tmp_path, monkeypatch, mode):
    monkeypatch.setenv(kernels.MODE, mode)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    pool = open_pool(tmp_path, ahead=2, total=3).__enter__()
    kernel = pool.take()
    assert kernel.poll() is None
    started = {child.pid for child in psutil.Process().children(recursive=True)} - before
    assert kernel.process.pid in started
    pool.close()
    pool.close()  # a second time does nothing
    _, alive = psutil.wait_procs([psutil.Process(p) for p in started if psutil.pid_exists(p)], timeout=5)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    with pytest.raises(kernels.PoolClosed):
        pool.take()


@pytest.mark.skipif(not kernels.forks(), reason="no fork server here")
def test_without_its_server_the_pool_starts_ordinary_kernels(run, tmp_path):
    with open_pool(tmp_path, total=2) as own:
        own.take()
        own._server._process.kill()
        own._server._process.wait()
        assert run({"a": "1"}, pool=own).failure is None
