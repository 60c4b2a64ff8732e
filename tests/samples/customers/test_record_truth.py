"""The faults and outdated values that were planted in the source records can be measured in them."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

from segutils.samples.customers import corruption, record_truth

sys.path.insert(0, str(Path(__file__).parent))
from record_reading import find_wrong, fit_hazard, list_keys, measure, pair_up, read_records


@pytest.fixture(scope="module")
def rows(made):
    return read_records(made)


@pytest.fixture(scope="module")
def measured(rows):
    return measure(rows)


@pytest.mark.parametrize(
    "kind", [k for k in record_truth.KINDS if k not in corruption.FIRMOGRAPHICS or "other" not in k]
)
def test_each_kind_of_fault_occurs_at_its_rate(kind, rows, measured, within):
    able, hit = measured[kind]
    for group, planned in zip(corruption.GROUPS, record_truth.KINDS[kind], strict=True):
        mine = able & (rows.grp == group)
        share = hit[mine].mean()
        if planned == 0:
            assert share == 0, (kind, group)
        else:
            within(share, planned, math.sqrt(planned * (1 - planned) / mine.sum()), what=f"{kind}, {group}")


def test_the_truth_names_what_is_wrong_with_each_record(rows, measured):
    for kind, (able, hit) in measured.items():
        told = rows.kinds.str.split(";").map(set(kind.split()).issubset)
        assert (told == hit)[able].mean() > 0.998, kind


def test_the_truth_counts_what_the_records_show(made, rows):
    kinds = rows.assign(kind=rows.kinds.str.split(";")).explode("kind").query("kind != ''")
    counted = kinds.groupby(["grp", "kind"]).size()
    for row in made.ask("from truth.corruption").itertuples():
        assert counted.get((row.records_of, row.kind), 0) == round(row.realised * row.eligible), row
        assert row.planned == record_truth.KINDS[row.kind][corruption.GROUPS.index(row.records_of)]


@pytest.mark.parametrize("field", corruption.HAZARDS)
def test_values_go_out_of_date_at_their_hazard(field, rows, within):
    held, wrong = find_wrong(rows)[field]
    # one record a firm: records of a firm share its last change
    mine = rows[held].sample(frac=1, random_state=3).drop_duplicates("entity")
    group = mine.grp.map(corruption.GROUPS.index).to_numpy()
    hazard, error = fit_hazard(wrong[mine.index].to_numpy(), mine.age.to_numpy(), group)
    assert error < corruption.HAZARDS[field] / 3, "too few records to tell"
    within(hazard, corruption.HAZARDS[field], error, what=field)


@pytest.mark.parametrize("field", corruption.HAZARDS)
def test_what_is_said_to_be_out_of_date_follows_the_hazard(field, rows, within):
    """Sharper than the values alone, which are wrong for other reasons too: changes per year at risk.

    P(stale) = 1 - exp(-hazard × age); the score is solved on the firm's record drawn, its error is Fisher's.
    """
    held, _ = find_wrong(rows)[field]
    mine = rows[held].sample(frac=1, random_state=3).drop_duplicates("entity")
    stale, age = mine.stale.str.split(";").map({field}.issubset).to_numpy(), mine.age.to_numpy()
    hazard = optimize.brentq(
        lambda h: (age[stale] / np.expm1(h * age[stale])).sum() - age[~stale].sum(), 1e-4, 5
    )
    error = 1 / math.sqrt((age**2 / np.expm1(hazard * age)).sum())
    assert error < corruption.HAZARDS[field] / 10, "half as much again would be 4 errors away"
    within(hazard, corruption.HAZARDS[field], error, what=field)


@pytest.mark.parametrize("field", ["industry", "employees", "annual_revenue"])
def test_firmographics_are_wrong_at_any_age_at_their_rate(field, rows, within):
    held, wrong = find_wrong(rows)[field]
    for group, planned in zip(corruption.GROUPS, corruption.FIRMOGRAPHICS[f"other_{field}"], strict=True):
        current = held & (rows.grp == group) & ~rows.stale.str.split(";").map({field}.issubset)
        within(
            wrong[current].mean(),
            planned,
            math.sqrt(planned * (1 - planned) / current.sum()),
            what=f"{field}, {group}",
        )


@pytest.mark.parametrize("field", ["employees", "annual_revenue", "phone", "address"])
def test_the_most_recent_record_is_the_best_guess(field, rows):
    held, wrong = find_wrong(rows)[field]
    mine = rows[held].assign(right=~wrong[held]).sort_values(["entity", "updated_at", "record_id"])
    mine = mine[mine.groupby("entity").transform("size") > 1]
    firm = mine.groupby("entity")
    recent = firm.right.last().astype(float)
    erp = mine.sort_values(
        ["entity", "source", "record_id"], key=lambda s: s != "erp" if s.name == "source" else s
    )
    for others in (
        firm.right.first(),
        firm.right.mean(),
        erp.groupby("entity").right.first(),
    ):
        gain = recent - others
        assert gain.mean() > 4 * gain.sem(), f"{recent.mean():.3f} against {others.mean():.3f}"


@pytest.fixture(scope="module")
def pairs(rows):
    return pair_up(list_keys(rows))


def test_records_of_a_firm_keep_enough_in_common_and_those_of_two_firms_do_not(rows, pairs):
    sizes = rows.entity.value_counts()
    total = (sizes * (sizes - 1) / 2).sum()
    agreeing = pairs[pairs.agree >= 2]
    assert agreeing.same.sum() / total > 0.97
    strangers = pairs[~pairs.same]
    assert len(strangers) > 0.05 * total, "no pair could mislead"
    assert (strangers.agree >= 2).mean() < 0.12
    assert ((strangers.agree >= 2) & strangers.one_region).mean() < 0.04


def test_a_plain_rule_links_well_and_the_company_name_alone_does_not(rows, pairs):
    sizes = rows.entity.value_counts()
    total = (sizes * (sizes - 1) / 2).sum()
    linked = pairs[(pairs.agree >= 2) & pairs.one_region]
    assert linked.same.mean() > 0.98 and linked.same.sum() / total > 0.95
    named = pairs[pairs.one_company]
    assert named.same.mean() < 0.95 and named.same.sum() / total < 0.95


def test_null_client_has_no_duplicates(null):
    rows = read_records(null)
    assert not rows.duplicated("entity").any()
    assert set(rows.source) == {"erp", "crm", "webshop"}
    assert (rows.source == "erp").sum() == null.accounts
    assert not (pair_up(list_keys(rows)).agree >= 2).any()


def test_null_client_has_nothing_wrong_and_nothing_out_of_date(null):
    rows = read_records(null)
    assert (rows.kinds == "").all() and (rows.stale == "").all()
    for kind, (able, hit) in measure(rows).items():
        assert not hit[able].any(), kind
    for field, (held, wrong) in find_wrong(rows).items():
        assert held.all() and not wrong.any(), field
