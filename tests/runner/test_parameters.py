import ast

import pytest
from tiny_playbook import RUN_DIR, run_tiny, write_notebook

from segutils.errors import InputError
from segutils.runner import run as run_module
from segutils.runner.graph import read_graph
from segutils.runner.parameters import (
    Assignment,
    check_parameters,
    injected_source,
    read_assignment,
    read_parameters,
)

CELL = f"""{RUN_DIR}
max_k: int = 10  # most segments tried
min_ari: float = 0.75  # lowest acceptable index
code: str = "000"
scaled: bool = True
shares: list[float] = [0.1, 0.9]
names: tuple[str, ...] = ("a", "b")
bare = -3
"""


@pytest.fixture
def graph(tmp_path):
    write_notebook(tmp_path, "3_2_segments", {}, parameters=CELL)
    return read_graph(tmp_path)


def ask(graph, *arguments):
    return check_parameters(graph, [read_assignment(a) for a in arguments])["3_2_segments"]


def state(graph, name, value):
    stated = Assignment(notebook="3_2_segments", name=name, value=value, where="engagement.yml, line 9")
    return check_parameters(graph, [stated])["3_2_segments"][name]


def test_the_cell_is_read_without_being_run(graph):
    found = {p.name: p for p in read_parameters(graph.notebook("3_2_segments"))}
    assert found["max_k"].help == "most segments tried"
    assert [p.words for p in found.values()] == [
        "str",
        "int",
        "float",
        "str",
        "bool",
        "list of float",
        "tuple of str",
        "int",
    ]
    assert found["bare"].default == -3


@pytest.mark.parametrize(
    "line",
    [
        "x: int = len('abc')",
        "x = [1, print('hi')]",
        "import os",
        "x: int = 1.5",
        "x: dict = {}",
        "x: int = 'a'",
        "x: int",
    ],
)
def test_only_typed_literals_are_parameters(tmp_path, line):
    write_notebook(tmp_path, "1_1_a", {}, parameters=f"{RUN_DIR}\n{line}")
    with pytest.raises(InputError):
        read_parameters(read_graph(tmp_path).notebooks[0])


def test_text_becomes_the_declared_type_and_007_stays_007(graph):
    values = ask(
        graph,
        "3_2_segments.code=007",
        "3_2_segments.max_k=8",
        "3_2_segments.min_ari=1",
        "3_2_segments.scaled=no",
        "3_2_segments.shares=0.2,1",
        "3_2_segments.names=x,y=z",
    )
    assert values == {
        "code": "007",
        "max_k": 8,
        "min_ari": 1.0,
        "scaled": False,
        "shares": [0.2, 1.0],
        "names": ("x", "y=z"),
    }
    assert isinstance(values["min_ari"], float) and isinstance(values["shares"][1], float)
    assert ask(graph, "3_2_segments.names=('q',)") == {"names": ("q",)}


@pytest.mark.parametrize("value", ["8.5", "eight", "", "1e3", "0x10", "__import__('os')"])
def test_text_of_another_type_is_refused(graph, value):
    with pytest.raises(InputError, match="'max_k' of 3_2_segments is int"):
        ask(graph, f"3_2_segments.max_k={value}")


def test_values_of_the_file_keep_their_type(graph):
    assert state(graph, "min_ari", 1) == 1.0
    assert state(graph, "names", ["a"]) == ("a",)
    for name, value in [
        ("max_k", True),
        ("max_k", 8.0),
        ("max_k", "8"),
        ("code", 7),
        ("scaled", 1),
        ("shares", [True]),
    ]:
        with pytest.raises(InputError, match=name) as caught:
            state(graph, name, value)
        assert caught.value.where == "engagement.yml, line 9"
    for value in (float("nan"), float("inf")):
        with pytest.raises(InputError):
            state(graph, "min_ari", value)


def test_unknown_names_get_the_nearest_one(graph):
    with pytest.raises(InputError) as caught:
        ask(graph, "3_2_segments.maxk=8")
    assert caught.value.fix.startswith("did you mean 'max_k'?") and "min_ari" in caught.value.fix
    with pytest.raises(InputError) as caught:
        ask(graph, "3_2_segment.max_k=8")
    assert "did you mean '3_2_segments'?" in caught.value.fix
    with pytest.raises(InputError, match="set by the run itself"):
        ask(graph, "3_2_segments.run_dir=x")


@pytest.mark.parametrize("argument", ["max_k=8", "3_2_segments.max_k", "=8", "3_2_segments.=8", ".max_k=3"])
def test_what_is_no_assignment_is_refused(argument):
    with pytest.raises(InputError, match="this is not a parameter"):
        read_assignment(argument)


def test_a_name_that_holds_code_is_never_run(graph, tmp_path):
    """papermill writes the name into a cell as it is, and so executes it."""
    trap = tmp_path / "trap"
    name = f"x = open({str(trap)!r}, 'w'); max_k"
    with pytest.raises(InputError, match="has no parameter"):
        state(graph, name, 3)
    with pytest.raises(InputError):
        ask(graph, f"3_2_segments.{name}=3")
    assert not trap.exists()


def test_the_injected_cell_says_exactly_the_checked_values():
    values = {"code": '0"07\\\n', "names": ("a",), "shares": [0.1, -2.0], "scaled": True, "max_k": -8}
    tree = ast.parse(injected_source("..", values))
    said = {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body}
    assert said == {"run_dir": "..", **values}


def test_parameters_are_checked_before_any_kernel_starts(home, monkeypatch):
    def refuse(**_):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(run_module, "KernelPool", refuse)
    with pytest.raises(InputError, match="has no parameter 'fctor'"):
        run_tiny(home, assignments=[read_assignment("1_1_first.fctor=3")])
    assert not (home / "reports").exists()
