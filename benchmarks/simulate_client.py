"""How fast and how large is the simulated client, measured in one go on this machine?

``python benchmarks/simulate_client.py [--accounts 1000000]`` times ``segutils sample`` at the default size,
twice (the second one finds nothing to do), and at a large size, samples the peak memory of each, and prints
rows per table, seconds per million order lines at both sizes, and whether the marks are met.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from run_vs_plain import Measured, measure

MAX_SECONDS, MAX_LARGE_SECONDS, MAX_GIGABYTES = 10, 600, 4
LINES = 50e6  # order lines of a million accounts


def simulate(folder: Path, accounts: int | None = None) -> Measured:
    """``segutils sample`` into a folder, measured from outside."""
    size = ["--accounts", str(accounts)] if accounts else []
    return measure([sys.executable, "-m", "segutils", "sample", str(folder), *size])


def count_rows(folder: Path) -> dict[str, int]:
    """Rows of each table, from the files' own notes."""
    files = sorted((folder / "tables").glob("*.parquet"))
    return {path.stem: pq.ParquetFile(path).metadata.num_rows for path in files}


def main() -> int:
    """Measure, print, and return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=1_000_000, help="of the large client")
    accounts = parser.parse_args().accounts
    with tempfile.TemporaryDirectory(prefix="segutils-benchmark-") as home:
        small, large = Path(home) / "small", Path(home) / "large"
        first, again = simulate(small), simulate(small)
        many = simulate(large, accounts)
        rows, rows_large = count_rows(small), count_rows(large)
    print(f"{'table':<22}{'default':>12}{'large':>14}")
    for table in rows:
        print(f"{table:<22}{rows[table]:>12,}{rows_large[table]:>14,}")
    for name, measured, lines in (("default", first, rows), ("large", many, rows_large)):
        each = measured.seconds / lines["transactions"] * 1e6
        print(
            f"{name}: {measured.seconds:.1f} s, {each:.1f} s per million order lines, "
            f"peak {measured.peak_bytes / 1e9:.2f} GB"
        )
    print(f"default again, nothing to do: {again.seconds:.2f} s\n")
    marks = [
        ("default client, s", first.seconds, MAX_SECONDS),
        ("peak memory, GB", many.peak_bytes / 1e9, MAX_GIGABYTES),
    ]
    if accounts >= 1_000_000:
        marks.append(("a million accounts, s", many.seconds, MAX_LARGE_SECONDS))
        marks.append(("order lines short of 50 million", max(0, LINES - rows_large["transactions"]), 0))
    for name, value, mark in marks:
        print(f"{name:<34}{value:>10.1f}   mark {mark:>6}   {'met' if value <= mark else 'MISSED'}")
    return int(any(value > mark for _, value, mark in marks))


if __name__ == "__main__":
    sys.exit(main())
