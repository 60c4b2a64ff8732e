"""The answer on texts: coverage, topics and gain as planted; nothing without texts; nobody is named."""

import dataclasses
import json
from datetime import date

import pandas as pd
import pytest

from segutils.data_readiness.enrichment import text_gain, text_reading, text_signals
from segutils.errors import InputError
from segutils.findings import read_finding

AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="module")
def finding(client, reading):
    gain = text_gain.compare_with_texts(
        client.table("transactions"), reading.tickets, reading.topics.topic.tolist(), as_of=AS_OF, seed=2
    )
    return text_signals.check_text_signals(
        reading, gain, customers=int(client.table("customers").count().execute())
    )


def test_coverage_is_counted(client, reading, finding):
    tickets = client.table("tickets").to_pandas()
    writers = tickets.customer_id[tickets.text.notna()].nunique()
    customers = client.table("customers").count().execute()
    known = (tickets.customer_id.notna() & tickets.text.notna()).sum()
    assert finding.headline.startswith(f"{tickets.text.notna().sum():,} texts, ")
    assert (
        f"{known:,} of them by {writers:,} known customers ({writers / customers:.0%}".replace("%", " %")
        in finding.headline
    )
    assert "about 6 topics" in finding.headline
    assert finding.table.tickets.sum() == len(tickets) == len(reading.tickets)
    assert finding.table.share.sum() == pytest.approx(1)


def test_the_saddest_topics_are_the_planted_ones(client, finding):
    """Late deliveries, missing spares and invoices anger; advice does not."""
    truth = client.truth("tickets")
    planted = (truth.tone == "negative").groupby(truth.topic).mean()
    topics = finding.table[finding.table.terms != ""].set_index("topic")
    advice = next(name for name, terms in topics.terms.items() if "application" in terms)
    assert planted.idxmin() == "technical advice" and topics.negative_share.idxmin() == advice
    assert topics.negative_share[advice] == pytest.approx(planted["technical advice"], abs=0.05)


def test_the_verdict_is_the_measured_one(finding):
    """RFM segments tell the next year already; what the texts add is not sure on 2,500 accounts."""
    assert "improve the segmentation" in finding.headline
    gain = next(figure for figure in finding.figures if figure.kind == "dot").data.set_index("measure")
    row = gain.loc[text_gain.SEGMENTS]
    assert ("do not demonstrably improve" in finding.headline) == (
        not (row.low > 0 and row.gain > row.placebo_high)
    )


def test_no_text_and_no_personal_datum_is_in_the_answer(client, reading, finding):
    payload = json.dumps(finding.to_json(), ensure_ascii=False)
    truth = client.truth("personal_data")
    assert not [datum for datum in truth.text.unique() if datum in payload]
    frames = [reading.tickets, reading.topics, reading.redactions, reading.topic_counts]
    assert not any("text" in frame.columns for frame in frames)
    longest = max(len(str(value)) for value in reading.tickets.astype(str).to_numpy().ravel())
    assert longest < 60
    assert read_finding(finding.to_json()).headline == finding.headline


def test_redactions_are_counted(client, reading, finding):
    planted = client.truth("personal_data").kind.value_counts()
    found = reading.redactions.set_index("kind").redactions
    assert (found / planted).between(0.97, 1.03).all()
    assert any("phone numbers" in note and f"{found['name']:,} names" in note for note in finding.notes)


def test_the_null_client_is_told_no_topics(null_client, null_reading):
    gain = text_gain.compare_with_texts(
        null_client.table("transactions"), null_reading.tickets, [], as_of=AS_OF, seed=2
    )
    finding = text_signals.check_text_signals(
        null_reading, gain, customers=int(null_client.table("customers").count().execute())
    )
    assert (
        finding.headline.startswith("No topic can be told in")
        and "do not demonstrably improve" in finding.headline
    )
    assert finding.status == "info" and (finding.table.terms == "").all()


def test_without_texts_it_is_not_run():
    finding = text_signals.check_text_signals(None, None, customers=100)
    assert finding.status == "not_run" and finding.needs[0].table == "tickets"
    assert finding.needs[0].columns == ("ticket_id", "opened_at", "customer_id", "text")


def test_without_orders_the_gain_is_asked_for(reading):
    finding = text_signals.check_text_signals(reading, None, customers=2500)
    assert finding.needs[0].table == "transactions" and "could not be measured" in finding.headline


def test_tickets_without_a_text_are_said_to_have_none(client):
    empty = client.table("tickets").limit(5).mutate(text=None).cast({"text": "string"})
    reading = text_reading.read_tickets(empty, client.table("customers"))
    finding = text_signals.check_text_signals(reading, None, customers=2500)
    assert finding.status == "not_run" and "none of 5 tickets has a text" in finding.headline


def test_few_writers_and_a_gain_is_a_caution(reading):
    """A made-up gain that is sure: the status then depends on how many wrote."""
    gain = pd.DataFrame(
        {
            "measure": [text_gain.FORECAST, text_gain.SEGMENTS, text_gain.STABLE],
            "unit": ["R²", "R²", "adjusted Rand index"],
            "without_text": [0.5, 0.3, 0.8],
            "with_text": [0.6, 0.4, 0.8],
            "gain": [0.1, 0.1, 0.0],
            "low": [0.05, 0.05, -0.01],
            "high": [0.15, 0.15, 0.01],
            "placebo": [0.0, 0.0, None],
            "placebo_high": [0.01, 0.01, None],
            "customers": 900,
        }
    )
    many = text_signals.check_text_signals(
        reading, gain, customers=reading.tickets.customer_id.nunique() + 10
    )
    few = text_signals.check_text_signals(reading, gain, customers=20_000)
    assert (many.status, few.status) == ("pass", "caution")
    assert "they improve the segmentation" in many.headline


def test_other_languages_are_counted_and_not_scored(client):
    """A fifth of the texts in German: no topic of their own, no tone, and said so."""
    german = "Die Pumpe steht seit Montag still und wir brauchen sie dringend, bitte melden Sie sich."
    tickets = client.table("tickets").limit(600).to_pandas()
    tickets.loc[::5, "text"] = german
    reading = text_reading.read_tickets(
        client.engine.create_table("some_german", tickets, temp=True), client.table("customers")
    )
    finding = text_signals.check_text_signals(reading, None, customers=2500)
    assert (reading.tickets.tone[reading.tickets.language == "de"] == "not scored").all()
    assert any("120 German" in note for note in finding.notes)


def test_more_writers_than_customers_is_refused(reading):
    with pytest.raises(InputError, match="but there are only 10"):
        text_signals.check_text_signals(reading, None, customers=10)


def test_reading_keeps_nothing_it_should_not(reading):
    assert {field.name for field in dataclasses.fields(reading)} == {
        "tickets",
        "without_text",
        "redactions",
        "topics",
        "topic_counts",
    }
