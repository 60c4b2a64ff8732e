"""Personal data that patterns and check digits tell: e-mail, accounts, cards, phones, customer numbers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Span:
    """A personal datum in a text: its kind, first character, and the character after its last."""

    kind: str
    start: int
    stop: int


# Latin letters of the languages at hand; Latin Extended-A mixes capitals and small letters
CAPITALS = "".join(chr(code) for code in (*range(0x41, 0x5B), *range(0xC0, 0x17F)) if chr(code).isupper())
EMAIL, IBAN, CARD, CUSTOMER, PHONE, STREET, NAME = (
    "email",
    "iban",
    "card",
    "customer number",
    "phone",
    "street",
    "name",
)
_AT = r"(?:@|\s?[\[(]\s?(?:at|@)\s?[\])]\s?)"
_EMAIL = re.compile(
    rf"(?:\w{{1,64}}\s?[\[(]dot[\])]\s?){{0,4}}[\w.+%'-]{{0,63}}\w{_AT}[\w-]+(?:(?:\.|"
    r"\s?[\[(]dot[\])]\s?)[\w-]+)+",
    re.I,
)
# lengths of account numbers by country: SWIFT, IBAN Registry (ISO 13616)
_IBAN_LENGTHS = (
    "NO15 BE16 DK18 FI18 FO18 GL18 NL18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 CH21 CR22 HR21 "
    "LI21 "
    "LV21 BG22 BH22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 TL23 AD24 CZ24 ES24 MD24 PK24 "
    "RO24 "
    "SA24 SE24 SK24 TN24 VG24 PT25 LY25 ST25 IS26 TR26 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28 BY28 CY28 "
    "DO28 "
    "GT28 HU28 LB28 PL28 SV28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 MT31 SC31 LC32"
)
IBAN_LENGTH = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_IBAN_AFTER = re.compile(r"\b(?:iban|account|konto|compte|cuenta|konta)\W[^\n\d]{0,20}$", re.I)
_CARD = re.compile(r"(?<![\w-])[2-6](?:[ -]?\d){12,18}(?![\w]|-\d)")
_CARD_AFTER = re.compile(
    r"\b(?:card|visa|mastercard|amex|karte|kreditkarte|carte|tarjeta|karta)\b[^\n\d]{0,25}$", re.I
)
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+|00|\(?0|\()?\(?\d[\d\s()./-]{4,22}\d(?![\w]|[.,:/-]\d)")
_PHONE_AFTER = re.compile(
    r"(?:\b(?:phone|tel|telephone|telefon\w*|téléphone|teléfono|tél|mobile|mobil|móvil|portable|handy|fax|"
    r"cell|call|"
    r"call(?:ed)? (?:me|us|back)|ring|dial|reach\w*|line|durchwahl|nummer|rufen|ruf|anrufen|erreich\w*|"
    r"appel\w*|joindre|"
    r"numéro|número|llam\w*|zadzwoni\w*|numer)\b|☎)(?:(?<=[Tt][eé]l)\.)?[^\n\d+.!?]{0,25}(?:\bn[or]\.\s?)?$",
    re.I,
)
_NO_PHONE_AFTER = re.compile(
    r"\b(?:serial|asset|inventory|order|invoice|part|article|item|reference|ref|ticket|case|batch|lot|type|"
    r"plate|model|"
    r"version|tag|quotation|contract|serien|auftrag\w*|rechnung\w*|artikel\w*|bestell\w*|inventar\w*|teile|"
    r"aktenzeichen|"
    r"commande|facture|série|référence|article|dossier|pedido|factura|serie|referencia|artículo|zamówieni\w*|"
    r"faktur\w*)\b"
    r"[^\n.!?]{0,18}$",
    re.I,
)
_DATE = re.compile(
    r"(?:\d{1,2}([./ -])\d{1,2}\1\d{2,4}|"
    r"\d{4}([./-])\d{1,2}\2\d{1,2})(?:[ ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)?"
)
_CUSTOMER_AFTER = re.compile(
    r"\b(?:(?:customer|client|account|cust)\b\.?\s?(?:number|no|nr|id|#)?\b|kunden?\s?-?(?:nummer|nr)\b|"
    r"(?:numéro|n°|no)\s(?:de\s)?client\b|(?:número|n[ºo.]+)\s(?:de\s)?cliente\b|numer\s(?:klienta|"
    r"odbiorcy)\b)"
    r"[^\n\w]{0,4}(?:(?:is|ist|est|es|lautet|to|for reference)\W{1,3}){0,2}$",
    re.I,
)
_CODE = re.compile(r"(?<![\w-])(?=[\w/-]*\d)[A-Za-z0-9][\w/-]{2,19}(?!\w)")
REACH = 80  # characters
MIN_DISTINCT = 5  # characters of a customer number that can be recognised without a word before it


def look_back(text: str, place: int) -> str:
    """What stands before a place: enough to see how a datum is introduced, also in a long transcript."""
    return text[max(0, place - REACH) : place]


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses, also with (at) and (dot) spelled out."""
    if "@" in text or "at" in text:
        yield from (Span(kind=EMAIL, start=m.start(), stop=m.end()) for m in _EMAIL.finditer(text))


def hide_emails(text: str) -> str:
    """The text without its e-mail addresses."""
    return _EMAIL.sub(" ", text) if "@" in text else text


def check_iban(number: str) -> bool:
    """Do the check digits of this account number hold (ISO 13616; ISO/IEC 7064, modulo 97-10)?"""
    plain = re.sub(r"[ -]", "", number).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def find_ibans(text: str) -> Iterator[Span]:
    """Account numbers with their country's length and right check digits, or after a word for account."""
    for match in _IBAN.finditer(text):
        found = match.group()
        ends = [place + 1 for place, letter in enumerate(found) if letter.isalnum()]
        length = IBAN_LENGTH.get(found[:2].upper())
        if length and length <= len(ends) and check_iban(found[: ends[length - 1]]):
            yield Span(kind=IBAN, start=match.start(), stop=match.start() + ends[length - 1])
        elif length and _IBAN_AFTER.search(
            look_back(text, match.start())
        ):  # mistyped, and still an account number
            stop = ends[min(length, len(ends)) - 1]
            yield Span(kind=IBAN, start=match.start(), stop=match.start() + stop)


def check_card(number: str) -> bool:
    """Does the check digit of this card number hold (ISO/IEC 7812-1, Luhn)?"""
    digits = [int(letter) for letter in number if letter.isdigit()]
    doubled = [
        digit if place % 2 == 0 else sum(divmod(2 * digit, 10))
        for place, digit in enumerate(reversed(digits))
    ]
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def find_cards(text: str) -> Iterator[Span]:
    """Card numbers whose check digit holds, or that stand after a word for a card."""
    for match in _CARD.finditer(text):
        if check_card(match.group()) or _CARD_AFTER.search(look_back(text, match.start())):
            yield Span(kind=CARD, start=match.start(), stop=match.end())


def find_phones(text: str) -> Iterator[Span]:
    """Phone numbers: written internationally, with a leading zero in groups, or after a word for phone."""
    for match in _PHONE.finditer(text):
        found, before = match.group(), look_back(text, match.start())
        digits = re.sub(r"\D", "", found)
        if not 6 <= len(digits) <= 15 or _DATE.fullmatch(found.strip()):
            continue
        named = bool(_PHONE_AFTER.search(before))
        if not named and _NO_PHONE_AFTER.search(before):
            continue
        international = re.match(r"\(?(?:\+|00)\s?\(?[1-9]", found) and len(digits) >= 9
        grouped = len(re.findall(r"\d+", found)) > 1
        national = re.match(r"\(?0", found) and (
            (grouped and len(digits) >= 8) or len(digits) in (10, 11, 12)
        )
        threes = re.fullmatch(r"\(?[1-9]\d{2}\)?[ .-]\d{3}[ .-]\d{3,4}|[1-9]\d{1,2}(?: \d{2}){3,4}", found)
        if named or national or threes or (international and (grouped or found.startswith("+"))):
            yield Span(kind=PHONE, start=match.start(), stop=match.end())


def list_shapes(customer_ids: Iterable[str], *, min_share: float = 0.02) -> re.Pattern[str] | None:
    """How do the client's customer numbers look? Letters as they are, digits as digits.

    Only shapes that a share `min_share` of the numbers has, that have letters and digits and at least five
    characters: a bare number looks like any quantity.

    Returns
    -------
    re.Pattern or None
        None where no number can be recognised by its look.
    """
    shapes = pd.Series(list(customer_ids), dtype=object).astype(str).str.replace(r"\d", "0", regex=True)
    common = shapes.value_counts(normalize=True)
    common = common[common >= min_share].index
    told = [
        s for s in common if len(s) >= MIN_DISTINCT and "0" in s and any(letter.isalpha() for letter in s)
    ]
    if not told:
        return None
    parts = (re.escape(shape).replace("0", r"\d") for shape in sorted(told, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w]|-\w)")


def find_customer_numbers(text: str, shape: re.Pattern[str] | None, known: frozenset[str]) -> Iterator[Span]:
    """Customer numbers: of the client's own shape, known ones of five characters, or after their name."""
    if shape:
        yield from (Span(kind=CUSTOMER, start=m.start(), stop=m.end()) for m in shape.finditer(text))
    for match in _CODE.finditer(text):
        listed = match.group() in known and len(match.group()) >= MIN_DISTINCT
        if listed or _CUSTOMER_AFTER.search(look_back(text, match.start())):
            yield Span(kind=CUSTOMER, start=match.start(), stop=match.end())
