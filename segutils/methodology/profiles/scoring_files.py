"""The typing tool to take away: one file per database, and one for Python."""

from collections.abc import Mapping
from dataclasses import dataclass

from segutils.methodology.profiles import scoring_python, scoring_sql
from segutils.methodology.profiles.rules import Answer, Question, list_fields
from segutils.methodology.profiles.typing_candidates import Tool
from segutils.statistics.segment_model import SegmentModel


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """All that assigns customers: the chosen tool, the whole solution, and the rule of first contact.

    Parameters
    ----------
    tool : Question, Answer or SegmentModel
    model : SegmentModel
        The accepted solution.
    contact : Question or Answer, optional
    names : mapping of str to str
        Segment code → name.
    source : str
        Where it comes from, as words: ``run 2025-12-31-0123abcd``.
    """

    tool: Tool
    model: SegmentModel
    names: Mapping[str, str]
    source: str
    contact: Tool | None = None


def write_sql(
    scoring: Scoring, *, dialect: str, features: str = "features", customers: str = "customers"
) -> str:
    """Which queries give the customers of a database their segments?

    Parameters
    ----------
    scoring : Scoring
    dialect : str
        One of :data:`segutils.methodology.profiles.scoring_sql.DIALECTS`.
    features, customers : str
        Names of the tables there: a row per customer with what was measured, and with what is known.

    Returns
    -------
    str
        Up to three queries, each with a comment and a semicolon; each gives ``customer_id, segment``.
    """
    known = "; ".join(f"{code} = {name}" for code, name in scoring.names.items())
    parts = [_comment(f"Segments, for {dialect}. Written by segutils from {scoring.source}.", known)]
    if isinstance(scoring.tool, Question | Answer):
        query = scoring_sql.write_rule_sql(scoring.tool, dialect=dialect, table=features, buyers_only=True)
    else:
        query = scoring_sql.write_nearest_sql(scoring.tool, dialect=dialect, table=features)
    parts.append(_part("1. The typing tool", query))
    whole = scoring_sql.write_nearest_sql(scoring.model, dialect=dialect, table=features)
    parts.append(_part("2. The accepted solution itself: the nearest centre on all features", whole))
    if isinstance(scoring.contact, Question | Answer):
        fields = ", ".join(list_fields(scoring.contact))
        query = scoring_sql.write_rule_sql(scoring.contact, dialect=dialect, table=customers)
        parts.append(_part(f"3. At first contact, from {fields}: often wrong, see the playbook", query))
    return "\n\n".join(parts) + "\n"


def write_python(scoring: Scoring) -> str:
    """The same as a Python file without dependencies: ``assign, assign_nearest, assign_at_contact``."""
    head = scoring_python.write_head(
        title="Which segment does a customer belong to?", source=scoring.source, names=scoring.names
    )
    words = "The typing tool."
    if isinstance(scoring.tool, Question | Answer):
        tool = scoring_python.write_rule_python(
            scoring.tool, function="assign", words=words, buyers_only=True
        )
    else:
        tool = scoring_python.write_nearest_python(scoring.tool, function="assign", words=words)
    whole = scoring_python.write_nearest_python(
        scoring.model, function="assign_nearest", words="The accepted solution: the nearest centre."
    )
    parts = [head, tool, whole]
    if isinstance(scoring.contact, Question | Answer):
        parts.append(
            scoring_python.write_rule_python(
                scoring.contact, function="assign_at_contact", words="What first contact can tell."
            )
        )
    return "\n\n".join(parts)


def split_queries(text: str) -> list[str]:
    """The queries of a file of :func:`write_sql`, without comments."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [query.strip() for query in "\n".join(lines).split(";\n") if query.strip()]


def _part(title: str, query: str) -> str:
    return f"{_comment(title)}\n{query};"


def _comment(*texts: str) -> str:
    return "\n".join(f"-- {' '.join(text.split())}" for text in texts)
