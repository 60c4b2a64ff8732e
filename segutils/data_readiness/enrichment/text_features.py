"""One row per customer from what they wrote: how often, about what, in which tone; few texts count little."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from segutils.data_readiness.enrichment.sentiment import NEGATIVE
from segutils.data_readiness.enrichment.topics import UNCLEAR

YEAR = 365.25
MAX_PRIOR = 1e4  # texts; customers that do not differ at all


def name_shares(topics: Sequence[str]) -> dict[str, str]:
    """Topic → its column: ``Spare, stock, parts`` → ``share_spare_stock``."""
    columns: dict[str, str] = {}
    for topic in topics:
        words = re.findall(r"\w+", topic.lower())
        for length in range(2, len(words) + 2):
            column = f"share_{'_'.join(words[:length])}"
            if length > len(words):
                column += f"_{len(columns) + 1}"
            if column not in columns.values():
                columns[topic] = column
                break
    return columns


def build_text_features(
    tickets: pd.DataFrame | None, topics: Sequence[str], *, as_of: date, since: date | None = None
) -> pd.DataFrame:
    """How often does each customer write, about what, and in which tone?

    Parameters
    ----------
    tickets : pandas.DataFrame, optional
        ``customer_id, opened_on, topic, sentiment, tone``, one row per ticket; rows without a customer and
        after `as_of` are left out. None where the client gave no texts: no customer has any.
    topics : sequence of str
    as_of : datetime.date
        Last day looked at.
    since : datetime.date, optional
        First day of the tickets; the day of the first ticket if not given.

    Returns
    -------
    pandas.DataFrame
        One row per customer with a text: ``customer_id, tickets, tickets_per_year``, one ``share_…`` per
        topic (0-1), ``sentiment`` (-1 to 1), ``days_since_negative`` (missing without a negative text).

    Notes
    -----
    Shares are shrunk towards those of all customers (empirical Bayes, Dirichlet-multinomial; Minka 2000):
    ``(n_topic + m · p_topic) / (n + m)`` with n the customer's texts with a clear topic, p the share of the
    topic among all texts, and m, in texts, by maximum likelihood. Sentiment likewise:
    ``(n · mean + k · overall) / (n + k)``, k being the variance within customers over that between them
    (one-way analysis of variance).
    """
    if tickets is None:
        return pd.DataFrame({"customer_id": pd.Series(dtype=str), "tickets": pd.Series(dtype=int)})
    day = pd.to_datetime(tickets.opened_on)
    known = tickets[tickets.customer_id.notna() & (day <= pd.Timestamp(as_of))].assign(day=day)
    groups = known.groupby("customer_id", sort=True)
    counted = groups.size()
    first = pd.Timestamp(since) if since else day.min()
    years = max((pd.Timestamp(as_of) + timedelta(days=1) - first).days, 1) / YEAR if len(known) else 1.0
    table = pd.DataFrame({"tickets": counted, "tickets_per_year": counted / years})
    clear = known[known.topic != UNCLEAR]
    counts = pd.crosstab(clear.customer_id, clear.topic).reindex(
        index=table.index, columns=list(topics), fill_value=0
    )
    shares = shrink_shares(counts.to_numpy(float))
    for place, column in enumerate(name_shares(topics).values()):
        table[column] = shares[:, place]
    table["sentiment"] = shrink_means(known.sentiment, known.customer_id).reindex(table.index)
    last = known[known.tone == NEGATIVE].groupby("customer_id").day.max().reindex(table.index)
    table["days_since_negative"] = (pd.Timestamp(as_of) - last).dt.days
    return table.reset_index()


def shrink_shares(counts: np.ndarray) -> np.ndarray:
    """Shares of each row, drawn towards those of all rows the more, the fewer were counted.

    Parameters
    ----------
    counts : numpy.ndarray
        Customer x topic.

    Returns
    -------
    numpy.ndarray
        Rows sum to 1; a row without counts has the overall shares.
    """
    if counts.size == 0 or counts.sum() == 0:
        return np.full(counts.shape, 1 / max(counts.shape[1], 1))
    overall = counts.sum(axis=0) / counts.sum()
    prior = estimate_prior(counts, overall)
    return (counts + prior * overall) / (counts.sum(axis=1, keepdims=True) + prior)


def estimate_prior(counts: np.ndarray, overall: np.ndarray) -> float:
    """How many texts is what is known of all customers worth, against a customer's own?

    Maximum likelihood of the Dirichlet-multinomial's concentration with its mean fixed at `overall`; large
    where customers do not differ.
    """
    used, shares = counts[:, overall > 0], overall[overall > 0]
    totals = used.sum(axis=1)
    used, totals = used[totals > 1], totals[totals > 1]
    if len(totals) == 0:
        return MAX_PRIOR

    def loss(log_prior: float) -> float:
        alpha = np.exp(log_prior) * shares
        single = (gammaln(used + alpha) - gammaln(alpha)).sum()
        whole = (gammaln(totals + alpha.sum()) - gammaln(alpha.sum())).sum()
        return float(whole - single)

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(MAX_PRIOR)), method="bounded")
    return float(np.exp(best.x))


def shrink_means(values: pd.Series, groups: pd.Series) -> pd.Series:
    """Mean of each group, drawn towards the overall mean the more, the fewer values it has.

    Missing values are left out; a group without any is left out too. See :func:`build_text_features`.
    """
    known = values.notna()
    by = values[known].groupby(groups[known])
    sizes, means, overall = by.size(), by.mean(), values[known].mean()
    spare = int(sizes.sum()) - len(sizes)
    if spare < 1 or len(sizes) < 2:
        return pd.Series(overall, index=sizes.index, dtype=float)
    within = float(((values[known] - by.transform("mean")) ** 2).sum() / spare)
    among = float((sizes * (means - overall) ** 2).sum() / (len(sizes) - 1))
    usual = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    between = (among - within) / usual
    if between <= 0:
        return pd.Series(overall, index=sizes.index, dtype=float)
    return (sizes * means + within / between * overall) / (sizes + within / between)
