"""Yes and no as clients write them: a consent is a flag in every language that says so, never a text."""

import pandas as pd
import pytest

from segutils import tables
from segutils.engagement import load_engagement
from segutils.errors import InputError


@pytest.fixture
def mail(small_engagement):
    """A function that gives the 300 customers an answer each, in turn, and takes them in."""

    def ingest(*answers):
        file = small_engagement.parent / "customers.csv"
        people = pd.read_csv(file, dtype=str)
        people["mail"] = [answers[n % len(answers)] for n in range(len(people))]
        people.to_csv(file, index=False)
        text = small_engagement.read_text(encoding="utf-8")
        text = text.replace("household: household", "household: household, consent_email: mail")
        small_engagement.write_text(text, encoding="utf-8")
        folder = small_engagement.parent / "run"
        tables.ingest(load_engagement(small_engagement), folder)
        return tables.open_run(folder)

    return ingest


@pytest.mark.parametrize(
    "words", [("ja", "nein"), ("Oui", "Non"), ("true", "false"), ("1", "0"), ("Y", "N"), ("tak", "nie")]
)
def test_half_of_the_customers_said_yes(mail, words):
    customers = mail(*words).input("customers")
    assert customers.consent_email.type().is_boolean()
    assert customers.consent_email.sum().to_pyarrow().as_py() == 150


def test_an_answer_that_is_neither_is_no_answer_and_counted(mail):
    run = mail("ja", "nein", "perhaps")
    customers = run.input("customers")
    assert customers.consent_email.isnull().sum().to_pyarrow().as_py() == 100
    (found,) = run.input_faults().query("column == 'consent_email'").to_dict("records")
    assert found["rule"] == "not a yes or no" and found["rows"] == 100 and found["severity"] == "blank"


@pytest.mark.parametrize(
    ("column", "cell", "fix"),
    [
        ("rebate", "3 %", "a percent sign"),
        ("rebate", "much", "decimal: ','"),
        ("sold", "2024", "'%Y' for years"),
    ],
)
def test_a_column_of_which_no_cell_can_be_read_says_what_to_state(small_engagement, column, cell, fix):
    file = small_engagement.parent / "lines.csv"
    pd.read_csv(file, dtype=str).assign(**{column: cell}).to_csv(file, index=False)
    with pytest.raises(InputError, match="no cell of") as caught:
        tables.check_engagement(load_engagement(small_engagement))
    assert fix in caught.value.fix
