"""The balanced scorecard on the hand-worked table of conftest.py, and the workbook that leaves the run."""

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from segutils.objectives.portfolio import key_results, scorecard, scorecard_sheets
from segutils.workbooks import HEAD, build_workbook

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def card_of(ladders, results):
    ladder, odds = ladders.build(results)
    return ladder, odds, scorecard.build_scorecard(ladder, ladders.groups)


def test_fields_are_counted_and_the_empty_ones_named(ladders):
    more = {"value": "A", "perspective": "customer", "measure": "retention_rate", "target": 1.0}
    ladder, _, card = card_of(ladders, [ladders.both[1], ladders.both[0], {**more, "supports": ""}])
    assert card.key.tolist() == ["KR2", "KR3", "KR1"], "by group, then perspective"
    found = scorecard.check_scorecard(ladder, card, ladders.groups)
    assert found.status == "caution"
    assert found.headline == (
        "3 key results fill 3 of 12 fields of the scorecard and, if reached, make the company's goal."
    )
    assert found.table.columns.tolist() == [*scorecard.SHOWN, "format"]
    assert "C is held to nothing." in found.notes
    assert "The process and learning perspectives are empty for every group." in found.notes
    assert "Nothing is asked for in the customer perspective of B." in found.notes
    assert "One target asks for no more than there is today: “Sell more” (A) 100.0 %, today 100.0 %." in (
        found.notes
    )
    assert [(a.text, a.owner) for a in found.assumptions] == [("3 targets of A and B.", "Bob")]
    assert scorecard.RETENTION in found.limits, "what is counted is told from what is estimated elsewhere"
    assert "last year's customers who bought again" in found.table.words.tolist()


def test_a_full_card_that_makes_the_goal_is_in_order(ladders):
    full = [
        {"value": group, "perspective": side, "target": 0.10}
        for group in ladders.groups
        for side in scorecard.PERSPECTIVES
    ]
    ladder, _, card = card_of(ladders, full)
    found = scorecard.check_scorecard(ladder, card, ladders.groups)
    assert found.status == "pass" and "fill 12 of 12 fields" in found.headline
    assert scorecard.RETENTION not in found.limits
    assert found.figures[0].title == "Every group is held to something in every perspective"


def test_groups_of_another_column_fill_no_field(ladders):
    """A region may be called as a group is."""
    other = {"column": "region", "value": "north", "target": 0.1}
    ladder, _, card = card_of(ladders, [other, {"value": "A", "target": 0.1}])
    assert card.group.tolist() == ["A", "region north"] and card.planned.tolist() == [True, False]
    found = scorecard.check_scorecard(ladder, card, [*ladders.groups, "north"])
    assert "fill 1 of 16 fields" in found.headline
    assert any("B, C and north are held to nothing" in note for note in found.notes)
    assert any("(region north) is not about a group that is planned with" in note for note in found.notes)


def test_a_goal_that_is_missed_is_in_the_headline(ladders):
    ladder, _, card = card_of(ladders, [ladders.both[0]])
    found = scorecard.check_scorecard(ladder, card, ladders.groups)
    assert found.headline.endswith(
        "fills 1 of 12 fields of the scorecard and, even if reached, misses the company's goal."
    )
    assert "growth of revenue on the year +5.0 % (goal +10.0 %)" in found.notes[0]


def test_without_key_results_there_is_no_card(ladders):
    ladder, _, card = card_of(ladders, [])
    found = scorecard.check_scorecard(ladder, card, ladders.groups)
    assert found.status == "not_run" and found.needs == [key_results.KEY_RESULTS]


def test_the_workbook_can_be_made_of_any_card(ladders):
    north = {"column": "region", "value": "north", "target": 0.10, "unit": "north office"}
    for results in ([*ladders.both, north], ladders.both[:1], []):
        ladder, odds, card = card_of(ladders, results)
        sheets = scorecard_sheets.build_scorecard_sheets(ladder, card, odds, as_of=ladders.as_of)
        assert [sheet.name for sheet in sheets] == ["Scorecard", "Ladder", "Goals", "At odds", "About"]
        assert build_workbook(sheets, title="T", author="A", as_of=ladders.as_of, currency="EUR")


def test_the_card_says_what_counts_and_the_goals_what_is_of_another_year(ladders):
    north = {"column": "region", "value": "north", "target": 0.10}
    late = {"value": "C", "target": 0.10, "by": date(2027, 12, 31)}
    loose = {"value": "C", "target": 0.10, "supports": ""}
    other = {"value": "C", "target": 0.90, "measure": "retention_rate"}
    goals = [ladders.goal, {**ladders.goal, "goal": "Later", "by": date(2028, 12, 31)}]
    later = {"value": "A", "target": 0.20, "supports": "Later"}
    ladder, odds = ladders.build([*ladders.both, north, late, loose, other, later], goals=goals)
    card = scorecard.build_scorecard(ladder, ladders.groups)
    sheets = scorecard_sheets.build_scorecard_sheets(
        ladder, card, odds, as_of=ladders.as_of, data_note="All simulated."
    )
    by_name = {sheet.name: sheet for sheet in sheets}
    told = by_name["Scorecard"].table.set_index("key").counted
    assert told.to_dict() == {
        **dict.fromkeys(["KR1", "KR2", "KR7"], "yes"),
        "KR3": "no: its customers count already",
        "KR4": "no: due after the goal",
        "KR5": "no: it serves none",
        "KR6": "no: another measure",
    }
    assert by_name["Goals"].claim.endswith("1 is of a later year than the parts")
    assert by_name["Goals"].table.gap.isna().tolist() == [False, True]
    assert all(sheet.note.endswith("All simulated.") for sheet in sheets)
    hidden = {"format", "change_format", "gap_format"}
    assert not any(hidden & set(sheet.shown) for sheet in sheets), "no reader needs the name of a format"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_formulas_give_what_was_computed_when_a_spreadsheet_computes_them(ladders, tmp_path):
    """LibreOffice recalculates a workbook whose formulas were written with wrong results."""
    goals = [
        {**ladders.goal, "goal": "Grow? *", "target": 0.12},  # made of parts; a pattern for a SUMIFS
        {**ladders.goal, "goal": "Grow? * at last"},  # made of one part and the rest
        {**ladders.goal, "goal": "Sell", "measure": "net_revenue", "target": 380.0},  # a plain sum
        {**ladders.goal, "goal": "Be quick", "measure": "quote_days", "target": 4.0},  # not known
        {**ladders.goal, "goal": "Smile", "measure": "happiness", "target": 0.5},  # known to nobody
        {**ladders.goal, "goal": "Keep", "measure": "retention_rate", "target": 0.9},  # served by nothing
        {**ladders.goal, "goal": "Spread", "measure": "top_share", "target": 0.45},
        {**ladders.goal, "goal": "Grow on", "by": date(2027, 12, 31)},  # of a later year than its key result
    ]
    results = [
        *({**line, "supports": "Grow? *"} for line in ladders.both),
        {**ladders.both[0], "supports": "Grow? * at last"},
        {"value": "B", "measure": "net_revenue", "target": 130.0, "supports": "Sell"},
        {"value": "A", "measure": "quote_days", "target": 3.0, "supports": "Be quick"},
        {"value": "A", "measure": "happiness", "target": 0.9, "supports": "Smile"},
        {"value": "A", "target": 0.3, "supports": "Grow on"},
    ]
    ladder, odds = ladders.build(results, goals=goals)
    card = scorecard.build_scorecard(ladder, ladders.groups)
    sheets = scorecard_sheets.build_scorecard_sheets(ladder, card, odds, as_of=ladders.as_of)
    wrong = [replace(s, table=s.table.assign(**dict.fromkeys(s.formulas, -999.0))) for s in sheets]
    found = recalculate(
        build_workbook(wrong, title="T", author="A", as_of=ladders.as_of, currency="EUR"), tmp_path
    )
    for sheet in sheets:
        for column in sheet.formulas:
            at = sheet.shown.index(column)
            cells = [row[at] for row in found[sheet.name]]
            computed = [None if cell == "" else cell for cell in cells]
            expected = [None if pd.isna(value) else pytest.approx(value) for value in sheet.table[column]]
            assert computed == expected, (sheet.name, column)
    assert ladder.goals["sum"].isna().tolist() == [False, False, False, True, True, False, False, False]
    assert ladder.goals.gap.isna().tolist() == [False, False, False, True, True, False, False, True]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_gaps_follow_when_somebody_changes_a_target(ladders, tmp_path):
    """A's 10 % and B's 20 % make 10 % of 400; with 30 % for A it is (60 + 20) / 400."""
    ladder, odds = ladders.build(ladders.both, goals=[{**ladders.goal, "target": 0.12}])
    card = scorecard.build_scorecard(ladder, ladders.groups)
    sheets = scorecard_sheets.build_scorecard_sheets(ladder, card, odds, as_of=ladders.as_of)
    content = build_workbook(sheets, title="T", author="A", as_of=ladders.as_of, currency="EUR")
    first, goals = sheets[0], sheets[2].shown
    at = f"{chr(ord('A') + first.shown.index('target'))}{HEAD + 2}"
    assert first.table.key.iloc[0] == "KR1"
    found = recalculate(type_into(content, "xl/worksheets/sheet1.xml", at, 0.3), tmp_path)
    row = dict(zip(goals, found["Goals"][0], strict=True))
    assert row["sum"] == pytest.approx(0.20) and row["gap"] == pytest.approx(0.08)
    assert found["Scorecard"][0][first.shown.index("change")] == pytest.approx(0.3)  # 0 % today


def type_into(content, part, cell, value):
    """The workbook after somebody wrote a number into a cell."""
    found = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(found, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                typed = rf"\g<1>{value}</v>"
                text, times = re.subn(rf'(<c r="{cell}"[^>]*><v>)[^<]*</v>', typed, text.decode())
                assert times == 1
            new.writestr(name, text)
    return found.getvalue()


def recalculate(content, folder):
    """Rows of each sheet below the headings, after LibreOffice computed every formula anew."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE)
    (folder / "in.xlsx").write_bytes(content)
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "ods"]
    subprocess.run(
        [*command, "--outdir", str(folder), str(folder / "in.xlsx")],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
    )
    book = CalamineWorkbook.from_path(folder / "in.ods")
    return {name: book.get_sheet_by_name(name).to_python()[HEAD + 1 :] for name in book.sheet_names}
