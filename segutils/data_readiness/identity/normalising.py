"""Which spellings of a name, a firm, an address, a phone or a mailbox mean the same?

Everything is an ibis expression, so that it runs where the records are. Word boundaries are written as spaces
(``\\b`` means something else on PostgreSQL), and only regular expressions that DuckDB, PostgreSQL and Spark
read alike are used. What is not one of the canonical columns of ``source_records`` is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

FROM_LETTERS = "àáâãäåāăąçćčďđèéêëēėęěìíîïīįłľñńňòóôõöøōőŕřśşšșťțùúûüūůűýÿźżžðþ"
TO_LETTERS = "aaaaaaaaacccddeeeeeeeeiiiiiillnnnoooooooorrssssttuuuuuuuyyzzzdt"
LEGAL_FORMS: Sequence[str] = (
    *("gesellschaft mit beschrankter haftung", "gesellschaft mbh", "aktiengesellschaft"),
    *("kommanditgesellschaft", "offene handelsgesellschaft", "gmbh co kg", "gmbh u co kg", "gmbh und co kg"),
    *("gmbh", "g m b h", "mbh", "ag", "kg", "ohg", "ug", "ek", "ev"),
    *(
        "societe anonyme",
        "societe a responsabilite limitee",
        "societe par actions simplifiee",
        "sa rl",
        "sarl",
    ),
    *("s a r l", "sasu", "sas", "s a s", "sa", "s a", "snc", "eurl", "sociedad limitada unipersonal"),
    *("sociedad limitada", "sociedad anonima", "spolka komandytowa", "sp k", "spk"),
    *(
        "slu",
        "sau",
        "sl",
        "s l",
        "spolka z ograniczona odpowiedzialnoscia",
        "spolka z o o",
        "spolka z oo",
        "spolka akcyjna",
    ),
    *("spolka jawna", "sp z oo", "sp zoo", "sp z o o", "sp j", "spj", "limited", "ltd", "llc", "llp", "plc"),
    *("incorporated", "inc", "corporation", "corp", "company", "co", "bv", "nv", "srl", "spa", "ab", "as"),
    *("oy", "aps", "pty"),
)
STREET_TYPES: Sequence[str] = (
    *(
        "street",
        "st",
        "road",
        "rd",
        "avenue",
        "avenida",
        "avda",
        "avd",
        "ave",
        "av",
        "boulevard",
        "blvd",
        "bd",
    ),
    *("bvd", "drive", "dr", "lane", "ln", "court", "ct", "crescent", "cres", "cr", "circuit", "cct", "close"),
    *(
        "cl",
        "place",
        "plaza",
        "platz",
        "plac",
        "pza",
        "plz",
        "pl",
        "square",
        "sq",
        "parade",
        "pde",
        "terrace",
    ),
    *("tce", "highway", "hwy", "rue", "r", "chemin", "che", "ch", "allee", "all", "impasse", "imp", "route"),
    *("rte", "quai", "cours", "passage", "calle", "c", "paseo", "po", "p", "ronda", "rda", "camino", "cno"),
    *(
        "carretera",
        "ctra",
        "travesia",
        "ulica",
        "ul",
        "aleja",
        "aleje",
        "al",
        "osiedle",
        "os",
        "skwer",
        "skw",
    ),
    *("rondo", "strasse", "str", "weg", "via", "viale"),
)
CALLING_CODES: Mapping[str, Sequence[str]] = {
    "1": ("united states", "us", "usa", "canada", "ca"),
    "30": ("greece", "gr"),
    "31": ("netherlands", "nl"),
    "32": ("belgium", "be"),
    "33": ("france", "fr"),
    "34": ("spain", "es"),
    "351": ("portugal", "pt"),
    "352": ("luxembourg", "lu"),
    "353": ("ireland", "ie"),
    "358": ("finland", "fi"),
    "36": ("hungary", "hu"),
    "39": ("italy", "it"),
    "40": ("romania", "ro"),
    "41": ("switzerland", "ch"),
    "420": ("czechia", "czech republic", "cz"),
    "421": ("slovakia", "sk"),
    "43": ("austria", "at"),
    "44": ("united kingdom", "great britain", "gb", "uk"),
    "45": ("denmark", "dk"),
    "46": ("sweden", "se"),
    "47": ("norway", "no"),
    "48": ("poland", "pl"),
    "49": ("germany", "de"),
    "61": ("australia", "au"),
    "81": ("japan", "jp"),
}
FIELDS = (
    *("name", "email", "phone", "company", "street", "city", "postcode", "country", "website"),
    *("birth_date", "identifier"),
)


def normalise_records(records: ir.Table) -> ir.Table:
    """What does each record say once spelling no longer counts?

    Parameters
    ----------
    records : ibis.Table
        ``source, record_id`` and any of ``name, email, phone, company, street, city, postcode, country,
        website, birth_date, identifier`` (an identifier is a number that an authority gave, such as a VAT
        number).

    Returns
    -------
    ibis.Table
        ``source, record_id`` and, all text and null where there is nothing to compare: ``name`` (words
        without accents), ``email``, ``mailbox`` (before the @), ``domain`` (after it), ``phone`` (digits
        without country code and trunk zero), ``company`` (core: without legal form), ``street`` (words
        without the type of street), ``house`` (first number of the street), ``city``, ``postcode``,
        ``country``, ``site`` (the website's domain), ``birth_date`` (digits), ``identifier``.

    Notes
    -----
    German umlauts are written ü, ue or u; all three become u, at the price that a real "ue" does, too.
    """
    text = {
        field: records[field].cast("string") if field in records.columns else ibis.null("string")
        for field in FIELDS
    }
    country = normalise_words(text["country"])
    email = _drop_empty(text["email"].lower().re_replace(r"\s+", "").re_replace(r"\+[^@]*@", "@"))
    is_address = email.contains("@")
    street = normalise_street(text["street"])
    return records.select(
        source=records.source.cast("string"),
        record_id=records.record_id.cast("string"),
        name=normalise_words(text["name"]),
        email=is_address.ifelse(email, ibis.null("string")),
        mailbox=is_address.ifelse(_drop_empty(email.re_replace("@.*$", "")), ibis.null("string")),
        domain=is_address.ifelse(_drop_empty(email.re_replace("^[^@]*@", "")), ibis.null("string")),
        phone=normalise_phone(text["phone"], country),
        company=normalise_company(text["company"]),
        street=street,
        house=_drop_empty(text["street"].re_extract("([0-9]+)", 1)),
        city=normalise_words(text["city"]),
        postcode=_drop_empty(text["postcode"].lower().re_replace("[^a-z0-9]", "")),
        country=country,
        site=normalise_site(text["website"]),
        birth_date=_drop_empty(text["birth_date"].re_replace("[^0-9]", "").substr(0, 8)),
        identifier=_drop_empty(text["identifier"].lower().re_replace("[^a-z0-9]", "")),
    )


def normalise_words(text: ir.StringValue) -> ir.StringValue:
    """Words in a to z and 0 to 9, one space apart; null where nothing is left."""
    plain = text.lower().re_replace("ß", "ss").re_replace("[œ]", "o").re_replace("[æ]", "a")
    plain = plain.translate(FROM_LETTERS, TO_LETTERS).re_replace("([aou])e", r"\1").re_replace("[.'’`]", "")
    return _drop_empty(plain.re_replace("[^a-z0-9]+", " ").strip())


def normalise_company(company: ir.StringValue) -> ir.StringValue:
    """A firm's name without its legal form; the whole name where it is nothing but that."""
    words = normalise_words(company.re_replace("&", " "))
    forms = "|".join(re.sub("([aou])e", r"\1", form) for form in LEGAL_FORMS)
    return words.re_replace(f"( ({forms}))+$", "")


def normalise_street(street: ir.StringValue) -> ir.StringValue:
    """A street's name and number without the word for street, in whichever language and spelling."""
    words = normalise_words(street.re_replace("[sS]tr([. ]|$)", "strasse "))
    words = words.re_replace("(strasse|strase)( |$)", " strasse ").re_replace(" +", " ")
    types = "|".join(
        re.sub("([aou])e", r"\1", word) for word in STREET_TYPES
    )  # as normalise_words writes them
    padded = ibis.literal(" ") + words.re_replace(" ", "  ") + " "
    return _drop_empty(padded.re_replace(f" ({types}) ", " ").re_replace(" +", " ").strip())


def normalise_phone(phone: ir.StringValue, country: ir.StringValue) -> ir.StringValue:
    """A number as it is dialled within its country: digits, without country code and trunk zero.

    Parameters
    ----------
    phone, country : ibis string
        The country normalised; where it is unknown, digits without leading zeros remain.
    """
    international = (
        phone.re_replace("[^0-9+]", "").re_replace(r"^00", "+").re_replace(r"\+([0-9]*)\+", r"+\1")
    )
    codes = [(country.isin(names), ibis.literal(rf"+{code}")) for code, names in CALLING_CODES.items()]
    code = ibis.cases(*codes, else_="+?")
    inside = international.startswith(code).ifelse(international.substr(code.length()), international)
    return _drop_empty(inside.re_replace(r"^\+?0*", ""))


def normalise_site(website: ir.StringValue) -> ir.StringValue:
    """The domain of a web address, without protocol, www and path."""
    plain = (
        website.lower().re_replace(r"\s+", "").re_replace("^[a-z]+://", "").re_replace(r"^www[0-9]?\.", "")
    )
    return _drop_empty(plain.re_replace("[/?#:].*$", ""))


def _drop_empty(text: ir.StringValue) -> ir.StringValue:
    return text.nullif("")
