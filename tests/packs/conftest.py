"""A small run folder, written by hand, with everything that can stand in a pack; and its packs."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segutils.display import TABLE_MIME
from segutils.evidence import hash_cell
from segutils.findings import (
    FINDING_MIME,
    Assumption,
    Decision,
    Figure,
    Finding,
    Need,
    Override,
    table_to_json,
)
from segutils.packs.document import Pack
from segutils.packs.reading import read_pack

NASTY = '<script>alert(1)</script> =HYPERLINK("http://x") $100 & co $ "quotes" Käufer_in'
SEGMENTS = ["S1", "S2", "S3"]
NAMES = ["Promotion hunters <b>&", "Loyal high spenders", "Occasional Öko visitors"]
# the smallest PNG there is: one grey pixel
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
PLOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="144pt" height="72pt" viewBox="0 0 144 72">'
    '<script>alert(2)</script><rect width="144" height="72" fill="#1f4e79"/></svg>'
)


def markdown(cell_id: str, text: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {"tags": list(tags)}, "source": text}


def code(
    cell_id: str,
    *shown: dict[str, Any],
    tags: tuple[str, ...] = (),
    source: str = "run.show(finding)",
    **words: str,
) -> dict[str, Any]:
    outputs = [
        {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}
        for data in shown
    ]
    metadata = {"tags": list(tags), **words}
    cell = {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": source}
    return {**cell, "execution_count": 1, "outputs": outputs}


def show(finding: Finding) -> dict[str, Any]:
    return {FINDING_MIME: {**finding.to_json(), "currency": "USD"}, "text/plain": "Finding"}


def figure(kind: str, data: pd.DataFrame, title: str, **rest: Any) -> Figure:
    words = {"subtitle": f"Households of {NASTY[:25]}, 2017", "alt": f"{kind.capitalize()} chart: {title}"}
    return Figure(
        kind=kind, data=data, title=title, caption="Intervals cover 95 % of resamples.", **words, **rest
    )


def segment_count() -> Finding:
    table = pd.DataFrame(
        {
            "segments": [2, 3, 4, 5],
            "min_jaccard": [0.95, 0.91, 0.62, np.nan],
            "smallest_share": [0.41, 0.22, 0.049, 0.011],
            "largest_gap": [np.inf, 0.1, -0.25, 0.0],
            "chosen": [False, True, False, False],
        }
    )
    formats = {
        "segments": "count",
        "min_jaccard": "number",
        "smallest_share": "share",
        "largest_gap": "number",
        "chosen": "flag",
    }
    line = figure(
        "line",
        table[["segments", "min_jaccard"]].assign(
            low=[0.9, 0.8, 0.5, np.nan], high=[0.99, 0.97, 0.8, np.nan]
        ),
        "Up to 3 segments come back in nearly every resample",
        x="segments",
        y="min_jaccard",
        low="low",
        high="high",
        reference=0.75,
        reference_label="valid from",
        highlight="3",
        formats={"segments": "count", "min_jaccard": "number", "low": "number", "high": "number"},
    )
    options = pd.DataFrame(
        {
            "option": ["2 segments", "3 segments", "4 segments"],
            "score": [0.71, 0.84, 0.42],
            "revenue": [1e6, 2e6, None],
        }
    )
    decision = Decision(
        question=f"How many segments should {NASTY} work with?",
        options=options,
        recommendation="3 segments",
        robustness="3 segments stay first under 87 % of random weights; a weight above 0.6 on size flips it.",
        robustness_share=0.87,
        override=Override(
            choice="4 segments", who="A. Müller <cfo>", when="2018-01-15", why='"Regions" & brands'
        ),
        formats={"score": "number", "revenue": "money"},
    )
    return Finding(
        slug="segment-count",
        status="pass",
        headline="3 segments describe the households best; 4 would no longer be found again.",
        table=table,
        formats=formats,
        labels={"min_jaccard": "Lowest Jaccard index"},
        figures=[line],
        decision=decision,
        notes=["The best of 50 restarts was found in 96 % of them.", f"Note on {NASTY}."],
        assumptions=[
            Assumption(text="Outliers stay in.", owner="Analytics"),
            Assumption(text=NASTY, owner="R & D"),
        ],
        limits=["The count says nothing about profitability."],
        needs=[Need(question="Do segments differ in attitude?", table="survey", columns=("item", "answer"))],
    )


def profiles() -> Finding:
    features = ["Recency", "Frequency", "Basket value", "Share bought on promotion"]
    values = [[-0.9, 1.2, 0.4, 1.4], [-0.4, 0.8, 1.9, -1.1], [1.3, -1.4, np.nan, -0.2]]
    long = pd.DataFrame(
        [(f, n, v) for n, row in zip(NAMES, values, strict=True) for f, v in zip(features, row, strict=True)],
        columns=["feature", "segment", "effect_size"],
    )
    heat = figure(
        "heatmap",
        long,
        "Each segment is told apart by at least two behaviours",
        x="feature",
        y="effect_size",
        series="segment",
        highlight=NAMES[1],
        formats={"effect_size": "number"},
    )
    bubbles = pd.DataFrame(
        {"orders": [24.0, 40.5, 6.1], "basket": [18.2, 61.0, 29.9], "name": NAMES, "revenue": [4e5, 9e5, 1e5]}
    )
    scatter = figure(
        "scatter",
        bubbles,
        "Loyal high spenders buy most often and fill the largest baskets",
        x="orders",
        y="basket",
        series="name",
        size="revenue",
        highlight=NAMES[1],
        formats={"orders": "number:1", "basket": "money:2", "revenue": "money"},
    )
    return Finding(
        slug="profiles",
        status="caution",
        headline="The 3 segments differ most in how often they buy and how much of it on promotion.",
        table=bubbles.assign(name=NAMES, since=["2017-01-03", None, "2017-02-01"]),
        formats={"orders": "number:1", "basket": "money:2", "revenue": "money", "since": "date"},
        figures=[heat, scatter],
        limits=["The count says nothing about profitability.", "Names describe, they do not explain."],
    )


def value() -> Finding:
    quarters = ["2017 Q1", "2017 Q2", "2017 Q3", "2017 Q4"]
    rows = [
        (q, n, 1000.0 * (s + 1) * (1 + 0.1 * t)) for t, q in enumerate(quarters) for s, n in enumerate(NAMES)
    ]
    long = pd.DataFrame(rows, columns=["quarter", "segment", "revenue"])
    columns = figure(
        "column",
        long,
        "Revenue rose in every quarter",
        x="quarter",
        y="revenue",
        series="segment",
        stacked=True,
        formats={"revenue": "money"},
    )
    change = pd.DataFrame({"segment": NAMES, "change": [0.12, -0.034, 0.0]})
    bar = figure("bar", change, "One segment shrank", x="segment", y="change", formats={"change": "change"})
    scenarios = pd.DataFrame(
        [
            (n, r, v * f)
            for n, v in zip(NAMES, (3, 2, 1), strict=True)
            for r, f in (("2016", 0.9), ("2017", 1), ("Plan", 1.2))
        ],
        columns=["segment", "scenario", "value"],
    )
    roles = figure(
        "bar",
        scenarios,
        "Two segments are below plan",
        x="segment",
        y="value",
        series="scenario",
        role={"2016": "previous", "Plan": "plan"},
        formats={"value": "number:1"},
    )
    dots = pd.DataFrame(
        {"segment": NAMES, "share": [0.5, 0.3, 0.2], "low": [0.44, 0.22, 0.11], "high": [0.56, 0.4, 0.31]}
    )
    dot = figure(
        "dot",
        dots,
        "The largest segment earns half of the revenue",
        x="segment",
        y="share",
        low="low",
        high="high",
        highlight=NAMES[0],
        formats={"share": "share", "low": "share", "high": "share"},
    )
    return Finding(
        slug="kpis",
        status="fail",
        headline="Only 1 of 3 segments met its revenue target.",
        table=dots.assign(change=change["change"], spacing=[12, 1, 40]),
        formats={"share": "share", "low": "share", "high": "share", "change": "points", "spacing": "days"},
        figures=[columns, bar, roles, dot],
    )


def scorecard() -> Finding:
    figures = [
        figure(
            "column",
            pd.DataFrame({"period": ["Q3", "Q4"], "revenue": [100.0 + i, 130.0 - i]}),
            f"{name} met its revenue target",
            x="period",
            y="revenue",
            highlight=segment,
            formats={"revenue": "money"},
        )
        for i, (segment, name) in enumerate(zip(SEGMENTS, NAMES, strict=True))
    ]
    table = pd.DataFrame(
        [
            (s, n, m, 10.0 * (i + 1), 9.0, t, st)
            for i, (s, n) in enumerate(zip(SEGMENTS, NAMES, strict=True))
            for m, t, st in (
                ("net_revenue", 12.0, "pass"),
                ("retained_share", None, "caution" if i else "pass"),
            )
        ],
        columns=["segment", "name", "measure", "actual", "previous", "target", "status"],
    )
    formats = {"actual": "money:2", "previous": "money:2", "target": "money:2"}
    headline = "1 of 3 segments meets every target."
    return Finding(
        slug="board-scorecard",
        status="caution",
        headline=headline,
        table=table,
        formats=formats,
        figures=figures,
    )


def not_run() -> Finding:
    need = Need(question=f"Which channel pays? {NASTY}", table="touchpoints", columns=("channel", "cost"))
    return Finding(
        slug="channel-roi",
        status="not_run",
        headline="Channels were not assessed.",
        table=pd.DataFrame({"x": []}),
        needs=[need, Need(question="Do segments differ in attitude?", table="survey", columns=("scale",))],
    )


def segments_notebook() -> list[dict[str, Any]]:
    both = ("executive", "board")
    return [
        markdown("title", "# 3_2 Segments — which solution?\n\n**Decides** `segment-count`"),
        code("setup", source="run = tables.open_run(run_dir)"),
        markdown("segment-count-why", "## How many segments?\n\nWhy it matters."),
        code("segment-count", show(segment_count()), tags=(*both, "answer")),
        code("private", show(profiles()), source="secret = 1"),
        code("channel-roi", show(not_run()), tags=both),
        markdown("profiles-why", "## What tells them apart?"),
        code("profiles", show(profiles()), tags=("executive", "reason")),
        markdown("profiles-read", f"Read *rows*, not **columns** of {NASTY}.\n\n- one\n- two", "executive"),
    ]


def value_notebook() -> list[dict[str, Any]]:
    frame = pd.DataFrame(
        {"name": [NASTY, "Ärger"], "orders": [3, 4], "spend": [1.5, None], "vip": [True, False]}
    )
    table = {TABLE_MIME: table_to_json(frame), "text/html": "<table></table>", "text/plain": "..."}
    plot = {"image/png": PIXEL, "image/svg+xml": PLOT, "text/plain": "<Figure>"}
    return [
        markdown("title", "# 7_1 Value — what are segments worth?"),
        code("kpis", show(value()), tags=("executive", "board", "reason")),
        markdown("own-heading", f"## Top customers of {NASTY}"),
        code("own-table", table, tags=("executive",), source="frame"),
        markdown("own-words", "### Seen by the analyst\n\nA plot of **my own**.", "executive"),
        code("own-plot", plot, tags=("executive",), alt="A blue rectangle", source="fig"),
    ]


def returns_notebook() -> list[dict[str, Any]]:
    return [
        markdown("title", "# 7_3 Returns — the board's scorecard"),
        code("board-scorecard", show(scorecard()), tags=("board", "page-per-segment", "reason")),
    ]


def write_notebook(path: Path, cells: list[dict[str, Any]]) -> bytes:
    notebook = {"cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}}
    blob = json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()
    path.write_bytes(blob)
    return blob


def write_run(folder: Path) -> Path:
    """A complete run as `segutils run` leaves it."""
    import hashlib

    (folder / "notebooks").mkdir(parents=True)
    records = {}
    notebooks = {
        "3_2_segments": segments_notebook(),
        "7_1_value": value_notebook(),
        "7_3_returns": returns_notebook(),
    }
    for name, cells in notebooks.items():
        blob = write_notebook(folder / "notebooks" / f"{name}.ipynb", cells)
        hashes = {cell["id"]: hash_cell(cell) for cell in cells}
        output = hashlib.sha256(blob).hexdigest()
        records[name] = {"name": name, "status": "done", "output": output, "cell_hashes": hashes}
    manifest = {
        "format": 1,
        "run": folder.name,
        "client": "muller",
        "engagement": "e" * 64,
        "code": "c" * 64,
        "content_hash": "a" * 64,
        "packages": {"python": "3.11.7", "pandas": "3.0.6"},
        "complete": True,
        "notebooks": records,
    }
    engagement = {
        "client": f"Müller & Söhne {NASTY}",
        "currency": "USD",
        "as_of": "2017-12-31",
        "timezone": "America/New_York",
        "data_note": f"Invented for tests: {NASTY}",
        "simulated": True,
        "brand": {
            "logo": "brand/logo.png",
            "primary": "#7a1f5c",
            "accent": "#e0a030",
            "font": "Liberation Sans",
        },
        "tables": {"customers": {"path": "c.csv"}, "transactions": {"path": "t.csv"}},
    }
    counts = {"table": "transactions", "rows_in": 1469307, "rows_used": 1460487, "rows_set_aside": 8820}
    inputs = {"tables": [{**counts, "rows_added": 0, "read_as": "parquet"}], "faults": [], "columns": {}}
    for name, payload in (("manifest", manifest), ("engagement", engagement), ("inputs", inputs)):
        (folder / f"{name}.json").write_text(json.dumps(payload), encoding="utf-8")
    (folder / "logo.png").write_bytes(base64.b64decode(PIXEL))
    return folder


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run's folder; read it only."""
    return write_run(tmp_path_factory.mktemp("reports") / "muller" / "2017-12-31-0a1b2c3d")


@pytest.fixture(scope="session")
def sample_pack(sample_run: Path) -> Pack:
    """The run's executive pack: every kind of figure, a decision with an override, an analyst's own cells."""
    return read_pack(sample_run, "executive")


@pytest.fixture(scope="session")
def sample_board_pack(sample_run: Path) -> Pack:
    """The board pack of the same run: the identical page per segment."""
    return read_pack(sample_run, "board")
