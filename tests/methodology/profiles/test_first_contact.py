"""What first contact can tell: hand-counted, against the planted firmographics, and on the null client."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.methodology.profiles.first_contact import (
    build_contact,
    build_money,
    check_first_contact,
    find_contact_tool,
)
from segutils.methodology.profiles.rules import list_fields
from segutils.methodology.profiles.typing_candidates import fit_candidates

KNOWN = ["industry", "employees", "annual_revenue", "country", "region", "acquisition_channel"]
COSTS = pd.DataFrame(
    {
        "item": ["a customer in the wrong segment"],
        "amount": [100.0],
        "per": ["customer"],
        "every": ["quarter"],
        "owner": ["C. Moreau, CMO"],
    }
)


def checked(planted, fields, **options):
    contact = build_contact(planted.customers, fields=fields, protected=["women_owned"])
    candidates = fit_candidates(planted.buyers, planted.model, contact=contact)
    money = build_money(planted.lines, planted.rfm)
    finding = check_first_contact(
        candidates, planted.names, money, currency="EUR", costs=COSTS, draws=200, **options
    )
    return candidates, finding


def test_money_is_the_margin_inside_the_window_counted_by_hand():
    lines = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["a", "a", "b", "a"],
                "ordered_on": pd.to_datetime(["2025-01-01", "2025-12-31", "2025-06-01", "2024-12-31"]).date,
                "net_revenue": [10.0, 20.0, 5.0, 99.0],
                "contribution_margin": [4.0, 8.0, -1.0, 50.0],
            }
        )
    )
    rfm = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "window_start": pd.Timestamp("2025-01-01"),
            "window_end": pd.Timestamp("2025-12-31"),
        }
    )
    money = build_money(lines, rfm)
    assert money["money"].tolist() == [12.0, -1.0, 0.0]
    assert money["measure"].unique().tolist() == ["contribution margin"]
    revenue = build_money(lines.drop("contribution_margin"), rfm)
    assert revenue["money"].tolist() == [30.0, 5.0, 0.0] and revenue["measure"][0] == "net revenue"


def test_protected_attributes_and_columns_that_are_not_there_decide_nothing(planted):
    contact = build_contact(
        planted.customers, fields=["industry", "women_owned", "shoe_size"], protected=["women_owned"]
    )
    assert contact.columns.tolist() == ["customer_id", "industry"]


def test_firmographics_only_half_tell_the_planted_segments(planted):
    candidates, finding = checked(planted, KNOWN)
    wrong = 1 - (finding.table["found"] * finding.table["customers"]).sum() / len(candidates.holdout)
    # TRUTH.md: behaviour tells the segments apart, firmographics overlap widely
    assert 0.25 < wrong < 0.75 and finding.status == "caution"
    assert finding.headline.startswith("Known at first contact only, ")
    best_rules = candidates.table[candidates.table["family"] == "rules"]["holdout"].max()
    assert 1 - wrong < best_rules - 0.1
    # regions tell nothing about the segment: they are no part of the first questions
    tool = find_contact_tool(candidates)
    assert list_fields(tool)[0] in ("industry", "acquisition_channel", "annual_revenue", "employees")
    # the price of a mistake is the owner's line, four times a year
    yearly = wrong * len(candidates.assigned) * 400
    assert any(f"EUR {yearly:,.0f} a year" in note for note in finding.notes)
    assert finding.assumptions[0].text == "A customer in the wrong segment costs EUR 400 a year."


def test_the_money_astray_is_that_of_the_customers_astray(planted):
    candidates, finding = checked(planted, KNOWN)
    money = build_money(planted.lines, planted.rfm).set_index("customer_id")["money"]
    option = next(o for o, tool in candidates.tools.items() if tool is find_contact_tool(candidates))
    holdout = candidates.holdout
    amounts = holdout["customer_id"].map(money)
    astray = amounts[holdout["segment"] != holdout[option]].sum() / amounts.sum()
    assert f"{astray:.0%}".replace("%", " %") in finding.headline


def test_the_null_clients_firmographics_tell_nothing(null_planted):
    """Segments cut from one population: what a customer is says nothing about which it is in."""
    buyers = null_planted.buyers
    halves = np.where(buyers["frequency"] > buyers["frequency"].median(), "S1", "S2")
    contact = build_contact(null_planted.customers, fields=KNOWN)
    candidates = fit_candidates(buyers.assign(segment=halves), null_planted.model, contact=contact)
    own = candidates.table[candidates.table["family"] == "contact"]
    majority = candidates.assigned["segment"].value_counts(normalize=True).max()
    assert own["accuracy"].max() < majority + 0.05


def test_without_anything_known_it_says_what_to_ask_for(planted):
    candidates, finding = checked(planted, ["shoe_size"])
    assert finding.status == "not_run" and finding.needs[0].table == "customers"
    assert find_contact_tool(candidates) is None


def test_fields_that_tell_nothing_put_everybody_into_the_largest_segment(planted):
    """Two regions drawn by a coin: no question is worth asking."""
    coin = np.random.default_rng(9).choice(["north", "south"], len(planted.buyers))
    contact = planted.buyers[["customer_id"]].assign(region=coin)
    candidates = fit_candidates(planted.buyers, planted.model, contact=contact)
    money = build_money(planted.lines, planted.rfm)
    finding = check_first_contact(candidates, planted.names, money, currency="EUR", draws=50)
    holdout = candidates.holdout["segment"].value_counts(normalize=True)
    assert finding.table["found"].max() == 1.0 and finding.status == "caution"
    assert f"{1 - holdout.max():.0%}".replace("%", " %") in finding.headline


@pytest.mark.parametrize("max_wrong", [0.05, 0.9])
def test_the_status_follows_the_stated_limit(planted, max_wrong):
    _, finding = checked(planted, KNOWN, max_wrong=max_wrong)
    assert finding.status == ("caution" if max_wrong == 0.05 else "pass")
