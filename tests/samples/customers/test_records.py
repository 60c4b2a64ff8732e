"""The customer master and the source records: whose they are, and what the customers agreed to."""

import math
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segutils.samples.customers import accounts, identities, record_truth, records
from segutils.samples.making import AS_OF, Making, open_making

sys.path.insert(0, str(Path(__file__).parent))
from record_reading import read_records

CUSTOMER_COLUMNS = (
    "customer_id name email phone company industry employees annual_revenue country region postcode latitude "
    "longitude signup_date acquisition_channel acquisition_cost business_unit sales_segment strategy_segment "
    "district city account_rep consent_email consent_phone consent_profiling women_owned association"
)
RECORD_COLUMNS = (
    "source record_id name email phone company industry employees annual_revenue country region city street "
    "postcode latitude longitude website updated_at true_entity"
)


@pytest.fixture(scope="module")
def rows(made):
    return read_records(made)


def test_the_share_of_firms_in_each_system_is_as_planned(rows, within):
    firms = rows.entity.nunique()
    per_firm = rows.groupby(["entity", "source"]).size().unstack(fill_value=0)
    twin = (rows.grp == "second account").groupby(rows.entity).sum()
    assert (per_firm.erp == 1 + twin).all()
    assert twin.sum() == round(accounts.SECOND_ACCOUNTS * (firms + twin.sum()))
    for source, planned in (("crm", records.IN_CRM), ("webshop", records.IN_WEBSHOP)):
        there = (per_firm[source] > 0).mean()
        within(there, planned, math.sqrt(planned * (1 - planned) / firms), what=source)
    in_crm = per_firm.crm[per_firm.crm > 0]
    planned = records.TWICE_IN_CRM
    within(
        (in_crm == 2).mean(),
        planned,
        math.sqrt(planned * (1 - planned) / len(in_crm)),
        what="twice in the CRM",
    )
    twins = accounts.SECOND_ACCOUNTS / (1 - accounts.SECOND_ACCOUNTS)
    planned = 1 - (1 - twins) * (1 - records.IN_CRM) * (1 - records.IN_WEBSHOP)
    several = (per_firm.sum(axis=1) > 1).mean()
    within(several, planned, math.sqrt(planned * (1 - planned) / firms), what="several records")


def test_record_ids_of_the_systems_are_unlike(rows):
    assert not rows.duplicated(["source", "record_id"]).any()
    for source, pattern in (("erp", "A[0-9]{6,7}"), ("crm", "CRM-[0-9]{7}"), ("webshop", "u[0-9]+")):
        assert rows[rows.source == source].record_id.str.fullmatch(pattern).all()
    # their order tells nothing about which firm a record is of
    crm = rows[rows.source == "crm"].sort_values("record_id")
    order = np.corrcoef(np.arange(len(crm)), pd.factorize(crm.entity, sort=True)[0])[0, 1]
    assert abs(order) < 4 / math.sqrt(len(crm))


def test_no_record_is_newer_than_the_data_or_older_than_the_customer(made, rows):
    signup = made.ask("""
        select 'E' || lpad((entity + 1)::varchar, 7, '0') as entity, signup_date
        from draft.firms""").set_index("entity")
    erp = (
        made.ask("select customer_id, signup_date from client.customers").set_index("customer_id").signup_date
    )
    since = rows.record_id.map(erp).fillna(rows.entity.map(signup.signup_date))
    assert (rows.updated_at.dt.normalize() >= since).all()
    assert rows.updated_at.max() < pd.Timestamp(AS_OF)


def test_a_person_looked_up_all_records_of_some_firms(made, rows):
    known = rows[rows.true_entity.notna()]
    assert (known.true_entity == known.entity).all()
    assert rows[rows.entity.isin(known.entity)].true_entity.notna().all()
    wanted = max(records.FEWEST_LABELLED, min(records.MOST_LABELLED, records.LABELLED * len(rows)))
    assert wanted <= len(known) < wanted + 10
    assert known.duplicated("entity").sum() > 100


def test_customers_are_the_records_of_the_erp_and_complete(made, rows):
    customers = made.ask("select * from client.customers order by customer_id")
    assert " ".join(customers.columns) == CUSTOMER_COLUMNS
    assert " ".join(made.ask("select * from client.source_records limit 0").columns) == RECORD_COLUMNS
    assert len(customers) == made.accounts and customers.notna().all().all()
    erp = rows[rows.source == "erp"].sort_values("record_id").reset_index(drop=True)
    assert (erp.record_id == customers.customer_id).all()
    for field in ("name", "email", "phone", "company", "country", "region", "city", "postcode", "latitude"):
        assert (erp[field] == customers[field]).all(), field
    drafted = made.ask("select * from draft.accounts order by customer_id")
    for field in ("industry", "employees", "sales_segment", "district", "women_owned", "account_rep"):
        assert (drafted[field] == customers[field]).all(), field
    text = " ".join(customers.select_dtypes("str").stack().unique())
    assert not [
        name for name in ("majors", "maintenance", "legacy", "builders") if re.search(rf"\b{name}\b", text)
    ]


def test_second_accounts_are_written_otherwise(made):
    both = made.ask("""
        select a.*, b.name as n, b.email as e, b.phone as p, b.company as c, b.postcode as z
        from client.customers as a join truth.second_accounts using (customer_id)
          join client.customers as b on b.customer_id = also_known_as""")
    same = (both.name == both.n) & (both.email == both.e) & (both.phone == both.p)
    same &= (both.company == both.c) & (both.postcode == both.z)
    assert len(both) == round(accounts.SECOND_ACCOUNTS * made.accounts)
    assert same.mean() < 0.15


def check_consents(making: Making, rates: dict[str, float], within: Callable[..., None]) -> None:
    customers = making.ask("select * from client.customers")
    for words_, planned in rates.items():
        mine = customers.query(words_.partition(" where ")[2]) if " where " in words_ else customers
        share = mine[words_.partition(" where ")[0]].mean()
        within(share, planned, math.sqrt(planned * (1 - planned) / len(mine)), what=words_)


def test_consents_are_given_at_their_rates(made, within):
    rates = {f"consent_email where country == '{c}'": rate for c, rate in records.CONSENT_EMAIL.items()}
    rates |= {
        f"consent_profiling where consent_email == {g}": r for g, r in records.CONSENT_PROFILING.items()
    }
    check_consents(made, {**rates, "consent_phone": records.CONSENT_PHONE}, within)


def estimate_proxy(making: Making) -> pd.DataFrame:
    """Per ownership: shares of the associations, one account a firm."""
    firms = making.ask("""
        select women_owned, association, industry from client.customers join draft.accounts
        using (customer_id, women_owned, association, industry) where account = entity""")
    return firms


def test_the_association_gives_women_owned_firms_away(made, within):
    firms = estimate_proxy(made)
    for owned, shares in ((True, accounts.ASSOCIATION_IF_WOMEN_OWNED), (False, accounts.ASSOCIATION_ELSE)):
        mine = firms[firms.women_owned == owned].association
        for name, planned in zip(accounts.ASSOCIATION, shares, strict=True):
            error = math.sqrt(planned * (1 - planned) / len(mine))
            within((mine == name).mean(), planned, error, what=f"{name} if {owned}")
    for industry in accounts.INDUSTRIES:
        mine = firms[firms.industry == industry].women_owned
        planned = accounts.WOMEN_OWNED.get(industry, accounts.WOMEN_OWNED_ELSEWHERE)
        within(mine.mean(), planned, math.sqrt(planned * (1 - planned) / len(mine)), what=industry)
    members = firms[firms.association == "Feldring"].women_owned.mean()
    assert members > 3 * firms.women_owned.mean()


def test_null_client_has_no_differences_in_consent_or_ownership(null, within):
    check_consents(null, records.CONSENT_NULL, within)
    countries = {f"consent_email where country == '{c}'": 0.6 for c in records.CONSENT_EMAIL}
    profiling = {f"consent_profiling where consent_email == {g}": 0.34 for g in (True, False)}
    check_consents(null, countries | profiling, within)
    firms = estimate_proxy(null)
    members = firms.association == "Feldring"
    a, b = firms.women_owned[members], firms.women_owned[~members]
    share = firms.women_owned.mean()
    error = math.sqrt(share * (1 - share) * (1 / len(a) + 1 / len(b)))
    within(a.mean() - b.mean(), 0.0, error, what="difference between members and others")


def test_same_seed_same_records_whatever_the_threads():
    found = []
    for threads in (1, 2):
        with open_making(accounts=200, seed=11, threads=threads) as making:
            accounts.build_accounts(making)
            identities.build_identities(making)
            records.build_records(making)
            record_truth.tell_records(making)
            tables = ["client.customers", "client.source_records", "truth.records", "truth.staleness"]
            found.append([making.ask(f"from {name}") for name in tables])
            assert 200 <= found[-1][1].true_entity.notna().sum() < 210
    for one, two in zip(*found, strict=True):
        pd.testing.assert_frame_equal(one, two)
