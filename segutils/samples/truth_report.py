"""TRUTH.md: what was planted in a simulated client, where, and who should find it."""

from __future__ import annotations

import pandas as pd

from segutils.samples.making import AS_OF, FIRST_DAY, Making, Plant

MAX_ROWS, MAX_COLUMNS = 20, 10  # of a truth table that is printed; larger ones are named only
HEAD = """# What was planted in {client}

Written by the generator, from the tables it drew; do not edit. {accounts:,} accounts, {first} to {last}, seed
{seed}.
{kind}

The client's tables are in `tables/`, the truth in `truth/`. Nothing but tests may read the truth: the
playbook sees the client's tables only. Amounts are EUR, shares 0 to 1.
"""
PLANTED = (
    "Everything below is in the tables, and a method that is worth its name finds it within its interval."
)
NOTHING = (
    "This is the null client: the same tables, from one population, without segments, effects or drift. "
    "A method that finds something here finds it anywhere."
)


def write_truth(making: Making, *, client: str) -> str:
    """What does a reader need to know about the planted truth, in one page per family? Markdown."""
    head = HEAD.format(
        client=client,
        accounts=making.accounts,
        first=FIRST_DAY,
        last=AS_OF,
        seed=making.seed,
        kind=NOTHING if making.null else PLANTED,
    )
    return "\n".join([head, *(_write_plant(making, plant) for plant in making.plants)])


def _write_plant(making: Making, plant: Plant) -> str:
    lines = [f"## {plant.title}", "", plant.text, ""]
    found = f"found by: {_list_names(plant.capabilities)}"
    lines.append(f"In: {_list_names(plant.tables)} · {found}" if plant.tables else found.capitalize())
    for name in plant.truth:
        table = making.ask(f"select * from truth.{name} limit {MAX_ROWS + 1}")
        rows = making.ask(f"select count(*) as n from truth.{name}").n.item()
        columns = ", ".join(f"`{column}`" for column in table.columns)
        lines += ["", f"`truth/{name}.parquet`, {rows:,} rows: {columns}."]
        if rows <= MAX_ROWS and len(table.columns) <= MAX_COLUMNS:
            lines += ["", _write_table(table)]
    return "\n".join([*lines, ""])


def _list_names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _write_table(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns)]
    rows += [[_write_cell(value) for value in record] for record in table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _write_cell(value: object) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value).removesuffix(" 00:00:00").replace("|", "\\|")
