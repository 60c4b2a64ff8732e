"""A run as a whole: what is done again and what is not, failures, interruptions, two at once."""

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest
from tiny_playbook import (
    OPEN,
    RUN_DIR,
    WRITE_ALPHA,
    Lines,
    NoPool,
    execute_here,
    run_tiny,
    write_engagement,
    write_notebook,
)

from segutils.errors import InputError
from segutils.runner import fingerprint, schedule
from segutils.runner import run as run_module
from segutils.runner.manifest import check_complete, read_manifest
from segutils.runner.packing import Renderer, render_again
from segutils.runner.parameters import read_assignment

posix = pytest.mark.skipif(os.name != "posix", reason="signals")


class FakePacks:
    """Writes a file per audience and format, and remembers being asked."""

    def __init__(self):
        self.asked = []

    def render(self, folder, wanted):
        self.asked.append(wanted)
        (folder / "packs").mkdir(exist_ok=True)
        files = [
            folder / "packs" / f"{audience}.{fmt}" for audience, formats in wanted.items() for fmt in formats
        ]
        for file in files:
            file.write_text("a pack")
        return files

    @property
    def renderer(self):
        return Renderer(render=self.render, prepare=lambda: None)


@pytest.fixture
def quick(home, monkeypatch):
    """The tiny playbook, executed without kernels: for what is done again and what is not."""
    monkeypatch.setattr(run_module, "KernelPool", NoPool)
    monkeypatch.setattr(schedule, "execute_notebook", execute_here)
    monkeypatch.setenv("SEGUTILS_WRITES", "")  # set for each run; restored afterwards
    return home


def done_again(lines):
    names = (line.split()[0] for line in lines if line.endswith("started"))
    return sorted(name for name in names if name[0].isdigit())


def again(home, **options):
    lines = Lines()
    result = run_tiny(home, lines=lines, **options)
    return result, lines


def test_a_run_from_data_to_packs_and_then_nothing_to_do(home):
    packs = FakePacks()
    result, lines = again(home, renderer=packs.renderer)
    assert not result.failed and not result.unchanged and result.manifest.complete
    assert done_again(lines) == ["1_1_first", "1_2_second", "1_3_side", "1_4_last"]
    # worked by hand: alpha = factor × (1, 2) with factor 1; beta = 2 alpha + 0.5
    assert pd.read_parquet(result.folder / "tables" / "beta.parquet")["value"].tolist() == [2.5, 4.5]
    assert "(5 of 5 cells)" in lines.text and "9 rows of 2 tables read, 0 set aside" in lines.text
    assert (result.folder.parent / "latest").read_text().strip() == result.folder.name
    assert len(result.packs) == 8 and packs.asked[0]["board"] == ["html", "pdf", "pptx", "xlsx"]

    second, said = again(home, renderer=packs.renderer)
    assert second.unchanged and said == [] and len(packs.asked) == 1 and len(second.packs) == 8

    result.packs[0].write_text("somebody wrote into it")
    again(home, renderer=packs.renderer)
    assert len(packs.asked) == 2 and result.packs[0].read_text() == "a pack"


def test_the_manifest_says_what_came_from_what(quick):
    result, _ = again(quick)
    content = json.loads((result.folder / "manifest.json").read_text())
    second = content["notebooks"]["1_2_second"]
    alpha = fingerprint.hash_file(result.folder / "tables" / "alpha.parquet")
    assert second["reads"] == {"alpha": alpha} == content["notebooks"]["1_1_first"]["writes"]
    assert (second["cells"], second["executed"], second["status"]) == (4, 4, "done")
    assert content["packages"]["pandas"] == pd.__version__
    assert set(content["data"]) == {"customers", "transactions"} and content["complete"]
    executed = result.folder / "notebooks" / "1_2_second.ipynb"
    assert second["output"] == fingerprint.hash_file(executed)


def test_the_same_run_elsewhere_has_the_same_content_hash(quick):
    first, _ = again(quick)
    (quick / "reports").rename(quick / "kept")
    second, _ = again(quick)
    assert first.manifest.content_hash() == second.manifest.content_hash()


def test_a_parameter_touches_its_notebook_and_those_after_it(quick):
    first, _ = again(quick)
    second, lines = again(quick, assignments=[read_assignment("1_2_second.shift=1.5")])
    assert second.folder != first.folder
    assert done_again(lines) == ["1_2_second", "1_4_last"]
    assert "1_1_first   unchanged since" in lines.text
    assert pd.read_parquet(second.folder / "tables" / "beta.parquet")["value"].tolist() == [3.5, 5.5]
    assert second.manifest.complete and (second.folder / "notebooks" / "1_1_first.ipynb").exists()


def test_a_list_for_people_comes_with_the_notebook_that_is_taken_over(quick):
    save = {"setup": OPEN, "save": f"{WRITE_ALPHA}\nrun.export('people', pd.DataFrame({{'id': [1]}}))"}
    parameters = f"{RUN_DIR}\nfactor: int = 1"
    write_notebook(quick / "playbook", "1_1_first", save, writes=["alpha"], parameters=parameters)
    first, _ = again(quick)
    second, lines = again(quick, assignments=[read_assignment("1_2_second.shift=1.5")])
    assert second.folder != first.folder and "1_1_first   unchanged since" in lines.text
    assert (second.folder / "exports" / "people.csv").is_file()


def test_the_ripple_stops_where_a_table_stays_the_same(quick):
    again(quick)
    _, lines = again(
        quick, assignments=[read_assignment("1_2_second.label=y")]
    )  # a parameter that changes no table
    assert done_again(lines) == ["1_2_second"]


def test_a_changed_notebook_is_done_again_in_its_run(quick):
    first, _ = again(quick)
    write_notebook(quick / "playbook", "1_3_side", {"setup": OPEN, "count": "1 + 1"})
    second, lines = again(quick)
    assert second.folder == first.folder and done_again(lines) == ["1_3_side"]


def test_new_data_is_another_run(quick):
    first, _ = again(quick)
    write_engagement(quick / "client", amount="11.00")
    second, lines = again(quick)
    assert second.folder.name != first.folder.name and first.folder.exists()
    assert "1_1_first" in done_again(lines)


def test_a_missing_table_or_notebook_is_made_again(quick):
    first, _ = again(quick)
    (first.folder / "tables" / "beta.parquet").unlink()
    assert done_again(again(quick)[1]) == ["1_2_second"]
    (first.folder / "notebooks" / "1_4_last.ipynb").unlink()
    assert done_again(again(quick)[1]) == ["1_4_last"]


def test_cells_edited_by_hand_are_kept(quick):
    packs = FakePacks()
    first, _ = again(quick, renderer=packs.renderer)
    path = first.folder / "notebooks" / "1_2_second.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].append({**notebook["cells"][-1], "id": "mine", "source": "'my own'"})
    path.write_text(json.dumps(notebook))

    _, lines = again(quick, renderer=packs.renderer)
    assert done_again(lines) == [] and "my own" in path.read_text()
    assert len(packs.asked) == 2  # the packs show the analyst's cell

    write_notebook(
        quick / "playbook", "1_2_second", {"setup": OPEN, "x": "run.write('beta', run.read('alpha'))"},
        reads=["alpha"], writes=["beta"],
    )  # fmt: skip
    _, lines = again(quick, renderer=packs.renderer)
    assert "kept as 1_2_second.edited.ipynb" in lines.text and "my own" not in path.read_text()
    assert "my own" in path.with_name("1_2_second.edited.ipynb").read_text()


def test_a_failure_stops_what_needs_it_and_nothing_else(home):
    write_notebook(home / "playbook", "1_2_second", {"boom": "1 / 0"}, reads=["alpha"], writes=["beta"])
    packs = FakePacks()
    result, lines = again(home, renderer=packs.renderer)
    status = {name: record.status for name, record in result.manifest.notebooks.items()}
    assert status == {"1_1_first": "done", "1_2_second": "failed", "1_3_side": "done", "1_4_last": "not run"}
    assert result.failed and not result.manifest.complete and not packs.asked
    assert "1_4_last    not run: needs 1_2_second" in lines.text
    assert result.manifest.notebooks["1_2_second"].failure.cell == "boom"
    assert (result.folder / "notebooks" / "1_2_second.failed.ipynb").exists()
    assert not (result.folder.parent / "latest").exists()
    with pytest.raises(InputError, match=r"1_2_second \(failed\), 1_4_last \(not run\)"):
        check_complete(result.folder)
    with pytest.raises(InputError, match="not complete"):
        render_again(result.folder, [], [], packs.renderer)

    copy = "run.write('beta', run.read('alpha'))"
    write_notebook(
        home / "playbook", "1_2_second", {"setup": OPEN, "fixed": copy}, reads=["alpha"], writes=["beta"]
    )
    repaired, lines = again(home)
    assert repaired.manifest.complete and done_again(lines) == ["1_2_second", "1_4_last"]
    assert not (result.folder / "notebooks" / "1_2_second.failed.ipynb").exists()


def test_after_a_failure_a_change_of_the_engagement_redoes_only_what_it_touches(home):
    write_notebook(home / "playbook", "1_2_second", {"boom": "1 / 0"}, reads=["alpha"], writes=["beta"])
    failed, _ = again(home)
    with (home / "client" / "engagement.yml").open("a", encoding="utf-8") as stream:
        stream.write("finance: {discount_rate: 0.08, horizon_years: 5, owner: Ann}\n")
    copy = "run.write('beta', run.read('alpha'))"
    write_notebook(
        home / "playbook", "1_2_second", {"setup": OPEN, "fixed": copy}, reads=["alpha"], writes=["beta"]
    )
    repaired, lines = again(home)
    assert repaired.folder != failed.folder and repaired.manifest.complete
    assert done_again(lines) == ["1_2_second", "1_4_last"]
    assert f"unchanged since {failed.folder.name}" in lines.text
    assert (repaired.folder.parent / "latest").read_text().strip() == repaired.folder.name


def test_packs_of_a_run_that_then_fails_are_taken_away(home):
    packs = FakePacks()
    first, _ = again(home, renderer=packs.renderer)
    write_notebook(home / "playbook", "1_3_side", {"exit": "import sys; sys.exit(0)", "rest": "1"})
    again(home, renderer=packs.renderer)
    assert not any(path.exists() for path in first.packs)
    assert not (first.folder / "notebooks" / "1_3_side.ipynb").exists()


def test_a_promised_table_must_be_written(quick):
    write_notebook(quick / "playbook", "1_3_side", {"x": "1"}, writes=["gamma"])
    result, _ = again(quick)
    assert "promises gamma" in result.manifest.notebooks["1_3_side"].failure.message
    assert (result.folder / "notebooks" / "1_3_side.failed.ipynb").exists()


def test_only_runs_what_is_asked_and_what_it_needs(quick):
    result, lines = again(quick, only=["1_2_second"])
    assert (
        done_again(lines) == ["1_1_first", "1_2_second"]
        and not result.manifest.complete
        and not result.failed
    )
    result, lines = again(quick)
    assert done_again(lines) == ["1_3_side", "1_4_last"] and result.manifest.complete
    save = WRITE_ALPHA.replace("2 *", "3 *")
    write_notebook(
        quick / "playbook",
        "1_1_first",
        {"setup": OPEN, "save": save},
        writes=["alpha"],
        parameters=f"{RUN_DIR}\nfactor: int = 1",
    )
    result, lines = again(quick, only=["1_1_first"])
    assert done_again(lines) == ["1_1_first"]
    assert not result.manifest.complete  # those that read its table are of before


def test_a_secret_never_reaches_notebook_or_manifest(home, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", "hunter2hunter2")
    path = write_engagement(home / "client", "data_note: env:SHOP_KEY\n")
    leak = "import os\nprint(os.environ['SHOP_KEY'])\nraise ValueError(os.environ['SHOP_KEY'])"
    write_notebook(home / "playbook", "1_3_side", {"leak": leak})
    result, lines = again(home, engagement=path)
    assert result.manifest.notebooks["1_3_side"].failure.message == "ValueError: env:SHOP_KEY"
    files = [file for file in (home / "reports").rglob("*") if file.is_file()]
    assert files and not [file for file in files if b"hunter2" in file.read_bytes()]
    assert "hunter2" not in lines.text


def command(home, *more):
    places = ["--reports", str(home / "reports"), "--playbook", str(home / "playbook"), "--no-packs"]
    return [sys.executable, "-m", "segutils", "run", str(home / "client" / "engagement.yml"), *places, *more]


def test_two_runs_at_once_do_not_touch_each_other(home):
    """The same run twice: one works, the other waits and finds it done. Another content: another folder."""
    start = [command(home), command(home), command(home, "-p", "1_1_first.factor=5")]
    processes = [
        subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for c in start
    ]
    texts = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], texts
    same = "".join(texts[:2])
    assert same.count("1_1_first   started") == 1 and same.count("unchanged  ") == 1
    assert same.count("waiting for it to end") == 1
    folders = [path for path in (home / "reports" / "tiny-shop").iterdir() if path.is_dir()]
    found = {pd.read_parquet(path / "tables" / "beta.parquet")["value"].tolist()[0] for path in folders}
    assert found == {2.5, 10.5}  # 2 × 5 + 0.5
    assert all(read_manifest(path).complete for path in folders)


@posix
@pytest.mark.parametrize("mode", ["fork", "start"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopping_the_process_leaves_no_kernel(tmp_path, mode, number):
    """After Ctrl-C, and even a killed runner, nothing lives on and the partial state can be read."""
    write_engagement(tmp_path / "client")
    write_notebook(tmp_path / "playbook", "1_1_quick", {"x": "1"})
    sleep = {"mark": "print('seen')", "sleep": "import time\ntime.sleep(300)"}
    write_notebook(tmp_path / "playbook", "1_2_slow", sleep)
    # so long a path has no room for a Unix socket: these kernels are reached over encrypted TCP
    temporary = tmp_path / ("long" * 20)
    temporary.mkdir()
    environment = {**os.environ, "SEGUTILS_KERNELS": mode, "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        command(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    for line in process.stdout:
        if line.startswith("1_1_quick  done"):
            break
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(number)
    time.sleep(0.1)
    process.send_signal(number)  # who is impatient presses Ctrl-C twice
    text = process.communicate(timeout=30)[0]
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    (folder,) = (path for path in (tmp_path / "reports" / "tiny-shop").iterdir() if path.is_dir())
    status = {name: record.status for name, record in read_manifest(folder).notebooks.items()}
    assert status == {"1_1_quick": "done", "1_2_slow": "stopped"}
    if number == signal.SIGINT:
        assert process.returncode == 130 and "Traceback" not in text and "stopped" in text
        assert "seen" in (folder / "notebooks" / "1_2_slow.failed.ipynb").read_text()
        assert not list(temporary.iterdir())


@posix
def test_ctrl_c_while_kernels_warm_up(home):
    process = subprocess.Popen(command(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 30
    while (
        not (family := psutil.Process(process.pid).children(recursive=True)) and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    text = process.communicate(timeout=30)[0]
    assert process.returncode == 130 and "Traceback" not in text, text
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]


def test_a_section_of_the_engagement_touches_the_notebooks_that_read_it(quick):
    """Nobody in the tiny playbook looks at targets: a run with one takes every notebook over."""
    again(quick)
    path = quick / "client" / "engagement.yml"
    path.write_text(path.read_text() + "targets:\n  - {measure: net_revenue, target: 9, owner: Ann}\n")
    _, lines = again(quick)
    assert done_again(lines) == []
