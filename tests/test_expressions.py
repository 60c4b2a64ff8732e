"""Conditions in text: what they name, and what is refused, with its place and the fix."""

import pytest

from segutils.expressions import LONGEST, ExpressionError, read_condition


def test_a_condition_names_its_columns_and_functions_in_order():
    found = read_condition(
        "sum(transactions.net_revenue, days=365) >= 1e5\n"
        "or region in ['Süd', 'West'] and not -count(events.event_id) < 3"
    )
    assert found.columns == ("transactions.net_revenue", "region", "events.event_id")
    assert found.functions == ("sum", "count")
    assert "\n" not in found.text


@pytest.mark.parametrize(
    "text",
    ["women_owned", "0 < employees <= 250", "(a + 1) * 2 / b - 3 != 4", "a == True or b not in (1, 'x')"],
)
def test_plain_conditions_pass(text):
    assert read_condition(text).text == text


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("region = 'Süd'", "cannot be read at '= 'Süd''", "compare with '==', not '='"),
        ("a > 1 and f(b) = 2", "cannot be read at", "compare with '==', not '='"),
        ("a > 1 AND b > 2", "cannot be read at 'AND b > 2'", "write and in lower case"),
        ("a <> 1", "cannot be read at '<> 1'", "write '!=' instead of '<>'"),
        ("(a > 1", "cannot be read at '(a > 1'", "never closed"),
        ("'é' == a and (b & c)", "'b & c' (character 15)", "write 'and' instead of '&'"),
        ("a > 1 | b > 2", "'1 | b' (character 5)", "write 'or' instead of '|'"),
        ("a is None", "'a is None' (character 1)", "write '==' instead of 'is'"),
        ("a == None", "'None' (character 6)", "use a number, 'text', True or False"),
        ("1 if a else 0", "'1 if a else 0'", "two cases"),
        ("a ** 9 > 1", "'a ** 9'", "use column names"),
        ("a[0] == 1", "'a[0]'", "use column names"),
        ("[x for x in y]", "'[x for x in y]'", "use column names"),
        ("(lambda: 1)() > 0", "'(lambda: 1)()'", "call a function by its plain name"),
        ("__import__('os').system('rm')", "'__import__('os').system('rm')'", "plain name"),
        ("a.b.c > 1", "'a.b.c'", "write table.column"),
        ("f(**a) > 1", "'**a'", "by name, such as days=365"),
        ("f(*a) > 1", "'*a'", "use column names"),
        ("f'{a}' == 'x'", "'f'{a}''", "use column names"),
        ("a := 1", "cannot be read at ':= 1'", "compare with '=='"),
        ("  ", "the condition is empty", f"up to {LONGEST} characters"),
        ("a" * (LONGEST + 1), f"more than {LONGEST} characters", f"up to {LONGEST} characters"),
        ("(" * 400 + "a" + ")" * 400, "cannot be read", "parentheses"),
    ],
)
def test_everything_else_is_refused(text, what, fix):
    with pytest.raises(ExpressionError) as caught:
        read_condition(text)
    assert what in caught.value.what and fix in caught.value.fix
