"""The ninety-eight questions of the playbook: slug, notebook, question, tables that an answer needs."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Capability:
    """One question that a client pays to have answered.

    `decision` and `chart` say whether its answer asks for a decision and shows a chart; `tables` are the
    input tables of the data contract without which it cannot be answered.
    """

    slug: str
    module: str
    notebook: str
    question: str
    decision: bool
    chart: bool
    tables: tuple[str, ...]


@cache
def read_capabilities() -> tuple[Capability, ...]:
    """Which questions does the playbook know, in which order?"""
    path = Path(__file__).with_name("capabilities.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Capability(
                slug=row["slug"],
                module=row["module"],
                notebook=row["notebook"],
                question=row["question"],
                decision=row["decision"] == "yes",
                chart=row["chart"] == "yes",
                tables=tuple(row["tables"].split()),
            )
            for row in csv.DictReader(lines)
        )
