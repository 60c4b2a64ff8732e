"""Careless answers, scales and joins: planted styles, and a survey of five worked by hand."""

import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.methodology.features.survey_needs import list_needs, read_needs

ITEMS = ["price", "service", "speed", "accuracy"]
ANSWERS = {
    "q1": ("A", ["1", "7", "4", "4"]),
    "q2": ("A", ["3", "5", "4", "4"]),  # A's second respondent
    "q3": ("B", ["5", "5", "5", "5"]),  # the same to everything
    "q4": (None, ["1", "2", "6", "7"]),  # nobody known
    "q5": ("C", ["2", "#REF!", "9", "6"]),  # neither is an answer: two of four are left
}


def by_hand() -> pd.DataFrame:
    rows = [
        (respondent, item, answer, customer, "1-7")
        for respondent, (customer, answers) in ANSWERS.items()
        for item, answer in zip(ITEMS, answers, strict=True)
    ]
    rows += [("q1", "role", "purchasing", "A", "one of"), ("q1", "recommend", "9", "A", "0-10")]
    return pd.DataFrame(rows, columns=["respondent_id", "item", "answer", "customer_id", "scale"])


def test_five_respondents_by_hand():
    needs = read_needs(by_hand())
    assert needs.items == ITEMS  # role and recommendation are on other scales
    assert (needs.respondents, needs.careless, needs.incomplete, needs.unknown) == (5, 1, 1, 1)
    # q1 relative to its mean 4: -3 3 0 0; q2: -1 1 0 0; A is their mean
    assert needs.table["customer_id"].tolist() == ["A"]
    assert needs.table[needs.columns].iloc[0].tolist() == [-2, 2, 0, 0]


def test_planted_careless_answers_are_found(planted):
    needs = read_needs(planted.survey)
    styles = planted.respondents["style"].value_counts()
    # 3 % of answers are missing at random: none of the careless hides behind that
    assert needs.careless == pytest.approx(styles.drop("careful").sum(), abs=2)
    assert needs.respondents == len(planted.respondents) and len(needs.items) == 12


def test_what_cannot_be_read_is_refused():
    with pytest.raises(InputError, match="no item colour"):
        read_needs(by_hand(), items=["colour"])
    with pytest.raises(InputError, match="no three items on one numeric scale"):
        read_needs(by_hand()[lambda t: t["item"].isin(["role", "price"])])
    assert list_needs(None).columns.tolist() == ["customer_id"]
