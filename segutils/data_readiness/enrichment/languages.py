"""In which language is a text, by its function words; short notes often have none."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

UNKNOWN = "unknown"
ENGLISH = "en"
LANGUAGE_NAMES: Mapping[str, str] = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    UNKNOWN: "not determined",
}
_WORD_LISTS: Mapping[str, str] = {
    "en": "the and of to is are was were be been have has had do does did not this that these those it its "
    "we "
    "our us you your they their there here which who what when where why how can could would should will "
    "shall may might must from with for on at by about after before since until into than then but or if "
    "because please my mine his her him she he me i am an as any all some no more most very only also just "
    "again still yet out up down over under",
    "de": "der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine ist sind "
    "war waren wird werden wurde wurden haben hat hatte hatten kann können konnte soll sollte muss müssen "
    "wir uns unser unsere unseren unserer ihr ihre ihren ihnen sie er es ich mich mir mein meine meiner du "
    "dass weil wenn als wie was wer wo wann warum auf aus bei mit nach seit von vom zu zum zur für über "
    "unter "
    "durch gegen ohne um bis im am an ins auch noch nur schon sehr bitte leider immer wieder hier",
    "fr": "le la les un une des du de et ou mais ne pas est sont était sera être avoir ont avons avez nous "
    "notre nos vous votre vos ils elles il elle je mon ma mes se sa son ses leur leurs que qui quoi dont où "
    "quand comment pourquoi avec sans sous sur dans par pour chez depuis entre vers après avant au aux ce "
    "cet "
    "cette ces plus très aussi encore toujours merci monsieur madame bonjour",
    "es": "el la los las un una unos unas y o pero no es son era fue será ser estar está están hay han hemos "
    "tiene tienen nosotros nuestro nuestra nuestros usted ustedes su sus ellos ella él yo mi mis me se le "
    "les "
    "que quien cual cuando donde como por para con sin sobre desde hasta entre hacia del al de en este esta "
    "estos esto ese esa muy más también ya todavía gracias favor buenos días",
    "it": "il lo la gli un uno una e o ma non è sono era sarà essere avere ha hanno abbiamo noi nostro "
    "nostra "
    "voi vostro vostra loro lei lui io mio mia che chi quando dove come perché per con senza su dal dalla "
    "del "
    "della dei delle nel nella al alla questo questa molto anche ancora grazie prego buongiorno",
    "nl": "de het een en of maar niet geen is zijn was waren wordt worden hebben heeft had kan kunnen moet "
    "wij "
    "we ons onze u uw zij hij ik mijn dat die dit deze wie wat waar wanneer hoe waarom op uit bij met naar "
    "sinds van voor over onder door tegen zonder tot ook nog al zeer graag helaas",
    "pl": "i oraz lub ale nie jest są był była było będzie być mieć ma mamy mają my nasz nasza nasze państwo "
    "państwa oni ona on ja mój moja moje się że który która które kto co kiedy gdzie jak dlaczego na z ze w "
    "we od do dla po przed przez pod nad między przy bez ten ta to tego tej bardzo też także już jeszcze "
    "proszę dziękuję dzień dobry panie pani pan",
}


def _own_words() -> dict[str, str]:
    """Function word → the one language it belongs to; words that two languages share tell nothing."""
    owners: dict[str, list[str]] = {}
    for language, words in _WORD_LISTS.items():
        for word in set(words.split()):
            owners.setdefault(word, []).append(language)
    return {word: languages[0] for word, languages in owners.items() if len(languages) == 1}


OWN_WORDS = _own_words()
FUNCTION_WORDS = frozenset(word for words in _WORD_LISTS.values() for word in words.split())
_LETTERS = re.compile(r"[^\W\d_]+")


def find_language(text: str, *, min_hits: int = 2) -> str:
    """In which language is this text?

    Counts the function words that only one of seven languages has.

    Parameters
    ----------
    text : str
    min_hits : int
        Function words needed; a text with fewer, or with as many of a second language, is ``unknown``.

    Returns
    -------
    str
        A key of :data:`LANGUAGE_NAMES`.
    """
    hits = Counter(OWN_WORDS[word] for word in _LETTERS.findall(text.lower()) if word in OWN_WORDS)
    ranked = hits.most_common(2)
    if not ranked or ranked[0][1] < min_hits or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return UNKNOWN
    return ranked[0][0]


def assign_languages(texts: pd.Series) -> pd.Series:
    """In which language is each text? A text that does not tell takes the language of most others.

    Parameters
    ----------
    texts : pandas.Series of str

    Returns
    -------
    pandas.Series
        Language codes with the index of `texts`; ``unknown`` only where no text tells its language.
    """
    found = texts.map(find_language).astype(object)
    told = found[found != UNKNOWN]
    if told.empty:
        return found
    return pd.Series(np.where(found == UNKNOWN, told.mode().iloc[0], found), index=texts.index, dtype=object)
