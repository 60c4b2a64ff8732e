"""Six planted topics are found as six, and none where words stand together by chance."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from segutils.data_readiness.enrichment import topic_count, topic_terms, topics


@pytest.fixture(scope="module")
def told(client, reading) -> pd.DataFrame:
    return reading.tickets.merge(client.truth("tickets"), on="ticket_id", suffixes=("", "_planted"))


def test_the_planted_number_of_topics_is_chosen(client, reading):
    assert len(reading.topics) == client.truth("ticket_rates").topic.nunique() == 6
    assert reading.topic_counts.topics[reading.topic_counts.chosen].tolist() == [6]


def test_topics_are_the_planted_ones(told):
    """Of texts that say what they are about, each topic continues one planted topic and nearly all of it."""
    clear = told[~told.vague & (told.topic != topics.UNCLEAR)]
    assert adjusted_rand_score(clear.topic_planted, clear.topic) > 0.95
    cross = pd.crosstab(clear.topic_planted, clear.topic)
    assert cross.idxmax(axis=1).is_unique
    assert cross.max(axis=1).sum() / (~told.vague).sum() > 0.95


def test_vague_texts_have_no_clear_topic(told):
    unclear = told.topic == topics.UNCLEAR
    assert unclear[told.vague].mean() > 0.8
    assert unclear[~told.vague].mean() < 0.05


def test_the_null_client_has_no_topics(null_reading):
    assert null_reading.topics.empty and not null_reading.topic_counts.chosen.any()
    assert (null_reading.tickets.topic == topics.UNCLEAR).all()
    # halves of independent words agree by chance only: the adjusted Rand index is then 0
    assert null_reading.topic_counts.halves.abs().max() < 0.05
    assert null_reading.topic_counts.coherence.abs().max() < 0.05


def test_no_token_and_no_number_is_a_term(reading):
    words = " ".join(reading.topics.terms).replace(",", "").split()
    assert all(word.isalpha() for word in words)
    assert not {"name", "email", "phone", "iban", "card", "street", "customer_number"} & set(words)


def test_sentences_that_carry_personal_data_tell_no_topic():
    stripped = topic_terms.strip_carriers(["The pump leaks. Please call [PHONE] at noon.\n[NAME]"])
    assert stripped == ["The pump leaks."]


def test_words_of_few_customers_are_no_terms():
    """`acme` is in twelve texts of one customer: its own name; the other words are in texts of twelve."""
    words = ["valve", "pump", "meter", "seal", "flow", "price", "invoice", "order", "stock", "flange"]
    texts = [" ".join(words[(n + i) % 10] for i in range(3)) for n in range(60)]
    texts += ["acme valve broken"] * 12 + ["pump"] * 12
    writers = pd.Series([f"C{n % 12}" for n in range(60)] + ["C0"] * 12 + ["C1"] * 12)
    assert "acme" in topic_terms.weigh_terms(texts, max_share=0.6).names
    kept = topic_terms.weigh_terms(texts, writers, max_share=0.6)
    assert "acme" not in kept.names and {"valve", "pump"} <= set(kept.names)
    assert kept.weights.shape == (84, len(kept.names))


def test_too_few_texts_have_no_terms():
    assert topic_terms.weigh_terms(["the valve leaks"] * 3) is None
    assert topic_terms.weigh_terms(["the and of"] * 40) is None


def test_coherence_by_hand():
    """Three terms in four texts: 0 and 1 always together in two (NPMI 1), 2 in the two others (NPMI -1)."""
    there = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]], dtype=float))
    score = topic_count.score_coherence(np.array([[3.0, 2.0, 1.0]]), there, top=3)
    assert score[0] == pytest.approx((1 - 1 - 1) / 3)


def test_coherence_is_zero_by_chance():
    """Two terms, each in half of the texts, together in a quarter: log(¼ / ¼) = 0."""
    there = sparse.csr_matrix(np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=float))
    assert topic_count.score_coherence(np.array([[2.0, 1.0]]), there, top=2)[0] == pytest.approx(0)


def test_rank_overlap_by_hand():
    """Two rankings of five terms share 0, 0, 1, 1 and 3 of the first 1 to 5: Jaccard 0, 0, 1/5, 1/7, 3/7; the
    mean is what Greene, O'Callaghan and Cunningham (2014) define."""
    first = np.array([[5, 4, 3, 2, 1, 0, 0]], dtype=float)  # album music best award win | sport medal
    second = np.array([[0, 0, 4, 1, 3, 5, 2]], dtype=float)  # sport best win medal award
    expected = (0 + 0 + 1 / 5 + 1 / 7 + 3 / 7) / 5
    assert topic_count.match_terms(first, second, top=5) == pytest.approx(expected)


def test_the_largest_of_equally_sure_numbers_is_chosen():
    measures = pd.DataFrame(
        {"topics": [2, 3, 4], "coherence": 0.3, "halves": [0.5, 0.5, 0.5], "score": [0.60, 0.59, 0.50]}
    )
    assert topic_count.choose_topic_count(measures) == 3
    assert topic_count.choose_topic_count(measures.assign(halves=0.02)) == 0
    assert topic_count.choose_topic_count(measures.assign(coherence=0.0)) == 0
