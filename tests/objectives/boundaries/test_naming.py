"""Names of groups: every test of a name by hand, and names and action lines against what was planted."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.engagement_terms import Approval
from segutils.objectives.boundaries.naming import check_naming
from segutils.objectives.boundaries.naming_rules import (
    check_name,
    list_other_names,
    list_protected_words,
)
from segutils.objectives.boundaries.naming_suggestions import list_actions, select_differences
from segutils.objectives.boundaries.naming_traits import NameTraits, build_name_traits, score_differences

AS_OF = date(2025, 12, 31)
LIMITS = {"protected": frozenset(), "max_words": 4, "max_characters": 32}


class TestTraits:
    def tables(self):
        customers = pd.DataFrame(
            {
                "customer_id": ["a", "b", "c"],
                "signup_date": date(2020, 1, 1),
                "industry": ["Water", "Water", None],
                "employees": [10.0, None, 1000.0],
            }
        )
        lines = pd.DataFrame(
            [
                ("a", "o1", date(2025, 3, 1), 90.0, "P1", "shop", 10.0),
                ("a", "o1", date(2025, 3, 1), 30.0, "P2", "shop", 0.0),
                ("a", "o2", date(2024, 3, 1), 80.0, "P1", "rep", 0.0),
                ("b", "o3", date(2024, 2, 1), 50.0, "P2", "rep", 0.0),
            ],
            columns=[
                "customer_id",
                "order_id",
                "ordered_on",
                "net_revenue",
                "product_id",
                "channel",
                "discount",
            ],
        )
        products = pd.DataFrame({"product_id": ["P1", "P2"], "category": ["Flow", "Level"]})
        groups = pd.DataFrame({"customer_id": ["a", "b", "c"], "group": ["x", "x", "y"], "grouping": "g"})
        return ibis.memtable(customers), ibis.memtable(lines), groups, ibis.memtable(products)

    def test_by_hand(self):
        customers, lines, groups, products = self.tables()
        found = build_name_traits(customers, lines, groups, as_of=AS_OF, products=products)
        table = found.table.set_index("customer_id")
        assert found.days == 700  # from the first order on
        assert table["category: Flow"]["a"] == pytest.approx(170 / 200) and table["category: Flow"]["b"] == 0
        assert np.isnan(table["category: Flow"]["c"])  # who bought nothing has no shares
        assert table["channel: shop"]["a"] == 0.5
        assert np.exp(table.order_value["a"]) == pytest.approx(100) and table.discount_share[
            "a"
        ] == pytest.approx(10 / 210)
        assert table["industry: Water"]["b"] == 1 and np.isnan(table["industry: Water"]["c"])
        assert table.employees["a"] == pytest.approx(np.log(11))
        assert np.expm1(table.orders["c"]) == 0

    def test_what_must_not_describe_does_not(self):
        customers, lines, groups, products = self.tables()
        found = build_name_traits(
            customers, lines, groups, as_of=AS_OF, products=products, left_out=["industry", "employees"]
        )
        assert not found.catalogue.kind.isin(["industry", "firm size"]).any()

    def test_what_is_missing_is_asked_for(self):
        customers, lines, groups, _ = self.tables()
        found = build_name_traits(customers.drop("industry"), lines.drop("channel"), groups, as_of=AS_OF)
        assert {(need.table, need.columns[-1]) for need in found.needs} == {
            ("products", "category"),
            ("transactions", "channel"),
            ("customers", "industry"),
        }
        assert set(found.catalogue.kind) == {"rhythm", "order size", "discount", "firm size"}


def build(client, groups) -> NameTraits:
    return build_name_traits(
        client.table("customers"),
        client.table("transactions"),
        groups,
        as_of=client.as_of,
        products=client.table("products"),
        left_out=["women_owned", "strategy_segment"],
    )


@pytest.fixture(scope="module")
def true_groups(halden) -> pd.DataFrame:
    """The planted segments as the groups that are named."""
    return (
        halden.planted("accounts")[["customer_id", "segment"]]
        .rename(columns={"segment": "group"})
        .assign(grouping="planted")
        .sort_values("customer_id", ignore_index=True)
    )


@pytest.fixture(scope="module")
def traits(halden, true_groups) -> NameTraits:
    return build(halden, true_groups)


class TestPlantedTruth:
    def test_what_groups_buy_is_the_planted_share(self, halden, traits):
        """Shares of orders by channel are planted as such; one customer's share is a mean over few orders."""
        shares = halden.planted("buying_shares")
        shares = shares[(shares.column == "channel") & (shares.segment != "consolidated")]
        found = score_differences(traits)
        for row in shares[
            ~shares.segment.isin(["maintenance"])
        ].itertuples():  # a region of these buys otherwise
            ours = found[(found["group"] == row.segment) & (found.feature == f"channel: {row.value}")].ours
            assert ours.iloc[0] == pytest.approx(row.share, abs=0.06), row

    def test_product_leads_with_what_was_planted(self, halden, traits):
        """Per segment the category whose planted share is farthest above the mean of the other segments."""
        shares = halden.planted("buying_shares")
        wide = shares[(shares.column == "category") & (shares.segment != "consolidated")]
        wide = wide.pivot(index="segment", columns="value", values="share").fillna(0)
        sure = select_differences(score_differences(traits), min_effect=0.2, min_share=0.1)
        for segment, own in wide.iterrows():
            above = own - wide.drop(index=segment).mean()
            best = above.nlargest(2).index
            line = list_actions(sure[sure["group"] == segment], currency="EUR")["product"]
            assert any(f"ead with {category} (" in line for category in best), (segment, line)

    def test_marketing_reaches_through_the_planted_channel(self, traits):
        sure = select_differences(score_differences(traits), min_effect=0.2, min_share=0.1)
        lines = {
            g: list_actions(sure[sure["group"] == g], currency="EUR")["marketing"] for g in set(sure["group"])
        }
        for segment, channel in (
            ("maintenance", "e-shop"),
            ("legacy", "partner"),
            ("labs", "inside sales"),
            ("majors", "field sales"),
        ):
            assert lines[segment].startswith(f"Reach through {channel} ("), lines[segment]

    def test_suggested_names_pass_the_tests_they_were_made_for(self, true_groups, traits):
        codes = {name: f"S{n}" for n, name in enumerate(sorted(true_groups["group"].unique()), start=1)}
        coded = true_groups.assign(group=true_groups["group"].map(codes))
        table = traits.table.assign(group=traits.table["group"].map(codes))
        named = NameTraits(table=table, catalogue=traits.catalogue, days=traits.days)
        found = check_naming(coded, named, currency="EUR", protected=list_protected_words(["women_owned"]))
        names = found.table.set_index("group").suggestion
        assert names.is_unique and found.status == "caution" and "codes" in found.headline
        for name in names:
            assert check_name(name, others=[other for other in names if other != name]) == {}, name
        assert "Pneumatics" in names[codes["legacy"]] and "Laboratory" in names[codes["labs"]]
        assert not names.str.contains("women|Feldring", case=False).any()

    def test_names_of_the_strategy(self, halden):
        """Planted: OEM are machine builders, Aftermarket buys spare parts, Projects order seldom and much,
        Laboratory buys laboratory products; Project of sales holds other customers (0.70 and 0.86)."""
        groups = halden.groups().assign(grouping="strategy_segment")
        elsewhere = list_other_names(halden.table("customers"), groups, ["sales_segment"])
        stated = [Approval(change="name", approvers=["marketing", "sales"], within_days=15)]
        found = check_naming(
            groups, build(halden, groups), currency="EUR", elsewhere=elsewhere, approvals=stated
        )
        verdict = found.table.set_index("group").verdict
        assert verdict["OEM"].startswith("Keep: supported by customers in Machinery")
        assert verdict["Aftermarket"].startswith("Keep: supported by spending on Spare parts")
        assert verdict["Projects"].startswith("Watch: supported by net revenue of an order")
        assert "but Project in sales segment means other customers" in verdict["Projects"]
        assert verdict["Laboratory"].startswith("Watch: supported by spending on Laboratory")
        assert found.status == "caution" and "Laboratory and Projects" in found.headline
        assert not verdict.str.startswith("Change").any() and not any("agreement" in n for n in found.notes)
        assert found.table.customers.is_monotonic_decreasing

    def test_names_that_the_data_refute_must_change(self, halden):
        """Labels handed on: machine builders called Laboratory, who are planted to buy pressure most."""
        groups = halden.groups().assign(grouping="strategy_segment")
        swapped = groups.assign(
            group=groups["group"].replace(
                {"OEM": "Laboratory", "Laboratory": "Machinery", "Aftermarket": "Key accounts"}
            )
        )
        stated = [Approval(change="name", approvers=["marketing", "sales"], within_days=15)]
        found = check_naming(swapped, build(halden, swapped), currency="EUR", approvals=stated)
        told = found.table.set_index("group")
        assert told.verdict["Laboratory"] == "Change: “laboratory” does not set its customers apart"
        assert told.verdict["Machinery"] == "Change: “machinery” does not set its customers apart"
        assert told.verdict["Key accounts"].startswith("Change: “key” judges instead of describing")
        assert "Machinery and Laboratory say what does not set their customers apart" in found.headline
        assert "agreement of marketing and sales within 15 days" in found.notes[-1]
        shares = halden.planted("buying_shares").query("segment == 'builders' and column == 'category'")
        best = shares.sort_values("share").value.iloc[-1]
        assert f"{best} buyers" in told.suggestion["Laboratory"]

    def test_a_name_that_nobody_can_hold_against_data_is_watched(self, halden):
        groups = halden.groups().assign(grouping="strategy_segment")
        fancy = groups.assign(group=groups["group"].replace({"OEM": "Horizon"}))
        found = check_naming(fancy, build(halden, fancy), currency="EUR")
        told = found.table.set_index("group")
        assert told.verdict["Horizon"].startswith("Watch: nothing measured can tell")
        assert told.suggestion["Horizon"] != "none needed" and found.status == "caution"
        assert "whether Horizon says what sets its customers apart cannot be told" in found.headline

    def test_names_of_a_rule_are_no_names(self, halden):
        groups = halden.groups().assign(grouping="value_band")
        found = check_naming(groups, build(halden, groups), currency="EUR", working="band of past margin")
        assert found.table.verdict.str.startswith("Name it").all() and found.status == "caution"
        assert "called after the rule that made them (band of past margin): 5 can be named" in found.headline
        assert found.table.suggestion.is_unique and "none needed" not in set(found.table.suggestion)

    def test_values_of_an_attribute_are_names_by_definition(self, halden):
        groups = halden.groups("industry").assign(grouping="industry")
        found = check_naming(groups, build(halden, groups), currency="EUR")
        told = found.table.set_index("group").verdict
        assert told["Machinery"] == "Keep: names an attribute of its customers"


class TestNull:
    def test_groups_by_chance_are_given_no_name(self, null_halden):
        people = null_halden.planted("accounts")[["customer_id"]].sort_values(
            "customer_id", ignore_index=True
        )
        drawn = np.random.default_rng(3).choice(["alpha", "beta", "gamma"], len(people))
        groups = people.assign(group=drawn, grouping="drawn")
        found = check_naming(groups, build(null_halden, groups), currency="EUR")
        assert found.status == "caution" and "nothing surely sets 3 groups apart" in found.headline
        assert found.table.verdict.eq("Watch: nothing surely sets its customers apart").all()
        assert found.table[["marketing", "sales", "product"]].eq("No sure difference").all(axis=None)
        assert found.figures == ()

    def test_a_bad_name_stays_without_a_better_one(self, null_halden):
        people = null_halden.planted("accounts")[["customer_id"]].sort_values(
            "customer_id", ignore_index=True
        )
        drawn = np.random.default_rng(3).choice(["Other", "Women"], len(people))
        groups = people.assign(group=drawn, grouping="drawn")
        found = check_naming(groups, build(null_halden, groups), currency="EUR")
        assert found.status == "fail"
        assert found.table.suggestion.to_list() == ["none can be made"] * 2

    def test_not_run_without_groups(self):
        empty = pd.DataFrame(columns=["customer_id", "group", "grouping"])
        found = check_naming(empty, NameTraits(table=empty, catalogue=pd.DataFrame(), days=1), currency="EUR")
        assert found.status == "not_run" and found.needs[0].table == "customers"

    def test_few_customers_are_tested_but_not_described(self, traits, true_groups):
        found = check_naming(true_groups, traits, currency="EUR", min_customers=100_000)
        assert found.table.apart.eq("too few customers").all() and found.status == "caution"
        assert found.table.verdict.str.startswith("Watch: too few customers to tell").all()
        assert any("fewer than 100,000 customers" in note for note in found.notes)

    def test_one_group_has_no_name_to_test(self, traits, true_groups):
        found = check_naming(true_groups.assign(group="All customers"), traits, currency="EUR")
        assert found.status == "info" and "no name to tell it from another" in found.headline
