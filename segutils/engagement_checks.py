"""What single fields of the engagement file cannot know: other tables, canonical columns, files of the brand.

What the client wants and allows is checked in :mod:`segutils.terms_checks`, what it says about its data in
:mod:`segutils.data_checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from xml.etree import ElementTree

from segutils import schemas
from segutils.data_checks import check_data_rules
from segutils.engagement_fields import suggest
from segutils.engagement_model import Engagement, TableSource
from segutils.plan_checks import check_plans
from segutils.terms_checks import check_terms
from segutils.yaml_lines import Problem


def check_together(engagement: Engagement) -> list[Problem]:
    """Does the file fit together?

    Parameters
    ----------
    engagement : Engagement
        Each field is right by itself.

    Returns
    -------
    list of Problem
        Empty where it does.
    """
    return [
        *_check_tables(engagement),
        *_check_rules(engagement),
        *_check_protected(engagement),
        *check_terms(engagement),
        *check_plans(engagement),
        *check_data_rules(engagement),
        *_check_logo(engagement),
    ]


def _check_tables(engagement: Engagement) -> Iterator[Problem]:
    for name in schemas.NEEDED:
        if name not in engagement.tables:
            row = schemas.TABLES[name].row
            fix = f"add it under 'tables:' with path (or url) and columns; one row is {row}"
            yield Problem(("tables",), f"the table '{name}' is missing", fix)
    for name, source in engagement.tables.items():
        yield from _check_columns(name, source)
        giver = source.add_missing_from
        if giver and (name != "customers" or not _can_complete(giver, engagement)):
            fix = "use it with customers only, and name a table of this file, such as transactions"
            yield Problem(("tables", name, "add_missing_from"), "add_missing_from cannot work here", fix)
        if not (source.path or source.url) and engagement.engine == "duckdb":
            fix = "add 'url:', or state the database as 'engine:'"
            yield Problem(("tables", name), "table or query is given, but no database", fix)


def _can_complete(giver: str, engagement: Engagement) -> bool:
    """Every row of that table names a customer, and it is not the customers themselves."""
    names_customers = "customer_id" in schemas.TABLES[giver].required
    return giver in engagement.tables and giver != "customers" and names_customers


def _check_rules(engagement: Engagement) -> Iterator[Problem]:
    for index, rule in enumerate(engagement.rules):
        key = ("rules", index)
        if rule.table not in engagement.tables:
            yield Problem(key, f"a rule for '{rule.table}', which is not given", "remove the rule")
        elif rule.column not in (known := engagement.columns_of(rule.table)):
            fix = f"{suggest(rule.column, known)}columns of {rule.table}: {', '.join(known)}"
            yield Problem((*key, "column"), f"unknown column '{rule.column}'", fix)
        if rule.min is None and rule.max is None:
            yield Problem(key, "the rule has neither min nor max", "add one of them")


def _check_protected(engagement: Engagement) -> Iterator[Problem]:
    for index, column in enumerate(engagement.protected_attributes):
        known = engagement.columns_of("customers")
        if column not in known:
            fix = f"{suggest(column, known)}columns of customers: {', '.join(known)}"
            yield Problem(("protected_attributes", index), f"unknown column '{column}'", fix)


def _check_logo(engagement: Engagement) -> Iterator[Problem]:
    logo = engagement.logo
    if logo and not _is_picture(logo):
        near = sorted(p.name for p in engagement.folder.glob("*") if p.suffix.lower() in (".svg", ".png"))
        fix = f"name an .svg or .png file, from {engagement.folder}" + (
            f"; there is: {', '.join(near)}" * bool(near)
        )
        yield Problem(("brand", "logo"), f"the logo '{engagement.brand.logo}' cannot be used", fix)


def _is_picture(logo: Path) -> bool:
    """Is this file what its name says? Packs are made after everything else: too late to find out."""
    if not logo.is_file():
        return False
    content = logo.read_bytes()
    if logo.suffix.lower() == ".png":
        return content.startswith(b"\x89PNG\r\n\x1a\n")
    try:
        return logo.suffix.lower() == ".svg" and ElementTree.fromstring(content).tag.endswith("svg")
    except ElementTree.ParseError:
        return False


def _check_columns(name: str, source: TableSource) -> Iterator[Problem]:
    schema = schemas.TABLES[name]
    known = [column.name for column in schema.columns]
    for column in source.columns:
        key = ("tables", name, "columns", column)
        near = get_close_matches(column, known, n=1, cutoff=0.8)
        twin = next(c for c, theirs in source.columns.items() if theirs == source.columns[column])
        if twin != column:
            what = f"'{twin}' and '{column}' are both mapped to '{source.columns[column]}'"
            fix = "map each to its own column; leave out the one that the source does not have"
            yield Problem(key, what, fix)
        if column in known:
            continue
        if not schema.extra:
            fix = f"{suggest(column, known)}columns of {name}: {', '.join(known)}"
            yield Problem(key, f"'{column}' is not a column of {name}", fix)
        elif near and near[0] not in source.columns:
            fix = f"did you mean '{near[0]}'? Otherwise choose a name that is less like it"
            yield Problem(key, f"'{column}' looks like a misspelt '{near[0]}'", fix)
        elif not re.fullmatch(r"[a-z][a-z0-9_]*", column):
            fix = "use lower-case letters, digits and underscores"
            yield Problem(key, f"'{column}' cannot be a canonical column name", fix)
