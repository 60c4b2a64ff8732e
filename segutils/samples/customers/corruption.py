"""What goes wrong with a firm's records in three source systems: at which rates, and in SQL.

A record suffers at most one kind of damage to how the firm is reached (`DAMAGE`) and at most one slip of the
pen (`SLIPS`), drawn exclusively: so the rates are exact and no record loses everything. Spellings
(`SPELLINGS`) and firmographics (`FIRMOGRAPHICS`) are independent of that and of each other. Age does the
rest: a firm moves, changes its phone or its contact at constant hazards, and a record older than the last
change holds the value before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Groups of records: the ERP's first and second account of a firm, CRM, webshop
GROUPS = ("erp", "second account", "crm", "webshop")
Rates = Mapping[str, tuple[float, float, float, float]]
DAMAGE: Rates = {
    "missing_email": (0.0, 0.0, 0.05, 0.0),
    "missing_phone": (0.0, 0.0, 0.05, 0.14),
    "missing_address": (0.0, 0.0, 0.06, 0.03),
    "typo_email": (0.01, 0.05, 0.02, 0.02),
    "shared_email": (0.08, 0.14, 0.08, 0.06),  # info@ of the firm's domain
    "private_email": (0.01, 0.08, 0.04, 0.26),
    "other_address": (0.03, 0.16, 0.05, 0.08),  # another site of the firm
    "other_phone": (0.05, 0.16, 0.08, 0.08),
}
SLIPS: Rates = {
    "typo_company": (0.03, 0.14, 0.06, 0.06),
    "typo_name": (0.03, 0.1, 0.05, 0.05),
    "typo_street": (0.03, 0.1, 0.05, 0.06),  # of records with an address, as in the next but one
    "nickname": (0.01, 0.1, 0.08, 0.12),
    "swapped_name": (0.03, 0.1, 0.04, 0.06),
    "swapped_address": (0.0, 0.0, 0.02, 0.04),  # town and street in each other's field
}
SPELLINGS: Rates = {
    "legal_form": (0.06, 0.35, 0.18, 0.3),  # dropped, half of the time, or spelled differently
    "phone_format": (0.15, 0.5, 0.4, 0.6),  # of records with a phone
    "street_format": (0.1, 0.3, 0.2, 0.3),  # abbreviated, of addresses with a street type that can be
    "transliteration": (0.1, 0.25, 0.06, 0.15),  # of records with letters beyond a to z
}
FIRMOGRAPHICS: Rates = {
    "missing_industry": (0.0, 0.0, 0.02, 0.3),
    "missing_employees": (0.0, 0.0, 0.1, 0.5),
    "missing_annual_revenue": (0.0, 0.0, 0.15, 0.7),
    "missing_website": (0.3, 0.3, 0.1, 0.4),  # of firms with one
    # wrong at any age; of records that hold the field
    "other_industry": (0.03, 0.06, 0.06, 0.1),
    "other_employees": (0.04, 0.08, 0.08, 0.12),
    "other_annual_revenue": (0.05, 0.1, 0.1, 0.15),
}
HAZARDS: Mapping[str, float] = {  # changes a year, per firm
    "contact": 0.14,  # name and e-mail
    "address": 0.09,
    "phone": 0.08,
    "industry": 0.03,
    "employees": 0.25,
    "annual_revenue": 0.35,
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BESIDE = "svxsrdhguklknmpowtdzibecxt"  # on the keyboard, letter by letter
MACROS = f"""
create macro neighbour(letter) as translate(letter, '{LETTERS}', '{BESIDE}');
create macro mistyped(x, i, u) as case
  when u < 0.25 then x[:i] || x[i:]
  when u < 0.5 and neighbour(x[i]) <> x[i] then x[:i - 1] || neighbour(x[i]) || x[i + 1:]
  when u >= 0.5 and u < 0.75 and i < length(x) and x[i] <> x[i + 1]
    then x[:i - 1] || x[i + 1] || x[i] || x[i + 2:]
  else x[:i - 1] || x[i + 1:] end;
create macro typo(x, ua, ub) as mistyped(x, 2 + floor(ua * (length(x) - 2))::int, ub);
create macro unaccented(x) as strip_accents(translate(replace(x, 'ß', 'ss'), 'łŁ', 'lL'));
create macro spelled_out(x) as replace(replace(replace(replace(replace(replace(x,
  'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'Ä', 'Ae'), 'Ö', 'Oe'), 'Ü', 'Ue');
create macro romanised(country, x, u) as
  unaccented(case when country = 'Germany' and u < 0.75 then spelled_out(x) else x end);
create macro native(x) as strlen(x) > length(x);
create macro respelled_phone(calling_code, trunk, dial, subscriber, u) as case
  when u < 0.25 then concat('00', calling_code, ' ', dial, ' ', subscriber)
  when u < 0.5 then concat(trunk, dial, '/', subscriber)
  when u < 0.75 then concat('+', calling_code, dial, subscriber)
  else concat('(', trunk, dial, ') ', subscriber[:3], ' ', subscriber[4:]) end;
create macro another(options, value, u) as options[1 + (list_position(options, value) +
  floor(u * (len(options) - 1))::int) % len(options)];
create macro resized(x, ua, ub) as
  x * exp((0.1 + 0.3 * sqrt(-2 * ln(1 - ua))) * case when ub < 0.5 then 1 else -1 end);
create macro restaffed(x, y) as case when greatest(1, round(y)) = x then x + 1 else greatest(1, round(y)) end;
"""


def rate_sql(rates: Sequence[float]) -> str:
    """The rate of a row's group (column ``grp``)."""
    branches = " ".join(f"when '{group}' then {rate}" for group, rate in zip(GROUPS, rates, strict=True))
    return f"case grp {branches} end"


def kind_sql(kinds: Rates, u: str) -> str:
    """Which of these kinds a row's uniform number picks by the rates of its group, if any."""

    def cumulate(place: int) -> str:
        branches, limit = "", 0.0
        for kind, rates in kinds.items():
            limit += rates[place]
            branches += f" when {u} < {limit:.6f} then '{kind}'" if rates[place] else ""
        return f"case{branches} end" if branches else "null"

    branches = " ".join(f"when '{group}' then {cumulate(place)}" for place, group in enumerate(GROUPS))
    return f"case grp {branches} end"


def plan_sql(listed: str, *, null: bool) -> str:
    """What goes wrong with each of these records?

    `listed` has key (unique), entity, grp and age (years). Added are damage and slip (a kind or null),
    ``is_<kind>`` for each spelling and firmographic kind, and ``stale_<field>`` for each field that can be
    out of date; the last change of a firm is the same for all of its records. In the null client nothing is
    wrong.
    """
    flags = [*SPELLINGS.items(), *FIRMOGRAPHICS.items()]
    uniforms = [f"u{1 + number % 4}(f{number // 4})" for number in range(len(flags))]
    chosen = [
        f"{'false' if null else f'{u} < {rate_sql(rates)}'} as is_{kind}"
        for u, (kind, rates) in zip(uniforms, flags, strict=True)
    ]
    changes = [f"u{1 + number % 4}(c{number // 4})" for number in range(len(HAZARDS))]
    stale = [
        f"{'false' if null else f'age > -ln(1 - {u}) / {hazard}'} as stale_{field}"
        for u, (field, hazard) in zip(changes, HAZARDS.items(), strict=True)
    ]
    names = [f"f{number}" for number in range(1 + (len(flags) - 1) // 4)]
    draws = ", ".join(f"draw('{name}', key) as {name}" for name in names)
    damage, slip = ("null::varchar",) * 2 if null else (kind_sql(DAMAGE, "u1(d)"), kind_sql(SLIPS, "u2(d)"))
    return f"""
        with drawn as (
          select *, draw('damage', key) as d, {draws}, draw('change 0', entity) as c0,
            draw('change 1', entity) as c1
          from ({listed})
        )
        select * exclude (d, {", ".join(names)}, c0, c1), {damage} as damage, {slip} as slip,
          {", ".join([*chosen, *stale])}
        from drawn"""
