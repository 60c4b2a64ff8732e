"""The planted tone is read from the words; words of trade and courtesy are none of feeling."""

import pandas as pd
from sklearn.metrics import cohen_kappa_score

from segutils.data_readiness.enrichment import sentiment


def test_the_planted_tone_is_found(client, reading):
    told = reading.tickets.merge(client.truth("tickets"), on="ticket_id", suffixes=("", "_planted"))
    places = {"negative": -1, "neutral": 0, "positive": 1}
    kappa = cohen_kappa_score(told.tone.map(places), told.tone_planted.map(places), weights="linear")
    assert kappa > 0.75, kappa  # substantial above 0.6 (Landis and Koch 1977)
    assert (told.tone == told.tone_planted).groupby(told.tone_planted).mean().min() > 0.8


def test_the_null_clients_tone_is_found_as_well(null_client, null_reading):
    """Its tones are planted like the other's; what they are not is different between customers."""
    told = null_reading.tickets.merge(null_client.truth("tickets"), on="ticket_id", suffixes=("", "_planted"))
    assert (told.tone == told.tone_planted).mean() > 0.75


def test_courtesy_is_no_praise():
    scored = sentiment.score_sentiment(["Dear Sirs, please find the list enclosed. Kind regards"], ["en"])
    assert scored.tone.tolist() == [sentiment.NEUTRAL] and scored.sentiment[0] == 0


def test_anger_and_praise():
    texts = ["The pump leaks. This is a terrible, horrible service.", "We are delighted, great work."]
    scored = sentiment.score_sentiment(texts, ["en", "en"])
    assert scored.tone.tolist() == [sentiment.NEGATIVE, sentiment.POSITIVE]
    assert scored.sentiment[0] < -0.5 and scored.sentiment[1] > 0.5


def test_only_english_is_scored():
    scored = sentiment.score_sentiment(["Das ist eine Katastrophe.", "This is a disaster."], ["de", "en"])
    assert scored.tone.tolist() == [sentiment.UNSCORED, sentiment.NEGATIVE]
    assert pd.isna(scored.sentiment[0])


def test_a_word_of_one_topic_is_a_word_of_the_trade():
    """`credit` (valence 1.6) and `angry` (-2.3) only in texts about invoices, `trust` (2.3) anywhere."""
    texts = (
        ["a credit note, we are angry"] * 20 + ["the valve, we trust it"] * 10 + ["a note, we trust it"] * 10
    )
    topics = ["invoice"] * 20 + ["valve"] * 10 + ["invoice"] * 10
    assert sentiment.list_trade_words(texts, topics) == {"credit"}


def test_nothing_is_trade_without_topics():
    assert sentiment.list_trade_words(["a credit note"] * 20, ["no clear topic"] * 20) == frozenset()
