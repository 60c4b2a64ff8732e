"""What was planted in the customer master and the source records, written down."""

from __future__ import annotations

import pandas as pd

from segutils.samples.customers import records
from segutils.samples.customers.corruption import (
    DAMAGE,
    FIRMOGRAPHICS,
    GROUPS,
    HAZARDS,
    SLIPS,
    SPELLINGS,
    Rates,
)
from segutils.samples.customers.identities import CENTRAL_BUYING, NAMESAKES, SUBSIDIARIES
from segutils.samples.customers.records import ENTITY_CODE
from segutils.samples.making import Making

KINDS: Rates = {**DAMAGE, **SLIPS, **SPELLINGS, **FIRMOGRAPHICS}
ELIGIBLE = {  # which records can have a kind, where not all can
    "typo_street": "has_address",
    "swapped_address": "has_address",
    "street_format": "has_address and can_abbreviate",
    "phone_format": "phone is not null",
    "transliteration": "has_native",
    "missing_website": "has_domain",
    "other_industry": "industry is not null",
    "other_employees": "employees is not null",
    "other_annual_revenue": "annual_revenue is not null",
}
HOLDS = {  # which records hold the firm's own value of a field, whether of today or of before
    "contact": "true",
    "address": "has_address and coalesce(damage <> 'other_address', true)",
    "phone": "phone is not null and coalesce(damage <> 'other_phone', true)",
    "industry": "industry is not null",
    "employees": "employees is not null",
    "annual_revenue": "annual_revenue is not null",
}


def tell_records(making: Making) -> None:
    """Which records are one firm, what is wrong with each, and what is right? Tables of the truth.

    Leaves in the truth ``records``, ``identities``, ``sources``, ``corruption``, ``staleness``, ``consents``.
    """
    _keep_records(making)
    making.truth("sources", _count_sources(making))
    making.truth("corruption", _count_corruption(making))
    making.truth("staleness", _count_staleness(making))
    making.truth("consents", _count_consents(making))
    _tell_duplicates(making)
    _tell_faults(making)
    _tell_consents(making)


def _has(kind: str) -> str:
    """The condition that a record has this kind of fault."""
    if kind in DAMAGE or kind in SLIPS:
        return f"coalesce({'damage' if kind in DAMAGE else 'slip'} = '{kind}', false)"
    return f"is_{kind} and {ELIGIBLE.get(kind, 'true')}"


def _keep_records(making: Making) -> None:
    kinds = ", ".join(f"case when {_has(kind)} then '{kind}' end" for kind in KINDS)
    stale = ", ".join(
        f"case when stale_{field} and {held} then '{field}' end" for field, held in HOLDS.items()
    )
    making.truth(
        "records",
        f"""select source, record_id, {ENTITY_CODE} as entity, concat_ws(';', {kinds}) as kinds,
        concat_ws(';', {stale}) as stale from draft.records order by source, record_id""",
    )
    making.truth(
        "identities",
        f"""select {ENTITY_CODE} as entity, company, name, email, phone, website, industry, employees,
        euros(annual_revenue) as annual_revenue, country, region, city, street, postcode, latitude, longitude,
        relation, case when relation is not null then 'E' || lpad((named_after + 1)::varchar, 7, '0') end
          as named_after
        from draft.identities join (select entity, relation, named_after from draft.firms) using (entity)
        order by entity""",
    )


def _count_sources(making: Making) -> pd.DataFrame:
    """Per source: planned and realised share of firms with a record there, and of these with two."""
    planned = {"crm": (records.IN_CRM, records.TWICE_IN_CRM), "webshop": (records.IN_WEBSHOP, 0.0)}
    counts = making.ask("""
        select source, sum(n)::bigint as records, count(*) as firms, count(*) filter (n > 1) as twice
        from (select source, entity, count(*) as n from draft.records group by source, entity)
        group by source order by source""")
    known = making.ask("select count(*) as firms from draft.firms").firms[0]
    rows = [
        {
            "source": row.source,
            "records": int(row.records),
            "firms": int(row.firms),
            "share_planned": None if making.null else planned.get(row.source, (1.0, None))[0],
            "share_realised": row.firms / known,
            "twice_planned": 0.0 if making.null else planned.get(row.source, (1.0, None))[1],
            "twice_realised": row.twice / row.firms,
        }
        for row in counts.itertuples()
    ]
    return pd.DataFrame(rows).astype({"share_planned": float, "twice_planned": float})


def _count_corruption(making: Making) -> pd.DataFrame:
    """Per group of records and kind: planned rate, records that can have it, share of these that do."""
    parts = [
        f"count(*) filter ({ELIGIBLE.get(kind, 'true')}) as n_{kind}, "
        f"count(*) filter ({_has(kind)}) as h_{kind}"
        for kind in KINDS
    ]
    counts = making.ask(f"select grp, {', '.join(parts)} from draft.records group by grp").set_index("grp")
    rows = [
        {
            "records_of": group,
            "kind": kind,
            "planned": 0.0 if making.null else rates[place],
            "eligible": int(counts.loc[group, f"n_{kind}"]),
            "realised": counts.loc[group, f"h_{kind}"] / max(1, counts.loc[group, f"n_{kind}"]),
        }
        for place, group in enumerate(GROUPS)
        if group in counts.index
        for kind, rates in KINDS.items()
    ]
    return pd.DataFrame(rows)


def _count_staleness(making: Making) -> pd.DataFrame:
    """Per field and source: hazard, records with a value, expected and realised share that is out of date."""
    hazards = {field: 0.0 if making.null else hazard for field, hazard in HAZARDS.items()}
    # averages of decimals: their sum doesn't depend on the order of rows
    parts = [
        f"""select '{field}' as field, source, {hazard} as changes_a_year, count(*) as records,
          avg((1 - exp(-{hazard} * age))::decimal(18, 12)) as expected, avg(stale_{field}::int) as realised
        from draft.records where {HOLDS[field]} group by source"""
        for field, hazard in hazards.items()
    ]
    return making.ask(f"select * from ({' union all '.join(parts)}) order by field, source").round(9)


def _count_consents(making: Making) -> pd.DataFrame:
    """Per consent and group: planned and realised share."""
    groups = [
        ("consent_email", f"country = '{country}'", country, share)
        for country, share in records.CONSENT_EMAIL.items()
    ]
    groups += [("consent_phone", "true", "all", records.CONSENT_PHONE)]
    groups += [
        ("consent_profiling", f"consent_email = {given}", f"{'' if given else 'no '}consent to e-mail", share)
        for given, share in records.CONSENT_PROFILING.items()
    ]
    parts = [
        f"""select {place} as place, '{consent}' as consent, '{words}' as customers,
          {records.CONSENT_NULL[consent] if making.null else share} as planned, count(*) as counted,
          avg({consent}::int) as realised
        from client.customers where {where}"""
        for place, (consent, where, words, share) in enumerate(groups)
    ]
    return making.ask(f"select * exclude (place) from ({' union all '.join(parts)}) order by place")


def _tell_duplicates(making: Making) -> None:
    found = making.ask("""
        select count(*) as firms, sum(n)::bigint as records, count(*) filter (n > 1) as several
        from (select entity, count(*) as n from draft.records group by entity)""").iloc[0]
    labelled = making.ask("select count(true_entity) as n from client.source_records").n[0]
    text = (
        f"{found.records:,} records of {found.firms:,} firms: no firm has two, in one system or in several. "
        "CRM and webshop know prospects only."
        if making.null
        else f"{found.records:,} records of {found.firms:,} firms, {found.several:,} of which have several: "
        f"each account has a record in the ERP, {records.IN_CRM:.0%} of firms have one in the CRM (of these "
        f"{records.TWICE_IN_CRM:.0%} two), {records.IN_WEBSHOP:.0%} one in the webshop. To mislead, "
        f"{SUBSIDIARIES:.0%} of firms share company name and e-mail domain with a sister firm in another "
        f"town ({CENTRAL_BUYING:.0%} of them the contact, too) and {NAMESAKES:.0%} share only their name "
        "with a stranger: these are different firms."
    )
    making.plant(
        "Which records are one firm",
        f"{text} The ERP's record and the row in customers are the same. `true_entity` is filled for "
        f"{labelled:,} records, with all records of the firms drawn.",
        tables="customers source_records",
        truth="records identities sources",
        capabilities="identity-resolution contract",
    )


def _tell_faults(making: Making) -> None:
    making.plant(
        "What is wrong with the records",
        "Every record is right and of today."
        if making.null
        else "Each system has its own rates of typing errors, nicknames, swapped fields, transliterated "
        "letters, legal forms left out, other spellings of phones and streets, other addresses, numbers and "
        "mailboxes of the same firm, missing fields, and wrong firmographics (`corruption`; `second account` "
        "are the ERP's second records of a firm). At most one of a record's ways to reach the firm and one "
        "of its names or streets is hit, so records of a firm keep enough in common.",
        tables="source_records customers",
        truth="corruption records",
        capabilities="identity-resolution firmographic-conflicts cleansing-budget",
    )
    making.plant(
        "Values that time has overtaken",
        "No value is out of date."
        if making.null
        else "Firms move, and change contact, phone, size and industry, at constant hazards a year "
        "(`staleness`). A record that was last touched before a firm's last change holds the value before "
        "it, so the share of outdated values grows with age as 1 - exp(-hazard × years), all older records "
        "of a firm agree on the outdated value, and the most recent record is the best guess. `identities` "
        "has the values of today.",
        tables="source_records",
        truth="staleness records identities",
        capabilities="firmographic-conflicts identity-resolution refresh-cycle",
    )


def _tell_consents(making: Making) -> None:
    making.plant(
        "Consents",
        "Consents are independent of everything."
        if making.null
        else "Consent to e-mail differs by country, consent to phone does not, and consent to profiling is "
        f"{records.CONSENT_PROFILING[True]:.0%} with consent to e-mail and "
        f"{records.CONSENT_PROFILING[False]:.0%} without. Both accounts of a firm are asked "
        "independently, so that they may contradict each other.",
        tables="customers",
        truth="consents",
        capabilities="privacy",
    )
