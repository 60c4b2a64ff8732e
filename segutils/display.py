"""How findings, tables and figures look in a notebook, and what they leave there for the packs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from segutils.findings import FINDING_MIME, STATUS_WORDS, Decision, Figure, Finding, Need, table_to_json
from segutils.formats import format_column, format_value, join_words, label_column, split_format

if TYPE_CHECKING:
    import pandas as pd

    from segutils.charts.drawing import Theme
    from segutils.engagement import Brand

TABLE_MIME = "application/vnd.segutils.table+json"
MAX_ROWS_SHOWN = 30
MAX_ROWS_KEPT = 500
STATUS_COLOURS = {
    "pass": "#2e7d4f",
    "caution": "#9a6a00",
    "fail": "#b3332b",
    "info": "#3f6a8a",
    "not_run": "#6b6f76",
}
STYLE = """
.segutils { font-size: 14px; line-height: 1.5; max-width: 62rem;
  color: var(--jp-content-font-color1, inherit); }
.segutils h3 { font-size: 1.25em; line-height: 1.3; margin: .3em 0 .6em; font-weight: 600; }
.segutils h4 { font-size: 1em; margin: 1.2em 0 .3em; font-weight: 600; }
.segutils .status { color: #fff; border-radius: 3px; padding: 1px 8px; font-size: .8em; }
.segutils .slug, .segutils .small { opacity: .75; font-size: .85em; }
.segutils figure { margin: 1em 0; }
.segutils figure svg { max-width: 100%; height: auto; }
.segutils figcaption { font-weight: 600; }
.segutils figcaption span { display: block; font-weight: 400; opacity: .75; font-size: .85em; }
.segutils table { border-collapse: collapse; color: inherit; font-size: .9em; margin: .3em 0; }
.segutils th, .segutils td { text-align: left; padding: 3px 10px; vertical-align: top; }
.segutils th { border-bottom: 1px solid currentColor; vertical-align: bottom; }
.segutils td { border-bottom: 1px solid rgba(128,128,128,.25); }
.segutils .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.segutils tr.chosen td { font-weight: 600; }
.segutils ul { margin: .2em 0 .2em 1.2em; padding: 0; }
.segutils .scroll { overflow-x: auto; }
"""


@dataclass(frozen=True)
class Shown:
    """A finding on its way into a notebook: JSON for the packs, HTML for the reader, else a line of text."""

    payload: Mapping[str, Any]
    html: str
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {FINDING_MIME: dict(self.payload), "text/html": self.html, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def show(finding: Finding, *, currency: str, brand: Brand) -> Shown:
    """What does the reader of a notebook see of this finding, and what do the packs get?

    Parameters
    ----------
    finding : Finding
    currency : str
        ISO 4217 code, written before amounts.
    brand : Brand
        Colours and font of the figures.

    Returns
    -------
    Shown
        Carries ``application/vnd.segutils.finding+json``: the finding, ``currency``, and ``svgs``, one
        drawing per figure.
    """
    from segutils.charts import drawing

    theme = drawing.Theme(primary=brand.primary, accent=brand.accent, font=brand.font)
    svgs = [drawing.draw_svg(figure, theme, currency=currency) for figure in finding.figures]
    payload = {**finding.to_json(), "currency": currency, "svgs": svgs}
    text = f"[{STATUS_WORDS[finding.status]}] {finding.headline}"
    return Shown(payload=payload, html=build_html(finding, svgs, theme=theme, currency=currency), text=text)


def build_html(finding: Finding, svgs: Sequence[str], *, theme: Theme, currency: str) -> str:
    """The finding as HTML for JupyterLab, light and dark; every text of the client is escaped."""
    parts = [
        f"<style>{STYLE}{_dark_tokens(theme)}</style>",
        f'<div><span class="status" style="background:{STATUS_COLOURS[finding.status]}">'
        f"{escape(STATUS_WORDS[finding.status])}</span> "
        f'<span class="slug">{escape(finding.slug)}</span></div>',
        f"<h3>{escape(finding.headline)}</h3>",
        *(_figure_html(figure, svg) for figure, svg in zip(finding.figures, svgs, strict=True)),
    ]
    if len(finding.table):
        parts.append(
            build_table_html(finding.table, finding.formats, labels=finding.labels, currency=currency)
        )
    if finding.decision:
        parts.append(_decision_html(finding.decision, currency))
    parts.append(_list_html("Notes", finding.notes))
    parts.append(_list_html("Limits", finding.limits))
    parts.append(_list_html("Assumptions", [f"{a.text} ({a.owner})" for a in finding.assumptions]))
    parts.append(_list_html("What to ask the client for", [_need_text(need) for need in finding.needs]))
    return f'<div class="segutils">{"".join(parts)}</div>'


def _dark_tokens(theme: Theme) -> str:
    from segutils.charts.colours import build_tokens

    values = "".join(f"--{name}:{value};" for name, value in build_tokens(theme, dark=True).items())
    return f'[data-jp-theme-light="false"] .segutils {{ {values} }}'


def _figure_html(figure: Figure, svg: str) -> str:
    caption = f"<span>{escape(figure.subtitle)}</span>"
    below = f'<div class="small">{escape(figure.caption)}</div>' if figure.caption else ""
    return (
        f"<figure><figcaption>{escape(figure.title)}{caption}</figcaption>"
        f'<div role="img" aria-label="{escape(figure.alt, quote=True)}">{svg}</div>{below}</figure>'
    )


def build_table_html(
    table: pd.DataFrame,
    formats: Mapping[str, str],
    *,
    labels: Mapping[str, str],
    currency: str,
    chosen: str | None = None,
) -> str:
    """A table as HTML: at most 30 rows, values as in every pack, escaped; the `chosen` option in bold."""
    own = {column: format_column(fmt) for column, fmt in formats.items() if format_column(fmt)}
    shown = [column for column in table.columns if column not in own.values()]
    kinds = {column: formats.get(column, "text") for column in shown}
    classes = {
        c: ' class="number"' if split_format(f)[0] not in ("text", "flag", "date") else ""
        for c, f in kinds.items()
    }
    heads = "".join(f"<th{classes[c]}>{escape(labels.get(c) or label_column(str(c)))}</th>" for c in shown)
    rows = []
    for record in table.head(MAX_ROWS_SHOWN).to_dict("records"):
        cells = "".join(
            f"<td{classes[c]}>{escape(format_value(record[c], fmt, currency=currency))}</td>"
            for c, fmt in ((c, record[own[c]] if c in own else kinds[c]) for c in shown)
        )
        mark = ' class="chosen"' if chosen is not None and str(record.get("option")) == chosen else ""
        rows.append(f"<tr{mark}>{cells}</tr>")
    hidden = len(table) - len(rows)
    more = f'<div class="small">{hidden:,} further rows are not shown here.</div>' if hidden > 0 else ""
    body = "".join(rows)
    return (
        f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{more}'
    )


def _decision_html(decision: Decision, currency: str) -> str:
    table = build_table_html(
        decision.options, decision.formats, labels={}, currency=currency, chosen=decision.choice
    )
    lines = [f"Recommendation: <b>{escape(decision.recommendation)}</b>. {escape(decision.robustness)}"]
    if decision.override:
        own = decision.override
        lines.append(
            f"The client chose <b>{escape(own.choice)}</b> ({escape(own.who)}, {escape(own.when)}): "
            f"{escape(own.why)}"
        )
    return f"<h4>Decision: {escape(decision.question)}</h4>{table}" + "".join(
        f"<p>{line}</p>" for line in lines
    )


def _list_html(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return f"<h4>{escape(title)}</h4><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _need_text(need: Need) -> str:
    columns = f", {join_words(need.columns)}" if need.columns else ""
    return f"{need.question} (asked of: {need.table}{columns})"


def frame_to_json(frame: pd.DataFrame) -> dict[str, Any]:
    """A plain DataFrame as the packs read it: its first 500 rows and how many there are.

    A named or text index becomes columns; values that JSON does not know (periods, intervals) become text.
    """
    import pandas as pd

    kept = frame.head(MAX_ROWS_KEPT)
    if not isinstance(kept.index, pd.RangeIndex):
        names = [
            name or ("index" if kept.index.nlevels == 1 else f"level_{i}")
            for i, name in enumerate(kept.index.names)
        ]
        kept = kept.reset_index(names=[str(name) for name in names])
    columns = [" ".join(map(str, c)).strip() if isinstance(c, tuple) else str(c) for c in kept.columns]
    values = {number: [_plain(v) for v in kept.iloc[:, number].tolist()] for number in range(len(columns))}
    table = pd.DataFrame(values, index=range(len(kept)), dtype=object)
    return {**table_to_json(table), "columns": columns, "rows_total": len(frame)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float | date):
        return value
    number = getattr(value, "item", None)
    return number() if number else str(value)


def register_formatters() -> None:
    """Lets an analyst's own cell reach the packs: DataFrames leave their values, plots come as SVG and PNG.

    Does nothing outside of IPython; calling it again changes nothing.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None or TABLE_MIME in shell.display_formatter.formatters:
        return
    from IPython.core.formatters import BaseFormatter
    from traitlets import ObjectName, Unicode

    class TableFormatter(BaseFormatter):
        """Writes a DataFrame's values beside its HTML."""

        format_type = Unicode(TABLE_MIME)
        print_method = ObjectName("_segutils_table_")
        _return_type = dict

    formatter = TableFormatter(parent=shell.display_formatter)
    formatter.for_type_by_name("pandas.core.frame", "DataFrame", frame_to_json)
    formatter.for_type_by_name("pandas", "DataFrame", frame_to_json)
    shell.display_formatter.formatters[TABLE_MIME] = formatter
    from matplotlib_inline.config import InlineBackend

    if InlineBackend.initialized():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", "png")
    else:  # read when the first plot sets the inline backend up
        shell.config.InlineBackend.figure_formats = {"svg", "png"}
