"""Customer features against the plainest group-by, measured in one go on this machine.

``python benchmarks/features_vs_groupby.py [--lines N] [--customers N] [--memory 4GB]`` draws order lines into
one Parquet file and times, on DuckDB under the memory limit,

a. DuckDB's own group-by of recency, frequency and monetary value: last day, number of orders, sum of
   revenue per customer;
b. the playbook's table of customers from the same file with the columns that every client has: recency,
   frequency, money per order, tenure, spacing, and the three scores;
c. the same with all columns: breadth, category, own-brand and channel shares, discount share, stores.

It prints the ratios of b and c to a, and whether they are met.
"""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import ibis

from segutils.methodology.features.rfm import build_rfm

LINES, PER_CUSTOMER, PER_ORDER = 20_000_000, 100, 4  # the mark is for 100 million, in some minutes
AS_OF, DAYS = date(2024, 12, 30), 365
MAX_RATIO = 3.0
MEMORY = "4GB"
PRODUCTS, STORES = 5000, 200  # a customer has four of the stores, one of them for five orders in eight
CHANNELS = ["field sales", "inside sales", "e-shop", "partner"]
CATEGORIES = [f"Category {n}" for n in range(6)]
PLAIN = """
    select customer_id, max(ordered_on) as last_on, count(distinct order_id) as orders,
      sum(net_revenue) as revenue
    from read_parquet('{file}') group by customer_id
"""


def draw_lines(file: Path, *, lines: int, customers: int) -> None:
    """Order lines in the order in which they were booked; ids are text, money is decimal."""
    orders = max(1, lines // PER_ORDER)
    channels = ", ".join(f"'{name}'" for name in CHANNELS)
    duckdb.sql(f"""
        copy (
          with drawn as (
            select range // {PER_ORDER} as number, hash(range) as h, hash(range // {PER_ORDER}, 7) as o
            from range({lines})
          )
          select concat('C', lpad((o % {customers})::varchar, 9, '0')) as customer_id,
            concat('O', lpad(number::varchar, 10, '0')) as order_id,
            date '{AS_OF}' - ({DAYS} - 1 - (number * {DAYS} // {orders}))::int as ordered_on,
            concat('P', (h % {PRODUCTS})::varchar) as product_id,
            ((h >> 20) % 20000 / 100)::decimal(18, 2) as net_revenue,
            ((h >> 40) % 300 / 100)::decimal(18, 2) as discount,
            concat('S', (hash(o % {customers}, greatest(4, (o >> 20) % 8)) % {STORES})::varchar) as store_id,
            [{channels}][1 + ((o >> 40) % {len(CHANNELS)})::int] as channel
          from drawn
        ) to '{file}' (format parquet)""")


def draw_products(con: duckdb.DuckDBPyConnection) -> None:
    """Products in six categories, one in four of the client's own brand."""
    con.sql(f"""
        create table products as
        select concat('P', range) as product_id, concat('Category ', range % {len(CATEGORIES)}) as category,
          concat('Line ', range % 60) as product_line, if(range % 4 = 0, 'House', 'Maker') as brand
        from range({PRODUCTS})""")


@dataclass(frozen=True)
class Measured:
    """Least wall and processor time of several rounds; on a busy machine only the latter compares."""

    wall: float
    processor: float


def measure(work: Callable[[], object], *, rounds: int) -> Measured:
    """How long does it take?"""
    walls, processors = [], []
    for _ in range(rounds):
        gc.collect()
        start, used = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - start)
        processors.append(time.process_time() - used)
    return Measured(min(walls), min(processors))


def main() -> int:
    """Measure, print, and say by the exit code whether the ratio is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--customers", type=int, default=0, help="default: a hundredth of the lines")
    parser.add_argument("--memory", default=MEMORY)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    customers = given.customers or given.lines // PER_CUSTOMER
    with tempfile.TemporaryDirectory(prefix="features") as folder:
        file = Path(folder) / "transactions.parquet"
        draw_lines(file, lines=given.lines, customers=customers)
        con = ibis.duckdb.connect(memory_limit=given.memory, temp_directory=folder)
        draw_products(con.con)
        lines = con.read_parquet(file, table_name="transactions")
        products = con.table("products")
        known = con.create_table(
            "customers", con.sql(f"select distinct customer_id from read_parquet('{file}')")
        )
        core = lines.select("customer_id", "order_id", "ordered_on", "net_revenue")
        dated = {"as_of": AS_OF, "window_days": DAYS}
        shares = {"categories": CATEGORIES, "channels": CHANNELS, "own_brand": "House"}
        plain = measure(lambda: con.con.sql(PLAIN.format(file=file)).df(), rounds=given.rounds)
        few = measure(lambda: build_rfm(core, known, **dated), rounds=given.rounds)
        many = measure(lambda: build_rfm(lines, known, products, **dated, **shares), rounds=given.rounds)
    print(f"{given.lines:,} order lines of {customers:,} customers, DuckDB within {given.memory}")
    for words, found in (
        ("a  plain group-by of recency, frequency, monetary value", plain),
        ("b  features from the columns that every client has", few),
        ("c  features from all columns", many),
    ):
        ratios = f"{found.wall / plain.wall:5.2f} times a {found.processor / plain.processor:5.2f} times a"
        print(f"{words:<56}{found.wall:8.2f} s wall {found.processor:8.2f} s processor {ratios}")
    met = max(few.wall, many.wall) <= MAX_RATIO * plain.wall
    print(f"mark: at most {MAX_RATIO:g} times a in wall time: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
