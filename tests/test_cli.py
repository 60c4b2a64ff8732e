"""The command line as a person meets it: words, exit codes, and the way from `new` to a run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "runner"))
from tiny_playbook import OPEN, write_engagement, write_notebook, write_playbook

from segutils import commands
from segutils.__main__ import build_parser, main
from segutils.runner import places

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("run", "render", "check", "new", "describe", "sample", "batch", "status", "lab")


def enter(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEGUTILS_PLAYBOOK", str(folder / "playbook"))
    monkeypatch.setenv("SEGUTILS_REPORTS", str(folder / "reports"))
    return folder


def build(folder):
    write_engagement(folder / "client")
    write_playbook(folder / "playbook")
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with the tiny engagement and playbook."""
    return enter(build(tmp_path), monkeypatch)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """Such a folder after one run, and what the run said."""
    folder = build(tmp_path_factory.mktemp("ran"))
    places = {"SEGUTILS_PLAYBOOK": str(folder / "playbook"), "SEGUTILS_REPORTS": str(folder / "reports")}
    done = segutils("run", "client/engagement.yml", "--no-packs", cwd=folder, **places)
    return folder, done


@pytest.fixture
def ran(first_run, monkeypatch):
    return enter(first_run[0], monkeypatch)


def segutils(*arguments, cwd=None, **environment):
    command = [sys.executable, "-m", "segutils", *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=cwd, timeout=300, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert f"example:\n  segutils {command} " in text


def test_help_lists_commands_and_exit_codes():
    text = build_parser().format_help()
    assert all(f"\n    {command} " in text for command in COMMANDS)
    assert "130 stopped by Ctrl-C" in text


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0 and capsys.readouterr().out.startswith("segutils 0.")


def test_a_clean_run_says_each_notebook_and_nothing_else(first_run):
    done = first_run[1]
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "inputs      started"
    assert lines[1].endswith("(9 rows of 2 tables read, 0 set aside)")
    assert sum(line.endswith("started") for line in lines) == 5
    assert sum("done" in line and line.endswith("cells)") for line in lines) == 4
    assert len(lines) == 11 and lines[-1].startswith("notebooks  reports/tiny-shop/2024-12-31-")


def test_an_unchanged_run_imports_nothing_heavy(ran):
    """Otherwise it could not be done in a twentieth of the first run's time."""
    look = (
        "import sys; from segutils.__main__ import main; code = main(); "
        "heavy = {'pandas', 'numpy', 'ibis', 'duckdb', 'papermill', 'nbformat', 'matplotlib', 'zmq'}; "
        "sys.exit(code or ' '.join(heavy & set(sys.modules)) or 0)"
    )
    command = [sys.executable, "-c", look, "run", "client/engagement.yml", "--no-packs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("unchanged  reports/tiny-shop/")


def test_a_failed_notebook_is_one_clear_message_and_exit_1(home):
    write_notebook(home / "playbook", "1_3_side", {"setup": OPEN, "boom": "x = 1\nx + int('three')"})
    done = segutils("run", "client/engagement.yml", "--no-packs")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()
    assert message[0] == "1_3_side failed in cell boom, line 2: x + int('three')"
    assert message[1].strip() == "ValueError: invalid literal for int() with base 10: 'three'"
    assert message[-1].strip().endswith("1_3_side.failed.ipynb")
    refused = segutils("render", "client/engagement.yml")
    assert refused.returncode == 2 and "no complete run" in refused.stderr
    assert "; not complete: " in refused.stderr and "/tiny-shop/2024-12-31-" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere.yml"], "the engagement file does not exist"),
        (["run", "client/engagement.yml", "-p", "1_2_second.shft=1"], "did you mean 'shift'?"),
        (["run", "client/engagement.yml", "-p", "1_1_first.factor=1.5"], "'factor' of 1_1_first is int"),
        (["run", "client/engagement.yml", "--only", "1_5_none"], "there is no notebook '1_5_none'"),
        (["run", "client/engagement.yml", "--playbook", "empty"], "the folder of the notebooks is not there"),
        (["status", "tiny-shop"], "'tiny-shop' is not a run"),
        (["status", "client/engagement.yml"], "there is no complete run of Tiny Shop yet"),
        (["render", "nobody"], "there are no runs yet"),
    ],
)
def test_bad_input_is_what_where_fix_and_exit_2(home, capsys, arguments, words):
    assert main(arguments) == 2
    text = capsys.readouterr().err
    assert words in text and "\n  where: " in text and "\n  fix:   " in text and "Traceback" not in text
    assert not list(home.glob("reports/*/*/notebooks"))


def test_check_reads_the_data_and_executes_nothing(home, capsys):
    with (home / "client" / "transactions.csv").open("a") as stream:
        stream.write("D,D1,2024-05-05,9.90\n")  # a customer that nobody knows
    assert main(["check", "client/engagement.yml"]) == 0
    text = capsys.readouterr().out
    assert [line.split() for line in text.splitlines()[:3]] == [
        ["table", "rows", "in", "used", "set", "aside", "withheld", "added"],
        ["customers", "3", "3", "0", "0", "0"],
        ["transactions", "7", "6", "1", "0", "0"],
    ]
    assert "transactions.customer_id" in text and "the engagement can be run" in text
    assert not (home / "reports").exists()
    (home / "client" / "transactions.csv").unlink()
    assert main(["check", "client/engagement.yml"]) == 2


def test_batch_keeps_engagements_apart_and_sums_up(home, capfd):
    good = write_engagement(home / "good")
    good.write_text(good.read_text().replace("Tiny Shop", "Good Shop"))
    bad = write_engagement(home / "bad", "nonsense: 1\n")
    assert main(["batch", str(bad), str(good), "--no-packs"]) == 2
    rows = [line.split() for line in capfd.readouterr().out.splitlines()[-2:]]
    assert [row[1:-2] for row in rows] == [["bad", "input"], ["done"]]
    assert (home / "reports" / "good-shop" / "latest").exists()
    write_notebook(home / "playbook", "1_3_side", {"boom": "1 / 0"})
    assert main(["batch", str(bad), str(good), "--no-packs"]) == 1


def test_status_of_a_run(ran, capsys):
    latest = (ran / "reports" / "tiny-shop" / "latest").read_text().strip()
    for name in ("tiny-shop", "client/engagement.yml", f"reports/tiny-shop/{latest}"):
        assert main(["status", name]) == 0
        text = capsys.readouterr().out
        assert "98 capabilities: 1 failed, 97 not in this playbook yet" in text
        assert "its cell shows no finding" in text  # nor does it: the tiny notebooks only hand on tables


def test_render_asks_for_what_is_wanted(ran, monkeypatch, capsys):
    asked = []

    def render(folder, wanted):
        asked.append(wanted)
        (folder / "packs").mkdir()
        (folder / "packs" / "a.pdf").write_text("x")
        return [folder / "packs" / "a.pdf"]

    monkeypatch.setattr(commands, "_render_packs", render)
    assert main(["render", "tiny-shop", "--audience", "board", "--format", "pdf", "pptx"]) == 0
    assert asked == [{"board": ["pdf", "pptx"]}]
    assert capsys.readouterr().out.strip().endswith("packs/a.pdf")


def test_lab_opens_the_latest_run_or_says_what_is_missing(ran, monkeypatch, capsys):
    started = []
    monkeypatch.setattr(places, "has_lab", lambda: True)
    monkeypatch.setattr(
        commands, "_run_alone", lambda command, environment: started.append((command, environment)) or 0
    )
    assert main(["lab", "client/engagement.yml", "--", "--no-browser", "--port", "8890"]) == 0
    (command, environment) = started[0]
    run = Path(environment["SEGUTILS_RUN"])
    assert (run / "manifest.json").exists()
    assert command[1:3] == ["-m", "jupyterlab"] and command[-3:] == ["--no-browser", "--port", "8890"]
    # both are within reach in the browser: the sources, and the executed notebooks that packs are made of
    root = Path(next(word.partition("=")[2] for word in command if word.startswith("--ServerApp.root_dir=")))
    assert (ran / "playbook").resolve().is_relative_to(root) and run.is_relative_to(root)
    assert f"--ServerApp.preferred_dir={run / 'notebooks'}" in command
    monkeypatch.setattr(places, "has_lab", lambda: False)
    assert main(["lab", "client/engagement.yml"]) == 2
    assert "JupyterLab is not installed" in capsys.readouterr().err


def test_a_fault_of_the_program_is_one_line_and_its_traceback_a_file(ran, tmp_path):
    """A command that breaks inside, as it would in the terminal; a secret in the error stays out of both."""
    text = (ran / "client" / "engagement.yml").read_text()
    (tmp_path / "engagement.yml").write_text(
        text.replace("path: customers.csv", "url: env:SHOP\n    table: c")
    )
    source = (
        "import sys\nfrom segutils import __main__, commands\n"
        "def check(args):\n    raise ZeroDivisionError('typst fell over at db://u:hidden-word@host/x')\n"
        "commands.check = check\n"
        f"sys.exit(__main__.main(['check', {str(tmp_path / 'engagement.yml')!r}]))"
    )
    environment = {
        **os.environ,
        "SEGUTILS_REPORTS": str(tmp_path / "reports"),
        "SHOP": "db://u:hidden-word@host/x",
    }
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, env=environment, check=False
    )
    log = tmp_path / "reports" / "error.log"
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "segutils itself failed, not your input: ZeroDivisionError: typst fell over" in done.stderr
    assert str(log) in done.stderr
    saved = log.read_text()
    assert saved.startswith("Traceback") and "in check" in saved
    assert "hidden-word" not in saved + done.stderr


def test_input_that_only_a_notebook_can_refuse_ends_like_other_bad_input(home, capsys):
    """Exit code 2, and the notebook's own message; any other failure beside it counts as a failure."""
    refuse = (
        "from segutils.errors import InputError\n"
        "raise InputError('one customer is not enough', where='customers', fix='send more')"
    )
    write_notebook(home / "playbook", "1_3_side", {"setup": OPEN, "refuse": refuse})
    assert main(["run", "client/engagement.yml", "--no-packs"]) == 2
    assert "one customer is not enough\n    where: customers\n    fix:   send more" in capsys.readouterr().err
    write_notebook(home / "playbook", "1_1_first", {"setup": OPEN, "save": "1 / 0"}, writes=["alpha"])
    assert main(["run", "client/engagement.yml", "--no-packs"]) == 1


def test_new_writes_the_same_files_each_time_and_never_over_others(tmp_path, capsys):
    assert main(["new", str(tmp_path / "acme-tools")]) == 0
    assert main(["new", str(tmp_path / "again" / "acme-tools")]) == 0
    for name in ("customers.csv", "transactions.csv", "products.csv"):
        files = [tmp_path / "acme-tools" / name, tmp_path / "again" / "acme-tools" / name]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert main(["check", str(tmp_path / "acme-tools" / "engagement.yml")]) == 0
    text = capsys.readouterr().out
    assert "Acme Tools: the engagement can be run" in text and "row set aside" not in text
    assert main(["new", str(tmp_path / "acme-tools")]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err


def missing_notebooks():
    from segutils.errors import InputError
    from segutils.runner.graph import read_graph

    try:
        return read_graph(ROOT / "playbook") is None
    except InputError as error:
        return str(error)


@pytest.mark.skipif(bool(missing_notebooks()), reason=f"the playbook is not complete: {missing_notebooks()}")
def test_a_new_engagement_runs_as_it_is(tmp_path):
    """The real playbook on the starter's data, from nothing to a complete run."""
    environment = {"SEGUTILS_REPORTS": str(tmp_path / "reports"), "SEGUTILS_PLAYBOOK": str(ROOT / "playbook")}
    assert segutils("new", str(tmp_path / "acme")).returncode == 0
    done = segutils("run", str(tmp_path / "acme" / "engagement.yml"), "--no-packs", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "reports" / "acme" / (tmp_path / "reports" / "acme" / "latest").read_text().strip()
    assert json.loads((folder / "manifest.json").read_text())["complete"]
    said = segutils("status", "acme", **environment)
    assert "answered" in said.stdout and "failed" not in said.stdout
