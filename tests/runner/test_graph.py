import pytest
from tiny_playbook import OPEN, write_notebook, write_playbook

from segutils.errors import InputError
from segutils.runner.graph import read_graph


def test_order_follows_the_tables_not_the_names(tmp_path):
    write_notebook(tmp_path, "1_1_a", {"x": OPEN}, reads=["beta"], writes=["gamma"])
    write_notebook(tmp_path, "1_2_b", {"x": OPEN}, reads=["transactions"], writes=["beta"])
    write_notebook(tmp_path, "1_3_c", {"x": OPEN}, reads=["gamma", "beta"])
    graph = read_graph(tmp_path)
    assert graph.names == ("1_2_b", "1_1_a", "1_3_c")
    assert graph.needs("1_3_c") == ("1_2_b", "1_1_a")
    assert graph.dependants("1_2_b") == {"1_1_a", "1_3_c"}
    assert graph.writer("transactions") is None  # a table of the contract


def test_select_brings_what_is_needed_and_no_more(tmp_path):
    graph = read_graph(write_playbook(tmp_path))
    assert graph.select(["1_2_second"]).names == ("1_1_first", "1_2_second")
    with pytest.raises(InputError, match="there is no notebook '1_2_secnd'") as caught:
        graph.select(["1_2_secnd"])
    assert "did you mean '1_2_second'" in caught.value.fix


def test_a_circle_names_the_notebooks(tmp_path):
    write_notebook(tmp_path, "1_1_a", {}, reads=["beta"], writes=["alpha"])
    write_notebook(tmp_path, "1_2_b", {}, reads=["alpha"], writes=["beta"])
    with pytest.raises(InputError, match=r"1_1_a and 1_2_b|1_2_b and 1_1_a"):
        read_graph(tmp_path)


def test_a_table_has_one_writer(tmp_path):
    write_notebook(tmp_path, "1_1_a", {}, writes=["alpha"])
    write_notebook(tmp_path, "1_2_b", {}, writes=["alpha"])
    with pytest.raises(InputError, match="two notebooks write the table 'alpha'") as caught:
        read_graph(tmp_path)
    assert "1_1_a.ipynb and 1_2_b.ipynb" in caught.value.where


def test_a_read_must_come_from_somewhere(tmp_path):
    write_notebook(tmp_path, "1_1_a", {}, reads=["transaction"])
    with pytest.raises(InputError, match="nothing provides the table 'transaction'") as caught:
        read_graph(tmp_path)
    assert "did you mean 'transactions'" in caught.value.fix


@pytest.mark.parametrize("call", ["run.read('alpha')", "run.input('products')", "run.write('beta', frame)"])
def test_the_title_must_say_what_the_code_uses(tmp_path, call):
    write_notebook(tmp_path, "1_1_a", {"x": call})
    with pytest.raises(InputError, match="the title does not say so"):
        read_graph(tmp_path)


def test_optional_inputs_and_the_data_report_are_noticed(tmp_path):
    write_notebook(tmp_path, "1_1_a", {"x": "run.has_input('survey')"}, reads=["customers"])
    write_notebook(tmp_path, "1_2_b", {"x": "report(run)"})
    write_notebook(tmp_path, "1_3_c", {"x": "run.input_faults()"})
    write_notebook(tmp_path, "1_4_d", {"x": "[run.input(name) for name in names]"})
    graph = read_graph(tmp_path)
    assert graph.notebook("1_1_a").reads == ("customers", "survey")
    assert [n.reads_every_input for n in graph.notebooks] == [False, True, True, True]


def test_files_that_are_no_notebooks_and_titles_without_promise(tmp_path):
    with pytest.raises(InputError, match="there are no notebooks"):
        read_graph(tmp_path)
    path = write_notebook(tmp_path, "1_1_a", {})
    path.write_text(path.read_text().replace("**Reads**", "Reads"))
    with pytest.raises(InputError, match=r"the title says nothing about \*\*Reads\*\*"):
        read_graph(tmp_path)
    path.write_text("{")
    with pytest.raises(InputError, match="this file is not a notebook"):
        read_graph(tmp_path)
