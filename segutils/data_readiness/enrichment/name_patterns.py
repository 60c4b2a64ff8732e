"""Names of persons in texts: by what stands around them, by known contacts, and by how words are written.

No list of the world's names is used: a name is found because a title, a greeting, a closing or an
introduction stands beside it, because the client knows a contact of that name, because the text's own e-mail
address spells it, or because two words stand together that the texts never write in small letters.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from segutils.data_readiness.enrichment.languages import FUNCTION_WORDS, UNKNOWN
from segutils.data_readiness.enrichment.number_patterns import CAPITALS, NAME, REACH, Span, look_back

NOUNS_IN_CAPITALS = ("de", UNKNOWN)  # languages in which two words with capitals prove nothing
_CAP = rf"[{CAPITALS}][^\W\d_]*(?:['’-][^\W\d_]+)*"
_INITIAL = rf"[{CAPITALS}]\.(?:-?[A-Z]\.)?"
_PARTICLE = r"(?:van|von|der|den|vom|zu|zur|ter|ten|de|del|della|di|da|dos|du|la|le|y|e|bin|al)"
_RUN = re.compile(
    rf"(?<![\w@.-])(?:{_INITIAL}|{_CAP})(?:[ ](?:{_PARTICLE}[ ]){{0,2}}(?:{_INITIAL}|{_CAP}))*(?![\w@]|-\w)"
)
_PART = re.compile(rf"{_INITIAL}|{_CAP}")
_TITLE = re.compile(
    r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Herrn|Frau|Fr|Hr|[Mm]onsieur|[Mm]adame|[Mm]ademoiselle|Mme|Mlle|M|"
    r"Señora?|Sra?|"
    r"Srta|[Dd]on|[Dd]oña|Signora?|Sig|Pan|Pani|Pana|Panem|Panią|Ing|Dipl|Mevrouw|Meneer|Dhr|Mevr)\.?\s(?:(?:Dr|"
    r"Prof|Ing)\.?\s)*$"
)
_CUE = re.compile(
    r"(?:\b(?:my name(?:'s| is)|name is|i am|i'm|this is|here is|ask(?:ed)? for|sp(?:oke|eak|oken) (?:to|"
    r"with)|talk(?:ed)? "
    r"(?:to|with)|person to talk to is|contact(?: person)?(?: is)?|writing for|on behalf of|attention(?: "
    r"of)?|attn|c/o|"
    r"message from|call from|met|cc|responsible(?: is)?|colleague|mein name ist|ich bin|ich hei(?:ß|ss)e|"
    r"hier (?:ist|spricht)|"
    r"ansprechpartner(?:in)?(?: ist)?|fragen sie (?:nach|bitte nach)|(?:gespräch|telefonat|gesprochen) mit|"
    r"im auftrag von|"
    r"z\.\s?hd\.(?: von)?|kolleg(?:e|in|en)|je m'appelle|je suis|mon nom est|demandez|(?:de la part|à "
    r"l'attention) de|parl(?:é|er) "
    r"(?:à|avec)|contacter|collègue|me llamo|mi nombre es|soy|pregunt(?:e|en|ar) por|habl(?:é|ar|ado) con|a "
    r"la atención de|"
    r"contactar con|persona de contacto(?: es)?|compañer[oa]|nazywam się|jestem|proszę pytać o|rozmawia\w+ z|"
    r"mi chiamo|sono|"
    r"mijn naam is|ik ben|vraag naar|name|nom|nombre|imię)\b['’]?s?\s?:?|\bz\.\s?hd\.)\s(?:please\s)?$",
    re.I,
)
_SPOKEN = re.compile(  # in small letters too
    r"\b(?:my name(?:'s| is)|mein name ist|ich hei(?:ß|ss)e|je m['’]appelle|me llamo|mi nombre es|nazywam "
    r"się)\s"
    r"([^\W\d_]+(?:[-'’][^\W\d_]+)?(?:\s[^\W\d_]+(?:[-'’][^\W\d_]+)?)?)",
    re.I,
)
_AFTER = re.compile(
    r"^\s?(?:rang|called|rings|phoned|asked|asks|wrote|here\b|speaking|from (?:our|the)|of (?:our|the)|at "
    r"(?:our|the)|hat "
    r"(?:angerufen|geschrieben|sich)|rief|bittet|meldet|aus (?:unser|der|dem)|von unser|vom|de (?:notre|"
    r"nuestr|la|l')|du "
    r"|del |a (?:appelé|rappelé|écrit)|ha (?:llamado|escrito)|llamó|dzwoni|z (?:naszego|działu))",
    re.I,
)
_CLOSING = re.compile(
    r"(?:^|[\n.!?,]\s?)(?:(?:with |many |kind |best |warm )*(?:regards|wishes|thanks|greetings)|yours(?: "
    r"sincerely| faithfully| truly)?|"
    r"sincerely|faithfully|cheers|thank you(?: very much)?|best|(?:mit )?(?:freundlich\w*|beste\w*|viele\w*|"
    r"liebe\w*|schöne\w*|"
    r"herzliche\w*) (?:grü(?:ß|ss)e\w*|gru(?:ß|ss)|dank)|grü(?:ß|ss)e|gru(?:ß|ss)|mfg|lg|vg|danke|"
    r"cordialement|bien (?:à vous|"
    r"cordialement)|(?:meilleures|sincères) salutations|salutations(?: distinguées)?|merci(?: d'avance)?|"
    r"(?:un )?(?:cordial )?"
    r"saludos?(?: cordiales)?|atentamente|gracias|pozdrawiam|z poważaniem|cordiali saluti|distinti saluti|"
    r"groeten|"
    r"met vriendelijke groet(?:en)?)[ ]?[,.!]?(?:\s*\n\s*|[ ])$",
    re.I,
)
_GREETING = re.compile(
    r"(?:^|\n)\s*(?:dear|hi|hello|hey|good (?:morning|day|afternoon)|hallo|liebe[rs]?|guten (?:tag|morgen)|"
    r"bonjour|cher|chère|"
    r"salut|hola|estimad[oa]|querid[oa]|buenos días|cześć|dzień dobry|witam|szanown[aey]|buongiorno|ciao|"
    r"beste|gentile)\s$",
    re.I,
)
_OTHER_WORDS = """
    team all sir sirs madam ladies gentlemen everyone colleagues colleague support service desk helpdesk
    customer damen
    herren kollegen zusammen equipo tous toutes mesdames messieurs señores señoras hello hi hey dear hallo
    guten bonjour hola
    thanks thank regards best please kind sincerely danke bitte merci gracias viele beste freundliche grüße
    saludos
    cordialement mit wir ich nous notre votre der die das unser unsere sehr
    purchasing procurement technology engineering workshop stores store production maintenance quality
    assurance control room
    office department plant laboratory lab logistics warehouse accounting finance sales marketing management
    utilities
    instrumentation technical reception security shift administration billing controlling planning human
    resources it qa hr
    einkauf technik werkstatt lager produktion instandhaltung qualität leitung büro abteilung labor logistik
    buchhaltung
    vertrieb verwaltung werk empfang achats technique atelier magasin maintenance qualité laboratoire
    comptabilité ventes
    direction usine compras técnica taller almacén producción mantenimiento calidad laboratorio contabilidad
    ventas planta
    zakupy technika warsztat magazyn produkcja utrzymanie jakość laboratorium księgowość sprzedaż biuro
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september
    october november december montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz
    mai juni juli
    oktober dezember phone call tel fax mobile mail email e-mail contact number name address order invoice
    iban card account
    telefon anruf nummer adresse auftrag rechnung konto karte kunde kundennummer téléphone numéro adresse
    facture commande
    teléfono número dirección factura pedido cuenta tarjeta mr mrs ms miss dr prof herr herrn frau monsieur
    madame
    mademoiselle mme mlle señor señora sr sra don doña pan pani ing dipl street road avenue lane
"""
ORDINARY_WORDS = FUNCTION_WORDS | frozenset(_OTHER_WORDS.split())


@dataclass(frozen=True, kw_only=True)
class Words:
    """What is known about words before a text is read.

    Parameters
    ----------
    names : frozenset of str
        Parts of persons' names, folded (:func:`fold`): of the client's contacts, and learned from the texts.
    ordinary : frozenset of str
        Words that are no name, folded: the texts write them in small letters, or they are to be kept.
    """

    names: frozenset[str]
    ordinary: frozenset[str]

    def is_ordinary(self, word: str) -> bool:
        """True for words that are no part of a name."""
        folded = fold(word)
        return folded in ORDINARY_FOLDED or folded in self.ordinary

    def is_name(self, word: str) -> bool:
        """True for parts of known names."""
        return fold(word) in self.names


@lru_cache(maxsize=100_000)  # texts say the same words over and over
def fold(word: str) -> str:
    """A word without capitals and accents: ``Łukasz`` → ``lukasz``; it is only compared, never shown."""
    plain = unicodedata.normalize(
        "NFKD", word.casefold().replace("ł", "l").replace("ø", "o").replace("ae", "a")
    )
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return plain.replace("oe", "o").replace("ue", "u").removesuffix("'s").removesuffix("’s")


ORDINARY_FOLDED = frozenset(map(fold, ORDINARY_WORDS))


def find_names(text: str, words: Words, *, language: str, emails: Iterable[str] = ()) -> Iterator[Span]:
    """Where does this text name a person?

    Parameters
    ----------
    text : str
    words : Words
    language : str
        In German every noun begins with a capital, so that two words with capitals prove nothing.
    emails : iterable of str
        Addresses in the text: what stands before @ often spells a name that the text also has.

    Yields
    ------
    Span
        Of kind ``name``; they may overlap.
    """
    spelled = {
        fold(part)
        for address in emails
        for part in re.split(r"[\W\d_]+", address.split("@")[0])
        if len(part) > 2
    }
    found: set[str] = set()
    loose: list[tuple[int, int, str]] = []
    for start, stop in _list_runs(text, words):
        run = text[start:stop]
        parts = _PART.findall(run)
        before = look_back(text, start)
        full = [part for part in parts if not part.endswith(".")]
        close = bool(_TITLE.search(before) or _stands_as_name(text, before, stop)) or bool(
            _CUE.search(before)
        )
        known = [words.is_name(part) or fold(part) in spelled for part in full]
        loud = sum(part.isupper() and len(part) > 1 for part in full)
        together = (
            len(parts) > 1
            and not loud
            and (
                language not in NOUNS_IN_CAPITALS
                or bool(_AFTER.match(text[stop : stop + REACH]))
                or _fills_line(text, start, stop)
            )
        )
        if (close and (not loud or len(full) > 1)) or (any(known) and len(parts) > 1) or (together and full):
            yield Span(kind=NAME, start=start, stop=stop)
            found.update(fold(part) for part in full if len(part) > 2)
        else:
            loose.append((start, stop, run))
    for match in _SPOKEN.finditer(text):
        heard = match.group(1).split()
        if not words.is_ordinary(heard[0]) or words.is_name(heard[0]):
            kept = heard if len(heard) == 1 or not words.is_ordinary(heard[1]) else heard[:1]
            yield Span(kind=NAME, start=match.start(1), stop=match.start(1) + len(" ".join(kept)))
            found.update(map(fold, kept))
    for start, _, run in loose:
        for part in _PART.finditer(run):
            folded = fold(part.group())
            if (
                folded in found
                or folded in spelled
                or (language not in NOUNS_IN_CAPITALS and words.is_name(part.group()))
            ):
                yield Span(kind=NAME, start=start + part.start(), stop=start + part.end())


def learn_names(text: str, words: Words) -> Iterator[str]:
    """Folded parts of names that this text introduces beyond doubt: two words after an introduction."""
    for start, stop in _list_runs(text, words):
        parts = [part for part in _PART.findall(text[start:stop]) if len(part) > 2 and not part.isupper()]
        before = look_back(text, start)
        if len(parts) == 2 and (_CUE.search(before) or _stands_as_name(text, before, stop)):
            yield from map(fold, parts)


def _fills_line(text: str, start: int, stop: int) -> bool:
    return bool(
        re.search(r"(?:^|\n)\s*$", look_back(text, start))
        and re.match(r"\s*(?:\n|$)", text[stop : stop + REACH])
    )


def _stands_as_name(text: str, before: str, stop: int) -> bool:
    """After a closing at the end of a line, or after a greeting and before a comma."""
    rest = text[stop : stop + REACH]
    if re.match(r"[.]?[ ]*(?:\n|$)", rest) and _CLOSING.search(before):
        return True
    return bool(re.match(r"[ ]?(?:[,!:]|\n|$)", rest) and _GREETING.search(before))


def _list_runs(text: str, words: Words) -> Iterator[tuple[int, int]]:
    """Start and stop of neighbouring words with capitals; ordinary words are left out, and part the rest."""
    for match in _RUN.finditer(text):
        run: list[re.Match[str]] = []
        for part in [*_PART.finditer(text, match.start(), match.end()), None]:
            if part is not None and not _is_plain(part.group(), words):
                run.append(part)
                continue
            if run and run[0].group() == "I." and not _CUE.search(look_back(text, run[0].start())):
                run.pop(0)  # "so am I." ends a sentence
            if any(not part.group().endswith(".") for part in run):
                possessive = 2 * bool(re.search(r"['’]s$", run[-1].group()))
                yield run[0].start(), run[-1].end() - possessive
            run = []


def _is_plain(word: str, words: Words) -> bool:
    return words.is_ordinary(word) and not words.is_name(word)
