"""Whether texts are written in anger or in praise: VADER, fitted to business letters."""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from segutils.data_readiness.enrichment.languages import ENGLISH
from segutils.data_readiness.enrichment.redacting import TOKEN
from segutils.data_readiness.enrichment.topic_terms import split_sentences
from segutils.data_readiness.enrichment.topics import UNCLEAR

NEGATIVE, NEUTRAL, POSITIVE, UNSCORED = "negative", "neutral", "positive", "not scored"
# what is written out of courtesy says nothing about how somebody feels
COURTESY = frozenset(
    [
        "please",
        "dear",
        "kind",
        "kindly",
        "best",
        "warm",
        "regards",
        "wishes",
        "sincerely",
        "faithfully",
        "truly",
        "thank",
        "thanks",
        "cordially",
        "respectfully",
        "greetings",
        "welcome",
    ]
)
_WORD = re.compile(r"[a-z']+")


def list_trade_words(
    texts: Sequence[str],
    topics: Sequence[str],
    *,
    min_concentration: float = 0.6,
    min_texts: int = 10,
    strong_valence: float = 2.0,
) -> frozenset[str]:
    """Which words of the sentiment lexicon are terms of the trade here: *tolerance*, *credit*, *worn*?

    Parameters
    ----------
    texts : sequence of str
        Redacted.
    topics : sequence of str
        Of each text.
    min_concentration : float
        A word that occurs mostly under one topic belongs to the matter: share 0-1 of its rates over the
        topics that its largest has.
    min_texts : int
        In how many texts with a clear topic a word must be to be judged.
    strong_valence : float
        Words that VADER's raters gave this or more (of 4) are feelings under any topic.

    Returns
    -------
    frozenset of str
    """
    lexicon = SentimentIntensityAnalyzer().lexicon
    weak = {word for word, valence in lexicon.items() if abs(valence) < strong_valence}
    pairs = [
        (word, topic)
        for text, topic in zip(texts, topics, strict=True)
        if topic != UNCLEAR
        for word in set(_WORD.findall(text.lower())) & weak
    ]
    sizes = pd.Series(list(topics), dtype=object).value_counts()
    if not pairs:
        return frozenset()
    counts = pd.crosstab(*pd.DataFrame(pairs, columns=["word", "topic"]).to_numpy().T)
    counts = counts[counts.sum(axis=1) >= min_texts]
    rates = counts / sizes.reindex(counts.columns).to_numpy()
    return frozenset(counts.index[rates.max(axis=1) / rates.sum(axis=1) > min_concentration])


def score_sentiment(
    texts: Sequence[str],
    languages: Sequence[str],
    *,
    trade_words: frozenset[str] = frozenset(),
    min_valence: float = 1.5,
    threshold: float = 0.05,
) -> pd.DataFrame:
    """In which tone is each text written?

    Parameters
    ----------
    texts : sequence of str
        Redacted.
    languages : sequence of str
        Only English texts are scored: the lexicon is English.
    trade_words : frozenset of str
        Left out (:func:`list_trade_words`), as are words of courtesy.
    min_valence : float
        Words that VADER's raters gave less (of 4, either side) are left out: in letters about business they
        mostly are none of feeling (*matter*, *number*, *pressure*).
    threshold : float
        Of VADER's compound score; below minus this a text is negative, above it positive (Hutto and Gilbert
        2014).

    Returns
    -------
    pandas.DataFrame
        ``sentiment`` (-1 to 1: compound score of the sentence with the strongest feeling; NaN where not
        scored), ``tone`` (negative, neutral, positive, not scored).
    """
    analyser = SentimentIntensityAnalyzer()
    analyser.lexicon = {
        word: valence
        for word, valence in analyser.lexicon.items()
        if abs(valence) >= min_valence and word not in COURTESY and word not in trade_words
    }

    @cache  # letters share many of their sentences
    def score_sentence(sentence: str) -> float:
        return analyser.polarity_scores(sentence)["compound"]

    def score(text: str) -> float:
        sentences = split_sentences(TOKEN.sub(" ", text))
        return max(map(score_sentence, sentences), key=abs, default=0.0)

    pairs = zip(texts, languages, strict=True)
    scores = np.array([score(text) if language == ENGLISH else np.nan for text, language in pairs], float)
    tones = np.select(
        [np.isnan(scores), scores <= -threshold, scores >= threshold], [UNSCORED, NEGATIVE, POSITIVE], NEUTRAL
    )
    return pd.DataFrame({"sentiment": scores, "tone": tones.astype(object)})
