"""The command line: ``segutils run ENGAGEMENT`` and its companions; ``segutils --help`` lists them."""

import argparse
import os
import sys
from collections.abc import Sequence

from segutils import commands
from segutils.errors import InputError
from segutils.runner import faults

FAILED, BAD_INPUT, STOPPED = 1, 2, 130
EPILOG = """exit codes:
  0 done, 1 something failed in the run, 2 the input cannot be used, 130 stopped by Ctrl-C

first steps:
  segutils new acme              write acme/engagement.yml, which runs as it is
  segutils describe transactions what its columns are called here
  segutils check acme/engagement.yml
  segutils run acme/engagement.yml
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code tells how it ended."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)
    own, options = _split(sys.argv[1:] if argv is None else list(argv))
    args = build_parser().parse_args(own)
    args.options = options
    sys.excepthook = faults.reporter(args)
    try:
        return args.command(args)
    except InputError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader of our output has gone: `segutils status RUN | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Our own words, and those after ``--``, which `lab` hands to JupyterLab."""
    if argv[:1] != ["lab"] or "--" not in argv:
        return argv, []
    end = argv.index("--")
    return argv[:end], argv[end + 1 :]


def build_parser() -> argparse.ArgumentParser:
    """All commands with their help, an example each."""
    parser = argparse.ArgumentParser(
        prog="segutils",
        description="A market-segmentation playbook: from a client's files to executive and board packs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(parsers)
    _add_render(parsers)
    _add_check(parsers)
    _add_new(parsers)
    _add_describe(parsers)
    _add_sample(parsers)
    _add_batch(parsers)
    _add_status(parsers)
    _add_lab(parsers)
    return parser


class _Version(argparse.Action):
    """Asks the installed package only when the version is wanted."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: object, values: object, option: object = None
    ) -> None:
        from importlib.metadata import version

        print(f"segutils {version('segutils')}")
        parser.exit()


def _add(
    parsers: "argparse._SubParsersAction", name: str, what: str, example: str
) -> argparse.ArgumentParser:
    return parsers.add_parser(
        name,
        help=what,
        description=f"{what[:1].upper()}{what[1:]}.",
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_places(parser: argparse.ArgumentParser, *, playbook: bool = True) -> None:
    parser.add_argument("--reports", default="", metavar="DIR", help="folder of all runs (default: reports)")
    if playbook:
        parser.add_argument(
            "--playbook", default="", metavar="DIR", help="folder of the notebooks (default: playbook)"
        )


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-packs", action="store_true", help="execute the notebooks and make no packs")
    _add_places(parser)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser.add_argument(
        "--workers",
        type=_positive,
        default=cores,
        metavar="N",
        help=f"notebooks side by side (default here: {cores})",
    )
    parser.add_argument(
        "--cell-seconds",
        type=_positive,
        default=3600,
        metavar="N",
        help="longest time that one cell may take (default: 3600)",
    )


def _add_run(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils run data/retail/engagement.yml
  segutils run acme/engagement.yml -p 3_2_segments.max_segments=6
  segutils run acme/engagement.yml --only 4_1_stability

What is done already and has not changed is not done again."""
    parser = _add(
        parsers, "run", "run an engagement: read its data, execute the notebooks, make the packs", example
    )
    parser.set_defaults(command=commands.run)
    parser.add_argument("engagement", metavar="ENGAGEMENT", help="the engagement file")
    parser.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="NOTEBOOK.NAME=VALUE",
        help="set a notebook's parameter, over the engagement file; may be repeated",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NOTEBOOK",
        help="run these notebooks and those they need; no packs",
    )
    parser.add_argument(
        "--go-on",
        action="store_true",
        help="run despite fatal faults in the data, with the rows set aside; the packs say so",
    )
    _add_running(parser)


def _add_render(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils render acme
  segutils render acme/engagement.yml --audience board --format pdf pptx

Use it after adding a tagged cell to an executed notebook in JupyterLab."""
    parser = _add(parsers, "render", "make the packs of a complete run again", example)
    parser.set_defaults(command=commands.render)
    parser.add_argument(
        "run", metavar="RUN", help="a run's folder, an engagement file or a client (its latest run)"
    )
    parser.add_argument(
        "--audience", nargs="+", choices=("executive", "board"), default=[], help="only these packs"
    )
    parser.add_argument(
        "--format", nargs="+", choices=("html", "pdf", "pptx", "xlsx"), default=[], help="only these formats"
    )
    _add_places(parser, playbook=False)


def _add_check(parsers: "argparse._SubParsersAction") -> None:
    example = "  segutils check acme/engagement.yml"
    parser = _add(
        parsers, "check", "check an engagement file and its data, without executing a notebook", example
    )
    parser.set_defaults(command=commands.check)
    parser.add_argument("engagement", metavar="ENGAGEMENT", help="the engagement file")
    _add_places(parser)


def _add_new(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils new acme
  segutils run acme/engagement.yml

The file's comments say what to replace by your own data."""
    parser = _add(
        parsers, "new", "write a commented engagement file with sample data; it runs as it is", example
    )
    parser.set_defaults(command=commands.new)
    parser.add_argument("name", metavar="NAME", help="the folder to write, named after the client")


def _add_describe(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils describe | less
  segutils describe responses scenarios finance
  segutils describe market pnl

For a file that states everything see data/manufacturer/engagement.yml."""
    parser = _add(parsers, "describe", "list what an engagement file can state, and tables' columns", example)
    parser.set_defaults(command=commands.describe)
    parser.add_argument("names", nargs="*", metavar="NAME", help="sections or tables; left out: all sections")


def _add_sample(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils sample data/manufacturer
  segutils sample nothing --null --accounts 2000
  segutils sample dirty --fault missing=0.2 --fault orphan=0.05

The folder gets the client's tables, what was planted in them (read TRUTH.md), and an engagement file that
runs. What is there already is left as it is; files that this command did not write are never replaced."""
    parser = _add(
        parsers, "sample", "simulate an industrial client whose truth is known, with every table", example
    )
    parser.set_defaults(command=commands.sample)
    parser.add_argument("folder", metavar="FOLDER", help="the folder to write")
    parser.add_argument("--accounts", type=_positive, default=6000, metavar="N", help="200 to 1000000")
    parser.add_argument("--seed", type=int, default=2025, metavar="N", help="another seed, another client")
    parser.add_argument("--null", action="store_true", help="a client in whose data there is nothing to find")
    parser.add_argument("--clean", action="store_true", help="without faults in the data")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND=SHARE",
        help="put faults of a kind into this share of rows; may be repeated",
    )


def _add_batch(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils batch clients/*/engagement.yml

Each runs in a process of its own: one that fails does not stop the others."""
    parser = _add(parsers, "batch", "run several engagements, one after the other, and sum up", example)
    parser.set_defaults(command=commands.batch)
    parser.add_argument("engagements", nargs="+", metavar="ENGAGEMENT", help="engagement files")
    _add_running(parser)


def _add_status(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils status acme
  segutils status reports/acme/2025-12-31-1a2b3c4d --open"""
    parser = _add(
        parsers, "status", "say for every capability whether a run answered it, and what it needs", example
    )
    parser.set_defaults(command=commands.status)
    parser.add_argument(
        "run", metavar="RUN", help="a run's folder, an engagement file or a client (its latest run)"
    )
    parser.add_argument("--open", action="store_true", help="only what is not answered in full")
    _add_places(parser)


def _add_lab(parsers: "argparse._SubParsersAction") -> None:
    example = """  segutils lab acme/engagement.yml
  segutils lab acme -- --no-browser --port 8890

What follows -- is for JupyterLab."""
    parser = _add(parsers, "lab", "open the notebooks in JupyterLab, on an engagement's latest run", example)
    parser.set_defaults(command=commands.lab)
    parser.add_argument(
        "run",
        nargs="?",
        default="",
        metavar="RUN",
        help="as for render; left out: the demo engagement's latest run",
    )
    _add_places(parser)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


if __name__ == "__main__":
    sys.exit(main())
