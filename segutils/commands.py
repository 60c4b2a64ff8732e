"""What each command of the command line does; every function returns the exit code."""

import argparse
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from segutils.errors import InputError
from segutils.formats import format_value, plural
from segutils.runner import places

MAX_DETAIL = 150  # characters of a headline in a list
DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 130


def say(line: str) -> None:
    """One line of progress."""
    print(line, flush=True)


def run(args: argparse.Namespace) -> int:
    """``segutils run``: 0 when every notebook is done, 1 when one failed, 2 for bad input."""
    from segutils.runner import parameters
    from segutils.runner.run import Request, run_engagement

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being ended cleans up like Ctrl-C
    request = Request(
        engagement=Path(args.engagement),
        playbook=places.find_playbook(args.playbook),
        reports=places.find_reports(args.reports),
        assignments=tuple(parameters.read_assignment(text) for text in args.parameters),
        only=tuple(name.removesuffix(".ipynb") for name in args.only),
        workers=args.workers,
        cell_seconds=args.cell_seconds,
        go_on=args.go_on,
    )
    result = run_engagement(request, renderer=None if args.no_packs or args.only else _renderer(), say=say)
    if result.unchanged:
        say(f"unchanged  {_short(result.folder)}")
    for record in result.failed:
        _explain(record, result.folder)
    if result.failed:
        refused = all(record.failure.error == InputError.__name__ for record in result.failed)
        return BAD_INPUT if refused else FAILED
    say(f"notebooks  {_short(result.folder / 'notebooks')}")
    for path in result.packs:
        say(f"pack       {_short(path)}")
    return DONE


def render(args: argparse.Namespace) -> int:
    """``segutils render``: packs of a complete run."""
    from segutils.runner import packing

    folder = places.find_run(args.run, places.find_reports(args.reports))
    _say_run(args.run, folder)
    _import_rendering(args.format)
    for path in packing.render_again(folder, args.audience, args.format, _renderer()):
        say(f"pack       {_short(path)}")
    return DONE


def _say_run(text: str, folder: Path) -> None:
    """Names the run, and says where an engagement file has changed since it was made."""
    from segutils.engagement import fingerprint, load_engagement
    from segutils.runner.manifest import read_manifest

    say(f"run        {_short(folder)}")
    path, manifest = Path(text), read_manifest(folder)
    if path.suffix not in (".yml", ".yaml") or manifest is None:
        return
    if manifest.engagement != fingerprint(load_engagement(path)):
        say(f"note       {path} says something else now, or this run was made with -p or --go-on")


def check(args: argparse.Namespace) -> int:
    """``segutils check``: rows in, used, set aside; every broken rule; nothing is executed."""
    from segutils import tables
    from segutils.engagement import load_engagement
    from segutils.runner import graph, parameters

    engagement = load_engagement(args.engagement)
    if engagement.parameters:
        playbook = graph.read_graph(places.find_playbook(args.playbook))
        parameters.check_parameters(playbook, parameters.stated_in(engagement))
    report = tables.check_engagement(engagement)
    heads = ["table", "rows in", "used", "set aside", "withheld", "added"]
    rows = [
        [
            c.table,
            *(f"{n:,}" for n in (c.rows_in, c.rows_used, c.rows_set_aside, c.rows_withheld, c.rows_added)),
        ]
        for c in report.counts
    ]
    _print_table(heads, rows)
    for fault in report.faults:
        place = f"{fault.table}.{fault.column}" if fault.column else fault.table
        share = format_value(fault.share, "share")
        say(f"\n{place}: {fault.rule} ({plural(fault.rows, 'row')}, {share}; {fault.treatment})")
        for example in fault.examples:
            say(f"  example: {example}")
        say(f"  fix:     {fault.fix}")
    fatal = [fault for fault in report.faults if fault.severity == "fatal"]
    if fatal and engagement.gate.on_fatal == "stop":
        say(f"\n{engagement.client}: {plural(len(fatal), 'fatal fault')}: no notebook would be started")
        say("fix: correct the source, or go on without these rows: segutils run ENGAGEMENT --go-on")
        return BAD_INPUT
    say(f"\n{engagement.client}: the engagement can be run")
    return DONE


def describe(args: argparse.Namespace) -> int:
    """``segutils describe``: what may stand in an engagement file, and which columns a table has."""
    from segutils.engagement_reference import describe_engagement

    say(describe_engagement(args.names))
    return DONE


def new(args: argparse.Namespace) -> int:
    """``segutils new``: a folder with an engagement file that runs."""
    from segutils.samples import starter

    path = starter.write_starter(Path(args.name))
    say(f"{path} is written, with sample data beside it. It runs as it is:\n  segutils run {path}")
    return DONE


def sample(args: argparse.Namespace) -> int:
    """``segutils sample``: a simulated client with planted truth, or nothing where it is there already."""
    from segutils.samples import writing

    if args.clean and args.fault:
        raise InputError("--clean and --fault exclude each other", where="--clean", fix="keep one of them")
    faults = dict(_read_fault(text) for text in args.fault)
    recipe = writing.Recipe(
        accounts=args.accounts,
        seed=args.seed,
        null=args.null,
        faults=faults if args.clean or faults else None,
    )
    folder = Path(args.folder)
    written = writing.write_client(folder, recipe)
    say(f"{'simulated' if written else 'unchanged'}  {_short(folder)}")
    if written:
        say(f"planted    {_short(folder / 'TRUTH.md')}")
        say(f"run it     segutils run {_short(folder / 'engagement.yml')}")
    return DONE


def _read_fault(text: str) -> tuple[str, float]:
    kind, _, share = text.partition("=")
    try:
        return kind.strip(), float(share)
    except ValueError:
        fix = "write it as KIND=SHARE, for example missing=0.05"
        raise InputError(f"'{text}' is not a fault and its share", where="--fault", fix=fix) from None


def batch(args: argparse.Namespace) -> int:
    """``segutils batch``: a process per engagement; 1 when one failed, else 2 when one had bad input."""
    shared = ["--reports", args.reports, "--playbook", args.playbook]
    shared += ["--workers", str(args.workers), "--cell-seconds", str(args.cell_seconds)]
    shared += ["--no-packs"] if args.no_packs else []
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    words = {DONE: "done", BAD_INPUT: "bad input", STOPPED: "stopped"}
    rows, codes = [], []
    for engagement in args.engagements:
        say(f"\n== {engagement}")
        start = time.perf_counter()
        codes.append(_run_alone([sys.executable, "-m", "segutils", "run", engagement, *shared]))
        seconds = time.perf_counter() - start
        rows.append([engagement, words.get(codes[-1], "failed"), f"{seconds:.1f} s"])
        if codes[-1] == STOPPED:
            break
    say("")
    _print_table(["engagement", "result", "time"], rows)
    if STOPPED in codes:
        return STOPPED
    if set(codes) - {DONE, BAD_INPUT}:
        return FAILED
    return BAD_INPUT if BAD_INPUT in codes else DONE


def status(args: argparse.Namespace) -> int:
    """``segutils status``: what a run answered of all capabilities."""
    from segutils.runner import status as statuses

    folder = places.find_run(args.run, places.find_reports(args.reports))
    _say_run(args.run, folder)
    found = statuses.read_status(folder, places.find_playbook(args.playbook))
    notebook = ""
    for item in found:
        if args.open and item.state == "answered":
            continue
        if item.capability.notebook != notebook:
            notebook = item.capability.notebook
            say(f"\n{notebook}")
        detail = textwrap.shorten(item.detail, MAX_DETAIL, placeholder=" …")
        say(f"  {item.capability.slug:<22} {item.state:<25} {detail}".rstrip())
    counts = statuses.count_states(found)
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    say(f"\n{len(found)} capabilities: {said}\n{_short(folder)}")
    return DONE


def lab(args: argparse.Namespace) -> int:
    """``segutils lab``: JupyterLab beside a run's executed notebooks; those of the playbook read that run."""
    from segutils import tables

    if not places.has_lab():
        fix = 'install it: pip install "segutils[lab]" (make setup does)'
        raise InputError("JupyterLab is not installed", where=sys.executable, fix=fix)
    folder = places.find_run(args.run or str(tables.DEMO), places.find_reports(args.reports))
    playbook = places.find_playbook(args.playbook)
    executed = folder / "notebooks"
    say(f"executed notebooks  {_short(executed)}  (your cells here: segutils render puts them in the packs)")
    say(f"their sources       {_short(playbook)}  (for every engagement; opened here they read this run)")
    both = os.path.commonpath([executed, playbook])
    places_shown = [f"--ServerApp.root_dir={both}", f"--ServerApp.preferred_dir={executed}"]
    command = [sys.executable, "-m", "jupyterlab", *places_shown, *args.options]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    return _run_alone(command, {**os.environ, "SEGUTILS_RUN": str(folder)})


def _renderer() -> "object":
    from segutils.runner.packing import Renderer

    return Renderer(render=_render_packs, prepare=_import_rendering)


def _render_packs(folder: Path, wanted: dict[str, list[str]]) -> list[Path]:
    from segutils.packs import rendering

    return rendering.render_packs(folder, wanted)


def _import_rendering(formats: Sequence[str] = ()) -> None:
    """What rendering imports only when it is at work: here for one format, for more in its processes."""
    from segutils.packs import rendering
    from segutils.runner import startup

    if len(formats) == 1:
        startup.import_ahead([f"from segutils.packs import {formats[0]}, reading"])
    else:
        rendering.prepare()


def _run_alone(command: list[str], environment: Mapping[str, str] | None = None) -> int:
    """Run a command in a process of its own; Ctrl-C reaches it too, and it cleans up before we go on."""
    with subprocess.Popen(command, env=environment) as process:
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue
        finally:
            process.terminate()  # where we are being ended ourselves


def _explain(record: "object", folder: Path) -> None:
    failure = record.failure
    place = f"cell {failure.cell}" + (f", {failure.line}" if failure.line else "")
    message = failure.message.replace("\n", "\n  ")
    print(f"\n{record.name} failed in {place}\n  {message}", file=sys.stderr)
    partial = folder / "notebooks" / f"{record.name}.failed.ipynb"
    if partial.is_file():
        print(f"  read it: {_short(partial)}", file=sys.stderr)


def _short(path: Path) -> str:
    """A path as short as it can be copied from here."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _print_table(heads: list[str], rows: list[list[str]]) -> None:
    """First column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        first, *others = row
        cells = [
            f"{first:<{widths[0]}}",
            *(f"{text:>{width}}" for text, width in zip(others, widths[1:], strict=True)),
        ]
        say("  ".join(cells))
