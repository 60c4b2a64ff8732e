"""A run's folder as a pack: executed notebooks, manifest, engagement and data report in, one document out."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from segutils.engagement import Engagement, read_json
from segutils.errors import InputError
from segutils.evidence import hash_cell
from segutils.findings import Need
from segutils.formats import lower_first
from segutils.packs.document import MAX_SUMMARY_LINES, Audience, Look, Pack, Page, Summary
from segutils.packs.exhibits import Drawing
from segutils.packs.pages import CellPages, ExecutedNotebook, build_pages, collect_needs
from segutils.tables import InputReport

TITLES: Mapping[Audience, str] = {
    "executive": "Market segmentation: executive pack",
    "board": "Market segmentation: board pack",
}
SHOWN_PACKAGES = ("python", "pandas", "numpy", "scikit-learn", "ibis-framework", "duckdb", "matplotlib")
LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
MAX_REASONS = 3
APPENDIX = "appendix"
SCORECARD = "page-per-segment"
_DEFAULT_LOOK = Look(primary="#1f4e79", accent="#d9822b", font="DejaVu Sans")


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a pack says about its run besides findings: client, brand, data, audit reference."""

    client: str
    run: str
    as_of: str
    drawing: Drawing
    data_note: str = ""
    data_lines: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)


NO_RUN = RunFacts(client="", run="", as_of="", drawing=Drawing(look=_DEFAULT_LOOK, currency=""))


def read_pack(folder: Path, audience: Audience) -> Pack:
    """What does this run tell this audience?

    Parameters
    ----------
    folder : pathlib.Path
        A run's folder with ``manifest.json``, ``engagement.json``, ``inputs.json`` and ``notebooks/``.
    audience : {"executive", "board"}

    Returns
    -------
    Pack

    Raises
    ------
    InputError
        The run is not complete, a notebook of it is missing, or a tagged cell was not executed.
    """
    manifest = read_manifest(folder)
    facts = read_facts(folder, manifest)
    return build_pack(read_notebooks(folder, manifest), audience, facts)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a complete run.

    Raises
    ------
    InputError
        There is none, or a notebook failed, was stopped or not run.
    """
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, NotADirectoryError):
        fix = "give the folder of a run under reports/, or make one: segutils run ENGAGEMENT"
        raise InputError("this is not the folder of a run", where=str(folder), fix=fix) from None
    if not manifest.get("complete"):
        records = manifest.get("notebooks", {})
        bad = [f"{name} ({item['status']})" for name, item in records.items() if item["status"] != "done"]
        raise InputError(
            "packs are made from complete runs only" + (f"; not done: {', '.join(bad)}" if bad else ""),
            where=str(path),
            fix="repeat segutils run; what is done already is not run again",
        )
    return manifest


def read_notebooks(folder: Path, manifest: Mapping[str, Any]) -> list[ExecutedNotebook]:
    """The run's executed notebooks in the playbook's order; cells changed after the run are marked."""
    notebooks = []
    for name, record in sorted(manifest["notebooks"].items()):
        path = folder / "notebooks" / f"{name}.ipynb"
        try:
            blob = path.read_bytes()
            cells = json.loads(blob)["cells"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            fix = "repeat segutils run; only what is missing is run again"
            raise InputError(
                "an executed notebook of the run cannot be read", where=str(path), fix=fix
            ) from None
        same = hashlib.sha256(blob).hexdigest() == record["output"]
        changed = frozenset() if same else find_changes(cells, record)
        notebooks.append(ExecutedNotebook(name=name, cells=tuple(cells), by_hand=changed))
    return notebooks


def find_changes(cells: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> frozenset[str]:
    """Ids of cells that are not as the run left them, by the manifest's hash of each cell.

    Where the manifest has none, no cell of a changed notebook is taken for the run's own.
    """
    known = set(record.get("cell_hashes", {}).values())
    return frozenset(cell.get("id", "") for cell in cells if hash_cell(cell) not in known)


def read_facts(folder: Path, manifest: Mapping[str, Any] | None = None) -> RunFacts:
    """Client, brand, rows in and out, and the audit reference of a run."""
    payload = json.loads((folder / "engagement.json").read_text(encoding="utf-8"))
    engagement = read_json(payload, folder)
    provenance = {"Run": folder.name}
    if manifest is not None:
        hashes = {"Manifest": "content_hash", "Engagement": "engagement", "Code": "code"}
        provenance |= {label: manifest[key] for label, key in hashes.items()}
        packages = manifest["packages"]
        provenance |= {name: packages[name] for name in SHOWN_PACKAGES if name in packages}
    notes = ["Simulated data."] * engagement.simulated + [engagement.data_note] * bool(engagement.data_note)
    return RunFacts(
        client=engagement.client,
        run=folder.name,
        as_of=engagement.as_of.isoformat(),
        drawing=Drawing(look=read_look(engagement, folder), currency=engagement.currency),
        data_note=" ".join(notes),
        data_lines=_data_lines(InputReport.read(folder)),
        provenance=provenance,
    )


def read_look(engagement: Engagement, folder: Path) -> Look:
    """The client's brand; the logo as bytes, from the copy that the run keeps."""
    brand = engagement.brand
    look = Look(primary=brand.primary, accent=brand.accent, font=brand.font)
    logo = folder / f"logo{Path(brand.logo).suffix.lower()}"
    if not brand.logo or not logo.is_file():
        return look
    alt = brand.logo_alt or f"Logo of {engagement.client}"
    return replace(look, logo=logo.read_bytes(), logo_type=LOGO_TYPES[logo.suffix], logo_alt=alt)


def _data_lines(report: InputReport) -> tuple[str, ...]:
    """A line per table; before them one over all, if they are more than page one has room for."""
    parts = [(c.rows_in, c.rows_used, c.rows_set_aside, c.rows_withheld, c.rows_added) for c in report.counts]
    lines = [_data_line(c.table, *numbers) for c, numbers in zip(report.counts, parts, strict=True)]
    if len(lines) > MAX_SUMMARY_LINES:
        lines.insert(0, _data_line(f"all {len(lines)} tables", *map(sum, zip(*parts, strict=True))))
    return tuple(lines)


def _data_line(name: str, rows_in: int, used: int, aside: int, withheld: int, added: int) -> str:
    kept_back = f" + {withheld:,} withheld" if withheld else ""
    more = f"; {added:,} added" if added else ""
    return f"{name}: {rows_in:,} rows read = {used:,} used + {aside:,} set aside{kept_back}{more}"


def build_pack(notebooks: Sequence[ExecutedNotebook], audience: Audience, facts: RunFacts) -> Pack:
    """The pack of these notebooks: pages in order, the summary from their tags, needs of all findings.

    Raises
    ------
    InputError
        No cell is tagged for the audience, or a tagged cell cannot be shown.
    """
    found = [cell for notebook in notebooks for cell in build_pages(notebook, audience, facts.drawing)]
    if audience == "board":  # the scorecard and what stands with it come before what explains them
        first = {page.source.notebook for cell in found for page in cell.pages if SCORECARD in cell.tags}
        found.sort(key=lambda cell: not any(page.source.notebook in first for page in cell.pages))
    found = [_as_appendix(cell) if APPENDIX in cell.tags else cell for cell in found]
    found.sort(key=lambda cell: APPENDIX in cell.tags)
    pages = [page for cell in found for page in cell.pages]
    _check_unique(pages)
    if not pages:
        raise InputError(
            f"no cell is tagged '{audience}', so the pack would be empty",
            where=", ".join(notebook.name for notebook in notebooks) or facts.run,
            fix=f"add the tag '{audience}' to a cell that shows a finding, a table or a figure",
        )
    needs = [need for notebook in notebooks for need in collect_needs(notebook)]
    assumptions = dict.fromkeys(item for cell in found for item in cell.assumptions)
    limits: dict[str, str] = {}
    for page in pages:
        for limit in page.limits:
            limits.setdefault(limit, page.id)
    return Pack(
        audience=audience,
        title=TITLES[audience],
        client=facts.client,
        run=facts.run,
        as_of=facts.as_of,
        currency=facts.drawing.currency,
        look=facts.drawing.look,
        data_note=facts.data_note,
        data_lines=facts.data_lines,
        summary=_summarise(found, pages),
        pages=tuple(pages),
        not_assessed=_merge_needs(needs),
        assumptions=tuple(assumptions),
        limits=tuple(limits.items()),
        provenance=facts.provenance,
    )


def _as_appendix(cell: CellPages) -> CellPages:
    """Pages that are looked up rather than read: after all others, under a heading of their own."""
    return replace(cell, pages=tuple(replace(page, section="Appendix") for page in cell.pages))


def _check_unique(pages: Sequence[Page]) -> None:
    ids = Counter(page.id for page in pages)
    for page in pages:
        if ids[page.id] > 1:
            raise InputError(
                f"two cells have the same id '{page.source.cell}'",
                where=f"{page.source.notebook}.ipynb",
                fix="give one of them another id (JupyterLab does, when the cell is cut and pasted again)",
            )


def _merge_needs(needs: Sequence[Need]) -> tuple[Need, ...]:
    """One need per question and table, with all columns that were asked for."""
    merged: dict[tuple[str, str], Need] = {}
    for need in needs:
        key = (need.question, need.table)
        columns = (*merged[key].columns, *need.columns) if key in merged else need.columns
        merged[key] = replace(need, columns=tuple(dict.fromkeys(columns)))
    return tuple(merged.values())


def _summarise(found: Sequence[CellPages], pages: Sequence[Page]) -> Summary:
    """Answer and reasons from the tags; without them the first decision and the findings that hold.

    A page tagged `veto` is the answer where it fails: it says that what the others recommend is not worth
    doing.
    """
    tagged = {
        tag: [cell.pages[0] for cell in found if tag in cell.tags and cell.pages]
        for tag in ("veto", "answer", "reason")
    }
    against = [page for page in tagged["veto"] if page.status == "fail"]
    own = [page for page in pages if page.slug and not page.segment] or list(pages)
    answer = next(iter([*against, *tagged["answer"], *(p for p in own if p.decision), *_strongest(own)]))
    reasons = [page for page in tagged["reason"] if page.id != answer.id]
    others = (page for page in _strongest(own) if page.id != answer.id and page not in reasons)
    said = [(page.title, page.id) for page in [*reasons, *others]]
    if against:  # its own notes prove it; what the answer would have been stands beside
        instead = [(f"All the same: {lower_first(page.title)}", page.id) for page in tagged["answer"]]
        said = [*((note, answer.id) for note in answer.notes[: MAX_REASONS - 1]), *instead, *said]
    asked = [page for cell in sorted(found, key=lambda c: "board" not in c.tags) for page in cell.pages]
    asked.sort(key=lambda page: page not in against)
    return Summary(
        answer=answer.title,
        answer_page=answer.id,
        reasons=tuple(said[:MAX_REASONS]),
        decisions=tuple(page.decision for page in asked if page.decision),
    )


def _strongest(pages: Sequence[Page]) -> list[Page]:
    """What holds first, then what holds with limits, then the rest; in the pack's order within each."""
    order = ("pass", "caution", "info", "fail", "not_run")
    return sorted(pages, key=lambda page: order.index(page.status))
