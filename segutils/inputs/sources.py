"""Where a table's rows come from: files, packages' files and databases; their place, hash and reader.

Only the readers carry the weight of ibis; finding and hashing files stays fast.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from segutils.engagement import Engagement, resolve_secret
from segutils.engagement_model import TableSource
from segutils.errors import InputError
from segutils.inputs.files import ROW, Rows, open_file

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")


def locate(path: str, engagement: Engagement, *, where: str) -> Path:
    """Where on disk is this file of the engagement?

    Parameters
    ----------
    path : str
        Relative to the engagement file, absolute, or ``package:NAME/data/x.parquet``.
    engagement : Engagement
    where : str
        File, line and key for the message.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        No such package, file or reader; names the nearest files.
    """
    if path.startswith("package:"):
        package, _, inside = path.removeprefix("package:").partition("/")
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
        if spec is None or not spec.submodule_search_locations:
            fix = f"install it: pip install {package.replace('_', '-')}"
            raise InputError(f"the package '{package}' is not installed", where=where, fix=fix)
        found = Path(next(iter(spec.submodule_search_locations))) / inside
    else:
        found = engagement.folder / Path(path).expanduser()
    if found.is_dir():
        raise InputError(f"'{path}' is a folder, not a file", where=where, fix="name the file inside it")
    if found.suffix.lower() not in SUFFIXES:
        fix = f"save it as one of {', '.join(SUFFIXES)}, or use 'url:' for a database"
        raise InputError(f"'{path}' is not a kind of file that is read", where=where, fix=fix)
    if not found.is_file():
        files = [p.name for p in sorted(found.parent.glob("*")) if p.suffix.lower() in SUFFIXES]
        near = get_close_matches(found.name, files, n=3, cutoff=0.4) or files[:5]
        if not found.parent.is_dir():
            fix = f"the folder {found.parent} does not exist either"
        else:
            fix = f"the folder has: {', '.join(near)}" if near else f"put it into {found.parent}"
        raise InputError(f"the file '{path}' does not exist", where=where, fix=fix)
    return found


def list_files(name: str, engagement: Engagement) -> dict[str, Path]:
    """The files behind one table: ``source`` and the query's other files; empty for a database."""
    source = engagement.tables[name]
    if not source.path:
        return {}
    files = {"source": locate(source.path, engagement, where=engagement.where("tables", name, "path"))}
    for view, path in source.other_files.items():
        where = engagement.where("tables", name, "other_files", view)
        files[view] = locate(path, engagement, where=where)
    return files


def hash_data(engagement: Engagement) -> dict[str, str]:
    """Has the data changed since the last run?

    Files count by their bytes. A database counts by the ``version`` that the engagement file states for the
    table; without one by a fingerprint asked of the database: number of rows, and per mapped column the
    number of values, the smallest and the largest. A change that leaves all of these as they were needs a new
    ``version``.

    Parameters
    ----------
    engagement : Engagement

    Returns
    -------
    dict of str to str
        Table → SHA-256.

    Raises
    ------
    InputError
        A file or an environment variable is missing, a database cannot be asked.
    """
    hashes: dict[str, str] = {}
    seen: dict[Path, str] = {}
    for name, source in engagement.tables.items():
        files = list_files(name, engagement)
        for file in files.values():
            if file not in seen:
                seen[file] = _hash_file(file, where=engagement.where("tables", name))
        if files:
            parts = [f"{view}={seen[file]}" for view, file in sorted(files.items())]
        else:
            parts = [str(source.url or engagement.engine), str(source.table or source.query)]
            parts.append(source.version or _ask_fingerprint(name, engagement))
        hashes[name] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return hashes


def _hash_file(file: Path, *, where: str) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except PermissionError:
        fix = "ask for the right to read it, or close the program that holds it"
        raise InputError(f"'{file}' may not be read", where=where, fix=fix) from None


def _ask_fingerprint(name: str, engagement: Engagement) -> str:
    source = engagement.tables[name]
    reference = source.url or engagement.engine
    url = resolve_secret(reference, where=engagement.where("tables", name, "url"))
    with database_errors(url, where=engagement.where("tables", name)):
        connection = connect(reference, where=engagement.where("tables", name, "url"))
        table = open_database_table(connection, name, engagement).table
        columns = [c for c in dict.fromkeys(source.columns.values()) if c in table.columns] or table.columns
        values = {"rows": table.count()}
        for index, column in enumerate(columns):
            values[f"n{index}"] = table[column].count()
            if not (table[column].type().is_boolean() or table[column].type().is_nested()):
                values[f"low{index}"] = table[column].min()
                values[f"high{index}"] = table[column].max()
        return repr(table.aggregate(**values).to_pyarrow().to_pylist())


def connect(reference: str, *, where: str) -> BaseBackend:
    """A connection to a database; files are opened read-only where the driver can.

    Raises
    ------
    InputError
        The variable is missing, the kind of database has no driver here, or it does not answer.
    """
    import ibis

    url = resolve_secret(reference, where=where)
    scheme = urlsplit(url).scheme
    if scheme in ("duckdb", "sqlite"):
        file = Path(url.removeprefix(f"{scheme}://").split("?")[0])
        if not file.is_file():
            raise InputError(
                f"there is no {scheme} database at {reference}", where=where, fix="check the path"
            )
    with database_errors(url, where=where):
        if scheme == "duckdb":
            return ibis.duckdb.connect(str(file), read_only=True)
        if scheme == "sqlite":
            return ibis.sqlite.connect(str(file))
        try:
            return ibis.connect(url)
        except ValueError:
            fix = "use a URL that ibis knows (postgresql://, duckdb://, sqlite://, ...)"
            raise InputError(f"there is no driver for {scheme}://", where=where, fix=fix) from None


@contextmanager
def database_errors(url: str, *, where: str) -> Iterator[None]:
    """Turns a driver's error into an :class:`InputError` that does not show the secret parts of the URL."""
    import ibis.common.exceptions as ibis_errors

    try:
        yield
    except (ibis_errors.IbisError, ImportError, OSError, *_driver_errors()) as error:
        parts = urlsplit(url)
        secrets = [url, parts.password or "", parts.netloc, parts.path if parts.scheme else ""]
        text = " ".join(str(error).split())
        for secret in sorted((s for s in secrets if "://" in url and len(s) > 1), key=len, reverse=True):
            text = text.replace(secret, "***")
        fix = "check URL, driver, rights, and the name of the table or the query"
        raise InputError(f"the database answers: {text[:400]}", where=where, fix=fix) from None


def _driver_errors() -> list[type[BaseException]]:
    import sqlite3

    import duckdb

    found: list[type[BaseException]] = [duckdb.Error, sqlite3.Error]
    if importlib.util.find_spec("psycopg"):
        import psycopg

        found.append(psycopg.Error)
    return found


def open_database_table(connection: BaseBackend, name: str, engagement: Engagement) -> Rows:
    """The lazy table (or query) of a database that the engagement names."""
    source = engagement.tables[name]
    if source.query:
        check_query(source.query, where=engagement.where("tables", name, "query"))
        return Rows(table=connection.sql(source.query), read_as=f"query, {connection.name}")
    *schema, table = str(source.table).split(".")
    database = ".".join(schema) or None
    known = connection.list_tables(database=database)
    if table not in known:
        near = get_close_matches(table, known, n=3, cutoff=0.4) or known[:8]
        where = engagement.where("tables", name, "table")
        fix = f"the database has: {', '.join(near)}" if near else "the database shows no tables to this user"
        raise InputError(f"the database has no table '{source.table}'", where=where, fix=fix)
    return Rows(table=connection.table(table, database=database), read_as=f"table, {connection.name}")


def check_query(query: str, *, where: str) -> None:
    """Refuses SQL that isn't one SELECT: the client's data is never written to."""
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", query, flags=re.S).strip().rstrip(";")
    if not re.match(r"(select|with|from)\b", text, re.I) or ";" in re.sub(r"'[^']*'", "", text):
        fix = "write one statement that starts with select or with"
        raise InputError("the query is not a single SELECT", where=where, fix=fix)
    if re.search(
        r"\b(insert|update|delete|merge|create|drop|alter|copy|attach)\b\s+\w",
        re.sub(r"'[^']*'", "", text),
        re.I,
    ):
        raise InputError("the query writes to the database", where=where, fix="only select rows")


def is_remote(engagement: Engagement) -> bool:
    """True where the engagement's engine is a database rather than DuckDB inside the process."""
    return engagement.engine != "duckdb"


def open_rows(name: str, engagement: Engagement, engine: BaseBackend, scratch: Path) -> Rows:
    """Where are the rows of this table, as the engine can read them?

    Parameters
    ----------
    name : str
        Canonical table.
    engagement : Engagement
    engine : ibis backend
        The run's engine.
    scratch : pathlib.Path
        A temporary folder, for transcoded and copied files.

    Returns
    -------
    Rows

    Raises
    ------
    InputError
        The file cannot be read as what it says it is, or is out of reach of the engine.
    """
    source = engagement.tables[name]
    where = engagement.where("tables", name)
    if is_remote(engagement):
        if source.path:
            fix = "load the file into that database and name it with 'table:', or leave out 'engine:'"
            raise InputError("the engine is a database and cannot see this file", where=where, fix=fix)
        if source.url not in (None, engagement.engine):
            fix = "load the table into the engine's database, or leave out 'engine:' so that it is copied"
            raise InputError("the table is in another database than the engine", where=where, fix=fix)
        return open_database_table(engine, name, engagement)
    if not source.path:
        return _copy_from_database(name, engagement, engine, scratch)
    opened = {
        view: open_file(file, source, engine, view=f"{name}_{view}", scratch=scratch, where=where)
        for view, file in list_files(name, engagement).items()
    }
    return _apply_query(name, source, opened, engine, where=where) if source.query else opened["source"]


def _apply_query(
    name: str, source: TableSource, opened: dict[str, Rows], engine: BaseBackend, *, where: str
) -> Rows:
    """The query over the file, which it sees as the view ``source``; views are dropped again."""
    import duckdb

    query = str(source.query)
    check_query(query, where=where)
    views = ", ".join(f'"{view}" AS (SELECT * FROM "{name}_{view}")' for view in opened)
    try:
        answer = engine.sql(f"WITH {views} SELECT * FROM ({query}) AS answer")
    except duckdb.Error as error:
        fix = "the file is the view 'source'; other files are views by the names given in other_files"
        raise InputError(f"the query fails: {str(error).splitlines()[0]}", where=where, fix=fix) from None
    first = opened["source"]
    return Rows(
        table=answer, read_as=f"{first.read_as}, query", numbered=ROW in answer.columns, broken=first.broken
    )


def _copy_from_database(name: str, engagement: Engagement, engine: BaseBackend, scratch: Path) -> Rows:
    """Another database's rows, copied by batches to a parquet file that the engine reads."""
    import pyarrow.parquet as pq

    reference = str(engagement.tables[name].url)
    where = engagement.where("tables", name, "url")
    url = resolve_secret(reference, where=where)
    target = scratch / f"copied-{name}.parquet"
    with database_errors(url, where=where):
        rows = open_database_table(connect(reference, where=where), name, engagement)
        batches = rows.table.to_pyarrow_batches(chunk_size=100_000)
        with pq.ParquetWriter(target, batches.schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
    return Rows(table=engine.read_parquet(target, table_name=f"{name}_source"), read_as=rows.read_as)
