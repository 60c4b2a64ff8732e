"""How fast and how large is linking a million records, and how right, measured in one go on this machine?

``python benchmarks/link_records.py [--accounts 445000]`` draws the source records of a simulated client
(about 2.25 an account, a million in all), with their truth; then, in a process of its own and on two
threads, links them as notebook 2_2 does: certain rules, blocking, training without labels, prediction,
clusters. It prints seconds, peak memory, precision and recall of pairs against the truth, and whether the
marks are met.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import ibis
import pandas as pd
from run_vs_plain import measure

from segutils.data_readiness.identity import clusters, linking, scoring
from segutils.samples.customers import accounts, identities, records
from segutils.samples.making import open_making
from segutils.samples.orders import assortment

MAX_SECONDS, MAX_GIGABYTES, MIN_PRECISION, MIN_RECALL = 600, 8, 0.98, 0.95
THREADS, MEMORY = 2, "6GB"


def draw_records(folder: Path, count: int) -> None:
    """``records.parquet`` and ``entities.parquet`` of a client with so many accounts."""
    with open_making(accounts=count, seed=2025) as making:
        for step in (
            assortment.build_products,
            accounts.build_accounts,
            identities.build_identities,
            records.build_records,
        ):
            step(making)
        making.run(f"copy client.source_records to '{folder / 'records.parquet'}'")
        truth = "select source, record_id, entity from draft.records"
        making.run(f"copy ({truth}) to '{folder / 'entities.parquet'}'")


def link(folder: Path) -> None:
    """Link the drawn records; writes ``entity_id`` of each and the seconds of each step."""
    engine = ibis.duckdb.connect(threads=THREADS, memory_limit=MEMORY, temp_directory=str(folder / "spill"))
    drawn = engine.read_parquet(folder / "records.parquet")
    start = time.perf_counter()
    linkage = linking.fit_linkage(drawn)
    fitted = time.perf_counter() - start
    entities = clusters.assign_entities(linkage)
    clusters.build_thresholds(linkage)
    scoring.score_links(linkage, scoring.read_labels(drawn))
    seconds = {"fitted": fitted, "all": time.perf_counter() - start, "processor": time.process_time()}
    entities.to_parquet(folder / "linked.parquet")
    (folder / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")
    table = clusters.build_blocking_table(linkage).to_string()
    (folder / "blocking.txt").write_text(table, encoding="utf-8")


def score(folder: Path) -> tuple[float, float]:
    """Precision and recall of pairs over all records."""
    found = pd.read_parquet(folder / "linked.parquet")
    both = found.merge(pd.read_parquet(folder / "entities.parquet"), on=["source", "record_id"])
    right = scoring.count_pairs(both.groupby(["entity_id", "entity"]).ngroup())
    return right / scoring.count_pairs(both["entity_id"]), right / scoring.count_pairs(both["entity"])


def main() -> int:
    """Measure, print, and return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=445_000, help="of the simulated client")
    parser.add_argument("--link", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.link:
        link(chosen.link)
        return 0
    with tempfile.TemporaryDirectory(prefix="segutils-benchmark-") as home:
        folder = Path(home)
        draw_records(folder, chosen.accounts)
        measured = measure([sys.executable, __file__, "--link", home])
        seconds = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
        print((folder / "blocking.txt").read_text(encoding="utf-8"))
        count = len(pd.read_parquet(folder / "entities.parquet"))
        precision, recall = score(folder)
    print(f"{count:,} records, {chosen.accounts:,} accounts, {THREADS} threads")
    print(f"compared and weighed in {seconds['fitted']:.1f} s, all of linking in {seconds['all']:.1f} s")
    print(f"{seconds['processor']:.1f} s of processor time (both threads together)")
    marks = [
        ("seconds, imports included", measured.seconds, MAX_SECONDS, measured.seconds <= MAX_SECONDS),
        (
            "peak memory, GB",
            measured.peak_bytes / 1e9,
            MAX_GIGABYTES,
            measured.peak_bytes <= MAX_GIGABYTES * 1e9,
        ),
        ("precision", precision, MIN_PRECISION, precision >= MIN_PRECISION),
        ("recall", recall, MIN_RECALL, recall >= MIN_RECALL),
    ]
    for name, value, mark, met in marks:
        print(f"{name:<28}{value:>10.3f}   mark {mark:>6}   {'met' if met else 'MISSED'}")
    return int(not all(met for _, _, _, met in marks))


if __name__ == "__main__":
    sys.exit(main())
