"""Conflicts between systems: counted by hand, against what was planted, and which rule is right."""

from datetime import datetime

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from segutils.data_readiness.identity.certain_links import build_certain_links
from segutils.data_readiness.quality.firmographic_conflicts import (
    build_golden_record,
    build_linked_records,
    check_conflicts,
)
from segutils.data_readiness.quality.record_conflicts import ANY, build_conflicts, differs, list_conflicts
from segutils.data_readiness.quality.rule_evidence import score_rules
from segutils.errors import InputError

NO_RULES = pd.DataFrame(columns=["field", "rule", "sources", "owner"])
AS_OF = pd.Timestamp(2026, 1, 1)


def six_records() -> pd.DataFrame:
    """A: three systems, B: two CRM records and the ERP, C: the ERP alone."""
    return pd.DataFrame(
        [
            ("A", "erp", "E1", datetime(2023, 1, 1), "Chemicals", 100.0),
            ("A", "crm", "C1", datetime(2025, 1, 1), "CHEMICALS", 104.0),
            ("A", "webshop", "W1", datetime(2024, 1, 1), "Pharma", None),
            ("B", "erp", "E2", datetime(2023, 1, 1), "Water", 50.0),
            ("B", "crm", "C2", datetime(2022, 1, 1), "Energy", 60.0),
            ("B", "crm", "C3", datetime(2024, 1, 1), "Water", 44.0),
            ("C", "erp", "E3", datetime(2024, 1, 1), "Energy", 1.0),
        ],
        columns=["group_id", "source", "record_id", "updated_at", "industry", "employees"],
    )


def test_conflicts_of_seven_records_counted_by_hand():
    found = build_conflicts(six_records()).set_index(["field", "sources"])
    counts = found[["customers", "compared", "differ", "gaps"]]
    expected = {
        ("industry", ANY): (2, 2, 1, 0),  # A: Pharma against Chemicals; B: the CRM's later record agrees
        ("industry", "crm and erp"): (2, 2, 0, 0),
        ("industry", "crm and webshop"): (1, 1, 1, 0),
        ("industry", "erp and webshop"): (1, 1, 1, 0),
        ("employees", ANY): (2, 2, 1, 0),  # A: 100 is 3.8 % below 104; B: 44 is 12 % below 50
        ("employees", "crm and erp"): (2, 2, 1, 0),
        ("employees", "crm and webshop"): (1, 0, 0, 1),  # a gap is no conflict
        ("employees", "erp and webshop"): (1, 0, 0, 1),
    }
    assert {key: tuple(row) for key, row in zip(counts.index, counts.to_numpy(), strict=True)} == expected
    # Wilson (1927) for 1 of 2 at 95 %: centre 1/2, half width z / (n + z²) · sqrt(n/4 + z²/4)
    z = 1.959964
    half = z / (2 + z**2) * np.sqrt(0.5 + z**2 / 4)
    row = found.loc[("industry", ANY)]
    assert (row.share, row.low, row.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half), abs=1e-6)
    assert np.isnan(found.loc[("employees", "crm and webshop"), "share"])


def test_the_customers_in_conflict_are_named():
    found = list_conflicts(six_records())
    assert set(found.record_id[found.field == "industry"]) == {"E1", "C1", "W1"}
    assert set(found.record_id[found.field == "employees"]) == {"E2", "C2", "C3"}


def test_the_tolerance_is_a_share_of_the_larger_number():
    assert differs(
        np.array([95.0, 94.9, 0.0, 0.0]), np.array([100.0, 100.0, 0.0, 1.0]), tolerance=0.05
    ).tolist() == [
        False,
        True,
        False,
        True,
    ]
    found = build_conflicts(six_records(), tolerance=0.2).set_index(["field", "sources"])
    assert found.loc[("employees", ANY), "differ"] == 0


def expect_conflicts(
    records: pd.DataFrame, field: str, pair: tuple[str, str], planted: pd.DataFrame, hazard: float
):
    """The expected share, from planned rates and each record's age alone.

    Two records differ unless both are free of a wrong value and none, or both, are older than the firm's last
    change: the share of changes that lie between them is exp(−h·younger) − exp(−h·older).
    """
    held = records[records[field].notna() & records.source.isin(pair)]
    latest = held.sort_values("updated_at").drop_duplicates(["group_id", "source"], keep="last")
    age = (AS_OF - latest.updated_at).dt.total_seconds() / 86_400 / 365.25
    wrong = planted.loc[planted.kind == f"other_{field}"].set_index("records_of").planned
    free = 1 - latest.source.map(wrong)
    wide = latest.assign(alive=np.exp(-hazard * age), free=free).pivot(
        index="group_id", columns="source", values=["alive", "free"]
    )
    wide = wide.dropna()
    same = 1 - (wide["alive"][pair[0]] - wide["alive"][pair[1]]).abs()
    return len(wide), float((1 - wide["free"][pair[0]] * wide["free"][pair[1]] * same).mean())


@pytest.mark.parametrize("field", ["industry", "employees", "annual_revenue"])
@pytest.mark.parametrize("pair", [("crm", "erp"), ("crm", "webshop"), ("erp", "webshop")])
def test_shares_of_conflict_are_those_that_were_planted(manufacturer, true_records, field, pair):
    staleness = manufacturer.planted("staleness").set_index(["field", "source"]).changes_a_year
    compared, expected = expect_conflicts(
        true_records, field, pair, manufacturer.planted("corruption"), staleness[field, "erp"]
    )
    found = build_conflicts(true_records).set_index(["field", "sources"]).loc[(field, " and ".join(pair))]
    assert found.compared == compared
    error = np.sqrt(expected * (1 - expected) / compared)
    # beside chance: the ERP's second accounts are wrong more often, and two wrong values may agree
    assert abs(found.share - expected) < 4 * error + 0.01


def test_country_and_region_never_differ_as_nothing_was_planted(true_records):
    found = build_conflicts(true_records).set_index(["field", "sources"])
    assert found.differ[["country", "region"]].sum() == 0 and found.compared["country"].min() > 100


@pytest.fixture(scope="module")
def all_checked(manufacturer, true_records) -> pd.DataFrame:
    """Every firm's values of today, as if all had been checked by hand."""
    erp = true_records[true_records.source == "erp"].drop_duplicates("group_id")[["record_id", "group_id"]]
    firms = erp.merge(manufacturer.planted("identities"), left_on="group_id", right_on="entity")
    fields = ["industry", "employees", "annual_revenue"]
    firms = firms.rename(columns={"record_id": "customer_id"}).astype(dict.fromkeys(fields, str))
    return firms.melt("customer_id", fields, var_name="field", value_name="value")


def test_the_most_recent_record_beats_every_other_rule_where_values_age(true_records, all_checked):
    """Size and revenue change often (0.25 and 0.35 a year), so that age outweighs typing errors."""
    found = score_rules(true_records, all_checked, NO_RULES)
    for field in ("employees", "annual_revenue"):
        rules = found[found.field == field]
        assert rules.rule.iloc[0] == "most recent" and rules.declared.iloc[0]
        assert rules.share.iloc[0] == rules.share.max()
        worst = rules[rules.rule.isin(["erp first", "largest", "smallest"])]
        assert (worst.p_value < 0.001).all() and (worst.lost > 3 * worst.gained).all()


def test_the_majority_beats_the_most_recent_record_where_errors_outweigh_age(true_records, all_checked):
    """An industry changes in 3 % of firms a year, but is wrong in 3 to 10 % of records at any age."""
    found = score_rules(true_records, all_checked, NO_RULES)
    majority = found[(found.field == "industry") & (found.rule == "majority")].iloc[0]
    assert majority.gained > 2 * majority.lost and majority.p_value < 0.01


def test_accuracy_of_the_most_recent_value_is_what_was_planted(manufacturer, true_records, all_checked):
    found = score_rules(true_records, all_checked, NO_RULES).set_index(["field", "rule"])
    corruption = manufacturer.planted("corruption")
    staleness = manufacturer.planted("staleness").set_index(["field", "source"]).changes_a_year
    for field in ("industry", "employees", "annual_revenue"):
        held = true_records[true_records[field].notna()].sort_values("updated_at")
        latest = held.drop_duplicates("group_id", keep="last")
        age = (AS_OF - latest.updated_at).dt.total_seconds() / 86_400 / 365.25
        wrong = corruption[corruption.kind == f"other_{field}"].set_index("records_of").planned
        expected = ((1 - latest.source.map(wrong)) * np.exp(-staleness[field, "erp"] * age)).mean()
        row = found.loc[(field, "most recent")]
        assert abs(row.share - expected) < 4 * np.sqrt(expected * (1 - expected) / row.checked) + 0.005


def hand_checked() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Twelve firms: the ERP is right in ten, the later CRM record in two and in one more with the ERP."""
    firms = [f"F{n:02d}" for n in range(12)]
    erp = ["right"] * 10 + ["wrong"] * 2
    crm = ["right"] + ["wrong"] * 9 + ["right"] * 2
    records = pd.DataFrame(
        {
            "group_id": firms * 2,
            "source": ["erp"] * 12 + ["crm"] * 12,
            "record_id": [f"E{f}" for f in firms] + [f"C{f}" for f in firms],
            "updated_at": [datetime(2023, 1, 1)] * 12 + [datetime(2024, 1, 1)] * 12,
            "industry": erp + crm,
        }
    )
    checked = pd.DataFrame({"customer_id": [f"E{f}" for f in firms], "field": "industry", "value": "Right"})
    return records, checked


def test_rules_are_compared_on_the_same_customers_by_mcnemars_exact_test():
    records, checked = hand_checked()
    found = score_rules(records, checked, NO_RULES).set_index("rule")
    assert found.loc["most recent", ["checked", "right"]].tolist() == [12, 3]
    row = found.loc["erp first"]
    assert (row.right, row.gained, row.lost) == (10, 9, 2)
    exact = 2 * binom.cdf(2, 11, 0.5)  # 0.0654: nine of eleven that differ
    assert exact == pytest.approx(2 * (1 + 11 + 55) / 2048)
    # four rules are held against the declared one, and this is the smallest p of them
    assert row.p_value == pytest.approx(4 * exact)


def test_a_better_rule_is_named_only_where_it_is_sure():
    records, checked = hand_checked()
    unsure = check_conflicts(records, NO_RULES, checked=checked)
    assert any("no other is measurably better" in note for note in unsure.notes)
    more = pd.concat(
        [records.assign(**{c: records[c] + str(n) for c in ("group_id", "record_id")}) for n in range(3)]
    )
    sample = pd.concat([checked.assign(customer_id=checked.customer_id + str(n)) for n in range(3)])
    sure = check_conflicts(more.reset_index(drop=True), NO_RULES, checked=sample)
    assert any(
        "“erp first” for 83 % (it gains 27 and loses 6): the rule should change" in n for n in sure.notes
    )
    declared = pd.DataFrame(
        [{"field": "industry", "rule": "source_order", "sources": ("erp", "crm"), "owner": "M. Keller"}]
    )
    right = check_conflicts(more.reset_index(drop=True), declared, checked=sample)
    assert "erp before crm" in right.headline and not any("should change" in note for note in right.notes)
    assert any(a.owner == "M. Keller" for a in right.assumptions)


def test_the_finding_tells_the_worst_field_its_rule_and_how_often_it_is_right(manufacturer, true_records):
    checked = manufacturer.table("provider_truth")
    finding = check_conflicts(true_records, NO_RULES, checked=checked)
    top = finding.table.iloc[0]
    assert top.field == "Annual revenue" and finding.status == "caution"
    assert f"they differ for {100 * top.share:.0f} % of the customers" in finding.headline
    assert f"{top.checked:,} customers checked by hand" in finding.headline
    assert top.checked == pytest.approx(checked.customer_id.nunique(), abs=15)  # second accounts count once
    assert [figure.kind for figure in finding.figures] == ["heatmap", "dot"]
    assert [need.table for need in finding.needs] == ["provider_truth"]  # the city was not checked


def test_without_a_checked_sample_no_rule_is_called_right():
    finding = check_conflicts(six_records(), NO_RULES)
    assert "has not been checked" in finding.headline
    assert finding.needs[0].table == "provider_truth" and len(finding.figures) == 1
    assert finding.table.right_share.isna().all()


def test_records_without_a_time_are_asked_for_one():
    finding = check_conflicts(six_records().drop(columns="updated_at"), NO_RULES)
    assert ("updated_at",) in [need.columns for need in finding.needs]


def test_systems_that_agree_pass():
    records = six_records().assign(industry="Water", employees=10.0)
    finding = check_conflicts(records, NO_RULES)
    assert finding.status == "pass" and finding.headline == (
        "For the 2 customers that two systems know, the systems agree in every field compared."
    )


def test_without_several_systems_it_is_not_run():
    for records in (None, six_records().query("source == 'erp'")):
        finding = check_conflicts(records, NO_RULES)
        assert finding.status == "not_run" and finding.needs[0].table == "source_records"


def test_the_null_client_has_no_conflicts(null_manufacturer):
    """No firm of the null client has two records."""
    records = ibis.read_parquet(null_manufacturer.folder / "tables" / "source_records.parquet")
    linked = build_linked_records(records, build_certain_links(records))
    finding = check_conflicts(linked, NO_RULES)
    assert finding.table.differ.sum() == 0 and not finding.figures
    assert finding.headline.startswith("No two systems hold a value for the same customer")


def test_certain_links_show_the_same_conflicts_as_the_true_firms(manufacturer, true_records):
    """Links that are certain favour firms that changed less, so that shares come out a little lower."""
    records = ibis.read_parquet(manufacturer.folder / "tables" / "source_records.parquet")
    linked = build_linked_records(records, build_certain_links(records))
    assert set(linked.columns) == {
        *("group_id", "source", "record_id", "updated_at"),
        *("industry", "employees", "annual_revenue", "country", "region", "city"),
    }
    found, true = (build_conflicts(r).set_index(["field", "sources"]) for r in (linked, true_records))
    for field in ("industry", "employees", "annual_revenue"):
        row, planted = found.loc[(field, ANY)], true.loc[(field, ANY)]
        assert row.compared > 0.7 * planted.compared
        assert planted.share - 0.05 < row.share < planted.share + 0.02


def test_the_golden_record_names_the_origin_of_each_value(tmp_path):
    golden = build_golden_record(six_records(), NO_RULES)
    assert len(golden) == 6  # three customers, two fields
    row = golden[(golden.group_id == "B") & (golden.field == "employees")].iloc[0]
    assert (row.value, row.source, row.record_id, row.candidates, row.distinct_values) == (
        "44.0",
        "crm",
        "C3",
        3,
        3,
    )
    golden.to_parquet(tmp_path / "golden.parquet")  # text and numbers in one column
    assert build_golden_record(None, NO_RULES).columns.tolist() == golden.columns.tolist()


def test_a_tolerance_that_is_no_share_is_refused():
    with pytest.raises(InputError, match="tolerance of 2"):
        check_conflicts(six_records(), NO_RULES, tolerance=2)
