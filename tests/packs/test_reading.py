"""From executed notebooks to a pack: what is shown, what stays private, what is refused."""

import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from segutils.errors import InputError
from segutils.inputs.faults import Counts
from segutils.packs import reading, rendering
from segutils.packs.pages import ExecutedNotebook
from segutils.tables import InputReport

FINDING_MIME = "application/vnd.segutils.finding+json"
TABLE_MIME = "application/vnd.segutils.table+json"


@pytest.fixture
def run(sample_run, tmp_path):
    """A copy of the run that a test may change."""
    return shutil.copytree(sample_run, tmp_path / sample_run.name)


def edit(run, notebook, change):
    """Do to an executed notebook what an analyst does in JupyterLab: change its cells, save it."""
    path = run / "notebooks" / f"{notebook}.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content["cells"])
    path.write_text(json.dumps(content), encoding="utf-8")


def find(pack, page_id):
    return next(page for page in pack.pages if page.id == page_id)


def find_cell(cells, cell_id):
    return next(cell for cell in cells if cell["id"] == cell_id)


def own_cell(cell_id, data, **metadata):
    output = {"output_type": "execute_result", "execution_count": 9, "metadata": {}, "data": data}
    cell = {"cell_type": "code", "id": cell_id, "source": "frame", "execution_count": 9, "outputs": [output]}
    return {**cell, "metadata": {"tags": ["executive"], **metadata}}


def test_only_tagged_cells_are_shown(sample_pack, sample_board_pack):
    executive = [page.id for page in sample_pack.pages]
    assert executive == [
        "3_2_segments.segment-count",
        "3_2_segments.profiles",
        "7_1_value.kpis",
        "7_1_value.own-table",
        "7_1_value.own-plot",
    ]
    board = [page.id.split(".")[1] for page in sample_board_pack.pages]
    assert board == [*["board-scorecard"] * 4, "segment-count", "kpis"], (
        "the scorecard first; nothing private"
    )


def test_every_value_is_written_once_and_as_formats_say(sample_pack):
    table = find(sample_pack, "3_2_segments.segment-count").exhibits[1]
    assert [column.label for column in table.columns] == [
        "Segments",
        "Lowest Jaccard index",
        "Smallest share",
        "Largest gap",
        "Chosen",
    ]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["2", "0.95", "41.0 %", "∞", "no"],
        ["3", "0.91", "22.0 %", "0.10", "yes"],
        ["4", "0.62", "4.9 %", "−0.25", "no"],
        ["5", "–", "1.1 %", "0.00", "no"],
    ]
    assert [column.numeric for column in table.columns] == [True, True, True, True, False]
    assert table.rows[3][1].value is None
    options = sample_pack.summary.decisions[0].options
    assert [row[2].text for row in options.rows] == ["USD 1,000,000", "USD 2,000,000", "–"]


def test_an_analysts_table_needs_no_formats(sample_pack):
    (table,) = find(sample_pack, "7_1_value.own-table").exhibits
    assert [column.format for column in table.columns] == ["text", "count", "number", "flag"]
    assert [cell.text for cell in table.rows[0]][1:] == ["3", "1.50", "yes"]
    assert [cell.text for cell in table.rows[1]][2:] == ["–", "no"]


def test_a_table_that_was_cut_says_so(run):
    table = {TABLE_MIME: {"columns": ["a"], "rows": [[1], [2]], "rows_total": 1234}}
    edit(run, "7_1_value", lambda cells: cells.append(own_cell("mine", table, title="All customers")))
    (exhibit,) = find(reading.read_pack(run, "executive"), "7_1_value.mine").exhibits
    assert exhibit.title == "All customers (first 2 of 1,234 rows)"


def test_titles_of_own_cells_come_from_their_headings(sample_pack):
    assert find(sample_pack, "7_1_value.own-table").title.startswith("Top customers of <script>")
    page = find(sample_pack, "7_1_value.own-plot")
    assert page.title == "Seen by the analyst"
    words, image = page.exhibits
    assert words.markdown == "A plot of **my own**." and (image.title, image.alt) == (
        page.title,
        "A blue rectangle",
    )
    last = find(sample_pack, "3_2_segments.profiles").exhibits[-1]
    assert last.markdown.startswith("Read *rows*"), "tagged words without a heading belong to the page before"


def test_exhibits_are_traceable_to_cell_and_data(sample_run, sample_pack):
    """The hash is recomputed here from the notebook's own JSON, as an auditor would."""
    cells = json.loads((sample_run / "notebooks" / "3_2_segments.ipynb").read_text())["cells"]
    finding = find_cell(cells, "segment-count")["outputs"][0]["data"][FINDING_MIME]
    page = find(sample_pack, "3_2_segments.segment-count")

    def sha(value):
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    figure, table = page.exhibits
    assert page.source.data_hash == sha(finding)
    assert table.source.data_hash == sha(finding["table"])
    assert figure.source.data_hash == sha(finding["figures"][0])
    assert table.source.reference == f"3_2_segments#segment-count · {sha(finding['table'])[:8]}"
    ids = [exhibit.id for exhibit in sample_pack.exhibits()]
    assert len(ids) == len(set(ids))


def test_summary_follows_the_tags(sample_pack):
    summary = sample_pack.summary
    assert summary.answer_page == "3_2_segments.segment-count"
    assert [page for _, page in summary.reasons] == ["3_2_segments.profiles", "7_1_value.kpis"]
    (decision,) = summary.decisions
    assert (decision.recommendation, decision.choice, decision.override.who) == (
        "3 segments",
        "4 segments",
        "A. Müller <cfo>",
    )


def test_a_veto_that_fails_is_the_answer_and_what_it_contradicts_a_reason(run):
    def veto(cells):
        for cell in cells:
            if "reason" in cell["metadata"]["tags"]:
                cell["metadata"]["tags"].append("veto")

    def become(status):
        def change(cells):
            for cell in cells:
                for output in cell.get("outputs", []):
                    if FINDING_MIME in output.get("data", {}):
                        output["data"][FINDING_MIME]["status"] = status

        return change

    edit(run, "7_1_value", veto)
    edit(run, "7_1_value", become("pass"))
    assert reading.read_pack(run, "executive").summary.answer_page == "3_2_segments.segment-count"
    edit(run, "7_1_value", become("fail"))
    summary = reading.read_pack(run, "executive").summary
    assert summary.answer_page == "7_1_value.kpis"
    assert summary.reasons[0][1] == "3_2_segments.segment-count"


def test_summary_without_tags_takes_what_is_decided_and_what_holds(run):
    def untag(cells):
        for cell in cells:
            cell["metadata"]["tags"] = [tag for tag in cell["metadata"]["tags"] if tag == "executive"]

    for notebook in ("3_2_segments", "7_1_value"):
        edit(run, notebook, untag)
    summary = reading.read_pack(run, "executive").summary
    assert summary.answer_page == "3_2_segments.segment-count", "the decision"
    assert [page for _, page in summary.reasons] == ["3_2_segments.profiles", "7_1_value.kpis"]


def test_page_one_counts_many_tables_together(sample_pack):
    """A line for each of 29 tables would push the decisions off page one; the audit page has them."""
    counts = [
        Counts(table=f"t{n}", rows_in=10, rows_used=9, rows_set_aside=1, rows_added=n, read_as="csv")
        for n in range(8)
    ]
    lines = reading._data_lines(InputReport(counts=tuple(counts), faults=(), columns={}, uses=()))
    pack = replace(sample_pack, data_lines=lines)
    assert len(pack.data_lines) == 9
    assert pack.summary_data_lines == (
        "all 8 tables: 80 rows read = 72 used + 8 set aside; 28 added",
        "t0: 10 rows read = 9 used + 1 set aside",
        "t1: 10 rows read = 9 used + 1 set aside; 1 added",
    )
    assert replace(sample_pack, data_lines=lines[1:6]).summary_data_lines == lines[1:6]


def test_needs_assumptions_and_limits_are_said_once(sample_pack):
    survey, touchpoints = sample_pack.not_assessed
    assert (survey.table, survey.columns) == ("survey", ("item", "answer", "scale"))
    assert touchpoints.table == "touchpoints"
    assert [item.owner for item in sample_pack.assumptions] == ["Analytics", "R & D"]
    assert [page for _, page in sample_pack.limits] == ["3_2_segments.segment-count", "3_2_segments.profiles"]
    assert sample_pack.data_lines == ("transactions: 1,469,307 rows read = 1,460,487 used + 8,820 set aside",)
    assert sample_pack.data_note.startswith("Simulated data. Invented")


def test_one_identical_page_per_segment(sample_board_pack):
    pages = [page for page in sample_board_pack.pages if page.segment]
    assert [page.segment for page in pages] == ["S1", "S2", "S3"]
    layouts = {tuple(exhibit.kind for exhibit in page.exhibits) for page in pages}
    assert layouts == {("figure", "table")}
    for page in pages:
        figure, table = page.exhibits
        assert figure.figure.highlight == page.segment and page.title == figure.figure.title
        assert table.columns[0].name == "name" and len(table.rows) == 2
    assert [page.status for page in pages] == ["pass", "caution", "caution"], "the worst of a segment's rows"


def test_an_analysts_cell_after_the_run_is_shown_and_said_to_be_one(run):
    table = {TABLE_MIME: {"columns": ["a"], "rows": [[1.25]]}}
    edit(run, "7_1_value", lambda cells: cells.append(own_cell("mine", table, title="My own view")))
    pack = reading.read_pack(run, "executive")
    assert {page.title for page in pack.pages if page.source.by_hand} == {"My own view"}
    (exhibit,) = find(pack, "7_1_value.mine").exhibits
    assert exhibit.rows[0][0].text == "1.25" and exhibit.source.by_hand


def test_own_cells_under_one_heading_share_a_page(run):
    table = {TABLE_MIME: {"columns": ["a"], "rows": [[1]]}}
    heading = {"cell_type": "markdown", "id": "head", "metadata": {}, "source": "## Mine"}
    edit(
        run,
        "7_1_value",
        lambda cells: cells.extend([heading, own_cell("one", table), own_cell("two", table)]),
    )
    page = reading.read_pack(run, "executive").pages[-1]
    assert page.title == "Mine" and [exhibit.source.cell for exhibit in page.exhibits] == ["one", "two"]


def test_a_number_changed_after_the_run_does_not_pass_as_the_runs_own(run):
    def change(cells):
        data = find_cell(cells, "kpis")["outputs"][0]["data"][FINDING_MIME]
        data["table"]["rows"][0][1] = 0.99

    edit(run, "7_1_value", change)
    pack = reading.read_pack(run, "executive")
    assert [page.id for page in pack.pages if page.source.by_hand] == ["7_1_value.kpis"]


def test_saving_without_changes_changes_nothing(run, sample_pack):
    edit(run, "7_1_value", lambda cells: None)
    pack = reading.read_pack(run, "executive")
    assert [page.source for page in pack.pages] == [page.source for page in sample_pack.pages]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cell: cell.update(execution_count=None, outputs=[]), "was not executed"),
        (
            lambda cell: cell.update(
                outputs=[{"output_type": "error", "ename": "KeyError", "evalue": "x", "traceback": []}]
            ),
            "KeyError: x",
        ),
        (lambda cell: cell["outputs"][0].update(data={"text/plain": "42"}), "shows neither"),
    ],
    ids=["not executed", "error", "nothing to show"],
)
def test_a_tagged_cell_that_cannot_be_shown_stops_the_pack(run, change, message):
    edit(run, "7_1_value", lambda cells: change(find_cell(cells, "own-table")))
    with pytest.raises(InputError, match=message) as error:
        reading.read_pack(run, "executive")
    assert "7_1_value.ipynb, cell 'own-table'" in error.value.where


def test_a_private_cell_may_fail(run):
    edit(
        run,
        "3_2_segments",
        lambda cells: find_cell(cells, "private").update(outputs=[], execution_count=None),
    )
    assert len(reading.read_pack(run, "executive").pages) == 5


def test_a_run_that_is_not_complete_gives_no_pack(run):
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["complete"] = False
    manifest["notebooks"]["7_1_value"]["status"] = "failed"
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="7_1_value \\(failed\\)"):
        rendering.render_packs(run, {"executive": ["html"]})
    assert not (run / "packs").exists()


def test_a_missing_notebook_and_a_missing_run_are_refused(run, tmp_path):
    (run / "notebooks" / "7_1_value.ipynb").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        reading.read_pack(run, "board")
    with pytest.raises(InputError, match="not the folder of a run"):
        reading.read_pack(tmp_path / "nowhere", "board")


def test_a_pack_without_a_tagged_cell_is_refused():
    cells = ({"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# 1_1 Nothing"},)
    with pytest.raises(InputError, match="no cell is tagged 'board'"):
        reading.build_pack([ExecutedNotebook(name="1_1_nothing", cells=cells)], "board", reading.NO_RUN)


def test_an_unknown_audience_or_format_is_refused(run):
    with pytest.raises(InputError, match="no format 'docx'"):
        rendering.render_packs(run, {"board": ["docx"]})
    with pytest.raises(InputError, match="no pack for 'everyone'"):
        rendering.render_packs(run, {"everyone": ["html"]})


def test_brand_and_logo_come_from_the_run(sample_pack):
    look = sample_pack.look
    assert (look.primary, look.accent, look.font) == ("#7a1f5c", "#e0a030", "Liberation Sans")
    assert look.logo[:4] == b"\x89PNG" and look.logo_alt.startswith("Logo of Müller")


def test_a_plot_that_came_as_svg_alone_gets_a_picture(run):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
    )
    edit(
        run, "7_1_value", lambda cells: cells.append(own_cell("mine", {"image/svg+xml": [svg]}, alt="A box"))
    )
    image = reading.read_pack(run, "executive").pages[-1].exhibits[-1]
    assert image.png[:8] == b"\x89PNG\r\n\x1a\n" and image.svg == svg
