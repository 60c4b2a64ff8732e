"""The customer master, and the same firms as three source systems know them.

The ERP's record of an account and its row in ``customers`` are the same record: names and addresses agree.
The firmographics of ``customers`` are today's; in the source records they are as old as the record. What was
planted is told by :mod:`segutils.samples.customers.record_truth`.
"""

from __future__ import annotations

from collections.abc import Mapping

from segutils.samples.customers.accounts import INDUSTRIES
from segutils.samples.customers.corruption import FIRMOGRAPHICS, HAZARDS, MACROS, SPELLINGS, plan_sql
from segutils.samples.customers.identities import identify_sql, sql_list
from segutils.samples.making import AS_OF, Making

IN_CRM, IN_WEBSHOP = 0.75, 0.4  # share of firms
TWICE_IN_CRM = 0.2  # of these, share with two CRM records
CRM_ONLY = 0.6  # null client: share of prospects in the CRM; the others are in the webshop only
AGES: Mapping[str, float] = {"erp": 1.8, "second account": 2.2, "crm": 0.9, "webshop": 0.7}  # mean years
OLDEST = 6  # years since a record was last touched, at most; and no record is older than its account
LABELLED, FEWEST_LABELLED, MOST_LABELLED = 0.05, 200, 1990  # records whose true entity a person looked up
CONSENT_EMAIL: Mapping[str, float] = {"Germany": 0.52, "France": 0.6, "Spain": 0.68, "Poland": 0.64}
CONSENT_PHONE = 0.41
CONSENT_PROFILING = {True: 0.5, False: 0.1}  # given consent to e-mail or not
CONSENT_NULL = {"consent_email": 0.6, "consent_phone": 0.41, "consent_profiling": 0.34}
ENTITY_CODE = "'E' || lpad((entity + 1)::varchar, 7, '0')"
STREET_SLIPS = "('typo_street', 'swapped_address')"


def build_records(making: Making) -> None:
    """Who are the customers, and what does each source system believe about them?

    Leaves ``draft.records`` (what each record says, and beside it what is wrong with it),
    ``client.customers`` and ``client.source_records``.
    """
    making.run(MACROS)
    planned = plan_sql(_listed_sql(making), null=making.null)
    making.run(f"create table draft.records as {_written_sql(planned)}")
    _label(making)
    _emit_customers(making)
    making.emit(
        "source_records",
        f"""select source, record_id, name, email, phone, company, industry, employees,
        euros(annual_revenue) as annual_revenue, country, region, city, street, postcode, latitude, longitude,
        website, updated_at, case when labelled then {ENTITY_CODE} end as true_entity
        from draft.records join draft.labels using (entity)""",
        order="source, record_id",
    )


def _listed_sql(making: Making) -> str:
    """One row per record: whose it is, in which system, and when it was last touched."""
    known = f"u1(draw('in crm', entity)) < {IN_CRM}", f"u1(draw('in webshop', entity)) < {IN_WEBSHOP}"
    if making.null:
        prospect = f"entity >= {making.accounts} and u1(draw('known', entity))"
        known = f"{prospect} < {CRM_ONLY}", f"{prospect} >= {CRM_ONLY}"
    twice = 0.0 if making.null else TWICE_IN_CRM
    mean = " ".join(f"when '{group}' then {years * 365.25}" for group, years in AGES.items())
    return f"""
        with listed as (
          select 'erp' as source, case when account = entity then 'erp' else 'second account' end as grp,
            entity, account, signup_date, 0 as copy from draft.accounts
          union all
          select 'crm', 'crm', entity, null, signup_date,
            unnest(range(case when u2(draw('in crm', entity)) < {twice} then 2 else 1 end))
          from draft.firms where {known[0]}
          union all
          select 'webshop', 'webshop', entity, null, signup_date, 0 from draft.firms where {known[1]}
        ), keyed as (
          select *, concat(grp, '.', coalesce(account, entity), '.', copy) as key, draw('record', key) as r,
            case grp {mean} end as mean,
            least({OLDEST} * 365.25, date_diff('day', signup_date, date '{AS_OF}')) as life
          from listed
        ), aged as (
          select *, row_number() over (partition by source order by r, key) as nth,
            1 + floor(-mean * ln(1 - u1(r) * (1 - exp(-life / mean))))::int as days
          from keyed
        )
        select source, grp, entity, account, key, days / 365.25 as age,
          timestamp '{AS_OF} 08:00:00' - to_days(days) + to_seconds(floor(u2(r) * 36000)::int) as updated_at,
          case source when 'erp' then concat('A', lpad((account + 1)::varchar, 6, '0'))
            when 'crm' then concat('CRM-', lpad(nth::varchar, 7, '0'))
            else concat('u', 40000 + nth) end as record_id
        from aged"""


def _written_sql(planned: str) -> str:
    """The records as they stand in their systems, and beside each what is wrong with it."""
    # most records know the firm's person, site and phone line of today: those are made already
    rows = """
        select p.*, f.* exclude (entity, signup_date) from versioned as p join draft.firms as f using (entity)
        where person + site + line > 0"""
    industries = sql_list(INDUSTRIES)
    flags = [*SPELLINGS, *FIRMOGRAPHICS]
    # written out where they are used, so that only the rows that need them draw them
    t, w, v = "draw('pen', key)", "draw('spelling', key)", "draw('values', key)"
    b, c = "draw('values before', entity)", "draw('revenue before', entity)"
    return f"""
        with versioned as materialized (
          select *, case when stale_contact then 1 else 0 end as person,
            case when damage = 'other_address' then 2 when stale_address then 1 else 0 end as site,
            case when damage = 'other_phone' then 2 when stale_phone then 1 else 0 end as line
          from ({planned})
        ), identified as (
          select p.*, k.* exclude (entity, signup_date, person, site, line)
          from versioned as p join draft.known as k using (entity) where p.person + p.site + p.line = 0
          union all by name select * from ({identify_sql(rows)})
        ), drawn as (
          select * replace (
              case when damage = 'missing_address' and slip in {STREET_SLIPS} then null
                else slip end as slip),
            damage is null or damage <> 'missing_address' as has_address,
            case when is_street_format then short_road else road end as way
          from identified
        ), dated as (
          select * replace (
              case when stale_employees then restaffed(employees, resized(employees, u1({b}), u2({b})))
                else employees end as employees,
              case when stale_annual_revenue then resized(annual_revenue, u1({c}), u2({c}))
                else annual_revenue end as annual_revenue,
              case when stale_industry then another({industries}, industry, u3({b}))
                else industry end as industry,
              case when slip = 'typo_street' then typo(way, u1({t}), u2({t})) else way end as way,
              case when slip = 'typo_name' then typo(family_name, u1({t}), u2({t})) else family_name end
                as family_name)
          from drawn
        ), written as (
          select * replace (
              case when is_missing_employees then null when is_other_employees
                then restaffed(employees, resized(employees, u1({v}), u2({v})))
                else employees end as employees,
              case when is_missing_annual_revenue then null when is_other_annual_revenue
                then resized(annual_revenue, u3({v}), u4({v})) else annual_revenue end as annual_revenue,
              case when is_missing_industry then null when is_other_industry
                then another({industries}, industry, u4({t})) else industry end as industry,
              case when is_legal_form or slip = 'typo_company' then trim(concat(
                case when slip = 'typo_company' then typo(stem, u1({t}), u2({t})) else stem end, ' ',
                case when is_legal_form then legal_respelled(country, legal_u, u1({w}))
                else legal(country, legal_u) end)) else company end as company,
              case when damage = 'missing_email' then null when damage = 'shared_email' then shared_email
                when damage = 'private_email' then private_email when damage = 'typo_email' then
                  concat(typo(split_part(email, '@', 1), u1({t}), u2({t})), '@', split_part(email, '@', 2))
                else email end as email,
              case when damage = 'missing_phone' then null when is_phone_format then respelled_phone(
                calling_code(country), trunk(country), dial, subscriber, u2({w})) else phone end as phone,
              case when not has_address then null when is_street_format or slip = 'typo_street'
                then address(country, way, number) else street end as street,
              case when has_address then city end as city,
              case when has_address then postcode end as postcode,
              case when has_address then latitude end as latitude,
              case when has_address then longitude end as longitude),
            case when slip = 'nickname' then concat(first_short, ' ', family_name)
              when slip = 'swapped_name' and u3({t}) < 0.5 then concat(family_name, ', ', first_name)
              when slip = 'swapped_name' then concat(family_name, ' ', first_name)
              else concat(first_name, ' ', family_name) end as name,
            case when not is_missing_website then 'www.' || domain end as website
          from dated
        ), placed as (
          select * replace (case when slip = 'swapped_address' then city else street end as street,
              case when slip = 'swapped_address' then street else city end as city),
            native(concat(name, company, street, city)) as has_native from written
        ), romanised as (
          select * exclude (name, company, street, city), is_transliteration and has_native as plain,
            case when plain then romanised(country, name, u3({w})) else name end as name,
            case when plain then romanised(country, company, u3({w})) else company end as company,
            case when plain then romanised(country, street, u3({w})) else street end as street,
            case when plain then romanised(country, city, u3({w})) else city end as city
          from placed
        )
        select source, grp, record_id, entity, account, name, email, phone, company, industry,
          employees::int as employees, round(annual_revenue, -3) as annual_revenue, country, region, city,
          street, postcode, latitude, longitude, website, updated_at, age, damage, slip, has_native,
          has_address, short_road <> road as can_abbreviate, domain is not null as has_domain,
          {", ".join(f"is_{kind}" for kind in flags)}, {", ".join(f"stale_{field}" for field in HAZARDS)}
        from romanised"""


def _label(making: Making) -> None:
    """``draft.labels``: which entities a person looked up, with all records of them."""
    making.run(f"""
        create table draft.labels as
        with sized as (select entity, count(*) as records from draft.records group by entity),
        running as (
          select entity, sum(records) over (order by draw('label', entity), entity) - records as before,
            sum(records) over () as total from sized
        )
        select entity,
          before < least({MOST_LABELLED}, greatest({FEWEST_LABELLED}, {LABELLED} * total)) as labelled
        from running""")


def _emit_customers(making: Making) -> None:
    email = " ".join(f"when '{country}' then {share}" for country, share in CONSENT_EMAIL.items())
    rates = {
        "consent_email": f"case a.country {email} end",
        "consent_phone": str(CONSENT_PHONE),
        "consent_profiling": f"case when consent_email then {CONSENT_PROFILING[True]} "
        f"else {CONSENT_PROFILING[False]} end",
    }
    if making.null:
        rates = {name: str(rate) for name, rate in CONSENT_NULL.items()}
    consents = ", ".join(
        f"u{number}(c) < {rate} as {name}" for number, (name, rate) in enumerate(rates.items(), 1)
    )
    making.emit(
        "customers",
        f"""with asked as (select *, draw('consent', account) as c from draft.accounts)
        select customer_id, r.name, r.email, r.phone, r.company, a.industry, a.employees::int as employees,
          euros(a.annual_revenue) as annual_revenue, a.country, a.region, r.postcode, r.latitude, r.longitude,
          signup_date::date as signup_date, acquisition_channel, euros(acquisition_cost) as acquisition_cost,
          business_unit, sales_segment, strategy_segment, district, r.city, account_rep, {consents},
          women_owned, association
        from asked as a join draft.records as r using (account)""",
        order="customer_id",
    )
