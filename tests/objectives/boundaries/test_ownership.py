"""Who answers for which group: shares, rules and the negotiation sheet by hand, and planted purchases."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.engagement_terms import Council, Person
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.boundaries.ownership import decide_ownership, list_negotiation
from segutils.objectives.boundaries.ownership_rules import (
    BY_LINE,
    ESCALATE,
    LEAD,
    MATRIX,
    Limits,
    rule_arrangement,
    score_groups,
)
from segutils.objectives.boundaries.ownership_sums import build_unit_sums

AS_OF = date(2025, 12, 31)
OWNERS = {
    "Ann, North": Person(role="product", answers_for=["business unit North"]),
    "Bob, South": Person(role="product", answers_for=["business unit South"]),
    "Cid, CEO": Person(role="executive", answers_for=["strategy"]),
}
COUNCIL = Council(members=["product"], chair="product", quorum=1, meets="quarter", escalates_to="executive")
PRODUCTS = pd.DataFrame(
    {
        "product_id": ["P1", "P2", "P3"],
        "business_unit": ["North", "South", "South"],
        "product_line": ["Pumps", "Scales", "Ovens"],
    }
)
# customer, order, product, net revenue, margin
LINES = [
    ("a", "o1", "P1", 60.0, 30.0),
    ("a", "o1", "P2", 20.0, 5.0),
    ("a", "o2", "P3", 20.0, 5.0),
    ("b", "o3", "P1", 100.0, 50.0),
    ("c", "o4", "P2", 40.0, 10.0),
    ("c", "o5", "P2", -10.0, -4.0),
    ("d", "o6", "P9", 70.0, 7.0),  # a product that nobody listed
]
GROUPS = pd.DataFrame({"customer_id": list("abcd"), "group": ["x", "x", "y", "y"], "grouping": "g"})
CUSTOMERS = pd.DataFrame({"customer_id": list("abcd"), "business_unit": ["North", "South", "South", "South"]})
TICKETS = pd.DataFrame(
    {
        "ticket_id": ["t1", "t2", "t3"],
        "customer_id": ["a", "a", "c"],
        "product_id": ["P1", "P3", "P2"],
        "opened_on": [date(2025, 2, 1), date(2025, 3, 1), date(2023, 1, 1)],
    }
)


def transact(lines=LINES, *, margin=True) -> ibis.Table:
    table = pd.DataFrame(
        lines, columns=["customer_id", "order_id", "product_id", "net_revenue", "contribution_margin"]
    )
    table["ordered_on"] = date(2025, 1, 1)
    return ibis.memtable(table if margin else table.drop(columns="contribution_margin"))


def build(
    lines=LINES, *, margin=True, customers=CUSTOMERS, products=PRODUCTS, tickets=TICKETS, groups=GROUPS
):
    return build_unit_sums(
        transact(lines, margin=margin),
        ibis.memtable(customers),
        groups,
        as_of=AS_OF,
        products=None if products is None else ibis.memtable(products),
        tickets=None if tickets is None else ibis.memtable(tickets),
    )


def decide(sums, **options):
    options = {"owners": OWNERS, "council": COUNCIL, **options}
    return decide_ownership(sums, currency="EUR", draws=200, seed=4, **options)


class TestSums:
    def test_by_hand(self):
        found = build()
        table = found.table.set_index(["customer_id", "unit"])
        assert table.net_revenue["a", "North"] == 60 and table.net_revenue["a", "South"] == 40
        assert table.orders["a", "North"] == 1 and table.orders["a", "South"] == 2  # o1 has products of both
        assert table.margin["c", "South"] == 6 and table.orders["c", "South"] == 1  # a return is no order
        assert table.tickets["a", "North"] == 1 and table.tickets["c", "South"] == 0  # the other is too old
        assert found.notes == ("23.3 % of net revenue has no unit and is left out.",)  # 70 of 300
        assert found.lines[found.lines["group"] == "x"].product_line.to_list() == ["Pumps", "Ovens", "Scales"]
        assert found.needs == () and found.days == 365

    def test_amounts_are_those_of_a_year(self):
        """The first order came 73 days before the end: a fifth of a year."""
        lines = transact().mutate(ordered_on=ibis.date(2025, 10, 20))
        found = build_unit_sums(
            lines, ibis.memtable(CUSTOMERS), GROUPS, as_of=AS_OF, products=ibis.memtable(PRODUCTS)
        )
        assert found.days == 73 and found.table.net_revenue.sum() == pytest.approx(5 * 230)

    def test_without_products_the_unit_of_the_customer_counts(self):
        found = build(products=None, tickets=None)
        table = found.table.set_index("customer_id")
        assert table.unit.to_dict() == {"a": "North", "b": "South", "c": "South", "d": "South"}
        assert table.net_revenue.to_dict() == {"a": 100, "b": 100, "c": 30, "d": 70}
        assert {need.table for need in found.needs} == {"products", "tickets"}

    def test_what_is_missing_is_asked_for(self):
        found = build(margin=False, customers=CUSTOMERS[["customer_id"]], tickets=None)
        assert {need.columns[-1] for need in found.needs} == {
            "business_unit",
            "contribution_margin",
            "product_id",
        }
        assert found.table.margin.isna().all()
        assert build(customers=CUSTOMERS[["customer_id"]], products=None) is None


class TestRule:
    @pytest.mark.parametrize(
        ("share", "shared", "way"),
        [
            (0.6, 0.9, LEAD),
            (0.599, 0.2, BY_LINE),
            (0.599, 0.21, MATRIX),
            (0.5, 0.9, MATRIX),
            (0.49, 0.9, ESCALATE),
            (0.49, 0.1, BY_LINE),
        ],
    )
    def test_who_leads_who_shares_who_escalates(self, share, shared, way):
        found = rule_arrangement(np.array(share), np.array(shared), Limits(min_share=0.6, max_shared=0.2))
        assert found.item() == way

    def test_scores_by_hand(self):
        """x: North 160 of 200, one of two buyers buys from both. y: South all of 30."""
        found = score_groups(build(), Limits(min_share=0.6, max_shared=0.2), draws=50)
        table = found.set_index("group")
        assert found["group"].to_list() == ["x", "y"]
        assert table.share["x"] == 0.8 and table.second_share["x"] == pytest.approx(0.2)
        assert table.shared["x"] == 0.5 and table.filed_share["x"] == 0.5
        assert table.share["y"] == 1 and table.second["y"] == "" and table.stands["y"] == 1

    def test_the_interval_is_that_of_a_share_of_equal_customers(self):
        """400 customers of 1 each, 280 of them with North: 0.70 ± 1.96 sqrt(0.7 x 0.3 / 400)."""
        sums = make_sums(400, north=280)
        found = score_groups(sums, Limits(min_share=0.6, max_shared=0.0), draws=2000, seed=2).iloc[0]
        half = 1.96 * np.sqrt(0.7 * 0.3 / 400)
        assert found.low == pytest.approx(0.7 - half, abs=0.006)
        assert found.high == pytest.approx(0.7 + half, abs=0.006)

    def test_at_the_limit_an_owner_stands_in_half_of_the_samples(self):
        found = score_groups(
            make_sums(400, north=240), Limits(min_share=0.6, max_shared=0.0), draws=1000
        ).iloc[0]
        assert found.arrangement == LEAD
        assert found.stands_customers == pytest.approx(0.5, abs=0.06)
        assert found.stands_limits == pytest.approx(0.5, abs=0.06)

    def test_halves_belong_to_nobody(self):
        """Null: a coin decides which unit sells to whom; who leads changes with the sample."""
        sums = make_sums(400, north=200)
        found = decide(sums)
        assert found.status == "fail" and "contested: x" in found.headline
        assert found.decision.robustness_share < 0.8

    def test_other_customers_may_make_another_unit_the_largest(self):
        """One customer has two thirds of North's revenue: without it South leads."""
        lines = [("big", "o0", "P1", 50.0, 0.0)] + [
            (f"c{n}", f"o{n}", "P1" if n < 25 else "P2", 1.0, 0.0) for n in range(1, 50)
        ]
        groups = pd.DataFrame({"customer_id": ["big", *(f"c{n}" for n in range(1, 50))], "group": "x"})
        found = score_groups(build(lines, groups=groups), Limits(min_share=0.6, max_shared=0.0), draws=1000)
        # the chance that a sample of 50 lacks one customer is (49 / 50)^50 = 0.364
        assert found.unit[0] == "North" and found.stands_customers[0] == pytest.approx(1 - 0.364, abs=0.05)


def make_sums(size: int, *, north: int):
    lines = [(f"c{n}", f"o{n}", "P1" if n < north else "P2", 1.0, 0.5) for n in range(size)]
    groups = pd.DataFrame({"customer_id": [f"c{n}" for n in range(size)], "group": "x"})
    return build(lines, groups=groups)


class TestDecision:
    def test_every_group_has_its_owner(self):
        found = decide(build(), min_share=0.6)
        table = found.table.set_index("group")
        assert table.owner.to_dict() == {"x": "Ann, North", "y": "Bob, South"}
        assert found.decision.recommendation == "North leads"  # x is the harder one
        assert found.decision.options.set_index("option").accountable["Escalate"] == "Cid, CEO"
        assert found.headline == (
            "One unit brings 60 % of net revenue or more in each of 2 groups, so each has one owner; x least "
            "surely, 80 % of it with North."
        )
        row = found.decision.options.set_index("option").loc["Split by product line"]
        assert row.one_owner == 0.5 and row.own_products == 1  # one of two buyers buys from both units

    def test_the_stated_share_counts_and_says_what_flips(self):
        stated = pd.DataFrame({"measure": ["revenue_share"], "min": [0.9], "owner": ["Cid, CEO"]})
        found = decide(build(), thresholds=stated)
        table = found.table.set_index("group")
        assert table.arrangement["x"] == "Matrix, one accountable" and table.owner["x"] == "Ann, North"
        assert found.status == "fail" and "contested: x (matrix, one accountable)" in found.headline
        assert found.decision.recommendation == "Matrix, North accountable"
        assert (
            "One unit would lead where 80.0 % of revenue were enough (now 90 %)" in found.decision.robustness
        )
        assert found.assumptions[0].owner == "Cid, CEO"
        split = decide(build(), thresholds=stated, max_shared=0.5)
        assert split.table.set_index("group").owner["x"] == "Ann, North and Bob, South"
        for wrong in ({"measure": ["margin"], "min": [0.9]}, {"measure": ["revenue_share"], "min": [np.nan]}):
            with pytest.raises(InputError, match="ownership"):
                decide(build(), thresholds=pd.DataFrame({**wrong, "owner": ["x"]}))

    def test_nobody_is_named_where_nobody_is_stated(self):
        for owners, missing in ((None, "North and South"), ({"Ann, North": OWNERS["Ann, North"]}, "South")):
            found = decide(build(), owners=owners, council=None)
            assert found.status == "fail" and f"nobody is named for {missing}" in found.headline
            assert "nobody named" in found.table.owner.to_list()
            assert any(need.table == "engagement file" for need in found.needs)
            assert "nobody named" in found.decision.options.accountable.to_list()[-1]

    def test_two_people_for_one_unit_are_no_owner(self):
        """Nobody chooses between two who both state to answer for North, least of all their order."""
        owners = {**OWNERS, "Dan, North": OWNERS["Ann, North"]}
        found = decide(build(), owners=owners, min_share=0.6)
        assert found.status == "fail" and "so each has one owner" not in found.headline
        assert found.headline.endswith(
            "two people answer where one should: Ann, North and Dan, North for North."
        )
        assert found.table.set_index("group").owner["x"] == "Ann, North or Dan, North"
        assert any("business unit North" in need.columns[0] for need in found.needs)
        swapped = {name: owners[name] for name in reversed(owners)}
        assert "Dan, North or Ann, North" in decide(build(), owners=swapped).table.owner.to_list()

    def test_misspelt_units_are_one(self):
        """Forty more customers of South, and d's unit in small letters."""
        more = [f"m{n:02d}" for n in range(40)]
        customers = pd.DataFrame(
            {
                "customer_id": [*"abcd", *more],
                "business_unit": ["North", "South", "South", "south", *["South"] * 40],
            }
        )
        groups = pd.DataFrame(
            {"customer_id": [*"abcd", *more], "group": ["x", "x", *["y"] * 42], "grouping": "g"}
        )
        sums = build(customers=customers, groups=groups)
        assert set(sums.filed.unit) == {"North", "South"}
        assert any(
            note.startswith("1 customer whose unit or product line is misspelt counts") for note in sums.notes
        )

    def test_at_the_share_that_is_read_one_unit_leads(self):
        """x has 80 %; of 90 % asked for, 80.0 % would do, and not a tenth of a percent more."""
        stated = {"measure": ["revenue_share"], "min": [0.9], "owner": ["Cid, CEO"]}
        words = decide(build(), thresholds=pd.DataFrame(stated)).decision.robustness
        told = float(words.split("lead where ")[1].split(" %")[0]) / 100
        for share, way in ((told, "North leads"), (told + 0.001, "Matrix, North accountable")):
            moved = pd.DataFrame({**stated, "min": [share]})
            assert decide(build(), thresholds=moved).decision.recommendation == way

    def test_without_products_nothing_is_split_by_line(self):
        """By customer South has 200 of 300; nobody buys from two units, yet there is no line to split by."""
        groups = GROUPS.assign(group="x")
        found = decide(build(products=None, groups=groups), min_share=0.9)
        assert found.table.arrangement[0] == "Matrix, one accountable"
        assert "the unit that each customer is filed under" in found.limits[0]

    def test_the_clients_own_choice(self):
        own = Override(choice="Escalate", who="Cid", when="2026-01-01", why="reorganisation")
        found = decide(build(), override=own)
        assert found.decision.choice == "Escalate" != found.decision.recommendation
        assert found.headline == "The client decides for x: Escalate; its revenue leads to: North leads."
        with pytest.raises(InputError, match="East leads"):
            decide(build(), override=Override(choice="East leads", who="x", when="y", why="z"))

    def test_not_run_without_units(self):
        found = decide(None)
        assert found.status == "not_run"
        assert {need.table for need in found.needs} == {"products", "customers", "engagement file"}
        assert list_negotiation(None, found).empty

    def test_customers_filed_elsewhere_are_said(self):
        customers = CUSTOMERS.assign(business_unit=["South", "South", "South", "South"])
        found = decide(build(customers=customers))
        assert any(
            note.startswith("Most customers of x (100 %) are filed under another") for note in found.notes
        )


class TestSheet:
    def test_by_hand(self):
        """x: North 160 (margin 80), South 40 (10); a buys from both, b from North only."""
        sums = build()
        sheet = list_negotiation(sums, decide(sums), owners=OWNERS)
        assert set(sheet["group"]) == {"x"}  # y has one unit
        rows = sheet.set_index(["unit", "measure"])
        revenue, buyers = "net revenue a year", "customers who buy from it"
        assert rows.has_today["North", revenue] == 160 and rows.gets_if_it_leads["North", revenue] == 40
        assert rows.gives_if_another_leads["South", revenue] == 40 and rows.share["South", revenue] == 0.2
        assert rows.has_today["North", "contribution margin a year"] == 80
        assert rows.has_today["North", buyers] == 2 and rows.gets_if_it_leads["North", buyers] == 0
        assert rows.has_today["South", buyers] == 1 and rows.gets_if_it_leads["South", buyers] == 1
        assert rows.has_today["South", "orders a year"] == 2
        assert rows.has_today["South", "customers filed under it"] == 1
        assert rows.has_today["North", "tickets a year about its products"] == 1
        assert (
            rows.owner["South", revenue] == "Bob, South"
            and rows.accountable["South", revenue] == "Ann, North"
        )

    def test_what_is_not_known_is_left_out(self):
        sums = build(margin=False, customers=CUSTOMERS[["customer_id"]], tickets=None)
        measures = set(list_negotiation(sums, decide(sums)).measure)
        assert measures == {"net revenue a year", "orders a year", "customers who buy from it"}

    def test_a_group_spans_units_from_the_stated_share_on(self):
        sums = build()
        assert list_negotiation(sums, decide(sums), min_span=0.21).empty
        assert "No group spans units" in decide(sums, min_span=0.21).notes[0]


@pytest.fixture(scope="module")
def halden_sums(halden):
    return build_unit_sums(
        halden.table("transactions"),
        halden.table("customers"),
        halden.groups(),
        as_of=halden.as_of,
        products=halden.table("products"),
    )


class TestPlantedTruth:
    def test_shares_are_those_of_the_clients_books(self, halden, halden_sums):
        """The same shares by one SQL query over lines, products and accounts."""
        told = halden.making.ask(
            "select strategy_segment as g, business_unit as u, sum(net_revenue)::double as revenue "
            "from client.transactions join (select product_id, business_unit from client.products) "
            "using (product_id) join (select customer_id, strategy_segment from client.customers) "
            "using (customer_id) where year(ordered_at) = 2025 group by all"
        )
        shares = told.set_index(["g", "u"]).revenue
        shares = shares / shares.groupby("g").transform("sum")
        found = score_groups(halden_sums, Limits(min_share=0.6, max_shared=0.2), draws=20)
        for row in found.itertuples():
            assert row.share == pytest.approx(shares[row.group, row.unit], abs=1e-9)

    def test_laboratory_is_led_by_the_unit_whose_products_it_was_planted_to_buy(self, halden, halden_sums):
        """Laboratories take 0.58 + 0.28 of their orders from categories of Laboratory & Services; no other
        segment takes more than 0.14: these are the shares of `buying_shares`."""
        shares = halden.planted("buying_shares")
        shares = shares[(shares.column == "category") & shares.value.isin(["Laboratory", "Calibration"])]
        planted = shares.groupby("segment").share.sum()
        assert planted.idxmax() == "labs" and planted.drop("labs").max() < 0.2
        owners = {
            "V": Person(role="product", answers_for=["business unit Process Instruments"]),
            "S": Person(role="laboratory", answers_for=["business unit Laboratory & Services"]),
        }
        found = decide(halden_sums, owners=owners, min_share=0.5).table.set_index("group")
        assert found.unit["Laboratory"] == "Laboratory & Services" and found.owner["Laboratory"] == "S"
        assert found.owner.drop("Laboratory").eq("V").all()
        sheet = list_negotiation(halden_sums, decide(halden_sums, owners=owners), owners=owners)
        assert "Laboratory" in set(sheet["group"]) and "OEM" not in set(sheet["group"])

    def test_groups_of_the_null_client_have_alike_shares(self, null_halden):
        """One population: every group buys from both units alike, so their intervals overlap."""
        sums = build_unit_sums(
            null_halden.table("transactions"),
            null_halden.table("customers"),
            null_halden.groups(),
            as_of=null_halden.as_of,
            products=null_halden.table("products"),
        )
        found = score_groups(sums, Limits(min_share=0.6, max_shared=0.2), draws=300, confidence=0.999)
        assert found.unit.nunique() == 1 and found.low.max() <= found.high.min()
