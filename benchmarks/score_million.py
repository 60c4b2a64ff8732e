"""A million customers with 20 features: how long do assignment in the engine and the segment count take here?

``python benchmarks/score_million.py [--customers 1000000]`` writes made-up customers to a Parquet file and
measures, on two threads:

a. assignment by SQL in DuckDB: the query that the typing tool writes (nearest of six centres; half of the
   features on a logarithmic scale), over the file, into a table of ``customer_id, segment``; its segments are
   compared with those of :func:`segutils.statistics.segment_model.assign_customers`;
b. the number of segments as notebook 3_2 asks for it, on a random sample of 10,000 of the customers (the
   sample is stated in the finding), in a process of its own whose peak memory is taken.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from segutils.methodology.profiles import scoring_sql
from segutils.methodology.segments import landscape, segment_count
from segutils.statistics import segment_model

FEATURES, SEGMENTS, REPEATS = 20, 6, 3
MAX_ASSIGN, MAX_COUNT, MAX_GIGABYTES = 1.5, 300.0, 6.0
NAMES = tuple(f"f{i}" for i in range(FEATURES))
TRANSFORMS = tuple("log1p" if i % 2 else "none" for i in range(FEATURES))


def make_customers(customers: int, seed: int = 0) -> tuple[pd.DataFrame, segment_model.SegmentModel]:
    """Six groups on the scaled axes, in raw units, and the model of their true centres."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=1.5, size=(SEGMENTS, FEATURES))
    points = centres[rng.integers(0, SEGMENTS, customers)] + rng.normal(size=(customers, FEATURES))
    means, scales = np.full(FEATURES, 5.0), np.full(FEATURES, 0.5)
    raw = points * scales + means
    raw[:, 1::2] = np.expm1(raw[:, 1::2])
    table = pd.DataFrame(raw, columns=list(NAMES))
    table.insert(0, "customer_id", [f"C{number:07d}" for number in range(customers)])
    table.insert(1, "has_purchases", True)
    scaling = segment_model.Scaling(features=NAMES, transforms=TRANSFORMS, means=means, scales=scales)
    names = tuple(f"S{number + 1}" for number in range(SEGMENTS))
    return table, segment_model.SegmentModel(names=names, scaling=scaling, centres=centres)


def assign(file: Path, model: segment_model.SegmentModel) -> tuple[float, pd.DataFrame]:
    """Best of a few runs of the query, in seconds, and the segments that it gave."""
    query = scoring_sql.write_nearest_sql(model, dialect="duckdb", table="customers")
    seconds = []
    with duckdb.connect() as engine:
        engine.execute("set threads = 2")
        engine.execute(f"create view customers as select * from '{file}'")
        for _ in range(REPEATS):
            start = time.perf_counter()
            engine.execute(f"create or replace table segments as {query}")
            seconds.append(time.perf_counter() - start)
        found = engine.sql("select * from segments order by customer_id").df()
    return min(seconds), found


def count(file: Path) -> None:
    """Segment count on a sample; prints seconds, peak gigabytes and the recommendation for the caller."""
    features = pd.read_parquet(file)
    catalogue = pd.DataFrame({"feature": NAMES, "transform": TRANSFORMS, "used": True})
    start = time.perf_counter()
    solutions = landscape.fit_landscape(features, catalogue, seed=1)
    finding = segment_count.decide_count(solutions, seed=1)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(f"{seconds} {peak} {finding.decision.recommendation} {len(solutions.points)}")


def main() -> int:
    """Measure, print, and return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.count:
        count(told.count)
        return 0
    with tempfile.TemporaryDirectory(prefix="segutils-benchmark-") as home:
        file = Path(home) / "customers.parquet"
        table, model = make_customers(told.customers)
        table.to_parquet(file)
        seconds, found = assign(file, model)
        ours = segment_model.assign_customers(table, model)
        same = float((found["segment"].to_numpy() == ours["segment"].to_numpy()).mean())
        del table, ours, found
        command = [sys.executable, __file__, "--count", str(file)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    whole, peak, recommended, sample = float(answer[0]), float(answer[1]), answer[2], int(answer[3])
    print(f"{told.customers:,} customers x {FEATURES} features, {SEGMENTS} segments, 2 threads")
    print(f"same segment in SQL and in Python: {same:.4%} of customers")
    print(f"segment count on a random sample of {sample:,}: {recommended} segments ({SEGMENTS} were made)\n")
    marks = [
        ("assignment by SQL, s", seconds, MAX_ASSIGN),
        ("segment count, s", whole, MAX_COUNT),
        ("peak memory of the count, GB", peak, MAX_GIGABYTES),
    ]
    for name, value, mark in marks:
        print(f"{name:<32}{value:>8.2f}   mark {mark:<6g}{'met' if value <= mark else 'MISSED'}")
    return 0 if all(value <= mark for _, value, mark in marks) else 1


if __name__ == "__main__":
    sys.exit(main())
