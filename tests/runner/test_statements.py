"""What a notebook reads of the engagement file, by its code; what cannot be told counts as everything."""

import ast

import pytest

from segutils.runner.statements import ALL, ALWAYS, list_sections, select_sections


def sections(*cells: str) -> set[str]:
    return set(list_sections(ast.parse(cell) for cell in cells)) - set(ALWAYS)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ('run.input("customers")\nrun.show(finding)', set()),
        ("stated.list_costs(run.engagement)", {"costs"}),
        ('stated.list_thresholds(run.engagement, "quality-gates")', {"thresholds"}),
        ("run.engagement.protected_attributes", {"protected_attributes"}),
        ("check(run.engagement.governance.access)", {"governance"}),
        ('run.override("sufficiency")', {"overrides.sufficiency"}),
        ("run.override(slug)", {"overrides"}),
        ("run.targets()", {"targets"}),
        ("decide(run.engagement)", {ALL}),
        ("known = run.engagement", {ALL}),
        ("check(run)", {ALL}),
        ("stated.list_everything(run.engagement)", {ALL}),
        ("run.engagement.slug", {ALL}),
    ],
)
def test_sections_of_a_cell(cell, found):
    assert sections("from segutils import stated, tables\nrun = tables.open_run(run_dir)", cell) == (
        found if ALL not in found else {ALL}
    )


def test_a_cell_that_is_no_python_may_read_anything():
    assert ALL in list_sections([ast.parse("1"), None])


def test_selected_values_change_with_their_section_only():
    engagement = {
        "costs": [1],
        "targets": [2],
        "overrides": {"size": {"choice": "a"}, "rfm": {"choice": "b"}},
    }
    kept = select_sections(engagement, frozenset(["costs", "overrides.size"]))
    assert kept == {"costs": [1], "overrides.size": {"choice": "a"}}
    assert select_sections(engagement, frozenset([ALL])) == engagement
