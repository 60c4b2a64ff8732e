"""How the engagement file's criteria are read: which way is better, whose weights apply, what is no share."""

import pytest

from segutils.attractiveness.rules import read_rules, write_apart
from segutils.engagement_terms import Weighting
from segutils.errors import InputError
from segutils.statistics import portfolio

SCALES = {"margin_rate": (0.0, 1.0), "cost_to_serve": (0.3, 0.0), "win_rate": (0.0, 1.0)}
MEASURES = ("margin_rate", "cost_to_serve", "win_rate")


def read(cases, attractive, wins=None, **options):
    wins = wins or cases.weigh(Ann={"win_rate": 1.0})
    options = {"measures": MEASURES, "scales": SCALES} | options
    return read_rules(attractive, wins, cases.limit(), **options)


def weigh(margin=None, cost=None):
    """Margin and cost to serve at a half each, with what is said of which way is better."""
    criteria = {
        name: {"means": name} | ({"better": said} if said else {})
        for name, said in (("margin_rate", margin), ("cost_to_serve", cost))
    }
    rater = {"name": "Ann", "weights": {"margin_rate": 0.5, "cost_to_serve": 0.5}}
    return Weighting.model_validate({"criteria": criteria, "raters": [rater]})


class TestDirection:
    """The weighted sum reads it from the scale and TOPSIS from the criterion: they must say the same."""

    def test_what_is_not_said_follows_the_scale(self, cases):
        assert read(cases, weigh()).rules.lower == {"cost_to_serve"}
        assert read(cases, weigh("higher", "lower")).rules.lower == {"cost_to_serve"}

    @pytest.mark.parametrize(
        ("margin", "cost", "name"), [("lower", None, "margin_rate"), (None, "higher", "cost")]
    )
    def test_what_contradicts_the_scale_is_refused(self, cases, margin, cost, name):
        with pytest.raises(InputError, match=rf"{name}.* is said to be better .*, but its scale runs from"):
            read(cases, weigh(margin, cost))

    def test_a_scale_turned_round_is_taken(self, cases):
        scales = portfolio.read_scales(["margin_rate: 1 to 0"])
        assert "margin_rate" in read(cases, weigh("lower"), scales=scales).rules.lower


def test_a_share_beyond_one_is_refused(cases):
    with pytest.raises(InputError, match=r"attractiveness counts 1\.7 of the total"):
        read(cases, weigh(), attractiveness_share=1.7)


class TestUnknown:
    def test_nothing_applies_where_all_weight_lies_on_what_is_not_known(self, cases):
        stated = read(cases, cases.weigh(Ann={"margin_rate": 0.0, "reach": 1.0}))
        assert not stated.applies and stated.missing == ("reach",)

    def test_a_rater_who_weighs_only_what_is_not_known_has_no_order(self, cases):
        both = cases.weigh(Ann={"margin_rate": 0.5, "reach": 0.5}, Bob={"margin_rate": 0.0, "reach": 1.0})
        wins = cases.weigh(Ann={"win_rate": 1.0}, Bob={"win_rate": 1.0})
        assert read(cases, both, wins).raters == ["Ann"]


def test_a_value_and_a_limit_are_written_so_that_they_differ():
    assert write_apart("win_rate", 0.496, 0.5) == ("49.6 %", "50.0 %")
    assert write_apart("win_rate", 0.44, 0.5) == ("44 %", "50 %")
    assert write_apart("win_rate", 0.5, 0.5) == ("50 %", "50 %")
    assert write_apart("customers", 149.0, 150.0) == ("149", "150")
