"""What may each field be used for, on which basis, with whose consent, for how long; and was that kept?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from segutils import schemas
from segutils.engagement_data import PURPOSES, SEGMENTATION, WHOLE_ROWS
from segutils.findings import Finding, Need, Status
from segutils.formats import join_words, plural

SLUG = "privacy"
DROPPED, OTHER, LIMITED = "not used at all", "not used to segment", "used with limits"
ORDER = (DROPPED, OTHER, LIMITED)


def check_privacy(
    uses: pd.DataFrame,
    columns: Mapping[str, Sequence[str]],
    readers: pd.DataFrame,
    *,
    contradictions: pd.DataFrame | None = None,
) -> Finding:
    """Are fields used only for what they may be used for?

    Parameters
    ----------
    uses : pandas.DataFrame
        ``table, column, purposes, basis, consent, keep_days, owner, stated, cells, without_consent,
        too_old``: one row per field of the client's tables (``all``: its rows), as ingestion applied it.
    columns : mapping of str to sequence of str
        Table → columns that notebooks can read to segment.
    readers : pandas.DataFrame
        ``notebook, purpose``: which notebook reads fields for a purpose of its own.
    contradictions : pandas.DataFrame, optional
        From :func:`build_contradictions`.

    Returns
    -------
    Finding
        Table: the fields with a limit, strictest first: ``table, fields, outcome, purposes, basis, consent,
        kept_for, owner, cells, left_out``. ``fail`` where a field can be read that may not be; ``caution``
        where fields about people rest on the playbook's defaults, or firms contradict themselves.

    Notes
    -----
    Purpose limitation, storage limitation and data minimisation: Regulation (EU) 2016/679, article 5 (1) b, c
    and e; consent: articles 6 and 7. Whether a basis is the right one is for counsel to say.
    """
    leaks = _find_leaks(uses, columns)
    unstated = _list_unstated(uses)
    table = _list_limits(uses)
    status: Status = "pass"
    if unstated or (contradictions is not None and contradictions.contradicting.sum()):
        status = "caution"
    if leaks:
        status = "fail"
    return Finding(
        slug=SLUG,
        status=status,
        headline=_headline(uses, table, leaks, unstated),
        table=table,
        formats={"cells": "count", "left_out": "count"},
        labels={
            "cells": "Filled cells (of all: rows)",
            "left_out": "Left out for want of consent or age",
            "kept_for": "Kept for",
        },
        notes=(
            *_reader_notes(readers),
            "Fields that may not be used to segment are not among the run's tables; its rejects withhold "
            "them. Fields for another purpose are read from the source by the notebooks that state it, and "
            "are not stored.",
            *_contradiction_notes(contradictions),
        ),
        limits=(
            "Whether a stated basis is the right one, and whether consent was asked for properly, is for the "
            "client's counsel to say.",
            *_unstated_limit(unstated),
        ),
        needs=_list_needs(unstated),
    )


def build_contradictions(customers: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Which customers agreed in one of their accounts and not in another?

    Parameters
    ----------
    customers : pandas.DataFrame
        ``customer_id`` and the consent columns.
    links : pandas.DataFrame
        ``customer_id, entity_id``: the accounts that are one customer.

    Returns
    -------
    pandas.DataFrame
        ``consent, entities`` (with several accounts that answered), ``contradicting`` (with different
        answers), one row per consent column.
    """
    known = customers.merge(links[["customer_id", "entity_id"]].dropna(), on="customer_id")
    rows = []
    for consent in [column for column in customers.columns if column != "customer_id"]:
        answers = known.dropna(subset=consent).groupby("entity_id")[consent].agg(["size", "nunique"])
        several = answers[answers["size"] > 1]
        rows.append((consent, len(several), int((several["nunique"] > 1).sum())))
    return pd.DataFrame(rows, columns=["consent", "entities", "contradicting"])


def _find_leaks(uses: pd.DataFrame, columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Fields that can be read to segment though they may not."""
    forbidden = uses[[SEGMENTATION not in purposes for purposes in uses.purposes]]
    found = []
    for row in forbidden.itertuples():
        seen = columns.get(row.table, ())
        if seen if row.column == WHOLE_ROWS else row.column in seen:
            found.append(f"{row.table}.{row.column}")
    return found


def _list_unstated(uses: pd.DataFrame) -> list[str]:
    """Fields about people whose use nobody stated: the playbook's defaults hold for them.

    These are what names people or carries their words, and what the client adds to its table of customers.
    """
    consents = set(uses.consent)
    found = []
    for row in uses[~uses.stated.astype(bool) & (uses.column != WHOLE_ROWS)].itertuples():
        known = schemas.TABLES[row.table].by_name.get(row.column)
        is_consent = row.column in consents or row.column.startswith("consent_")
        is_own = known is None and row.table == "customers" and not is_consent
        if is_own or (known is not None and known.purposes):
            found.append(f"{row.table}.{row.column}")
    return found


def _list_limits(uses: pd.DataFrame) -> pd.DataFrame:
    """Fields with a limit, those that are alike in one row; strictest first."""
    known = uses.assign(
        outcome=[_outcome(row) for row in uses.itertuples()],
        left_out=uses.without_consent + uses.too_old,
    )
    known = known[known.outcome != ""]
    alike = ["table", "outcome", "purposes", "basis", "consent", "keep_days", "owner"]
    rows = []
    for values, group in known.groupby(alike, sort=False, dropna=False):
        of = dict(zip(alike, values, strict=True))
        days = of["keep_days"]
        rows.append(
            {
                "table": of["table"],
                "fields": "all rows" if WHOLE_ROWS in set(group.column) else ", ".join(group.column),
                "outcome": of["outcome"],
                "purposes": join_words([p for p in PURPOSES if p in of["purposes"]]) or "none",
                "basis": of["basis"] or "not stated",
                "consent": of["consent"] or "not needed",
                "kept_for": "no limit" if pd.isna(days) else plural(int(days), "day"),
                "owner": of["owner"],
                "cells": int(group.cells.sum()),
                "left_out": int(group.left_out.sum()),
            }
        )
    names = [*alike[:1], "fields", *alike[1:5], "kept_for", "owner", "cells", "left_out"]
    table = pd.DataFrame(rows, columns=names)
    return table.sort_values(
        "outcome", key=lambda column: column.map(ORDER.index), kind="stable", ignore_index=True
    )


def _outcome(row: object) -> str:
    if not row.purposes:
        return DROPPED
    if SEGMENTATION not in row.purposes:
        return OTHER
    limited = row.consent or pd.notna(row.keep_days) or set(row.purposes) != set(PURPOSES)
    return LIMITED if limited else ""


def _headline(uses: pd.DataFrame, table: pd.DataFrame, leaks: list[str], unstated: list[str]) -> str:
    fields = uses[uses.column != WHOLE_ROWS]
    dropped = int(sum(not purposes for purposes in fields.purposes))
    other = int(sum(SEGMENTATION not in purposes for purposes in fields.purposes)) - dropped
    if leaks:
        return f"{join_words(leaks)} can be read to segment, though nobody may use them for it."
    parts = [f"{dropped} may be used for nothing"] * bool(dropped)
    parts += [f"{other} {'may be used ' * (not dropped)}only for purposes other than segmenting"] * bool(
        other
    )
    start = (
        f"Of {len(fields)} fields, {join_words(parts)}" if parts else f"All {len(fields)} fields may be used"
    )
    if left_out := int(table.left_out.sum()):
        start += f"; {left_out:,} values or rows were left out for want of consent or for their age"
    if unstated:
        start += f"; nobody stated a purpose for {plural(len(unstated), 'field')} about people"
    return f"{start}."


def _reader_notes(readers: pd.DataFrame) -> list[str]:
    return [
        f"Notebook {notebook} may read fields for {join_words(sorted(group.purpose))}."
        for notebook, group in readers.groupby("notebook")
    ]


def _contradiction_notes(contradictions: pd.DataFrame | None) -> list[str]:
    if contradictions is None:
        return []
    return [
        f"{row.consent}: {row.contradicting:,} of {plural(row.entities, 'customer')} with several accounts "
        "agreed in one and not in another; ask them, and until then treat them as not having agreed."
        for row in contradictions.itertuples()
        if row.contradicting
    ]


def _unstated_limit(unstated: list[str]) -> tuple[str, ...]:
    if not unstated:
        return ()
    return (
        f"For {join_words(unstated)} the playbook's defaults hold: what names people serves to tell them "
        "apart, texts are redacted, protected attributes serve fairness only; the rest serves everything.",
    )


def _list_needs(unstated: list[str]) -> tuple[Need, ...]:
    tables = list(dict.fromkeys(name.partition(".")[0] for name in unstated))
    return tuple(
        Need(
            question=f"For what, on which basis and for how long may these fields of {table} be used?",
            table="engagement file: privacy",
            columns=tuple(n.partition(".")[2] for n in unstated if n.startswith(f"{table}.")),
        )
        for table in tables
    )
