"""Does what the engagement file says about the data fit together: fields, consents, systems, providers?"""

from __future__ import annotations

from collections.abc import Iterator

from segutils import schemas, table_schema
from segutils.engagement_data import SEGMENTATION, WHOLE_ROWS, FieldUse
from segutils.engagement_fields import suggest
from segutils.engagement_model import Engagement
from segutils.yaml_lines import KeyPath, Problem


def check_data_rules(engagement: Engagement) -> list[Problem]:
    """Do the rules about fields, systems and providers name only what there is, without contradiction?

    Parameters
    ----------
    engagement : Engagement
        Each field is right by itself.

    Returns
    -------
    list of Problem
        Empty where they do.
    """
    return [
        *_check_privacy(engagement),
        *_check_repeats("survivorship", "field", [rule.field for rule in engagement.survivorship]),
        *_check_repeats("providers", "name", [provider.name for provider in engagement.providers]),
        *_check_survivorship(engagement),
    ]


def may_segment(table: str, column: str, engagement: Engagement) -> bool:
    """Does the engagement file, or the contract where the file says nothing, allow a column to segment?"""
    lines = [line for line in engagement.privacy if line.table == table]
    if any(line.fields == [WHOLE_ROWS] and SEGMENTATION not in line.purposes for line in lines):
        return False
    for line in lines:
        if column in line.fields:
            return SEGMENTATION in line.purposes
    known = schemas.TABLES[table].by_name.get(column)
    is_protected = table == "customers" and column in engagement.protected_attributes
    return not is_protected and (known is None or not known.purposes)


def _check_repeats(section: str, part: str, names: list[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem((section, index, part), f"'{name}' is given twice", "keep one of them")


def _check_survivorship(engagement: Engagement) -> Iterator[Problem]:
    schema = schemas.TABLES["source_records"]
    known = [c.name for c in schema.columns if c.name not in (*schema.key, "updated_at", "true_entity")]
    for index, rule in enumerate(engagement.survivorship):
        if rule.field not in known:
            fix = f"{suggest(rule.field, known)}fields are: {', '.join(known)}"
            what = f"'{rule.field}' is no field of source_records"
            yield Problem(("survivorship", index, "field"), what, fix)


def _check_privacy(engagement: Engagement) -> Iterator[Problem]:
    taken: dict[tuple[str, str], int] = {}
    for index, line in enumerate(engagement.privacy):
        key: KeyPath = ("privacy", index)
        if line.table not in engagement.tables:
            listed = ", ".join(engagement.tables)
            yield Problem((*key, "table"), f"'{line.table}' is not given", f"this file gives: {listed}")
            continue
        for place, field in enumerate(line.fields):
            again = taken.setdefault((line.table, field), index)
            if again != index:
                what = f"'{field}' of '{line.table}' stands in two lines"
                yield Problem((*key, "fields", place), what, "say all that holds for a field in one line")
            yield from _check_field((*key, "fields", place), line, field, engagement)
        yield from _check_conditions(key, line, engagement)


def _check_field(key: KeyPath, line: FieldUse, field: str, engagement: Engagement) -> Iterator[Problem]:
    schema, known = schemas.TABLES[line.table], engagement.columns_of(line.table)
    if field == WHOLE_ROWS:
        if len(line.fields) > 1:
            yield Problem(key, "'all' stands beside other names", "write [all], or the names only")
        if line.table in schemas.NEEDED and SEGMENTATION not in line.purposes:
            what = f"without '{line.table}' there is nothing to segment"
            yield Problem(key, what, "add segmentation to its purposes, or name single fields")
        return
    if field not in known:
        fix = f"{suggest(field, known)}columns of {line.table}: {', '.join(known)}"
        yield Problem(key, f"unknown column '{field}'", fix)
        return
    column = schema.by_name.get(field)
    holds = field in schema.key or bool(column and column.required and (column.references or column.past))
    if holds or (line.table == "transactions" and column is not None and column.required):
        what = f"'{field}' of '{line.table}' is needed to read the table at all"
        yield Problem(key, what, "restrict the rows with fields: [all], or leave the table out")
    if field in engagement.protected_attributes and line.table == "customers":
        wrong = [purpose for purpose in line.purposes if purpose != "fairness"]
        if wrong:
            what = f"'{field}' is a protected attribute, but may be used for {', '.join(wrong)}"
            yield Problem(key, what, "allow fairness only, or take it out of protected_attributes")


def _check_conditions(key: KeyPath, line: FieldUse, engagement: Engagement) -> Iterator[Problem]:
    schema, giver = schemas.TABLES[line.table], engagement.tables["customers"].add_missing_from
    if line.consent:
        known = engagement.columns_of("customers")
        if line.consent not in known:
            fix = f"{suggest(line.consent, known)}columns of customers: {', '.join(known)}"
            yield Problem((*key, "consent"), f"unknown column '{line.consent}'", fix)
        if "customer_id" not in schema.by_name:
            what = f"'{line.table}' names no customer whose consent could be looked up"
            yield Problem((*key, "consent"), what, "remove consent; restrict its purposes instead")
        elif line.table == "transactions" and line.fields == [WHOLE_ROWS]:
            what = "without their orders, customers who did not agree would look like customers who never buy"
            fix = "state the consent for customers with fields: [all]; their orders are then left out too"
            yield Problem((*key, "consent"), what, fix)
        elif giver and line.table in ("customers", giver):
            what = "customers who are added from another table have agreed to nothing"
            yield Problem((*key, "consent"), what, "remove add_missing_from, or this consent")
    if line.keep_days and not table_schema.time_column(schema):
        what = f"the rows of '{line.table}' carry no date, so nothing can be too old"
        yield Problem((*key, "keep_days"), what, "remove keep_days, and delete old rows at the source")
