"""Streets with a house number, as they are written in several countries."""

import re
from collections.abc import Iterator

from segutils.data_readiness.enrichment.number_patterns import CAPITALS, STREET, Span

_CAP = rf"[{CAPITALS}][\w'’-]*(?:(?<=\b\w)\.|(?<=\b\w\w)\.)?"
_NUMBER = r"\d{1,4}\s?[a-zA-Z]?(?![\w])(?:\s?[-/]\s?\d{1,4}[a-z]?\b)?"
_SMALL = r"(?:de|del|della|du|des|di|la|las|le|les|los|el|y|et|san|santa|d'|d’|l'|l’|da|do|dos)"
_WORDS = rf"(?:(?:{_SMALL}\s?)*{_CAP})(?:[ -](?:{_SMALL}\s?)*{_CAP}){{0,3}}"
_NO_PLACE = (
    r"(?!(?:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|Januar|Februar|März|April|Mai|Juni|"
    r"Juli|August|"
    r"September|Oktober|November|Dezember|Werk|Halle|Gebäude|Raum|Lager|Bau|Schacht|Tank|Kessel|Linie|Jahr|"
    r"Quartal)\b)"
)
_FORMS = (
    # Musterstraße 5, Lange Str. 12 b, Birken-Weg 7, Kerkstraat 4
    r"(?:[A-ZÄÖÜ]\w+(?:er|e)[ -])?[A-ZÄÖÜ][\w-]*(?:[Ss]traße|strasse|str\.|gasse|allee|weg|platz|ring|ufer|"
    r"damm|chaussee|steig|graben|"
    rf"markt|tor|straat|laan|plein|gracht|kade)\s{_NUMBER}",
    r"(?:[A-ZÄÖÜ][\w-]+\s)?(?:Straße|Strasse|Str\.|Gasse|Allee|Weg|Platz|Ring|Ufer|Damm|"
    rf"Chaussee)\s{_NUMBER}",
    # Am Mühlbach 3, Unter den Linden 77
    r"(?:Am|An der|An den|Auf der|Auf dem|Im|In der|Zum|Zur|Unter den|Hinter der|Vor "
    rf"dem)\s{_NO_PLACE}[A-ZÄÖÜ][\w-]{{2,}}"
    rf"(?:\s[A-ZÄÖÜ][\w-]+)?\s\d{{1,3}}\s?[a-z]?(?![\w%°.,:]\w|\s?(?:Uhr|Grad|bar|mm|%)|\w)",
    # 12 bis, rue de la Paix
    rf"\d{{1,4}}\s?(?:bis|ter|[a-d])?,?\s(?i:rue|r\.|avenue|av\.|boulevard|bd\.?|impasse|quai|place|pl\.|"
    r"chemin|ch\.|route|"
    rf"allée|cours|square|passage|faubourg)\s{_WORDS}",
    rf"(?i:\b(?:rue|avenue|boulevard|impasse|quai|chemin|allée))\s{_WORDS},?\s(?:n°\s?)?{_NUMBER}",
    # Calle del Sol, 4; Pº de la Castellana 12; Via Roma 3
    r"(?:[Cc]alle|C/|Av(?:enid)?a?\.|Avenida|Avda\.?|Plaza|Pza\.?|Paseo|P[ºo°]\.?|Camino|Cno\.|Carretera|"
    r"Ctra\.|Ronda|"
    rf"Travesía|Glorieta|Rambla|Carrer|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|Rua)\s{_WORDS},?\s(?:n[ºo°.]\s?|"
    rf"núm\.\s?)?{_NUMBER}",
    # ul. Długa 8/2, os. Zielone 3
    r"(?:ul\.|[Uu]lica|al\.|[Aa]leja|[Aa]leje|pl\.|[Pp]lac|os\.|[Oo]siedle|skwer|"
    rf"rondo)\s{_CAP}(?:\s{_CAP}){{0,2}}\s{_NUMBER}",
    # 12 High Street, 7b Old Mill Lane
    rf"\d{{1,5}}[a-zA-Z]?,?\s(?:{_CAP}\s){{1,3}}(?:Street|St\b\.?|Road|Rd\b\.?|Avenue|Ave\b\.?|Lane|Ln\b|"
    r"Drive|Dr\b\.?|Way|"
    rf"Close|Court|Crescent|Square|Terrace|Boulevard|Blvd\b\.?|Highway|Parkway)",
)
_STREET = re.compile("|".join(rf"(?:(?<!\w){form})" for form in _FORMS))


def find_streets(text: str) -> Iterator[Span]:
    """Streets with a house number, in German, Dutch, French, Spanish, Italian, Polish and English forms."""
    return (Span(kind=STREET, start=m.start(), stop=m.end()) for m in _STREET.finditer(text))
