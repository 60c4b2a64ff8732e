"""A run's input tables, opened again: on the run's engine, for the purpose that the reader states."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segutils import schemas
from segutils.engagement import Engagement, read_json, to_json
from segutils.engagement_data import SEGMENTATION
from segutils.errors import InputError
from segutils.inputs.sources import connect, hash_data, is_remote, open_rows

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

ENGINES = ("duckdb", "postgres", "pyspark")


def open_engine(engagement: Engagement) -> BaseBackend:
    """The engine of an engagement: DuckDB in this process, or the client's database.

    Raises
    ------
    InputError
        The database is of a kind that the playbook doesn't run on, or it does not answer.
    """
    import ibis

    if not is_remote(engagement):
        return ibis.duckdb.connect(temp_directory=tempfile.gettempdir())
    where = engagement.where("engine")
    engine = connect(engagement.engine, where=where)
    if engine.name not in ENGINES:
        fix = f"use one of {', '.join(ENGINES)} as engine, or leave 'engine:' out and give the URL per table"
        raise InputError(f"{engine.name} cannot be the engine", where=where, fix=fix)
    return engine


def list_in_order(engagement: Engagement) -> list[str]:
    """The tables in the order in which they can be checked: those that others refer to come first."""
    giver = engagement.tables["customers"].add_missing_from
    order: list[str] = []

    def place(name: str) -> None:
        before = {*schemas.TABLES[name].refers_to, giver if name == "customers" else None}
        if name == giver:  # it completes the customers, so it can't be checked against them
            before.discard("customers")
        for other in engagement.tables:
            if other in before and other not in order:
                place(other)
        order.append(name)

    for name in engagement.tables:
        if name not in order:
            place(name)
    return order


def list_behind(name: str, engagement: Engagement) -> list[str]:
    """The tables whose sources decide what is seen of a table: its own, and whose consents it asks for."""
    giver = engagement.tables["customers"].add_missing_from
    return [n for n in list_in_order(engagement) if n in ("customers", giver, name)]


def open_inputs(engagement: Engagement, folder: Path, engine: BaseBackend) -> dict[str, ir.Table]:
    """The accepted tables of an ingested run, lazily on its engine: what may be used to segment.

    DuckDB reads the run's parquet files. In a client's database the mapping and the rules are applied again,
    with text and times read as they were at ingestion.
    """
    report = _read_report(folder)
    if not is_remote(engagement):
        return {
            n: engine.read_parquet(folder / "inputs" / f"{n}.parquet", table_name=n)
            for n in report["columns"]
        }
    accepted = _judge_again(list_in_order(engagement), engagement, engine, folder, report)
    return _restrict_all(accepted, engagement, SEGMENTATION)


def open_for_purpose(
    name: str, engagement: Engagement, folder: Path, engine: BaseBackend, *, purpose: str
) -> ir.Table:
    """A table with what it may be used for besides segmentation, from the client's source.

    Nothing of it is stored in the run: with DuckDB it is a temporary table of the process that asks.

    Raises
    ------
    InputError
        The table may not be used for this purpose, or its source has changed since the run.
    """
    report = _read_report(folder)
    if is_remote(engagement):
        accepted = _judge_again(list_in_order(engagement), engagement, engine, folder, report)
        return _restrict_all(accepted, engagement, purpose)[name]
    engagement = read_json(to_json(engagement), _source_folder(folder))
    names = list_behind(name, engagement)
    source = engagement.model_copy(update={"tables": {n: engagement.tables[n] for n in names}})
    for read, found in hash_data(source).items():
        if found != report["hashes"].get(read):
            fix = "run the engagement again: segutils run ENGAGEMENT"
            what = f"the source of '{read}' is not the one that this run was made from"
            raise InputError(what, where=engagement.where("tables", read), fix=fix)
    reader = open_engine(engagement)  # of its own: the source has more columns than may be seen
    try:
        with tempfile.TemporaryDirectory(prefix="segutils-") as scratch:
            accepted = _judge_again(names, engagement, reader, Path(scratch), report)
            permitted = _restrict_all(accepted, engagement, purpose)[name].to_pyarrow()
    finally:
        reader.disconnect()
    return engine.create_table(f"{name}_for_{purpose}", permitted, temp=True)


def _source_folder(folder: Path) -> Path:
    return Path(json.loads((folder / "source.json").read_text(encoding="utf-8"))["folder"])


def _read_report(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "inputs.json").read_text(encoding="utf-8"))


def _judge_again(
    names: list[str], engagement: Engagement, engine: BaseBackend, scratch: Path, report: Mapping[str, Any]
) -> dict[str, ir.Table]:
    """The accepted rows of some tables, from their sources, read as they were at ingestion."""
    from segutils.inputs import judging, restricting
    from segutils.inputs.casting import Reading

    accepted: dict[str, ir.Table] = {}
    for name in names:
        rows = open_rows(name, engagement, engine, scratch)
        mapped = judging.map_columns(name, rows, engagement)
        reading = Reading(**report["readings"][name])
        judged = judging.judge_rows(name, rows, mapped, reading, engagement, accepted)
        accepted[name] = judged.accepted()
        if giver := engagement.tables[name].add_missing_from:
            given = restricting.keep_rows(accepted[giver], giver, engagement, None)
            accepted[name] = add_missing(accepted[name], given)
    return accepted


def _restrict_all(
    accepted: Mapping[str, ir.Table], engagement: Engagement, purpose: str
) -> dict[str, ir.Table]:
    from segutils.inputs import restricting

    customers = accepted["customers"]
    agreed = restricting.list_agreed(customers, engagement)
    people = restricting.People(customers=customers, agreed=agreed)
    found = {}
    for name, table in accepted.items():
        mine = None if name == "customers" else people
        seen = restricting.restrict(table, name, engagement, mine, purpose=purpose)
        if seen is not None:
            found[name] = seen
    return found


def list_missing(accepted: ir.Table, giver: ir.Table) -> ir.Table:
    """The customers of another table who have no record of their own."""
    return giver.filter(giver.customer_id.notin(accepted.customer_id)).select("customer_id").distinct()


def add_missing(accepted: ir.Table, giver: ir.Table) -> ir.Table:
    """Customers without a record are added with their identifier only."""
    import ibis

    empty = {name: ibis.null(type_) for name, type_ in accepted.schema().items() if name != "customer_id"}
    added = list_missing(accepted, giver).mutate(**empty).select(*accepted.columns)
    return accepted.union(added).order_by("customer_id")


def note_source(engagement: Engagement, folder: Path) -> None:
    """Where the client's files are, for fields that are read from them again; told anew at each run."""
    path, here = folder / "source.json", str(engagement.folder.resolve())
    if not path.is_file() or str(_source_folder(folder)) != here:
        write_json(path, {"folder": here})


def write_json(path: Path, payload: Mapping[str, Any]) -> None:
    """Writes JSON so that the file is there complete or not at all."""
    temporary = path.with_suffix(f"{path.suffix}.part")
    temporary.write_text(json.dumps(payload, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)
