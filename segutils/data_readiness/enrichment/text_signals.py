"""Slug ``text-signals``: what customers write about, in which tone, and whether it improves the segments."""

from __future__ import annotations

import pandas as pd

from segutils.data_readiness.enrichment.languages import ENGLISH, LANGUAGE_NAMES
from segutils.data_readiness.enrichment.sentiment import NEGATIVE, NEUTRAL, POSITIVE, UNSCORED
from segutils.data_readiness.enrichment.text_gain import FORECAST, SEGMENTS, STABLE, judge_gain
from segutils.data_readiness.enrichment.text_reading import TextReading
from segutils.data_readiness.enrichment.topics import UNCLEAR
from segutils.errors import InputError
from segutils.findings import Figure, Finding, Need, Status
from segutils.formats import format_value, join_words, lower_first, plural

SLUG = "text-signals"
KIND_WORDS = {
    "name": ("name", "names"),
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "customer number": ("customer number", "customer numbers"),
    "street": ("street address", "street addresses"),
    "iban": ("bank account number", "bank account numbers"),
    "card": ("card number", "card numbers"),
}
FORMATS = {
    "tickets": "count",
    "share": "share",
    "customers": "count",
    "negative_share": "share",
    "positive_share": "share",
    "sentiment": "number:2",
}
LABELS = {
    "terms": "Most telling words",
    "tickets": "Texts",
    "share": "Share of texts",
    "negative_share": "Negative",
    "positive_share": "Positive",
    "sentiment": "Mean sentiment (−1 to 1)",
}
GAIN_WORDS = {
    "better": "they improve the segmentation",
    "no better": "they do not demonstrably improve the segmentation",
    "worse": "they make the segmentation worse",
    "not measured": "whether they improve the segmentation could not be measured",
}
TEXT_NEED = Need(
    question="What do customers write and say to the service desk?",
    table="tickets",
    columns=("ticket_id", "opened_at", "customer_id", "text"),
)
ORDER_NEED = Need(
    question="Do texts improve the segmentation? (orders of at least two hundred customers who also wrote, "
    "before and "
    "after a year's start)",
    table="transactions",
    columns=("customer_id", "order_id", "ordered_at", "net_revenue"),
)


def check_text_signals(
    reading: TextReading | None,
    gain: pd.DataFrame | None,
    *,
    customers: int,
    min_coverage: float = 0.5,
    min_gain: float = 0.01,
    max_loss: float = 0.05,
    level: float = 0.95,
) -> Finding:
    """What do customers write about, in which tone, how many of them, and does it improve the segments?

    Parameters
    ----------
    reading : TextReading or None
        From :func:`~segutils.data_readiness.enrichment.text_reading.read_tickets`; None where the client gave
        no texts.
    gain : pandas.DataFrame or None
        From :func:`~segutils.data_readiness.enrichment.text_gain.compare_with_texts`.
    customers : int
        All customers, with and without texts.
    min_coverage : float
        Share of customers (0-1) that must have written, before texts can shape segments of all.
    min_gain, max_loss : float
        See :func:`~segutils.data_readiness.enrichment.text_gain.judge_gain`.
    level : float
        Of the intervals in `gain`.

    Returns
    -------
    Finding
        Table: ``topic, terms, tickets, share, customers, negative_share, positive_share, sentiment``, the
        largest topic first, texts without a clear topic last. ``pass`` where texts improve the segmentation
        and enough customers wrote, ``caution`` where they improve it and few did, else ``info``.

    Raises
    ------
    InputError
        If there are fewer customers than customers who wrote.
    """
    if reading is None or reading.tickets.empty:
        return _not_run(reading)
    tickets = reading.tickets
    writers = int(tickets.customer_id.nunique())
    if writers > customers:
        raise InputError(
            f"{plural(writers, 'customer')} wrote, but there are only {customers:,}",
            where="check_text_signals, customers",
            fix="give the number of all customers, also of those who did not write",
        )
    gain = pd.DataFrame() if gain is None else gain
    verdict = judge_gain(gain, min_gain=min_gain, max_loss=max_loss)
    coverage = writers / customers
    table = _count_topics(tickets, reading.topics)
    status: Status = "info" if verdict != "better" else "pass" if coverage >= min_coverage else "caution"
    return Finding(
        slug=SLUG,
        status=status,
        headline=_headline(tickets, reading.topics, writers, coverage, verdict),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=(
            *_draw_topics(table, len(tickets)),
            *_draw_counts(reading.topic_counts),
            *_draw_gain(gain, verdict, level),
        ),
        notes=(
            *_say_gain(gain, level),
            _say_redactions(reading.redactions),
            *_say_topics(reading.topic_counts, tickets),
            _say_texts(reading),
        ),
        limits=_list_limits(gain),
        needs=(ORDER_NEED,) if verdict == "not measured" else (),
    )


def _not_run(reading: TextReading | None) -> Finding:
    headline = "What customers write about is not known: there are no texts of tickets, calls or notes."
    if reading is not None and reading.without_text:
        empty = plural(reading.without_text, "ticket")
        headline = f"What customers write about is not known: none of {empty} has a text."
    return Finding(slug=SLUG, status="not_run", headline=headline, table=pd.DataFrame(), needs=(TEXT_NEED,))


def _count_topics(tickets: pd.DataFrame, topics: pd.DataFrame) -> pd.DataFrame:
    scored = tickets[tickets.tone != UNSCORED]
    by, by_scored = tickets.groupby("topic"), scored.groupby("topic")
    names = [*topics.topic, UNCLEAR]
    table = pd.DataFrame(
        {
            "tickets": by.size(),
            "share": by.size() / len(tickets),
            "customers": by.customer_id.nunique(),
            "negative_share": (scored.tone == NEGATIVE).groupby(scored.topic).mean(),
            "positive_share": (scored.tone == POSITIVE).groupby(scored.topic).mean(),
            "sentiment": by_scored.sentiment.mean(),
        }
    ).reindex(names)
    table = table.assign(terms=[*topics.terms, ""], topic=names).fillna(
        {"tickets": 0, "share": 0, "customers": 0}
    )
    table = table.astype({"tickets": int, "customers": int})
    table = pd.concat(
        [table.iloc[:-1].sort_values("tickets", ascending=False, kind="stable"), table.iloc[-1:]]
    )
    table = table[(table.tickets > 0) | (table.topic != UNCLEAR)].replace(
        {"topic": {UNCLEAR: UNCLEAR.capitalize()}}
    )
    return table[["topic", "terms", *FORMATS]].reset_index(drop=True)


def _headline(
    tickets: pd.DataFrame, topics: pd.DataFrame, writers: int, coverage: float, verdict: str
) -> str:
    share = format_value(coverage, "share:0")
    known = int(tickets.customer_id.notna().sum())
    of_known = f", {known:,} of them" if known < len(tickets) else ""
    wrote = (
        f"{plural(len(tickets), 'text')}{of_known} by {plural(writers, 'known customer')} ({share} of all)"
    )
    if topics.empty:
        return f"No topic can be told in {wrote}; {GAIN_WORDS[verdict]}."
    return f"{wrote} are about {plural(len(topics), 'topic')}; {GAIN_WORDS[verdict]}."


def _draw_topics(table: pd.DataFrame, texts: int) -> tuple[Figure, ...]:
    topics = table[table.terms != ""]
    if topics.empty or topics.negative_share.isna().all():
        return ()
    long = topics.assign(**{NEUTRAL: 1 - topics.negative_share - topics.positive_share})
    long = long.rename(columns={"negative_share": NEGATIVE, "positive_share": POSITIVE})
    long = long.melt("topic", [NEGATIVE, NEUTRAL, POSITIVE], var_name="tone", value_name="share_of_texts")
    worst = topics.loc[topics.negative_share.idxmax()]
    lowest = topics.loc[topics.negative_share.idxmin()]
    title = f"“{worst.topic}”: {format_value(worst.negative_share, 'share:0')} of the texts are negative"
    if len(topics) > 1:
        title += f"; “{lower_first(lowest.topic)}”: {format_value(lowest.negative_share, 'share:0')}"
    return (
        Figure(
            kind="bar",
            data=long,
            x="topic",
            y="share_of_texts",
            series="tone",
            stacked=True,
            title=title,
            subtitle=f"{texts:,} texts by topic, share by tone, the most frequent topic first",
            alt=f"Stacked bars of {plural(len(topics), 'topic')}, share of negative, neutral and positive "
            f"texts. {title}.",
            caption="A topic is named by the words that tell it from the others.",
            formats={"share_of_texts": "share:0"},
        ),
    )


def _draw_counts(measures: pd.DataFrame) -> tuple[Figure, ...]:
    if len(measures) < 2:
        return ()
    words = {
        "stability": "same words in samples of the texts",
        "coherence": "words stand together",
        "halves": "both halves of a text agree",
        "score": "all three together",
    }
    long = measures.melt("topics", list(words), var_name="measure", value_name="value")
    long = long.assign(measure=long.measure.map(words)).rename(columns={"topics": "number_of_topics"})
    chosen = measures[measures.chosen]
    if chosen.empty:
        title = "No number of topics is told by the texts"
    else:
        number = plural(int(chosen.topics.iloc[0]), "topic")
        title = f"The texts tell {number}: with more or fewer they are less sure"
    return (
        Figure(
            kind="line",
            data=long,
            x="number_of_topics",
            y="value",
            series="measure",
            title=title,
            subtitle="How sure each number of topics is, 1 = as sure as can be, 0 = chance",
            alt=f"Lines of four measures over {int(measures.topics.min())} to {int(measures.topics.max())} "
            f"topics. {title}.",
            caption="Greene, O'Callaghan and Cunningham (2014); NPMI; adjusted Rand index of halves; "
            "geometric mean.",
            formats={"value": "number:2"},
            highlight=words["score"],
        ),
    )


def _draw_gain(gain: pd.DataFrame, verdict: str, level: float) -> tuple[Figure, ...]:
    if gain.empty:
        return ()
    data = gain.assign(gain_with_texts=gain.gain, what=gain.measure + " (" + gain.unit + ")")
    title = GAIN_WORDS[verdict].replace("they", "Texts", 1)
    placebo = gain.set_index("measure").placebo_high[SEGMENTS]
    return (
        Figure(
            kind="dot",
            data=data,
            x="what",
            y="gain_with_texts",
            low="low",
            high="high",
            title=title,
            subtitle=f"{plural(int(gain.customers.iloc[0]), 'customer')} with orders and texts, difference "
            "that texts make, "
            f"{format_value(level, 'share:0')} interval",
            alt=f"Points with intervals for {plural(len(gain), 'measure')}. {title}.",
            caption=f"Texts dealt to customers at random gain up to {format_value(placebo, 'number:3')} for "
            "revenue told "
            "by segment.",
            formats={"gain_with_texts": "number:3", "low": "number:3", "high": "number:3"},
            reference=0.0,
            reference_label="no gain",
            highlight=f"{SEGMENTS} (R²)",
        ),
    )


def _say_gain(gain: pd.DataFrame, level: float) -> tuple[str, ...]:
    if gain.empty:
        return ()
    rows = gain.set_index("measure")
    told, kept, forecast = rows.loc[SEGMENTS], rows.loc[STABLE], rows.loc[FORECAST]
    return (
        f"Segments from behaviour explain {format_value(told.without_text, 'share')} of the differences in "
        "next year's revenue "
        f"(log) of customers they were not formed from, with texts {format_value(told.with_text, 'share')}: "
        f"{format_value(told.gain, 'points')} ({format_value(level, 'share:0')} interval "
        f"{format_value(told.low, 'points')} to {format_value(told.high, 'points')}; texts dealt at random "
        "up to "
        f"{format_value(told.placebo_high, 'points')}).",
        "Two samples of the customers give segments that agree by "
        f"{format_value(kept.without_text, 'number')} without texts "
        f"and {format_value(kept.with_text, 'number')} with them (adjusted Rand index).",
        "A forecast of next year's revenue from behaviour explains "
        f"{format_value(forecast.without_text, 'share')}, with "
        f"texts {format_value(forecast.with_text, 'share')}.",
    )


def _say_redactions(counts: pd.DataFrame) -> str:
    rows = counts[counts.redactions > 0].sort_values("redactions", ascending=False, kind="stable")
    if rows.empty:
        return "No personal data were found in the texts."
    parts = [plural(int(row.redactions), *KIND_WORDS[row.kind]) for row in rows.itertuples()]
    return (
        f"Replaced before anything was stored: {join_words(parts)}. Afterwards every text was searched again "
        "for e-mail "
        "addresses, phone, account, card and customer numbers; none was left. No text is kept."
    )


def _say_topics(measures: pd.DataFrame, tickets: pd.DataFrame) -> tuple[str, ...]:
    unclear = format_value(float((tickets.topic == UNCLEAR).mean()), "share")
    if "chosen" not in measures or not measures.chosen.any():
        return ("Words come together in the texts as by chance, so that no number of topics is supported.",)
    best = measures[measures.chosen].iloc[0]
    return (
        f"{plural(int(best.topics), 'topic')} are supported: other samples of the texts give the same words "
        "(stability "
        f"{format_value(best.stability, 'number')} of 1), the words stand together (NPMI "
        f"{format_value(best.coherence, 'number')}), "
        "and both halves of a text's words tell the same topic (adjusted Rand index "
        f"{format_value(best.halves, 'number')}). "
        f"{unclear} of the texts have no clear topic.",
    )


def _say_texts(reading: TextReading) -> str:
    tickets = reading.tickets
    others = tickets.language[tickets.language != ENGLISH].map(LANGUAGE_NAMES).value_counts()
    anonymous = int(tickets.customer_id.isna().sum())
    parts = [f"{plural(reading.without_text, 'ticket')} had no text"] if reading.without_text else []
    parts += [f"{plural(anonymous, 'text')} of no known customer count for topics only"] if anonymous else []
    if others.empty:
        parts.append("all texts are read as English")
    else:
        listed = join_words([f"{count:,} {name}" for name, count in others.items()])
        parts.append(
            f"{plural(int(others.sum()), 'text')} are not English and their tone is not scored ({listed})"
        )
    sentence = join_words(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _list_limits(gain: pd.DataFrame) -> tuple[str, ...]:
    measured = (
        "The gain is measured on revenue in one year and on customers who wrote before it. Texts that do not "
        "tell revenue "
        "may still tell what a segment needs from service.",
    )
    return (
        *(measured if not gain.empty else ()),
        "Names are found by what stands around them, by the client's own contacts and by their spelling: a "
        "name in small "
        "letters without an introduction can stay. Order, serial and invoice numbers and names of firms stay "
        "in the text; "
        "so a redacted text is still confidential.",
        "Tone is read from words, in English only: irony, and complaints in factual words, count as neutral.",
        "Who does not write is not known to be content.",
    )
