"""From redacted texts to weighted terms: what topics are found in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from segutils.data_readiness.enrichment.languages import FUNCTION_WORDS
from segutils.data_readiness.enrichment.redacting import TOKEN

MIN_TERMS = 10
CURRENCIES = frozenset({"eur", "usd", "gbp", "chf", "pln", "euro", "euros", "dollars"})
# scikit-learn's list of words without a meaning of their own has some that have one in letters about business
MEANT = frozenset(
    {"amount", "bill", "detail", "empty", "fill", "fire", "full", "interest", "mill", "part", "system"}
)
STOP_WORDS = sorted((ENGLISH_STOP_WORDS | FUNCTION_WORDS | CURRENCIES) - MEANT)
TERM = r"(?u)\b[^\W\d_]{3,}\b"
_BREAK = re.compile(r"(?<=[.!?:)])\s+|\n")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Weighted terms of texts.

    Parameters
    ----------
    vectorizer : TfidfVectorizer
        Fitted; gives the weights of further texts.
    names : numpy.ndarray of str
        The terms.
    weights : scipy.sparse.csr_matrix
        Text x term, TF-IDF (Salton and Buckley 1988), each text of length 1.
    """

    vectorizer: TfidfVectorizer
    names: np.ndarray
    weights: sparse.csr_matrix


def split_sentences(text: str) -> list[str]:
    """Sentences and lines of a text."""
    return [sentence for sentence in _BREAK.split(text) if sentence and sentence.strip()]


def strip_carriers(texts: Sequence[str]) -> list[str]:
    """The texts without the sentences that carry personal data: these say whom to reach, not what about."""
    return [
        " ".join(sentence for sentence in split_sentences(text) if not TOKEN.search(sentence))
        for text in texts
    ]


def weigh_terms(
    texts: Sequence[str],
    writers: pd.Series | None = None,
    *,
    min_texts: int = 5,
    min_writers: int = 5,
    max_share: float = 0.3,
) -> Terms | None:
    """Which terms tell these texts apart?

    Parameters
    ----------
    texts : sequence of str
        Redacted (with tokens).
    writers : pandas.Series, optional
        Customer of each text; missing where not known.
    min_texts : int
        A term in fewer texts tells nothing about a topic.
    min_writers : int
        A term of fewer customers may be the name of one, or of one of its people.
    max_share : float
        A term in a larger share of the texts (0-1) tells them not apart.

    Returns
    -------
    Terms or None
        Words of three letters and more, without function words, numbers and tokens; None where fewer than
        ten terms are left.
    """
    vectorizer = TfidfVectorizer(
        stop_words=STOP_WORDS,
        min_df=min_texts,
        max_df=max_share,
        sublinear_tf=True,
        token_pattern=TERM,
    )
    if len(texts) * max_share < min_texts:
        return None
    stripped = strip_carriers(texts)
    try:
        weights = vectorizer.fit_transform(stripped)
    except ValueError:  # no term is in enough texts, and in few enough
        return None
    names = vectorizer.get_feature_names_out()
    if writers is not None:
        names = names[_count_writers(weights, writers) >= min_writers]
        if len(names) >= MIN_TERMS:
            vectorizer.set_params(vocabulary=names.tolist(), min_df=1, max_df=1.0)
            weights = vectorizer.fit_transform(stripped)
    return Terms(vectorizer=vectorizer, names=names, weights=weights) if len(names) >= MIN_TERMS else None


def _count_writers(weights: sparse.csr_matrix, writers: pd.Series) -> np.ndarray:
    """Different customers that use each term; texts of unknown customers count as one more."""
    codes = pd.factorize(writers.to_numpy(dtype=object), use_na_sentinel=False)[0]
    by_writer = sparse.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    return np.asarray(((by_writer @ (weights > 0).astype(float)) > 0).sum(axis=0)).ravel()
