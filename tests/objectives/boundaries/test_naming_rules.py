"""Every test of a name, what supports or refutes it, and suggestions, by hand."""

import ibis
import pandas as pd
import pytest

from segutils.objectives.boundaries.naming_drivers import SAID, TRADE, UNSAID, UNTOLD, judge_driver
from segutils.objectives.boundaries.naming_rules import (
    CODE,
    JUDGEMENT,
    PROTECTED,
    SHORT,
    UNIQUE,
    check_name,
    list_other_names,
    list_protected_words,
    read_meanings,
)
from segutils.objectives.boundaries.naming_suggestions import list_actions, select_differences, suggest_name

LIMITS = {"protected": frozenset(), "max_words": 4, "max_characters": 32}


class TestRules:
    @pytest.mark.parametrize(
        ("name", "test"),
        [
            ("Spare parts buyers", None),
            ("Machine builders", None),
            ("OEM", None),  # an abbreviation that the trade knows
            ("S1", CODE),
            ("SEG_04", CODE),
            ("KA-2", CODE),
            ("7", CODE),
            ("KAM", CODE),  # one that only insiders know
            ("15-24K", CODE),
            ("Under 15K", CODE),
            ("Standard", JUDGEMENT),
            ("Other", JUDGEMENT),
            ("Bad payers", JUDGEMENT),
            ("Best customers", JUDGEMENT),
            ("Gold", JUDGEMENT),
            ("Young families", PROTECTED),
            ("Women in trade", PROTECTED),
            ("Small firms that order seldom and little", SHORT),
        ],
    )
    def test_every_fault_has_its_test(self, name, test):
        assert set(check_name(name)) == ({test} if test else set())

    def test_names_that_read_alike_are_not_unique(self):
        assert UNIQUE in check_name("Project", others=["Projects", "Retail"])
        assert check_name("Projects", others=["Retail"]) == {}

    def test_protected_attributes_by_their_names_and_values(self):
        people = pd.DataFrame(
            {"household_comp": ["2 Adults Kids", "1 Adult No Kids"], "age": ["25-34", "65+"]}
        )
        words = list_protected_words(["household_comp", "age", "women_owned"], people)
        assert {"household", "adults", "kids", "age", "women"} <= words
        assert not words & {"owned", "comp", "25", "65"}
        assert PROTECTED in check_name("Adult households", protected=words)
        assert PROTECTED in check_name("Feldring members", protected=frozenset(["feldring"]))
        assert check_name("Feldring members") == {}

    def test_a_name_used_elsewhere_must_mean_the_same_customers(self):
        """Projects are a, b, c, d here; Project is c, d, e for sales: 2 of 5 in common. Lab is Laboratory."""
        customers = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": list("abcdefg"),
                    "sales_segment": [None, None, "Project", "Project", "Project", "Lab", "Lab"],
                }
            )
        )
        groups = pd.DataFrame(
            {
                "customer_id": list("abcdfg"),
                "group": ["Projects"] * 4 + ["Laboratory"] * 2,
                "grouping": "strategy_segment",
            }
        )
        found = list_other_names(customers, groups, ["sales_segment", "strategy_segment", "missing"])
        assert found.to_dict("records") == [
            {"group": "Laboratory", "column": "sales_segment", "name": "Lab", "shared": 1.0},
            {"group": "Projects", "column": "sales_segment", "name": "Project", "shared": 0.4},
        ]

    def test_stated_meanings_are_read(self):
        meanings = read_meanings(["OEM: Machinery", "Process: Chemicals; Oil & gas"])
        assert meanings == {"OEM": ["Machinery"], "Process": ["Chemicals", "Oil & gas"]}


def difference(kind, much, effect, ours, others, *, little="", fmt="share:0", group="G", half=0.1):
    label = {"category": f"spending on {much}", "channel": f"orders through {much}"}.get(kind, kind)
    return {
        **{"group": group, "feature": f"{kind}: {much}", "kind": kind, "label": label, "format": fmt},
        **{"scale": "plain", "much": much, "little": little, "ours": ours, "others": others},
        **{"effect_size": effect, "low": effect - half, "high": effect + half},
    }


class TestDrivers:
    """Does a name say what sets its customers apart? By hand: differences with their intervals."""

    DIFFERENCES = pd.DataFrame(
        [
            difference("category", "Spare parts", 1.7, 0.45, 0.07),
            difference("order size", "Large-order", 1.2, 5000.0, 600.0, little="Small-order", fmt="money"),
            difference("rhythm", "Frequent", -0.9, 1.3, 5.0, little="Occasional", fmt="number:1"),
            difference("industry", "Machinery", 0.5, 0.5, 0.2),
            difference("industry", "Oil & gas", 0.3, 0.2, 0.15, half=0.4),  # not sure either way
            difference("category", "Level", 0.05, 0.1, 0.1),  # surely below 0.2
            difference("industry", "Pharma", -0.4, 0.02, 0.1),  # surely fewer
        ]
    )

    def judge(self, name: str, **stated):
        sure = set(select_differences(self.DIFFERENCES, min_effect=0.2, min_share=0.1).feature)
        return judge_driver(name, self.DIFFERENCES, sure, min_effect=0.2, **stated)

    @pytest.mark.parametrize(
        ("name", "features"),
        [
            ("Spare-part buyers", ("category: Spare parts",)),
            ("Occasional customers", ("rhythm: Frequent",)),  # little of it is what sets them apart
            ("OEM", ("industry: Machinery",)),
            ("Aftermarket", ("category: Spare parts",)),
            ("Projects", ("order size: Large-order", "rhythm: Frequent")),
        ],
    )
    def test_a_word_of_the_data_or_of_the_trade_supports_a_name(self, name, features):
        found = self.judge(name)
        assert (found.verdict, found.features) == (SAID, features)

    @pytest.mark.parametrize("name", ["Pharma", "Level customers", "Frequent buyers"])
    def test_a_word_that_the_data_refute_does_not(self, name):
        assert self.judge(name).verdict == UNSAID

    @pytest.mark.parametrize("name", ["Process", "Oil", "Blue Ocean", "Dealers"])
    def test_what_is_not_sure_or_not_measured_cannot_be_told(self, name):
        """Process may stand for oil and gas, which could go either way: not shown is not refuted."""
        assert self.judge(name).verdict == UNTOLD

    def test_a_word_of_the_trade_counts_only_for_what_it_means(self):
        """Process stands for industries: a category of that word does not support it."""
        table = pd.DataFrame([difference("category", "Chemicals", 1.0, 0.5, 0.1)])
        found = judge_driver("Process", table, {"category: Chemicals"}, min_effect=0.2)
        assert found.verdict == UNTOLD and any(
            "chemicals" in reading for reading in TRADE["process"].readings
        )

    def test_the_clients_meaning_takes_the_place_of_the_trades(self):
        assert self.judge("OEM", meanings={"OEM": ["Pharma"]}).verdict == UNSAID
        found = self.judge("Blue Ocean", meanings={"Blue Ocean": ["Pharma", "Machinery"]})
        assert (found.verdict, found.features) == (SAID, ("industry: Machinery",))


class TestSuggestions:
    SURE = pd.DataFrame(
        [
            difference("category", "Spare parts", 1.7, 0.45, 0.07),
            difference("order size", "Large-order", -1.2, 600.0, 5000.0, little="Small-order", fmt="money"),
            difference("channel", "field sales", -1.0, 0.06, 0.41),
            difference("channel", "e-shop", 0.9, 0.42, 0.11),
            difference("category", "Pneumatics", 0.8, 0.29, 0.04),
            difference("source", "partner", 0.5, 0.32, 0.11),
        ]
    )

    def test_two_strongest_differences_of_different_kinds(self):
        assert suggest_name(self.SURE, [], **LIMITS) == "Small-order Spare parts buyers"

    def test_the_next_ones_where_the_first_is_taken(self):
        taken = ["Small-order Spare parts buyers"]
        assert suggest_name(self.SURE, taken, **LIMITS) == "E-shop Spare parts buyers"

    def test_no_word_that_a_name_may_not_have(self):
        limits = {**LIMITS, "protected": frozenset(["spare"])}
        assert suggest_name(self.SURE, [], **limits) == "Small-order e-shop customers"
        assert suggest_name(self.SURE.iloc[:0], [], **LIMITS) == ""

    def test_only_sure_and_large_differences_count(self):
        table = pd.DataFrame(
            [
                difference("category", "Flow", 0.9, 0.5, 0.2, half=1.0),  # the interval holds 0
                difference("category", "Level", 0.15, 0.5, 0.4),  # too small
                difference("category", "Gas", 0.9, 0.05, 0.01),  # rare on both sides
                difference("category", "Seals", 0.9, 0.5, 0.2),
            ]
        )
        assert select_differences(table, min_effect=0.2, min_share=0.1).much.to_list() == ["Seals"]

    def test_action_lines_say_the_figures_of_both_sides(self):
        assert list_actions(self.SURE, currency="EUR") == {
            "marketing": "Reach through e-shop (42 % against 11 % of orders); find more through partner "
            "(32 % against 11 % came so)",
            "sales": "Plan for order size EUR 600 against EUR 5,000",
            "product": "Lead with Spare parts (45 % against 7 % of spending); lead with Pneumatics "
            "(29 % against 4 % of spending)",
        }

    def test_nothing_is_claimed_where_nothing_is_sure(self):
        assert set(list_actions(self.SURE.iloc[:0], currency="EUR").values()) == {"No sure difference"}
