"""The run against plain tools, measured in one go on this machine.

``python benchmarks/run_vs_plain.py [ENGAGEMENT]`` times

a. ``segutils run`` into a fresh folder: data, notebooks, all packs;
b. ``segutils run`` a second time, nothing changed;
c. plain ``papermill``, one notebook after the other in dependency order, with the same parameters and on
   data that was read before the clock starts, then ``jupyter nbconvert --to html`` of each;

and samples the peak memory of the whole process tree of a. It prints the marks and whether they are met.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from segutils import run_folders, tables
from segutils.engagement import load_engagement
from segutils.inputs import sources
from segutils.runner.graph import read_graph
from segutils.runner.parameters import check_parameters, stated_in
from segutils.runner.places import find_playbook

MAX_RATIO = 0.6
MAX_UNCHANGED = 0.05
MAX_BYTES = 3e9
SAMPLE_SECONDS = 0.1
BIN = Path(sys.executable).parent
WARM_UP = "import papermill.execute, nbconvert.exporters, ipykernel.kernelapp, ibis.backends.duckdb, sklearn"


@dataclass(frozen=True)
class Measured:
    """Wall time of a command, and the most memory its process tree held at once."""

    seconds: float
    peak_bytes: int


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end; its output is shown only if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    peaks: list[int] = [0]
    ended = threading.Event()
    sampler = threading.Thread(target=_sample, args=(process.pid, peaks, ended))
    sampler.start()
    text, _ = process.communicate()
    seconds = time.perf_counter() - start
    ended.set()
    sampler.join()
    if process.returncode:
        sys.exit(f"{' '.join(command)}\n{text}\nexit code {process.returncode}")
    return Measured(seconds, max(peaks))


def _sample(pid: int, peaks: list[int], ended: threading.Event) -> None:
    """Memory of a process and all below it; a shared page counts once where the system can say so."""
    while not ended.wait(SAMPLE_SECONDS):
        total = 0
        try:
            root = psutil.Process(pid)
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        for process in family:
            try:
                memory = process.memory_full_info()
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
            total += getattr(memory, "pss", memory.uss)
        peaks.append(total)


def measure_plain(engagement_file: Path, folder: Path) -> float:
    """Seconds for papermill and nbconvert, notebook after notebook."""
    engagement = load_engagement(engagement_file)
    graph = read_graph(find_playbook())
    parameters = check_parameters(graph, stated_in(engagement))
    run = folder / engagement.slug / run_folders.name_run(engagement, sources.hash_data(engagement))
    tables.ingest(engagement, run)
    executed = run / "notebooks"
    executed.mkdir()
    writes = {"SEGUTILS_WRITES": run.name}
    total = 0.0
    for notebook in graph.notebooks:
        target = executed / notebook.path.name
        values = {"run_dir": str(run)}
        for name, value in parameters[notebook.name].items():
            values[name] = list(value) if isinstance(value, tuple) else value
        papermill = [str(BIN / "papermill"), str(notebook.path), str(target), "-y", yaml.safe_dump(values)]
        convert = [str(BIN / "jupyter"), "nbconvert", "--to", "html", str(target)]
        seconds = measure(papermill, writes).seconds, measure(convert).seconds
        print(
            f"   {notebook.name:<20} papermill {seconds[0]:5.1f} s   nbconvert {seconds[1]:5.1f} s",
            flush=True,
        )
        total += sum(seconds)
    return total


def main() -> int:
    """Measure, print, and return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engagement", nargs="?", type=Path, default=tables.DEMO)
    engagement = parser.parse_args().engagement
    measure([sys.executable, "-c", WARM_UP])  # so that nobody pays for reading the libraries from the disk
    with tempfile.TemporaryDirectory(prefix="segutils-benchmark-") as home:
        command = [sys.executable, "-m", "segutils", "run", str(engagement), "--reports", f"{home}/run"]
        print("a  segutils run", flush=True)
        first = measure(command)
        print(f"   {first.seconds:.1f} s, peak memory {first.peak_bytes / 1e9:.2f} GB", flush=True)
        print("b  segutils run, nothing changed", flush=True)
        again = measure(command)
        print(f"   {again.seconds:.2f} s\nc  plain", flush=True)
        plain = measure_plain(engagement, Path(home) / "plain")
        print(f"   {plain:.1f} s\n")
    marks = [
        ("a / c", first.seconds / plain, MAX_RATIO, "{:.2f}"),
        ("b / a", again.seconds / first.seconds, MAX_UNCHANGED, "{:.1%}"),
        ("peak memory of a, GB", first.peak_bytes / 1e9, MAX_BYTES / 1e9, "{:.2f}"),
    ]
    for name, value, mark, form in marks:
        verdict = "met" if value <= mark else "MISSED"
        print(f"{name:<22} {form.format(value):>8}   mark {form.format(mark):>8}   {verdict}")
    return int(any(value > mark for _, value, mark, _ in marks))


if __name__ == "__main__":
    sys.exit(main())
