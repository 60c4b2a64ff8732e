"""A simulated client in the making: engine, seed, random numbers, and where its tables and its truth go.

Every generator takes a :class:`Making` and leaves tables in it. What has one row per account or less is drawn
with numpy; what grows beyond that is drawn inside DuckDB, from a hash of seed, stream and row key, so that a
value depends on neither threads nor order: the same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_DAY = date(2023, 1, 1)
AS_OF = date(2025, 12, 31)
DAYS = (AS_OF - FIRST_DAY).days + 1
CHUNK = 25_000  # accounts whose order lines are drawn and sorted at a time
ROW_GROUP = 122_880

# draw('stream', key) is 128 random bits for a row; u1 … u4 cut four independent uniforms in [0, 1) from them.
# md5 is the generator because it is the same on every version and machine, and costs next to nothing here.
MACROS = """
create macro draw(stream, key) as md5_number(concat('{seed}:', stream, ':', key));
create macro u1(h) as (h & 4294967295)::double / 4294967296;
create macro u2(h) as ((h >> 32) & 4294967295)::double / 4294967296;
create macro u3(h) as ((h >> 64) & 4294967295)::double / 4294967296;
create macro u4(h) as (h >> 96)::double / 4294967296;
create macro normal(ua, ub) as sqrt(-2 * ln(1 - ua)) * cos(2 * pi() * ub);
create macro logistic(x) as 1 / (1 + exp(-x));
create macro pick(options, u) as list_extract(options, 1 + floor(u * len(options))::int);
create macro geometric(u, mean) as 1 + floor(ln(1 - u) / ln(1 - 1 / mean))::int;
create macro euros(x) as round(x, 2)::decimal(18, 2);
"""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One planted truth: what, in which of the client's tables, in which truth tables, who should find it.

    `text` may hold figures that were computed from the truth tables. `capabilities` are slugs.
    """

    title: str
    text: str
    tables: tuple[str, ...]
    truth: tuple[str, ...]
    capabilities: tuple[str, ...]


@dataclass(kw_only=True)
class Making:
    """One simulated client while it is made.

    Schemas of the engine: ``draft`` for what generators hand to each other, ``client`` for the client's
    tables (clean; faults come last, and find each row's ``place`` in ``draft.placed_<table>``), ``truth`` for
    what was planted.

    Parameters
    ----------
    accounts : int
    seed : int
    null : bool
        The null client: one population, no effects; nothing to find.
    scratch : pathlib.Path
        A temporary folder; the engine's own file is in it.
    db : duckdb.DuckDBPyConnection
    finished : callable, optional
        Told each table of ``client`` and ``truth`` once it is complete: this making, schema, name.
    """

    accounts: int
    seed: int
    null: bool
    scratch: Path
    db: duckdb.DuckDBPyConnection
    finished: Callable[[Making, str, str], None] = lambda making, schema, name: None
    plants: list[Plant] = field(default_factory=list)

    def rng(self, stream: str) -> np.random.Generator:
        """Random numbers for what has at most one row per account; streams are independent of each other."""
        digest = hashlib.md5(f"{self.seed}:{stream}".encode(), usedforsecurity=False).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))

    def run(self, sql: str) -> None:
        """Run one or more statements."""
        self.db.execute(sql)

    def ask(self, sql: str) -> pd.DataFrame:
        """The answer of a query."""
        return self.db.execute(sql).df()

    def draft(self, name: str, frame: pd.DataFrame) -> None:
        """Hand a frame to the engine as ``draft.<name>``."""
        self._load(f"draft.{name}", frame)

    def truth(self, name: str, frame: pd.DataFrame | str) -> None:
        """Keep what was planted as ``truth.<name>``: a frame, or the query that gives it, in order."""
        if isinstance(frame, str):
            self.run(f"create table truth.{name} as {frame}")
        else:
            self._load(f"truth.{name}", frame)
        self.finished(self, "truth", name)

    def _load(self, name: str, frame: pd.DataFrame) -> None:
        self.db.register("handed", pa.Table.from_pandas(frame, preserve_index=False))
        self.run(f"create table {name} as select * from handed")
        self.db.unregister("handed")

    def emit(self, name: str, sql: str, *, order: str, hide: str = "", by_account: bool = False) -> None:
        """Make a client's table ``client.<name>``, clean and sorted.

        Parameters
        ----------
        name : str
            A table of the data contract.
        sql : str
            Its rows, with the canonical columns in their order.
        order : str
            What sorts the rows so that no two orders are possible.
        hide : str
            Columns of `sql` that only serve the order.
        by_account : bool
            `sql` has ``{first}`` and ``{last}`` where it limits account numbers: rows are made chunk by
            chunk, so that memory does not grow with the number of accounts.
        """
        columns = f"* exclude ({hide})" if hide else "*"
        if by_account and self.accounts > CHUNK:
            self._emit_chunks(name, f"select {columns} from ({sql}) order by {order}")
        else:
            whole = sql.format(first=0, last=self.accounts - 1) if by_account else sql
            self.run(f"create table client.{name} as select {columns} from ({whole}) order by {order}")
            self.run(f"create view draft.placed_{name} as select *, rowid as place from client.{name}")
        self.finished(self, "client", name)

    def _emit_chunks(self, name: str, sql: str) -> None:
        """A table of many chunks lies on the disk, compressed: in memory it would push out all others."""
        parts, rows = [], 0
        for number, part in enumerate(self._chunks(sql)):
            path = (self.scratch / f"{name}-{number:03d}.parquet").as_posix()
            self.run(f"copy ({part}) to '{path}' (format parquet, compression lz4)")
            file = f"read_parquet('{path}', file_row_number = true)"
            parts.append(f"select * exclude (file_row_number), {rows} + file_row_number as place from {file}")
            rows += pq.ParquetFile(path).metadata.num_rows
        self.run(f"create view draft.placed_{name} as {' union all '.join(parts)}")
        files = f"'{self.scratch.as_posix()}/{name}-*.parquet'"
        self.run(f"create view client.{name} as select * from read_parquet({files})")

    def _chunks(self, sql: str) -> Iterator[str]:
        for first in range(0, self.accounts, CHUNK):
            yield sql.format(first=first, last=min(first + CHUNK, self.accounts) - 1)

    def list_tables(self, schema: str) -> list[str]:
        """The tables of a schema, by name."""
        return self.ask(f"""
            select table_name from information_schema.tables where table_schema = '{schema}'
            order by table_name""").table_name.tolist()

    def write_parquet(self, path: Path, query: str) -> int:
        """Rows of a query into one file, which appears complete or not at all; returns how many.

        DuckDB's own ``COPY`` cuts row groups by thread timing; this writer cuts them by count.
        """
        part, rows = path.with_name(f"{path.name}.part"), 0
        reader = self.db.execute(query).to_arrow_reader(ROW_GROUP)
        words = [column.name for column in reader.schema if pa.types.is_string(column.type)]
        options = {
            "compression": "zstd",
            "use_dictionary": words,
        }  # of amounts, no dictionary is worth making
        with ThreadPoolExecutor(1) as ahead, pq.ParquetWriter(part, reader.schema, **options) as writer:
            coming = ahead.submit(next, reader, None)
            while (batch := coming.result()) is not None:
                coming = ahead.submit(next, reader, None)  # the engine works on it while this one is written
                writer.write_batch(batch, row_group_size=ROW_GROUP)
                rows += batch.num_rows
        os.replace(part, path)
        return rows

    def open_beside(self) -> Making:
        """The same client over a connection of its own, for a thread beside this one; without plants."""
        return replace(self, db=self.db.cursor(), plants=[])

    def plant(self, title: str, text: str, *, tables: str, truth: str, capabilities: str) -> None:
        """Note a planted truth for TRUTH.md; names are separated by spaces."""
        self.plants.append(
            Plant(
                title=title,
                text=text,
                tables=tuple(tables.split()),
                truth=tuple(truth.split()),
                capabilities=tuple(capabilities.split()),
            )
        )


@contextmanager
def open_making(
    *, accounts: int, seed: int, null: bool = False, memory: str = "2GB", threads: int | None = None
) -> Iterator[Making]:
    """A :class:`Making` with its engine; everything temporary goes when the block ends.

    Parameters
    ----------
    accounts : int
        200 to 1,000,000.
    seed : int
    null : bool
    memory : str
        DuckDB's limit; above it the engine works on disk.
    threads : int, optional
        Of the engine. If not stated, all cores; one for a small client, whose generators run side by side and
        would only get into each other's way. The result does not depend on it.
    """
    with TemporaryDirectory(prefix="segutils-sample-") as folder:
        scratch = Path(folder)
        config: dict[str, str | int] = {"memory_limit": memory, "temp_directory": str(scratch / "spill")}
        if threads or accounts <= CHUNK:
            config["threads"] = threads or 1
        with duckdb.connect(config=config) as db:
            db.execute("set global timezone = 'UTC'")
            for schema in ("draft", "client", "truth"):
                db.execute(f"create schema {schema}")
            db.execute(MACROS.format(seed=seed))
            yield Making(accounts=accounts, seed=seed, null=null, scratch=scratch, db=db)


def fill_slots(weights: Mapping[str, float], slots: int) -> list[str]:
    """A list in which each name stands in proportion to its weight: ``pick(slots, u)`` draws one at once.

    Largest remainders go up, so that the shares are right to one slot.
    """
    total = sum(weights.values())
    exact = {name: weight / total * slots for name, weight in weights.items()}
    counts = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (counts[name] - exact[name], name))
    for name in by_remainder[: slots - sum(counts.values())]:
        counts[name] += 1
    return [name for name, count in counts.items() for _ in range(count)]
