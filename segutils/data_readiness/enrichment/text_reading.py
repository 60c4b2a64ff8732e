"""From the tickets table to one row per ticket without its text: who, when, about what, in which tone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.data_readiness.enrichment import redacting, sentiment, topic_count, topic_terms, topics
from segutils.data_readiness.enrichment.languages import UNKNOWN
from segutils.data_readiness.enrichment.redacting import KINDS

CHUNK = 50_000
KEPT = ("ticket_id", "customer_id", "opened_on")


@dataclass(frozen=True, kw_only=True)
class TextReading:
    """What was read from the tickets; no text is left in it.

    Parameters
    ----------
    tickets : pandas.DataFrame
        ``ticket_id, customer_id, opened_on, language, topic, topic_share, sentiment, tone``: one row per
        ticket with a text.
    without_text : int
        Tickets that have none.
    redactions : pandas.DataFrame
        ``kind, redactions, texts``.
    topics : pandas.DataFrame
        ``topic, terms``; empty where the texts have no topics.
    topic_counts : pandas.DataFrame
        As :func:`~segutils.data_readiness.enrichment.topic_count.measure_topic_counts` returns it.
    """

    tickets: pd.DataFrame
    without_text: int
    redactions: pd.DataFrame
    topics: pd.DataFrame
    topic_counts: pd.DataFrame


def list_names(tables: Iterable[ir.Table | None]) -> list[str]:
    """Names of persons that the client knows: column ``name`` of any of these tables that has one."""
    found: set[str] = set()
    for table in tables:
        if table is not None and "name" in table.columns:
            found.update(table.select("name").distinct().to_pandas().name.dropna().astype(str))
    return sorted(found)


def list_kept_words(products: ir.Table | None, *, client: str = "") -> list[str]:
    """Words that are no person's name: product lines, categories and brands, and the client's own name."""
    words = {client} if client else set()
    if products is not None:
        for column in ("category", "product_line", "brand"):
            if column in products.columns:
                words.update(products.select(column).distinct().to_pandas()[column].dropna().astype(str))
    return sorted(words)


def read_tickets(
    tickets: ir.Table,
    customers: ir.Table,
    *,
    names: Iterable[str] = (),
    keep: Iterable[str] = (),
    counts: tuple[int, ...] = tuple(range(2, 11)),
    max_texts: int = 50_000,
    seed: int = 0,
) -> TextReading:
    """What do customers write about, and in which tone, once nobody can be recognised in it?

    Parameters
    ----------
    tickets : ibis.Table
        ``ticket_id, opened_at`` (or ``opened_on``), ``customer_id, text``.
    customers : ibis.Table
        ``customer_id``: how customer numbers look.
    names : iterable of str
        See :func:`list_names`.
    keep : iterable of str
        See :func:`list_kept_words`.
    counts : tuple of int
        Numbers of topics that are tried.
    max_texts : int
        Texts from which names and topics are learned, drawn with `seed`; all are redacted and assigned.
    seed : int

    Returns
    -------
    TextReading
    """
    day = tickets.opened_on if "opened_on" in tickets.columns else tickets.opened_at.date()
    chosen = tickets.select("ticket_id", "customer_id", "text", opened_on=day)
    told = chosen.filter(chosen.text.notnull() & (chosen.text.strip() != "")).order_by("ticket_id")
    ids = (
        customers.customer_id.cast("string").name("customer_id").as_table().distinct().to_pandas().customer_id
    )
    texts = _sample(told, max_texts, seed)
    lexicon = redacting.build_lexicon(texts, names=names, customer_ids=ids, keep=keep)
    frames, counted = [], []
    clean: list[str] = []
    for chunk in _stream(told):
        redacted = redacting.redact_texts(chunk.pop("text").astype(object), lexicon)
        frames.append(chunk.assign(language=redacted.languages))
        counted.append(redacted.counts)
        clean += redacted.texts.tolist()
    empty = pd.DataFrame({**{name: [] for name in (*KEPT, "language")}}, dtype=object)
    rows = pd.concat(frames, ignore_index=True) if frames else empty
    scored = _score_texts(clean, rows, counts=counts, max_texts=max_texts, seed=seed)
    return TextReading(
        tickets=pd.concat([rows, scored.tickets], axis=1),
        without_text=int(tickets.count().execute()) - len(rows),
        redactions=_add_counts(counted),
        topics=scored.topics,
        topic_counts=scored.topic_counts,
    )


@dataclass(frozen=True, kw_only=True)
class _Scored:
    tickets: pd.DataFrame
    topics: pd.DataFrame
    topic_counts: pd.DataFrame


def _score_texts(
    clean: list[str], rows: pd.DataFrame, *, counts: tuple[int, ...], max_texts: int, seed: int
) -> _Scored:
    """Topics in the language of most texts; texts in another have no clear topic."""
    none = pd.DataFrame({"topic": [topics.UNCLEAR] * len(clean), "topic_share": np.zeros(len(clean))})
    found, measures = pd.DataFrame(columns=["topic", "terms"]), pd.DataFrame(columns=["topics", "score"])
    languages = rows.language
    main = languages.mode().iloc[0] if len(languages) else UNKNOWN
    read = np.flatnonzero(languages.to_numpy() == main)
    told = [clean[place] for place in read]
    terms = topic_terms.weigh_terms(told, rows.customer_id.iloc[read]) if told else None
    if terms is not None:
        measures = topic_count.measure_topic_counts(terms.weights, counts=counts, seed=seed)
        number = topic_count.choose_topic_count(measures)
        measures = measures.assign(chosen=measures.topics == number)
        if number:
            model = topics.fit_topics(terms, topics=number, max_texts=max_texts, seed=seed)
            none.iloc[read] = topics.assign_topics(model, told).to_numpy()
            none = none.astype({"topic_share": float})
            found = model.table
    trade = sentiment.list_trade_words(clean, none.topic) if len(found) else frozenset()
    tones = sentiment.score_sentiment(clean, languages, trade_words=trade)
    return _Scored(tickets=pd.concat([none, tones], axis=1), topics=found, topic_counts=measures)


def _sample(told: ir.Table, most: int, seed: int) -> list[str]:
    total = int(told.count().execute())
    if total <= most:
        return told.select("text").to_pandas().text.tolist()
    rng = np.random.default_rng(seed)
    wanted = np.zeros(total, dtype=bool)
    wanted[rng.choice(total, most, replace=False)] = True
    kept, first = [], 0
    for chunk in _stream(told):
        kept += chunk.text[wanted[first : first + len(chunk)]].tolist()
        first += len(chunk)
    return kept


def _stream(told: ir.Table) -> Iterator[pd.DataFrame]:
    for batch in told.to_pyarrow_batches(chunk_size=CHUNK):
        if batch.num_rows:
            yield batch.to_pandas()


def _add_counts(counted: list[pd.DataFrame]) -> pd.DataFrame:
    if not counted:
        return pd.DataFrame({"kind": KINDS, "redactions": 0, "texts": 0})
    return pd.concat(counted).groupby("kind", sort=False, as_index=False).sum()
