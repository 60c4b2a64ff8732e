"""One result type for every question: a verdict that travels with its evidence.

A :class:`Finding` answers one capability (its slug). Its sentence, its table, its figures and, where the
row is a decision, its options and recommendation stay together from the notebook cell to every pack format.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from segutils.formats import STATUS_WORDS, format_column, label_column, split_format

Status = Literal["pass", "caution", "fail", "info", "not_run"]
STATUSES: tuple[str, ...] = tuple(STATUS_WORDS)

FigureKind = Literal["bar", "column", "line", "dot", "heatmap", "scatter"]
FIGURE_KINDS: tuple[FigureKind, ...] = ("bar", "column", "line", "dot", "heatmap", "scatter")
FINDING_MIME = "application/vnd.segutils.finding+json"


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """Something stated rather than measured, and the person who answers for it."""

    text: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class Need:
    """What to ask the client for, so that a question (or a part of it) can be answered."""

    question: str
    table: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Override:
    """The client's own choice where it differs from the recommendation: who, when and why."""

    choice: str
    who: str
    when: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Options, scores, a recommendation, how robust it is, and the client's override if there is one.

    Parameters
    ----------
    question : str
        What is to be decided, as the board would put it.
    options : pandas.DataFrame
        One row per option; column ``option`` (str) first, then criteria and ``score``.
    recommendation : str
        One of ``options["option"]``.
    robustness : str
        A sentence: under which weights and samples the recommendation stands, and what flips it.
    robustness_share : float, optional
        Share 0-1 of random weights (or of resamples) under which the recommendation stays first.
    override : Override, optional
    formats : mapping of str to str
        Formats of the columns of `options`.
    """

    question: str
    options: pd.DataFrame
    recommendation: str
    robustness: str
    robustness_share: float | None = None
    override: Override | None = None
    formats: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.options["option"].astype(str).tolist()
        if self.recommendation not in names:
            raise ValueError(f"recommendation {self.recommendation!r} is not an option: {names}")
        if self.override is not None and self.override.choice not in names:
            raise ValueError(f"override {self.override.choice!r} is not an option: {names}")
        _check_formats(self.options, self.formats)

    @property
    def choice(self) -> str:
        """What holds from here on: the override where the client gave one, else the recommendation."""
        return self.override.choice if self.override else self.recommendation


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure as its numbers and its words; HTML, PDF, PPTX and XLSX all draw from this.

    Parameters
    ----------
    kind : {"bar", "column", "line", "dot", "heatmap", "scatter"}
        ``bar`` lies (categories on the vertical axis), ``column`` stands (periods on the horizontal axis),
        ``dot`` shows a point and its interval per category, ``heatmap`` a matrix of `x` by `series`.
    data : pandas.DataFrame
        Long form, in the order to draw.
    x, y : str
        Columns of `data`: category or position, and value.
    series : str, optional
        Column that splits the data into series (for ``heatmap``: the rows; for ``scatter``: the labels).
    low, high : str, optional
        Columns with the interval's ends.
    x_low, x_high : str, optional
        Columns with the ends of the interval of `x` (``scatter``): with `low` and `high` an ellipse.
    size : str, optional
        Column with the bubble's area (``scatter``).
    title : str
        The claim, a sentence computed from the data; at most two lines.
    subtitle : str
        Who, what, when and the unit: ``"Households by segment, 2017, share of net revenue"``.
    alt : str
        What a reader who cannot see the figure needs to know.
    caption : str
        How to read it, or what limits it.
    formats : mapping of str to str
        Formats (see :mod:`segutils.formats`) of the columns of `data`.
    reference : float, optional
        A value to draw as a line across, named by `reference_label`.
    highlight : str, optional
        The category or series that the title speaks of; drawn in the accent colour.
    connected : bool
        Points of a series are joined in the order of `data` (``scatter``), as on a frontier.
    stacked : bool
        Series on top of each other (``bar`` and ``column``).
    role : mapping of str to str
        IBCS scenario of a series: ``actual`` (solid, the default), ``previous`` (lighter), ``plan``
        (outlined), ``forecast`` (hatched).
    """

    kind: FigureKind
    data: pd.DataFrame
    x: str
    y: str
    title: str
    subtitle: str
    alt: str
    series: str | None = None
    low: str | None = None
    high: str | None = None
    x_low: str | None = None
    x_high: str | None = None
    size: str | None = None
    caption: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)
    reference: float | None = None
    reference_label: str = ""
    highlight: str | None = None
    connected: bool = False
    stacked: bool = False
    role: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in FIGURE_KINDS:
            raise ValueError(f"figure kind {self.kind!r}; known: {', '.join(FIGURE_KINDS)}")
        ends = (self.low, self.high, self.x_low, self.x_high)
        used = [c for c in (self.x, self.y, self.series, *ends, self.size) if c]
        missing = [column for column in used if column not in self.data.columns]
        if missing:
            raise ValueError(f"figure data has no column {missing}; it has {list(self.data.columns)}")
        if any((self.x_low, self.x_high)) and not (self.kind == "scatter" and all(ends)):
            raise ValueError("x_low and x_high are for a scatter that has low and high, too")
        for words in ("title", "subtitle", "alt"):
            if not getattr(self, words).strip():
                raise ValueError(f"a figure needs its {words}")
        _check_formats(self.data, self.formats)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer to one capability: status, a sentence computed from the table, and the table itself.

    Parameters
    ----------
    slug : str
        The capability's name, the same in notebook cell, code and packs.
    status : {"pass", "caution", "fail", "info", "not_run"}
        ``not_run`` means that inputs are missing; `needs` then says which.
    headline : str
        One sentence that makes a claim and is computed from `table`.
    table : pandas.DataFrame
        The evidence, in reading order; only default (row-number) index.
    formats : mapping of str to str
        Formats of the columns of `table`; columns not named are text.
    labels : mapping of str to str
        Column headings where the column's own name is not one.
    figures : sequence of Figure
    decision : Decision, optional
    notes : sequence of str
        Further sentences computed from the evidence, most important first.
    assumptions : sequence of Assumption
    limits : sequence of str
        What the reader must not conclude.
    needs : sequence of Need
        What could not be assessed, in whole or in part, and which tables and columns to ask for.
    """

    slug: str
    status: Status
    headline: str
    table: pd.DataFrame
    formats: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    figures: Sequence[Figure] = ()
    decision: Decision | None = None
    notes: Sequence[str] = ()
    assumptions: Sequence[Assumption] = ()
    limits: Sequence[str] = ()
    needs: Sequence[Need] = ()

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"{self.slug}: status {self.status!r}; known: {', '.join(STATUSES)}")
        if not self.headline.strip():
            raise ValueError(f"{self.slug}: a finding needs its headline")
        if self.status == "not_run" and not self.needs:
            raise ValueError(f"{self.slug}: a finding that was not run says what it needs")
        if not isinstance(self.table.index, pd.RangeIndex) or self.table.columns.nlevels > 1:
            raise ValueError(f"{self.slug}: the table needs a row-number index and one level of columns")
        _check_formats(self.table, self.formats)

    def label(self, column: str) -> str:
        """Heading of a column of the table."""
        return self.labels.get(column, label_column(column))

    def to_json(self) -> dict[str, Any]:
        """The finding as plain JSON values; :func:`read_finding` is the inverse."""
        return _plain(self)


def read_finding(payload: Mapping[str, Any]) -> Finding:
    """A :class:`Finding` from what :meth:`Finding.to_json` wrote."""
    values = dict(payload)
    values["table"] = _read_table(values["table"])
    values["figures"] = tuple(read_figure(figure) for figure in values["figures"])
    if values["decision"] is not None:
        decision = dict(values["decision"])
        decision["options"] = _read_table(decision["options"])
        decision["override"] = Override(**decision["override"]) if decision["override"] else None
        values["decision"] = Decision(**decision)
    values["assumptions"] = tuple(Assumption(**item) for item in values["assumptions"])
    values["needs"] = tuple(Need(**{**item, "columns": tuple(item["columns"])}) for item in values["needs"])
    return Finding(**values)


def read_figure(payload: Mapping[str, Any]) -> Figure:
    """A :class:`Figure` from its JSON form."""
    return Figure(**{**payload, "data": _read_table(payload["data"])})


def table_to_json(table: pd.DataFrame) -> dict[str, Any]:
    """A table as ``{"columns": [...], "rows": [[...]]}`` of JSON values; dates as ISO text, NaN as null."""
    cells = (table[column].tolist() for column in table.columns)
    columns = [[_plain(value) for value in values] for values in cells]
    return {
        "columns": [str(c) for c in table.columns],
        "rows": [list(row) for row in zip(*columns, strict=True)],
    }


def _read_table(payload: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(payload["rows"], columns=payload["columns"])


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return table_to_json(value)
    if isinstance(value, Finding | Figure | Decision | Assumption | Need | Override):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str | int | float | bool):
        return value
    json.dumps(value)  # raises with the type's name where a value cannot be written
    return value


def _check_formats(table: pd.DataFrame, formats: Mapping[str, str]) -> None:
    for column, fmt in formats.items():
        if column not in table.columns:
            raise ValueError(
                f"format for a column that is not there: {column!r} (there are {list(table.columns)})"
            )
        split_format(fmt)
        own = format_column(fmt)
        if own and own not in table.columns:
            raise ValueError(f"format of {column!r}: there is no column {own!r} with the rows' own formats")
