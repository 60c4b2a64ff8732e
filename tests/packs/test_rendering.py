"""Packs made side by side are those made one by one, and an error in one of their processes arrives."""

import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from segutils.errors import InputError
from segutils.packs import rendering

WANTED = {"executive": ["pdf", "html"], "board": ["pdf"]}


@pytest.fixture
def run(sample_run, tmp_path):
    return shutil.copytree(sample_run, tmp_path / sample_run.name)


def render(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in rendering.render_packs(run, WANTED)}


def test_side_by_side_is_the_same_as_one_by_one(run, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    together = render(run)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert render(run) == together and len(together) == 3


def test_a_figure_in_both_packs_is_drawn_once(run, monkeypatch):
    """What the board sees is all the executives see here, on pages of the same size."""
    from segutils.charts import drawing

    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    drawn = []
    draw = drawing.draw_svg
    monkeypatch.setattr(drawing, "draw_svg", lambda *a, **k: drawn.append(1) or draw(*a, **k))

    def count(wanted: dict[str, list[str]]) -> int:
        drawn.clear()
        rendering.render_packs(run, wanted)
        return len(drawn)

    apart = count({"executive": ["pdf"]}) + count({"board": ["pdf"]})
    assert 0 < count({"executive": ["pdf"], "board": ["pdf"]}) < apart


def test_what_was_ended_from_outside_is_made_again(run, monkeypatch):
    class Ended:
        def __init__(self, *told, **named):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *told):
            return None

        def map(self, work, lanes):
            future: Future[None] = Future()
            future.set_exception(BrokenProcessPool())
            yield future.result()

    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(rendering, "ProcessPoolExecutor", Ended)
    assert len(render(run)) == 3


def test_an_error_says_the_same_in_another_process():
    error = InputError("column 'spend' does not exist", where="engagement.yml, line 14", fix="use amount")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_processes_end_with_the_one_that_started_them(tmp_path):
    """Killed from outside it can tell nobody; who works for it notices."""
    script = tmp_path / "start.py"
    script.write_text(
        "import os, time\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from segutils.packs import rendering\n"
        "if __name__ == '__main__':\n"
        "    pool = ProcessPoolExecutor(1, mp_context=rendering._context(), initializer=rendering._begin)\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    pool.submit(time.sleep, 120).result()\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as started:
        worker = psutil.Process(int(started.stdout.readline()))
        assert worker.is_running()
        started.kill()
    gone, left = psutil.wait_procs([worker], timeout=20)
    assert gone and not left
