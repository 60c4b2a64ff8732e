"""Quality gates on counts worked by hand, and against the fault rates that were planted."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity.certain_links import build_certain_links
from segutils.data_readiness.quality.quality_gates import build_gates, check_gates
from segutils.data_readiness.quality.quality_measures import MEASURES, build_measures
from segutils.errors import InputError

COUNTS = pd.DataFrame(
    {
        "table": ["customers", "transactions", "products"],
        "rows_in": [10, 200, 50],
        "rows_set_aside": [0, 6, 1],
    }
)
FAULTS = pd.DataFrame(
    [
        ("transactions", "not in customers", 3),
        ("transactions", "not in products", 4),
        ("transactions", "the same line again", 2),
        ("products", "same row again (product_id)", 1),
        ("customers", "misspelt", 5),
    ],
    columns=["table", "rule", "rows"],
)
LIMITS = pd.DataFrame(columns=["measure", "min", "max", "periods", "owner", "note"])


def limit(measure: str, *, low: float = np.nan, high: float = np.nan, periods: int = 1) -> pd.DataFrame:
    row = {"measure": measure, "min": low, "max": high, "periods": periods, "owner": "P. Lange", "note": ""}
    return pd.DataFrame([row])


def ten_customers() -> ibis.Table:
    """Eight with a region; six of these with an industry; two of whom nothing is known."""
    return ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": [f"c{n}" for n in range(10)],
                "region": ["n"] * 8 + [None] * 2,
                "industry": ["x"] * 6 + [None] * 4,
                "women_owned": [None] * 10,
            }
        ).astype({"women_owned": "str"})
    )


def their_lines() -> ibis.Table:
    """Each customer bought for 10, the two unknown ones for 10 each: 80 of 100; one line has no product."""
    return ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": [f"c{n}" for n in range(10)],
                "net_revenue": [10.0] * 10,
                "product_id": [None, *["p"] * 9],
                "ordered_on": [date(2024, 1, 1), *[date(2024, 12, 1)] * 9],
            }
        )
    )


def measure(**extra) -> pd.DataFrame:
    found = build_measures(
        COUNTS,
        FAULTS,
        ten_customers(),
        their_lines(),
        as_of=date(2024, 12, 31),
        protected=["women_owned"],
        **extra,
    )
    return found.set_index("measure")


def test_measures_worked_by_hand():
    found = measure()
    assert found.measured.to_dict() == pytest.approx(
        {
            "set_aside_share": 6 / 200,
            "missing_share": 2 / 8,  # industry, of the eight of whom something is known
            "duplicate_share": 1 / 50,  # products: 1 of 50 is more than 2 of 200
            "orphan_share": 7 / 200,
            "conflict_share": np.nan,
            "revenue_coverage": 0.8,
            "age_days": 30,
            "history_days": 336,  # 1 January to 1 December 2024, both included, in a leap year
        },
        nan_ok=True,
    )
    assert found["where"]["missing_share"] == "customers: industry"
    assert found["where"]["duplicate_share"] == "products"
    assert set(found.index) == set(MEASURES)


def test_protected_attributes_have_no_gaps_that_count():
    assert measure()["where"]["missing_share"] != "customers: women owned"


def test_customers_in_the_books_twice_are_duplicates():
    """c0 and c1 are one firm, so are c2, c3 and c4: three of ten customers are second records."""
    groups = ["a", "a", "b", "b", "b", "c", "d", "e", "f", "g"]
    links = pd.DataFrame({"record_id": [f"c{n}" for n in range(10)], "group_id": groups})
    other = pd.DataFrame({"record_id": ["x1"], "group_id": ["a"]})  # another system's record is no customer
    found = measure(links=ibis.memtable(pd.concat([links, other])))
    assert found.measured["duplicate_share"] == pytest.approx(0.3)
    assert found["where"]["duplicate_share"] == "customers who are in the books twice"


def test_the_worst_field_of_the_conflicts_counts():
    conflicts = pd.DataFrame({"field": ["Employees", "City", "Region"], "share": [0.2, 0.3, np.nan]})
    found = measure(conflicts=conflicts)
    assert (found.measured["conflict_share"], found["where"]["conflict_share"]) == (0.3, "city")


def hand_measures(**values: float) -> pd.DataFrame:
    good = {
        "set_aside_share": 0.004,
        "missing_share": 0.05,
        "duplicate_share": 0.01,
        "orphan_share": 0.0,
        "conflict_share": 0.02,
        "revenue_coverage": 0.95,
        "age_days": 3,
        "history_days": 730,
    }
    rows = {**good, **values}
    return pd.DataFrame({"measure": list(rows), "measured": list(rows.values()), "where": ""})


def test_a_gate_holds_at_its_limit_and_its_margin_is_a_share_of_what_is_allowed():
    gates = build_gates(hand_measures(missing_share=0.1), LIMITS).set_index("measure")
    assert (gates.verdict == "holds").all()
    assert gates.margin["missing_share"] == pytest.approx(0)
    assert gates.margin["set_aside_share"] == pytest.approx(0.6)  # 0.4 of 1 % used
    assert gates.margin["revenue_coverage"] == pytest.approx(
        0.5
    )  # 5 % may still be missing of the 10 % allowed
    assert gates.margin["history_days"] == pytest.approx(1.0)  # a second year
    assert (gates.owner == "playbook default").all()


def test_a_stated_limit_replaces_the_playbooks_own():
    gates = build_gates(hand_measures(), limit("missing_share", high=0.03)).set_index("measure")
    row = gates.loc["missing_share"]
    assert (row.limit, row.owner, row.verdict) == (0.03, "P. Lange", "fails")
    assert row.margin == pytest.approx(-2 / 3)
    assert gates.index.is_unique and gates.index[0] == "missing_share"  # what fails stands first


def test_a_measure_may_have_a_lowest_and_a_highest_value():
    gates = build_gates(hand_measures(), limit("history_days", low=365, high=700))
    rows = gates[gates.measure == "history_days"].set_index("bound")
    assert rows.verdict.to_dict() == {"at most": "fails", "at least": "holds"}


def test_only_a_limit_that_somebody_stated_can_fail_the_data():
    stated = limit("missing_share", high=0.1)
    assert check_gates(hand_measures(), stated).status == "pass"
    assert check_gates(hand_measures(missing_share=0.11), stated).status == "fail"
    own = check_gates(hand_measures(age_days=40), stated)
    assert own.status == "caution" and "the playbook's own limit" in own.notes[0]
    unknown = check_gates(hand_measures(conflict_share=np.nan), limit("conflict_share", high=0.1))
    assert unknown.status == "caution" and unknown.needs[0].table == "source_records"


def test_the_headline_counts_what_holds_and_names_the_furthest_beyond():
    finding = check_gates(hand_measures(set_aside_share=0.04, missing_share=0.2), LIMITS)
    worst = "furthest beyond its limit: rows that cannot be used, 4.0 % instead of at most 1.0 %."
    assert finding.headline == f"6 of 8 quality limits hold today; {worst}"
    assert "To be checked again: features (3_1), segments (3_2)" in finding.notes[0]
    good = check_gates(hand_measures(revenue_coverage=1.0), LIMITS)
    least = "the least room is left for empty cells in a column, 5.0 % against at most 10.0 %."
    assert good.headline == f"All 8 quality limits hold today; {least}"


def test_a_limit_that_is_near_is_named_and_one_that_counts_later_is_explained():
    finding = check_gates(hand_measures(), limit("missing_share", high=0.055, periods=2))
    assert any(note.startswith("Near its limit, though it holds: empty cells") for note in finding.notes)
    assert any("once it is missed 2 times in a row" in note for note in finding.notes)


def test_what_was_not_measured_is_neither_held_nor_failed():
    finding = check_gates(hand_measures(conflict_share=np.nan), LIMITS)
    assert finding.headline.startswith("All 7 quality limits hold") and finding.status == "pass"
    assert finding.table.verdict.iloc[-1] == "not measured"
    assert len(finding.figures[0].data) == 7


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (limit("nulls", high=0.1), "'nulls' is no measure of data quality"),
        (limit("missing_share"), "the limit on 'missing_share' has no value"),
    ],
)
def test_thresholds_that_cannot_be_used_are_refused(stated, words):
    with pytest.raises(InputError, match=words) as caught:
        check_gates(hand_measures(), stated)
    assert caught.value.where.startswith("engagement file, thresholds")
    if "nulls" in words:
        assert all(name in caught.value.fix for name in MEASURES)


@pytest.fixture(scope="module")
def planted_measures(manufacturer) -> pd.DataFrame:
    run = manufacturer.run
    records = ibis.read_parquet(manufacturer.folder / "tables" / "source_records.parquet")
    found = build_measures(
        run.input_counts(),
        run.input_faults(),
        run.input("customers"),
        run.input("transactions"),
        as_of=run.as_of,
        protected=run.engagement.protected_attributes,
        links=build_certain_links(records),
    )
    return found.set_index("measure")


def test_planted_faults_are_measured_at_their_rates(manufacturer, planted_measures):
    faults = manufacturer.planted("faults").set_index(["table", "column", "kind"])
    rates = faults.rate_planned
    rows = faults.rows_total.groupby("table").first()

    def near(value: float, rate: float, of: int) -> bool:
        return abs(value - rate) < 4 * np.sqrt(rate * (1 - rate) / of)

    missing = planted_measures.loc["missing_share"]
    gaps = rates["customers", "employees", "missing"] + rates["customers", "employees", "impossible"]
    assert missing["where"] == "customers: employees" and near(missing.measured, gaps, rows["customers"])
    orphan = planted_measures.loc["orphan_share"]
    table = orphan["where"]
    expected = sum(rate for (name, _, kind), rate in rates.items() if name == table and kind == "orphan")
    assert expected > 0 and near(orphan.measured, expected, rows[table])
    aside = planted_measures.loc["set_aside_share"]
    lost = {
        "transactions": [
            ("net_revenue", "missing"),
            ("customer_id", "orphan"),
            ("ordered_at", "late"),
            ("currency", "other currency"),
        ],
        "customers": [("", "repeated"), ("employees", "conflicting")],
        "opportunities": [("amount", "missing")],
        "exposures": [("", "repeated")],
        "survey": [("answer", "unreadable")],
    }
    planned = sum(rates[aside["where"], column, kind] for column, kind in lost[aside["where"]])
    assert near(aside.measured, planned, rows[aside["where"]])


def test_second_accounts_are_found_and_no_others(manufacturer, planted_measures):
    """4 % of accounts are a second record of a firm; links that are certain see most of them."""
    second = len(manufacturer.planted("second_accounts")) / 2000
    duplicates = planted_measures.loc["duplicate_share"]
    assert duplicates["where"] == "customers who are in the books twice"
    assert 0.6 * second < duplicates.measured <= second + 0.001


def test_the_null_client_keeps_every_gate(null_manufacturer):
    run = null_manufacturer.run
    records = ibis.read_parquet(null_manufacturer.folder / "tables" / "source_records.parquet")
    found = build_measures(
        run.input_counts(),
        run.input_faults(),
        run.input("customers"),
        run.input("transactions"),
        as_of=run.as_of,
        links=build_certain_links(records),
    )
    faulty = found.set_index("measure").measured[
        ["set_aside_share", "missing_share", "duplicate_share", "orphan_share"]
    ]
    assert (faulty == 0).all()
    assert check_gates(found, LIMITS).status == "pass"
