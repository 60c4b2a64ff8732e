"""What the texts are about: topics with their terms and a name, and the topic of each text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.decomposition import non_negative_factorization
from threadpoolctl import threadpool_limits

from segutils.data_readiness.enrichment.topic_count import factorise
from segutils.data_readiness.enrichment.topic_terms import Terms, strip_carriers

UNCLEAR = "no clear topic"
NAME_TERMS, SHOWN_TERMS = 3, 8
NAME_WEIGHT = 0.6


@dataclass(frozen=True, kw_only=True)
class TopicModel:
    """Topics of texts.

    Parameters
    ----------
    terms : Terms
    loadings : numpy.ndarray
        Topic x term, rows of length 1.
    table : pandas.DataFrame
        ``topic`` (a name of its terms), ``terms`` (the first eight, by weight).
    min_strength : float
        Weight that a text's topic needs.
    """

    terms: Terms
    loadings: np.ndarray
    table: pd.DataFrame
    min_strength: float


def fit_topics(
    terms: Terms, *, topics: int, max_texts: int = 50_000, min_strength_share: float = 0.3, seed: int = 0
) -> TopicModel:
    """What are the texts about?

    Parameters
    ----------
    terms : Terms
    topics : int
        From :func:`~segutils.data_readiness.enrichment.topic_count.choose_topic_count`.
    max_texts : int
        Texts that the topics are learned from, drawn with `seed`; all texts are assigned.
    min_strength_share : float
        A text whose topic weighs less than this share of the median weight has no clear topic.
    seed : int

    Returns
    -------
    TopicModel
        The largest topic first. A name is made of the three terms that are most relevant: frequent in the
        topic and rare in the others (relevance of Sievert and Shirley 2014, with weight 0.6).
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(terms.weights.shape[0])[:max_texts])
    with threadpool_limits(1):
        texts, loadings = factorise(terms.weights[chosen], topics=topics, seed=seed, rounds=300)
    order = np.argsort(-np.bincount(texts.argmax(axis=1), minlength=topics), kind="stable")
    texts, loadings = texts[:, order], loadings[order]
    best = texts.max(axis=1)
    return TopicModel(
        terms=terms,
        loadings=loadings,
        table=_describe(terms.names, loadings),
        min_strength=min_strength_share * float(np.median(best[best > 0])),
    )


def assign_topics(model: TopicModel, texts: Sequence[str], *, min_share: float = 0.5) -> pd.DataFrame:
    """What is each text about?

    Parameters
    ----------
    model : TopicModel
    texts : sequence of str
        Redacted.
    min_share : float
        Of a text's topic weights, 0-1, that its largest topic must have.

    Returns
    -------
    pandas.DataFrame
        ``topic`` (a name, or ``no clear topic``), ``topic_share`` (of the largest topic, 0-1).
    """
    weights = model.terms.vectorizer.transform(strip_carriers(texts))
    with threadpool_limits(1):  # many small products: threads would only wait for each other
        strengths = non_negative_factorization(
            weights,
            H=model.loadings.astype(weights.dtype),
            n_components=len(model.loadings),
            update_H=False,
            max_iter=200,
        )[0]
    total = strengths.sum(axis=1)
    best = strengths.argmax(axis=1)
    share = np.divide(strengths.max(axis=1), total, out=np.zeros(len(total)), where=total > 0)
    clear = (share >= min_share) & (strengths.max(axis=1) >= model.min_strength)
    names = model.table.topic.to_numpy(dtype=object)
    return pd.DataFrame({"topic": np.where(clear, names[best], UNCLEAR), "topic_share": share})


def _describe(names: np.ndarray, loadings: np.ndarray) -> pd.DataFrame:
    overall = loadings.sum(axis=0) / loadings.sum()
    rows = []
    for topic in loadings:
        within = topic / topic.sum()
        with np.errstate(divide="ignore"):
            relevance = NAME_WEIGHT * np.log(within) + (1 - NAME_WEIGHT) * np.log(within / overall)
        relevance[within == 0] = -np.inf
        ranked = names[np.argsort(-relevance, kind="stable")].tolist()
        by_weight = names[np.argsort(-topic, kind="stable")].tolist()
        rows.append(
            (", ".join(_unlike(ranked, NAME_TERMS)).capitalize(), ", ".join(_unlike(by_weight, SHOWN_TERMS)))
        )
    return pd.DataFrame(rows, columns=["topic", "terms"])


def _unlike(words: Sequence[str], most: int) -> list[str]:
    """The first words that are not the same word in another form."""
    kept: list[str] = []
    for word in words:
        if not any(
            word[:5] == other[:5] or word.startswith(other) or other.startswith(word) for other in kept
        ):
            kept.append(word)
        if len(kept) == most:
            break
    return kept
