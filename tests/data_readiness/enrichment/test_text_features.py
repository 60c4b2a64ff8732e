"""Features of customers from their texts: counted by hand, shrunk as the formulas say."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.enrichment import text_features

TOPICS = ("Late, delivery, date", "Broken, valve, part")
SIX_ROWS = pd.DataFrame(
    [
        ("A", "2024-01-01", TOPICS[0], -0.8, "negative"),
        ("A", "2024-06-01", TOPICS[0], 0.0, "neutral"),
        ("A", "2024-12-01", TOPICS[1], 0.6, "positive"),
        ("B", "2024-12-21", TOPICS[1], -0.4, "negative"),
        ("B", "2025-02-01", TOPICS[1], -0.9, "negative"),
        (None, "2024-03-01", TOPICS[0], -0.5, "negative"),
    ],
    columns=["customer_id", "opened_on", "topic", "sentiment", "tone"],
)


def test_six_rows_by_hand():
    """2024 has 366 days; B's second text is after the cut, the last row is nobody's."""
    found = text_features.build_text_features(SIX_ROWS, TOPICS, as_of=date(2024, 12, 31)).set_index(
        "customer_id"
    )
    assert found.tickets.to_dict() == {"A": 3, "B": 1}
    assert found.tickets_per_year.to_dict() == pytest.approx({"A": 3 * 365.25 / 366, "B": 365.25 / 366})
    assert found.days_since_negative.to_dict() == {"A": 365, "B": 10}
    shares = found[["share_late_delivery", "share_broken_valve"]]
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1])
    # drawn towards 2/4, so between it and the customer's own 2/3 and 0
    assert 0.5 <= shares.share_late_delivery["A"] <= 2 / 3 and 0 <= shares.share_late_delivery["B"] <= 0.5


def test_shares_by_the_formula():
    """With m texts of prior weight: (n_topic + m p) / (n + m)."""
    counts = np.array([[8.0, 0.0], [0.0, 8.0], [1.0, 1.0], [0.0, 0.0]])
    overall = np.array([0.5, 0.5])
    prior = text_features.estimate_prior(counts, overall)
    shrunk = text_features.shrink_shares(counts)
    assert shrunk[0, 0] == pytest.approx((8 + prior * 0.5) / (8 + prior))
    assert shrunk[3].tolist() == [0.5, 0.5]
    assert shrunk[0, 0] > 0.85  # these customers differ: little is drawn


def test_customers_that_do_not_differ_are_drawn_to_the_middle():
    rng = np.random.default_rng(1)
    counts = rng.multinomial(4, [0.7, 0.3], size=2000).astype(float)
    assert text_features.estimate_prior(counts, counts.sum(axis=0) / counts.sum()) > 30
    assert np.abs(text_features.shrink_shares(counts)[:, 0] - 0.7).max() < 0.12


def test_the_prior_is_recovered():
    """Dirichlet-multinomial with concentration 5 (drawn, so within 15 %)."""
    rng = np.random.default_rng(2)
    shares = rng.dirichlet(5 * np.array([0.5, 0.3, 0.2]), size=4000)
    counts = np.array([rng.multinomial(6, row) for row in shares], dtype=float)
    assert text_features.estimate_prior(counts, np.array([0.5, 0.3, 0.2])) == pytest.approx(5, rel=0.15)


def test_means_by_the_formula():
    """Groups (1, 3), (5, 7): within 2, among 16, each of 2 → between 7; k = 2/7; overall 4."""
    values, groups = pd.Series([1.0, 3.0, 5.0, 7.0]), pd.Series(list("aabb"))
    found = text_features.shrink_means(values, groups)
    assert found["a"] == pytest.approx((2 * 2 + 2 / 7 * 4) / (2 + 2 / 7))
    assert found["b"] == pytest.approx((2 * 6 + 2 / 7 * 4) / (2 + 2 / 7))


def test_means_that_do_not_differ_are_all_the_overall_mean():
    values, groups = pd.Series([1.0, 3.0, 1.0, 3.0]), pd.Series(list("aabb"))
    assert text_features.shrink_means(values, groups).tolist() == [2.0, 2.0]


def test_columns_have_names_of_their_own():
    names = text_features.name_shares(["Valve, part, stock", "Valve, part, price"])
    assert list(names.values()) == ["share_valve_part", "share_valve_part_price"]


def test_topics_depend_on_the_segment_as_planted(client, reading):
    """Laboratories write about calibration and old plants about spare parts, more than the others do."""
    features = text_features.build_text_features(
        reading.tickets, reading.topics.topic.tolist(), as_of=date(2025, 12, 31)
    )
    assert features.customer_id.is_unique and "text" not in features
    segments = client.truth("accounts").set_index("customer_id").segment
    by_segment = features.groupby(features.customer_id.map(segments)).mean(numeric_only=True)
    planted = client.truth("ticket_rates").pivot(index="segment", columns="topic", values="topic_share")
    for words, topic in (("calibration", "calibration drift"), ("spare", "spare part availability")):
        column = next(c for c in by_segment if c.startswith("share_") and words in c)
        assert by_segment[column].idxmax() == planted[topic].idxmax()
    assert by_segment.tickets_per_year.nlargest(2).index.isin(["legacy", "majors"]).all()
    assert by_segment.sentiment.idxmin() == "legacy"
