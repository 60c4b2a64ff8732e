"""Who the firms behind the accounts are: name, contact, e-mail, phone and address, as they are true today.

A firm's person, site and phone line have numbers: 0 is today's, 1 the one before, 2 another of the same firm.
Records that are out of date or wrong hold the others, made by the same expressions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from segutils.samples.customers.places import TOWNS, list_places
from segutils.samples.customers.words import COINED_ENDS, COINED_MIDDLES, COINED_STARTS, COUNTRIES, Country
from segutils.samples.making import Making, fill_slots

SUBSIDIARIES = 0.04  # share of firms with company name and domain of another one, in another town
CENTRAL_BUYING = 0.2  # of these pairs, share that have one contact, with one e-mail address, for both firms
NAMESAKES = 0.02  # share of firms with the company name of another one, otherwise unrelated, in another town
NO_DOMAIN = 0.1  # share of firms without a website, which write from private-looking addresses
COMMON_FAMILIES = 0.35  # share of family names from the list of common ones; others are put together
# Firms are called: made-up name, person, two families, family (cumulated shares), with what they do
PATTERNS = (0.45, 0.69, 0.94)
SEATS = (0, 0, 0, 1, 2, 3)  # towns of a district: half of the firms sit in its centre
PROSPECTS = 0.5  # null client: firms that only the CRM or the webshop knows, per account
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
HOUSE_LETTERS = ["", "", "", "", "a", "b"]  # behind house numbers
SPREAD = 0.02  # degrees around the town's centre, standard deviation


def build_identities(making: Making) -> None:
    """Who is behind each account?

    Leaves ``draft.identities``, one row per entity (``draft.accounts.entity``): entity, company, name,
    first_name, family_name, email, phone, website, street, city, postcode, latitude, longitude, country,
    region, district, industry, employees, annual_revenue; and the parts of it in ``draft.firms`` and
    ``draft.known``. The null client's prospects have entities from `accounts` up.
    """
    making.run(_words_sql())
    places = list_places()
    german = places.country == "Germany"
    slugs = [slug(city, german=g) for city, g in zip(places.city, german, strict=True)]
    making.draft("places", places.assign(city_slug=slugs))
    _build_firms(making)
    today = identify_sql("select *, 0 as person, 0 as site, 0 as line from draft.firms")
    making.run(f"create table draft.known as {today}")
    making.run("""
        create view draft.identities as
        select entity, company, concat(first_name, ' ', family_name) as name, first_name, family_name, email,
          phone, 'www.' || domain as website, street, city, postcode,
          latitude, longitude, country, region, district, industry, employees, annual_revenue
        from draft.known""")


def sql_list(values: Sequence[str]) -> str:
    """Texts as a DuckDB list."""
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]"


def slug(text: str, *, german: bool) -> str:
    """As it stands in web and mail addresses: Müller becomes mueller in Germany, muller elsewhere."""
    if german:
        for letter, letters in UMLAUTS.items():
            text = text.replace(letter, letters)
    text = unicodedata.normalize("NFKD", text.replace("ß", "ss").translate(str.maketrans("łŁ", "lL")))
    return re.sub("[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode().lower()).strip("-")


def _by_country(write: Callable[[Country], str]) -> str:
    branches = " ".join(f"when '{country.name}' then {write(country)}" for country in COUNTRIES)
    return f"case country {branches} end"


def _pick(values: Sequence[str], u: str) -> str:
    return f"pick({sql_list(values)}, {u})"


def _slugs(country: Country, values: Sequence[str]) -> list[str]:
    return [slug(value, german=country.name == "Germany") for value in values]


def _first(country: Country, part: int, *, slugs: bool = False) -> str:
    names = [name.split(":")[part] for name in country.first_names]
    return _pick(_slugs(country, names) if slugs else names, "u")


def _family(country: Country, *, slugs: bool = False) -> str:
    lists = (country.families, country.family_starts, country.family_ends)
    common, starts, ends = [_slugs(country, words) for words in lists] if slugs else lists
    joint = country.family_joint.replace(" ", "-") if slugs else country.family_joint
    share = COMMON_FAMILIES
    return (
        f"case when ua < {share} then {_pick(common, f'ua / {share}')} else "
        f"concat({_pick(starts, f'(ua - {share}) / {1 - share}')}, '{joint}', {_pick(ends, 'ub')}) end"
    )


def _field(country: Country, *, slugs: bool = False) -> str:
    fields = {name: _slugs(country, words) if slugs else words for name, words in country.fields.items()}
    branches = " ".join(f"when '{name}' then {_pick(words, 'u')}" for name, words in fields.items())
    return f"case industry {branches} end"


def _legal(country: Country, spelling: int) -> str:
    slots = fill_slots({form: entry[0] for form, entry in country.legal_forms.items()}, 20)
    return _pick([(form, *country.legal_forms[form][1:])[spelling] for form in slots], "u")


def _road(country: Country, types: Sequence[str]) -> str:
    name, kind = _pick(country.street_names, "ua"), _pick(types, "ub")
    return country.street_pattern.format(name=name, type=kind)


def _words_sql() -> str:
    """The word lists as SQL macros: uniform numbers become names."""
    middle = f"pick({sql_list(COINED_MIDDLES)}, ub)"
    second = f"case when ud < 0.5 then '' else pick({sql_list(COINED_MIDDLES)}, 2 * ud - 1) end"
    macros = {
        "first_name(country, u)": _by_country(lambda c: _first(c, 0)),
        "first_short(country, u)": _by_country(lambda c: _first(c, 1)),
        "first_slug(country, u)": _by_country(lambda c: _first(c, 0, slugs=True)),
        "family_name(country, ua, ub)": _by_country(_family),
        "family_slug(country, ua, ub)": _by_country(lambda c: _family(c, slugs=True)),
        # Katarzyna Kowalska, Paweł Kowalski
        "feminine(country, first_name, family)": "case when country = 'Poland' and first_name[-1] = 'a' and "
        "family[-2:] = 'ki' then family[:length(family) - 1] || 'a' else family end",
        "coined(ua, ub, uc, ud)": f"concat({_pick(COINED_STARTS, 'ua')}, {middle}, {second}, "
        f"{_pick(COINED_ENDS, 'uc')})",
        "field_name(country, industry, u)": _by_country(_field),
        "field_slug(country, industry, u)": _by_country(lambda c: _field(c, slugs=True)),
        "legal(country, u)": _by_country(lambda c: _legal(c, 0)),
        "legal_respelled(country, u, v)": f"case when v < 0.5 then '' when v < 0.75 then "
        f"{_by_country(lambda c: _legal(c, 1))} else {_by_country(lambda c: _legal(c, 2))} end",
        "road_name(country, ua, ub)": _by_country(lambda c: _road(c, c.street_types)),
        "road_short(country, ua, ub)": _by_country(lambda c: _road(c, c.street_short)),
        "address(country, road, number)": _by_country(lambda c: c.address_pattern),
        "mailbox(country, u)": _by_country(lambda c: _pick(c.mailboxes, "u")),
        "provider(country, u)": _by_country(lambda c: _pick(c.providers, "u")),
        "tld(country)": _by_country(lambda c: f"'{c.tld}'"),
        "calling_code(country)": _by_country(lambda c: f"'{c.calling_code}'"),
        "trunk(country)": _by_country(lambda c: f"'{c.trunk}'"),
        "subscriber(country, dial, u)": "floor((2 + 8 * u) * pow(10, "
        + _by_country(lambda c: str(c.phone_digits))
        + " - length(dial) - 1))::bigint::varchar",
        "postcode_of(country, number)": "case country when 'Poland' then "
        "concat(lpad((number // 1000)::varchar, 2, '0'), '-', lpad((number % 1000)::varchar, 3, '0')) "
        "else lpad(number::varchar, 5, '0') end",
        "private_mail(country, first_slug, family_slug, h)": "concat(first_slug, "
        "pick(['.', '', '_'], u3(h)), family_slug, floor(100 * u2(h))::int, '@', provider(country, u1(h)))",
    }
    return "".join(f"create macro {head} as {body};\n" for head, body in macros.items())


def _build_firms(making: Making) -> None:
    daughters = 0.0 if making.null else SUBSIDIARIES
    strangers = 0.0 if making.null else NAMESAKES
    columns = "country, region, district, industry, employees, annual_revenue, signup_date"
    prospects = f"""union all select account + {making.accounts}, {columns} from draft.accounts
        where u1(draw('prospect', account)) < {PROSPECTS}"""
    coined, person, families = PATTERNS
    making.run(f"""
        create table draft.firms as
        with based as (
          select account as entity, {columns} from draft.accounts where account = entity
          {prospects if making.null else ""}
        ), ranked as (
          select *, count(*) over (partition by country) as firms,
            row_number() over (partition by country order by draw('relation', entity), entity) - 1 as place
          from based
        ), counted as (
          select *, floor(firms * {daughters}) as d, floor(firms * {strangers}) as s from ranked
        ), related as (
          select *, case when place < d then 'subsidiary' when place < d + s then 'namesake' end as relation,
            case when place < d + s then d + s + place end as head_place from counted
        ), headed as (
          select r.* exclude (place, firms, d, s, head_place), coalesce(h.entity, r.entity) as named_after,
            coalesce(h.industry, r.industry) as trade, coalesce(h.district = r.district, false) as near,
            case r.relation when 'subsidiary' then h.entity else r.entity end as owner
          from related as r left join related as h on h.country = r.country and h.place = r.head_place
        ), drawn as (
          select *, draw('company', named_after) as h, draw('company words', named_after) as w,
            draw('habits', owner) as g, pick({list(SEATS)}, u1(draw('seat', entity))) as own,
            pick({list(SEATS)}, u1(draw('seat', named_after))) as head_seat from headed
        ), patterned as (
          select *, case when near and own = head_seat then (own + 1) % {TOWNS} else own end as seat,
            case when u1(h) < {coined} then 1 when u1(h) < {person} then 2 when u1(h) < {families} then 3
              else 4 end as pattern from drawn
        ), worded as (
          select *, u4(h) as legal_u, u1(g) >= {NO_DOMAIN} as has_domain,
            case pattern when 1 then coined(u1(w), u2(w), u3(w), u4(w))
              else family_name(country, u1(w), u2(w)) end as name,
            case when pattern <> 1 then family_slug(country, u1(w), u2(w)) end as name_slug,
            case pattern when 2 then first_name(country, u2(h)) end as first,
            case pattern when 2 then first_slug(country, u2(h)) end as first_plain,
            case pattern when 3 then family_name(country, u3(w), u4(w)) end as second,
            case pattern when 3 then family_slug(country, u3(w), u4(w)) end as second_slug,
            field_name(country, trade, u3(h)) as field, field_slug(country, trade, u3(h)) as field_plain
          from patterned
        ), joined as (
          select *, case pattern when 2 then concat(first, ' ', feminine(country, first, name))
              when 3 then concat(name, ' & ', second) else name end as core,
            case pattern when 1 then lower(name) when 4 then name_slug
              when 2 then concat(first_plain, '-', feminine(country, first_plain, name_slug))
              else concat(name_slug, '-', second_slug) end as core_slug
          from worded
        ), called as (
          select *, case country when 'Germany' then concat(core, ' ', field)
              else concat(field, ' ', core) end as stem,
            case country when 'Germany' then concat(core_slug, '-', field_plain)
              else concat(field_plain, '-', core_slug) end as slug from joined
        ), seated as (
          select c.*, p.city_slug, p.dial from called as c join draft.places as p
            on p.district = c.district and p.town = c.seat
        ), numbered as (
          select owner, slug, city_slug, row_number() over (partition by country, slug order by entity) as nth
          from seated where owner = entity and has_domain
        ), sites as (
          select owner, case when nth = 1 then slug when nth = 2 then concat(slug, '-', city_slug)
            else concat(slug, '-', city_slug, '-', nth) end as site from numbered
        )
        select entity, {columns}, relation, named_after, stem, legal_u, seat, dial, slug, u2(g) as mail_style,
          case when u3(g) < {CENTRAL_BUYING} then owner else entity end as contact_of,
          concat(stem, ' ', legal(country, legal_u)) as company,
          case when site is not null then concat(site, '.', tld(country)) end as domain
        from seated left join sites using (owner)""")


def identify_sql(rows: str) -> str:
    """What the firms in these rows are called, and where and how they are reached.

    `rows` has the columns of ``draft.firms`` and person, site, line: which of the firm's persons, sites and
    phone lines the row is about. Added are first_name, first_short, family_name, road, short_road, number,
    street, city, postcode, latitude, longitude, subscriber, phone, mail_name, email, shared_email and
    private_email.
    """
    return f"""
        with keyed as (
          select *, draw('person', concat(contact_of, '.', person)) as p,
            draw('site', concat(entity, '.', site)) as s,
            draw('phone line', concat(entity, '.', line)) as l
          from ({rows})
        ), worded as (
          select *, first_name(country, u1(p)) as first_name, first_short(country, u1(p)) as first_short,
            first_slug(country, u1(p)) as first_plain, family_name(country, u2(p), u3(p)) as family,
            family_slug(country, u2(p), u3(p)) as family_plain,
            subscriber(country, dial, u1(l)) as subscriber,
            road_name(country, u1(s), u2(s)) as road, road_short(country, u1(s), u2(s)) as short_road,
            concat(1 + floor(u3(s) * 239)::int, pick({HOUSE_LETTERS}, (u3(s) * 239) % 1)) as number,
            case when site = 0 or u4(s) < 0.5 then seat
              else (seat + 1 + floor((2 * u4(s) - 1) * {TOWNS - 1})::int) % {TOWNS} end as town
          from keyed
        ), called as (
          select * exclude (family, family_plain), feminine(country, first_name, family) as family_name,
            feminine(country, first_plain, family_plain) as family_slug from worded
        ), placed as (
          select c.*, t.city, t.low, t.high, t.centre_latitude, t.centre_longitude,
            draw('street', concat(t.city, road)) as spot,
            case when mail_style < 0.7 then concat(first_plain, '.', family_slug)
              when mail_style < 0.9 then concat(first_plain[1], '.', family_slug)
              else family_slug end as mail_name
          from called as c join draft.places as t on t.district = c.district and t.town = c.town
        )
        select * exclude (p, s, l, spot, low, high, centre_latitude, centre_longitude),
          postcode_of(country, low + floor(u1(spot) * (high - low + 1))::int) as postcode,
          round(centre_latitude + {SPREAD} * normal(u2(spot), u3(spot)), 5) as latitude,
          round(centre_longitude + {SPREAD} * normal(u2(spot), u3(spot) + 0.25), 5) as longitude,
          address(country, road, number) as street,
          concat('+', calling_code(country), ' ', dial, ' ', subscriber) as phone,
          case when domain is null then private_mail(country, first_plain, family_slug,
              draw('mail', concat(contact_of, '.', person)))
            else concat(mail_name, '@', domain) end as email,
          case when domain is null then concat(slug, '@', provider(country, mail_style))
            else concat(mailbox(country, u4(l)), '@', domain) end as shared_email,
          private_mail(country, first_plain, family_slug,
            draw('private mail', concat(contact_of, '.', person))) as private_email
        from placed"""
