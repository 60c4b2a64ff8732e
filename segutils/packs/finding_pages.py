"""One finding, as a notebook cell left it, as one page or as one page per segment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from segutils.charts.colours import Theme
from segutils.findings import STATUSES, Override, Status, read_figure
from segutils.formats import format_value
from segutils.packs import exhibits
from segutils.packs.document import DecisionAsked, Exhibit, FigureExhibit, Page, Source
from segutils.packs.exhibits import Drawing

MAX_OVERVIEW_ROWS = 40
_WORST_FIRST: tuple[Status, ...] = ("fail", "caution", "not_run", "pass", "info")


class FindingReader:
    """One finding's JSON as one page, or as one page per segment."""

    def __init__(
        self, payload: Mapping[str, Any], page_id: str, source: Source, section: str, drawing: Drawing
    ) -> None:
        self.payload = {**payload, "table": exhibits.drop_empty(payload["table"])}
        self.page_id = page_id
        self.source = replace(source, data_hash=exhibits.hash_data(_without_drawings(payload)))
        self.section = section
        self.drawing = drawing
        self.svgs = payload.get("svgs") or [""] * len(payload["figures"])

    def page(self) -> Page:
        """The whole finding: the headline, its figures, its table."""
        figures = [self._figure(n, self.page_id) for n in range(len(self.payload["figures"]))]
        table = self._table(self.payload["table"], self.page_id)
        return self._page((*figures, *table))

    def segment_pages(self) -> list[Page]:
        """An overview, then the same page for each segment: figures that highlight it, and its rows."""
        table = self.payload["table"]
        at = table["columns"].index("segment")
        segments = list(dict.fromkeys(str(row[at]) for row in table["rows"]))
        highlights = [figure["highlight"] for figure in self.payload["figures"]]
        rest = [self._figure(n, self.page_id) for n, name in enumerate(highlights) if name not in segments]
        small = not rest and len(table["rows"]) <= MAX_OVERVIEW_ROWS
        pages = [self._page((*rest, *(self._table(table, self.page_id) if small else ())))]
        for n, segment in enumerate(segments, start=1):
            page_id = f"{self.page_id}.{re.sub(r'[^a-z0-9]+', '-', segment.lower()).strip('-') or 'x'}-{n}"
            figures = [self._figure(i, page_id) for i, name in enumerate(highlights) if name == segment]
            rows = exhibits.pick_rows(table, "segment", segment, drop=("segment",))
            title = figures[0].figure.title if figures else f"{segment}: {self.payload['headline']}"
            page = replace(
                self._page((*figures, *self._table(rows, page_id, title))),
                id=page_id,
                title=title,
                status=_worst(rows, self.payload["status"]),
                notes=(),
                limits=(),
                decision=None,
                segment=segment,
            )
            pages.append(page)
        return pages

    def _page(self, shown: Sequence[Exhibit]) -> Page:
        return Page(
            id=self.page_id,
            slug=self.payload["slug"],
            section=self.section,
            title=self.payload["headline"],
            status=self.payload["status"],
            exhibits=tuple(shown),
            source=self.source,
            notes=tuple(self.payload["notes"]),
            limits=tuple(self.payload["limits"]),
            decision=self._decision(),
        )

    def _figure(self, number: int, page_id: str) -> FigureExhibit:
        payload = self.payload["figures"][number]
        look, currency = self.drawing.look, self.drawing.currency
        svg = self.svgs[number]
        if not svg:
            from segutils.charts import drawing

            theme = Theme(primary=look.primary, accent=look.accent, font=look.font)
            svg = drawing.draw_svg(read_figure(payload), theme, currency=currency)
        exhibit_id = f"{page_id}.figure-{number + 1}"
        return exhibits.build_figure(payload, self.source, exhibit_id=exhibit_id, svg=svg, currency=currency)

    def _table(self, table: Mapping[str, Any], page_id: str, title: str = "") -> tuple[Exhibit, ...]:
        if not table["rows"]:
            return ()
        built = exhibits.build_table(
            table,
            self.source,
            exhibit_id=f"{page_id}.table",
            title=title or self.payload["headline"],
            formats=self.payload["formats"],
            labels=self.payload["labels"],
            currency=self.drawing.currency,
        )
        return (built,)

    def _decision(self) -> DecisionAsked | None:
        decision = self.payload["decision"]
        if decision is None:
            return None
        override = Override(**decision["override"]) if decision["override"] else None
        options = exhibits.build_table(
            decision["options"],
            self.source,
            exhibit_id=f"{self.page_id}.options",
            title=decision["question"],
            formats=decision["formats"],
            labels=self.payload["labels"],
            currency=self.drawing.currency,
        )
        return DecisionAsked(
            id=f"{self.page_id}.decision",
            question=decision["question"],
            recommendation=decision["recommendation"],
            choice=override.choice if override else decision["recommendation"],
            robustness=decision["robustness"],
            held=_say_held(decision["robustness_share"]),
            override=override,
            options=options,
            source=options.source,
        )


def _say_held(share: float | None) -> str:
    return "" if share is None else f"stands in {format_value(share, 'share:0')}"


def _without_drawings(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key != "svgs"}


def _worst(rows: Mapping[str, Any], otherwise: Status) -> Status:
    """The worst status among a segment's rows, where the table has one per row."""
    if "status" not in rows["columns"]:
        return otherwise
    at = rows["columns"].index("status")
    found = {row[at] for row in rows["rows"]}
    return next(s for s in _WORST_FIRST if s in found) if found and found <= set(STATUSES) else otherwise
