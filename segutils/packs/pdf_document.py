"""A pack as the data that the typst templates read: page one, the pages, and what the answer rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segutils.charts.colours import Theme, build_tokens
from segutils.packs.contents import MOST_CLAIMS, list_contents
from segutils.packs.document import DecisionAsked, Pack
from segutils.packs.measure import count_lines, largest_size, text_height
from segutils.packs.pdf_drawings import contain, drawing_size, wrap_png
from segutils.packs.pdf_pages import PageSetter, describe_override
from segutils.packs.pdf_sizes import (
    COLUMN,
    GUTTER,
    HEIGHT,
    LINE,
    MARGIN_BOTTOM,
    MARGIN_TOP,
    MARGIN_X,
    WIDTH,
)
from segutils.packs.pdf_tables import breakable

LINES_IN_A_COLUMN = 34
TIGHT, LEADING = 1.1, 0.4  # of a decision's lines on page one, as the template sets them
REASON_GAP = 24.0
NO_DATE = "2000-01-01"  # PDF/A asks for one, and a pack never reads the clock


@dataclass(frozen=True, kw_only=True)
class Document:
    """What typst is given: the words and sizes, and the drawings they name (SVG by file name)."""

    content: dict[str, Any]
    drawings: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _Labels:
    """Names of the places that other pages refer to."""

    pages: dict[str, str]
    decisions: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _AskedFit:
    """How the decisions asked are written so that page one stays one page."""

    size: float
    with_robustness: bool
    shown: int
    height: float


def build_document(pack: Pack, *, families: Sequence[str], drawn: dict[bytes, str]) -> Document:
    """What do the templates need to know of this pack?

    Parameters
    ----------
    pack : Pack
    families : sequence of str
        Font families; the first that has a character is used for it.
    drawn : dict of bytes to str
        Drawings by what they show; those made here are added.

    Returns
    -------
    Document
    """
    theme = Theme(primary=pack.look.primary, accent=pack.look.accent, font=families[0])
    setter = PageSetter(pack, theme, drawn)
    asked = [*pack.summary.decisions, *(page.decision for page in pack.pages if page.decision)]
    decisions = list({decision.id: decision for decision in asked}.values())
    labels = _Labels(
        pages={page.id: f"page-{index}" for index, page in enumerate(pack.pages)},
        decisions={decision.id: f"decision-{index}" for index, decision in enumerate(decisions)},
    )
    pages = [
        setter.set_page(index)
        | {
            "label": labels.pages[page.id],
            "backup_label": f"backup-{index}",
            "decision": _set_asked(page.decision, labels) if page.decision else None,
        }
        for index, page in enumerate(pack.pages)
    ]
    content = {
        "title": pack.title,
        "client": pack.client,
        "audience": pack.audience,
        "run": pack.run,
        "as_of": pack.as_of,
        "date": [int(part) for part in (pack.as_of or NO_DATE).split("-")],
        "data_note": pack.data_note,
        "data_lines": list(pack.data_lines),
        "colours": build_tokens(theme),
        "fonts": list(families),
        "page": {
            "width": WIDTH,
            "height": HEIGHT,
            "margin_x": MARGIN_X,
            "margin_top": MARGIN_TOP,
            "margin_bottom": MARGIN_BOTTOM,
            "gutter": GUTTER,
        },
        "logo": _set_logo(pack, setter.drawings),
        "summary": _set_summary(pack, labels),
        "contents": _set_contents(pack, labels),
        "pages": pages,
        "decisions": [
            _set_asked(decision, labels) | {"options": setter.tables.set_table(None, decision.options, LINE)}
            for decision in decisions
        ],
        "assumptions": [{"text": item.text, "owner": item.owner} for item in pack.assumptions],
        "limits": [{"text": text, "label": labels.pages.get(page, "")} for text, page in pack.limits],
        "not_assessed": [
            {"question": need.question, "table": need.table, "columns": breakable(", ".join(need.columns))}
            for need in pack.not_assessed
        ],
        "provenance": [{"name": name, "value": breakable(value)} for name, value in pack.provenance.items()],
        "replaced": False,
    }
    return Document(content=content, drawings=setter.drawings)


def _set_contents(pack: Pack, labels: _Labels) -> dict[str, Any]:
    """Entry by label, in as many columns as keep the contents on one page."""
    sections = list_contents(pack)
    entries = {labels.pages[page]: text for section in sections for text, page in section.entries}
    columns = 1 + (len(entries) + len(sections)) // LINES_IN_A_COLUMN
    return {"columns": 1 if len(pack.pages) <= MOST_CLAIMS else min(columns, 3), "entries": entries}


def _set_logo(pack: Pack, drawings: dict[str, str]) -> dict[str, Any] | None:
    look = pack.look
    if not look.logo:
        return None
    drawings["logo.svg"] = look.logo.decode() if "svg" in look.logo_type else wrap_png(look.logo)
    width, height = contain(drawing_size(drawings["logo.svg"]), 130, 34, max_scale=10)
    return {"file": "/logo.svg", "alt": look.logo_alt or pack.client, "width": width, "height": height}


def _set_asked(decision: DecisionAsked, labels: _Labels) -> dict[str, Any]:
    override = decision.override
    return {
        "question": decision.question,
        "recommendation": decision.recommendation,
        "robustness": decision.robustness,
        "held": decision.held,
        "option_names": _option_names(decision),
        "label": labels.decisions[decision.id],
        "override": override
        and {"choice": override.choice, "who": override.who, "when": override.when, "why": override.why},
    }


def _option_names(decision: DecisionAsked) -> str:
    place = next((i for i, column in enumerate(decision.options.columns) if column.name == "option"), 0)
    return " · ".join(row[place].text for row in decision.options.rows)


def _set_summary(pack: Pack, labels: _Labels) -> dict[str, Any]:
    """Page one: sizes that let the answer, the reasons and the decisions asked share one page."""
    summary = pack.summary
    answer_size = largest_size(summary.answer, LINE, (28, 25, 22, 19.5, 17, 15), max_lines=3, bold=True)
    count = max(1, len(summary.reasons))
    width = (LINE - REASON_GAP * (count - 1)) / count
    sentences = [sentence for sentence, _ in summary.reasons]
    sizes = (14, 13, 12, 11, 10)
    reason_size = min((largest_size(text, width, sizes, max_lines=4) for text in sentences), default=12)
    data_line = "  ·  ".join(pack.summary_data_lines)
    room = COLUMN - 60 - text_height(summary.answer, LINE, answer_size, bold=True)
    room -= max((text_height(text, width, reason_size) for text in sentences), default=0) + 34
    room -= text_height(data_line, LINE, 7.5) + 24
    fit = _fit_asked(pack, room)
    return {
        "answer": summary.answer,
        "answer_size": answer_size,
        "answer_label": labels.pages.get(summary.answer_page, ""),
        "reasons": [{"text": text, "label": labels.pages.get(page, "")} for text, page in summary.reasons],
        "reason_size": reason_size,
        "decision_size": fit.size,
        "with_robustness": fit.with_robustness,
        "with_options": _with_options(pack, with_robustness=fit.with_robustness),
        "any_override": any(decision.override for decision in summary.decisions),
        "decisions": [_set_asked(decision, labels) for decision in summary.decisions[: fit.shown]],
        "further": len(summary.decisions) - fit.shown,
        "gap": max(6.0, min(36.0, (room - fit.height) / 3)),
        "data_line": data_line,
    }


def _fit_asked(pack: Pack, room: float) -> _AskedFit:
    """Smaller type first, then without the sentences on robustness, then only the first decisions."""
    decisions = pack.summary.decisions
    variants = [(size, True, len(decisions)) for size in (10.5, 10, 9, 8, 7.5)]
    variants += [(size, False, len(decisions)) for size in (9, 7.5)]
    variants += [(7.5, False, shown) for shown in range(len(decisions) - 1, -1, -1)]
    fit = _AskedFit(size=7.5, with_robustness=False, shown=0, height=0)
    for size, with_robustness, shown in variants:
        heights = [_asked_height(pack, d, size, with_robustness=with_robustness) for d in decisions[:shown]]
        fit = _AskedFit(size=size, with_robustness=with_robustness, shown=shown, height=40 + sum(heights))
        if fit.height <= room:
            break
    return fit


def _with_options(pack: Pack, *, with_robustness: bool) -> bool:
    """A board chooses between options; a list too long for sentences leaves them to the pages it names."""
    return pack.audience == "board" and with_robustness


def _asked_height(pack: Pack, decision: DecisionAsked, size: float, *, with_robustness: bool) -> float:
    """Height of a decision's row; the columns' parts of the line are the template's."""
    options = _option_names(decision) if _with_options(pack, with_robustness=with_robustness) else ""
    robustness = f"{decision.robustness} page 00" if with_robustness else f"{decision.held}, see page 00"
    shares = (1.1, 0.7, 1.9) if with_robustness else (2.0, 1.2, 0.7)
    parts = dict(zip((decision.question, decision.recommendation, robustness), shares, strict=True))
    parts |= {options: 0.9} if options else {}
    if any(one.override for one in pack.summary.decisions):
        parts[describe_override(decision)] = 1.1
    width = LINE / sum(parts.values())
    lines = max(count_lines(text, part * width - 10, size) for text, part in parts.items())
    return (lines * TIGHT - LEADING) * size + 9
