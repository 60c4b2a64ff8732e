"""Fatal faults stop a run before any notebook, unless somebody said to go on; then the contract says so."""

import pandas as pd
import pytest

from segutils import tables
from segutils.__main__ import main
from segutils.engagement import load_engagement
from segutils.errors import InputError
from segutils.inputs.checks import match_spellings


@pytest.fixture
def spoilt(small_engagement):
    """Every second order line has lost its amount."""
    file = small_engagement.parent / "lines.csv"
    lines = pd.read_csv(file)
    lines.loc[lines.index % 2 == 0, "amount"] = None
    lines.to_csv(file, index=False)
    return small_engagement


def test_a_run_stops_and_says_what_to_do(spoilt, tmp_path):
    with pytest.raises(InputError) as caught:
        tables.ingest(load_engagement(spoilt), tmp_path / "run")
    said = str(caught.value)
    assert "1 fatal fault in the data: no notebook was started" in said
    assert "more than 20 % of the rows are set aside, most often: missing" in said and "50.0 %" in said
    assert "fill it in the source system" in said and "--go-on" in said
    assert not (tmp_path / "run" / "inputs.json").exists()  # nothing looks like a run
    assert (tmp_path / "run" / "rejects" / "transactions.csv").is_file()  # the rows to correct are there


def test_the_command_line_refuses_with_exit_code_2(spoilt, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SEGUTILS_REPORTS", str(tmp_path / "reports"))
    assert main(["run", str(spoilt), "--no-packs"]) == 2
    said = capsys.readouterr()
    assert "fatal fault" in said.err + said.out and "Traceback" not in said.err + said.out
    assert not list((tmp_path / "reports").rglob("*.ipynb"))
    assert main(["check", str(spoilt)]) == 2
    assert "no notebook would be started" in capsys.readouterr().out


def test_it_goes_on_where_that_is_stated(spoilt, tmp_path):
    spoilt.write_text(spoilt.read_text() + "gate: {on_fatal: go_on, owner: J. Doe}\n")
    tables.ingest(load_engagement(spoilt), tmp_path / "run")
    run = tables.open_run(tmp_path / "run")
    (fatal,) = run.input_faults().query("severity == 'fatal'").to_dict("records")
    assert fatal["table"] == "transactions" and fatal["treatment"] == "the run goes on, as was stated"
    counts = run.input_counts().set_index("table").loc["transactions"]
    assert counts.rows_in == counts.rows_used + counts.rows_set_aside


def test_a_looser_limit_lets_the_same_data_pass(spoilt, tmp_path):
    spoilt.write_text(spoilt.read_text() + "gate: {max_set_aside_share: 0.6, owner: J. Doe}\n")
    tables.ingest(load_engagement(spoilt), tmp_path / "run")
    assert "fatal" not in set(tables.open_run(tmp_path / "run").input_faults().severity)


def test_rare_spellings_of_a_frequent_value():
    rows = {"Chemicals": 800, "CHEMICALS": 6, "Chem.": 4, "Chemcials": 3, "Energy": 500, "Enegry": 1}
    other = {
        "Nord 1": 400,
        "Nord 2": 5,
        "Spa": 300,
        "Spar": 2,
        "Chemistry": 60,
        "Mining": 3,
        "Chemicals X": 2,
    }
    assert match_spellings({**rows, **other}) == {
        "CHEMICALS": "Chemicals",
        "Chem.": "Chemicals",
        "Chemcials": "Chemicals",
        "Enegry": "Energy",
    }  # other digits, words or three letters are values of their own


def test_exchanged_coordinates_are_found_where_the_rest_of_the_country_is(small_engagement, tmp_path):
    file = small_engagement.parent / "customers.csv"
    customers = pd.read_csv(file)
    north = customers.index % 3 == 0
    customers["latitude"], customers["longitude"] = 40.4, -3.7  # Madrid
    customers.loc[north, ["latitude", "longitude"]] = [52.2, 21.0]  # Warsaw
    customers["country"] = ["PL" if n else "ES" for n in north]
    customers.loc[[0, 1], ["latitude", "longitude"]] = [[21.0, 52.2], [-3.7, 40.4]]
    customers.to_csv(file, index=False)
    faults = tables.check_engagement(load_engagement(small_engagement)).faults
    (found,) = [f for f in faults if f.rule == "latitude and longitude are exchanged"]
    assert found.rows == 2 and found.examples == ("row 2: latitude is 2…", "row 3: latitude is -…")


def test_nothing_half_done_stays_of_a_run_that_was_refused(spoilt, tmp_path):
    with pytest.raises(InputError):
        tables.ingest(load_engagement(spoilt), tmp_path / "fatal")
    lines = spoilt.parent / "lines.csv"
    lines.write_text(lines.read_text().splitlines()[0] + "\n")
    with pytest.raises(InputError, match="is empty"):
        tables.ingest(load_engagement(spoilt), tmp_path / "empty")
    assert not list(tmp_path.glob("*/inputs/*"))


def test_cells_that_nearly_all_have_to_be_blanked_stop_the_run_too(small_engagement, tmp_path):
    file = small_engagement.parent / "customers.csv"
    customers = pd.read_csv(file)
    customers.assign(annual_revenue=["?"] * 280 + ["5"] * 20).to_csv(file, index=False)
    with pytest.raises(InputError, match=r"customers\.annual_revenue: not a number \(280 rows, 93.3 %\)"):
        tables.ingest(load_engagement(small_engagement), tmp_path / "run")
