"""What an engagement file can state, in words: all of it, and nothing that the file would refuse."""

import re

import pytest
import yaml

from segutils import schemas
from segutils.__main__ import main
from segutils.engagement_model import Engagement
from segutils.engagement_reference import WIDTH, describe_engagement
from segutils.errors import InputError
from segutils.titles import ROOT


def keys_at(text: str, depth: int) -> list[str]:
    """Keys that stand at the start of a line, so many steps in."""
    return re.findall(rf"^{'  ' * depth}(\S+)(?= )", text, flags=re.M)


def test_every_section_stands_there_in_the_order_of_the_file():
    text = describe_engagement()
    found = [key for key in keys_at(text, 0) if key in Engagement.model_fields]
    assert found == list(Engagement.model_fields)
    assert max(map(len, text.splitlines())) <= WIDTH


def test_every_key_of_the_fullest_file_is_explained():
    values = yaml.safe_load((ROOT / "data/manufacturer/engagement.yml").read_text(encoding="utf-8"))
    lists = (
        "objectives",
        "thresholds",
        "costs",
        "budgets",
        "responses",
        "scenarios",
        "key_results",
        "privacy",
    )
    for section in lists:
        told = set(keys_at(describe_engagement([section]), 1))
        assert {key for line in values[section] for key in line} <= told, section


def test_a_key_says_its_kind_whether_it_is_needed_and_what_it_means():
    lines = " ".join(describe_engagement(["responses"]).split())
    assert "half_at number above 0, needed. the amount of this budget" in lines
    assert "lasts_years number above 0, else 1." in lines
    assert "probability number from 0 up to 1." in " ".join(describe_engagement(["scenarios"]).split())


def test_the_columns_of_a_table_with_what_holds_for_them():
    text = describe_engagement(["transactions"])
    assert set(schemas.TABLES["transactions"].by_name) == set(keys_at(text, 1))
    assert re.search(r"discount +amount$", text, flags=re.M)  # not a share
    assert re.search(r"customer_id +text, needed, a value of customers.customer_id$", text, flags=re.M)
    assert "any further column" in describe_engagement(["market"])
    assert "any further column" not in text


def test_a_name_that_is_section_and_table_gives_both():
    text = describe_engagement(["budgets"])
    assert "questions" in text and "One row: a planned amount" in text


def test_an_unknown_name_is_refused_with_the_nearest(capsys):
    with pytest.raises(InputError, match="did you mean 'responses'"):
        describe_engagement(["respones"])
    assert main(["describe", "respones"]) == 2
    assert main(["describe", "finance"]) == 0
    assert "discount_rate" in capsys.readouterr().out
