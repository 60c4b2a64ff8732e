"""What a reader of the source records sees who knows the firms; nothing here is the generator's own."""

import math
import re
import unicodedata

import numpy as np
import pandas as pd
from scipy import optimize

from segutils.samples.customers import words
from segutils.samples.making import Making

COUNTRIES = {country.name: country for country in words.COUNTRIES}
MAILBOXES = {box for country in words.COUNTRIES for box in country.mailboxes}
PROVIDERS = {provider for country in words.COUNTRIES for provider in country.providers}
SHORT_NAMES = {
    (c.name, *name.split(":")[:1]): name.split(":")[1] for c in words.COUNTRIES for name in c.first_names
}
ADDRESSES = {
    "Germany": "{road} {number}",
    "France": "{number} {road}",
    "Spain": "{road}, {number}",
    "Poland": "{road} {number}",
}


def plain(text: str) -> str:
    """Lower case without accents."""
    text = text.replace("ß", "ss").translate(str.maketrans("łŁ", "lL"))
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def spellings(text: str) -> set[str]:
    """As it may be written without accents: Muller, Mueller."""
    full = text
    for letter, pair in {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}.items():
        full = full.replace(letter, pair)
    return {plain(text), plain(full)}


def count_edits(a: str, b: str) -> int:
    """Letters more, less, exchanged, or swapped with their neighbour."""
    before, last = [], list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(row[-1] + 1, last[j] + 1, last[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[-1] = min(row[-1], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


def distance(text: str, right: set[str]) -> int:
    return 0 if plain(text) in right else min(count_edits(plain(text), other) for other in right)


def split_form(company: str, country: str) -> tuple[str, str]:
    """A company's name and its legal form."""
    forms = {plain(f) for form, more in COUNTRIES[country].legal_forms.items() for f in (form, *more[1:])}
    for form in sorted(forms, key=len, reverse=True):
        if plain(company).endswith(f" {form}"):
            return plain(company).removesuffix(f" {form}"), form
    return plain(company), ""


def last_digits(phone: pd.Series) -> pd.Series:
    return phone.str.replace(r"[^0-9]", "", regex=True).str[-6:]


def find_site(rows: pd.DataFrame, end: str = "") -> pd.Series:
    """Postcode and house number: slips in the name of the street, and swapped fields, leave them alone."""
    text = rows[f"street{end}"] + " " + rows[f"city{end}"]
    return rows[f"postcode{end}"] + " " + text.str.extract(r"(?:^|[ ])([0-9]+[ab]?)(?:[ ]|$)")[0]


def read_records(making: Making) -> pd.DataFrame:
    """Source records, and beside them what is true of the firm (``_true``)."""
    rows = making.ask("""
        select s.*, t.entity, t.kinds, t.stale, case when s.record_id in (select customer_id
            from truth.second_accounts) then 'second account' else s.source end as grp,
          date_diff('day', s.updated_at::date, date '2025-12-31') / 365.25 as age
        from client.source_records as s join truth.records as t using (source, record_id)
        order by s.source, s.record_id""")
    truth = making.ask("select * from truth.identities").set_index("entity")
    parts = making.ask("""
        select 'E' || lpad((entity + 1)::varchar, 7, '0') as entity, first_name, family_name, road,
          short_road, number
        from draft.known""").set_index("entity")
    return rows.join(truth.add_suffix("_true"), on="entity").join(parts, on="entity")


def measure(rows: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Per kind: which records can have it and which have it, as a reader who knows the firms sees it."""
    everyone = pd.Series(True, rows.index)
    own_domain = rows.website_true.notna()
    local, domain = rows.email.str.split("@").str[0], rows.email.str.split("@").str[1]
    right_local, right_domain = rows.email_true.str.split("@").str[0], rows.email_true.str.split("@").str[1]
    same_contact = ~rows.stale.str.contains("contact")
    at_home = domain == right_domain

    names = list(zip(rows.name, rows.first_name, rows.family_name, rows.country, strict=True))
    nickname = pd.Series(
        [plain(n) in spellings(f"{SHORT_NAMES[c, first]} {family}") for n, first, family, c in names],
        rows.index,
    )
    swapped = pd.Series(
        [plain(n) in spellings(f"{b} {a}") | spellings(f"{b}, {a}") for n, a, b, _ in names], rows.index
    )
    off = pd.Series(
        [
            distance(n, spellings(f"{a} {b}")) if ours else 0
            for (n, a, b, _), ours in zip(names, same_contact, strict=True)
        ],
        rows.index,
    )
    firm = [split_form(c, country) for c, country in zip(rows.company, rows.country, strict=True)]
    right = [split_form(c, country) for c, country in zip(rows.company_true, rows.country, strict=True)]
    stems = [
        plain(a) in {b} | spellings(c.removesuffix(c[len(b) :]))
        for (a, _), (b, _), c in zip(firm, right, rows.company_true, strict=True)
    ]
    forms = pd.Series([a != b for (_, a), (_, b) in zip(firm, right, strict=True)], rows.index)

    here, there = find_site(rows), find_site(rows, "_true")
    given = rows.postcode.notna()
    fields_swapped = given & rows.city.str.contains("[0-9]", na=False)
    written = rows.street.mask(fields_swapped, rows.city)
    same_site = given & (here == there)
    long, short = (
        [
            distance(text, spellings(ADDRESSES[country].format(road=road, number=number))) if ours else 0
            for text, country, road, number, ours in zip(
                written, rows.country, rows[column], rows.number, same_site, strict=True
            )
        ]
        for column in ("road", "short_road")
    )
    long, short = pd.Series(long, rows.index), pd.Series(short, rows.index)
    mixed = rows[["name", "company", "street", "city"]].fillna("").agg(" ".join, axis=1)
    mixed_true = rows[["name_true", "company_true", "street_true", "city_true"]].agg(" ".join, axis=1)
    untouched = same_contact & (off == 0) & ~forms & pd.Series(stems, rows.index) & same_site & (long == 0)
    phones = rows.phone.notna()
    other_phone = phones & (last_digits(rows.phone) != last_digits(rows.phone_true))
    found = {
        "missing_email": (everyone, rows.email.isna()),
        "missing_phone": (everyone, rows.phone.isna()),
        "missing_address": (everyone, rows.street.isna() & rows.postcode.isna() & rows.latitude.isna()),
        "typo_email": (own_domain & same_contact, at_home & (local != right_local) & ~local.isin(MAILBOXES)),
        "shared_email": (own_domain, at_home & local.isin(MAILBOXES)),
        "private_email": (own_domain, domain.isin(PROVIDERS)),
        "other_address": (everyone, given & (here != there) & ~rows.stale.str.contains("address")),
        "other_phone": (everyone, other_phone & ~rows.stale.str.contains("phone")),
        "typo_company": (everyone, ~pd.Series(stems, rows.index)),
        "typo_name": (same_contact, (off > 0) & (off <= 2) & ~nickname & ~swapped),
        "nickname": (same_contact, nickname & (off > 0)),
        "swapped_name": (same_contact, swapped & (off > 0)),
        "typo_street": (same_site, (long > 0) & (short > 0)),
        "swapped_address": (given, fields_swapped),
        "legal_form": (everyone, forms),
        "phone_format": (phones, ~rows.phone.str.fullmatch(r"\+[0-9]{2} [0-9]+ [0-9]+", na=False)),
        "street_format": (same_site & (rows.road != rows.short_road), short < long),
        "transliteration": (untouched & ~mixed_true.map(str.isascii), mixed.map(str.isascii)),
        "missing_website": (own_domain, rows.website.isna()),
    }
    for field in ("industry", "employees", "annual_revenue"):
        found[f"missing_{field}"] = (everyone, rows[field].isna())
    return found


def find_wrong(rows: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Per field: which records hold a value, and which hold another one than today's."""
    names = zip(rows.name, rows.name_true, strict=True)
    found = {
        "contact": (
            rows.name.notna(),
            pd.Series([plain(a) not in spellings(b) for a, b in names], rows.index),
        ),
        "address": (rows.postcode.notna(), find_site(rows) != find_site(rows, "_true")),
        "phone": (rows.phone.notna(), last_digits(rows.phone) != last_digits(rows.phone_true)),
    }
    for field in ("industry", "employees", "annual_revenue"):
        found[field] = (rows[field].notna(), rows[field] != rows[f"{field}_true"])
    return found


def fit_hazard(wrong: np.ndarray, age: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Yearly hazard with its standard error: P(wrong) = 1 - (1 - share of the group) × exp(-hazard × age).

    The log-likelihood is that of independent records, its curvature by finite differences.
    """
    groups = group.max() + 1

    def loss(x: np.ndarray) -> float:
        right = (1 / (1 + np.exp(x[1:])))[group] * np.exp(-np.exp(x[0]) * age)
        right = np.clip(right, 1e-9, 1 - 1e-9)
        return -np.where(wrong, np.log(1 - right), np.log(right)).sum()

    best = optimize.minimize(loss, np.r_[np.log(0.1), np.full(groups, -2.0)], method="L-BFGS-B").x
    step, size = 1e-3, groups + 1
    unit = np.eye(size) * step
    curve = [
        [
            (loss(best + a + b) - loss(best + a - b) - loss(best - a + b) + loss(best - a - b))
            / (4 * step**2)
            for b in unit
        ]
        for a in unit
    ]
    return math.exp(best[0]), math.exp(best[0]) * math.sqrt(np.linalg.inv(curve)[0, 0])


def list_keys(rows: pd.DataFrame) -> pd.DataFrame:
    """What a careful person compares: company, e-mail, phone, place, contact, each brought into one form."""

    def even(text: str) -> str:
        return re.sub("ae|oe|ue", lambda match: match[0][0], plain(text))

    types = "|".join(
        sorted(
            {re.escape(even(t)) for c in words.COUNTRIES for t in (*c.street_types, *c.street_short)}, key=len
        )[::-1]
    )
    return pd.DataFrame(
        {
            "entity": rows.entity,
            "region": rows.region,
            "company": [even(split_form(c, k)[0]) for c, k in zip(rows.company, rows.country, strict=True)],
            "email": rows.email,
            "phone": rows.country + last_digits(rows.phone),
            "place": rows.postcode
            + rows.street.map(lambda s: re.sub(rf"{types}|[^a-z0-9]", "", even(s)), na_action="ignore"),
            "contact": [" ".join(sorted(re.split(r"[ ,]+", even(n)))) for n in rows.name],
        }
    ).reset_index(drop=True)


def pair_up(keys: pd.DataFrame) -> pd.DataFrame:
    """Pairs that agree on at least one key (a contact only within the region), and on how many."""
    fields = ["company", "email", "phone", "place", "contact"]
    parts = []
    for field in fields:
        on = [field, "region"] if field == "contact" else [field]
        known = keys.dropna(subset=on)[on].reset_index()
        both = known.merge(known, on=on)
        parts.append(both[both.index_x < both.index_y][["index_x", "index_y"]])
    pairs = pd.concat(parts).drop_duplicates()
    left, right = keys.loc[pairs.index_x], keys.loc[pairs.index_y]
    return pairs.assign(
        agree=sum((left[f].to_numpy() == right[f].to_numpy()).astype(int) for f in fields),
        one_company=left.company.to_numpy() == right.company.to_numpy(),
        one_region=left.region.to_numpy() == right.region.to_numpy(),
        same=left.entity.to_numpy() == right.entity.to_numpy(),
    )
