"""What sales people rated: segments by the name they know, or single customers."""

from __future__ import annotations

import re
from collections.abc import Mapping

import ibis.expr.types as ir
import pandas as pd

from segutils.formats import format_value

LABELS = ("strategy_segment", "sales_segment", "business_unit")
FITS, MISFITS = "customers filed like their segment", "customers filed otherwise"
SEGMENT, CUSTOMER = "segment", "customer"
MIN_RATERS = 3  # people who must have said a sentence before it is shown


def build_ratings(
    feedback: ir.Table,
    customers: ir.Table,
    segments: pd.DataFrame,
    *,
    names: Mapping[str, str],
) -> pd.DataFrame:
    """Who rated what, and to which of our segments does it belong?

    A rating of a segment concerns the grouping in which sales knows that name: a column of customers, or our
    own segments. A rating of a customer says whether the customer is filed under the name that most customers
    of its segment have.

    Parameters
    ----------
    feedback : ibis table
        ``rep_id, realism``; optional ``segment, customer_id, comment``.
    customers : ibis table
        ``customer_id``; optional the columns of groupings.
    segments : pandas.DataFrame
        ``customer_id, segment``: ours.
    names : mapping of str to str
        Our segments' names.

    Returns
    -------
    pandas.DataFrame
        ``rater, kind`` (segment, customer), ``item, rating, comment``; items of customers are
        "customers filed like their segment" and "customers filed otherwise", or their segment's name where no
        grouping of sales is known.
    """
    columns = [c for c in ("rep_id", "realism", "segment", "customer_id", "comment") if c in feedback.columns]
    table = (
        feedback.select(*columns)
        .order_by(columns)
        .to_pandas()
        .reindex(columns=["rep_id", "realism", "segment", "customer_id", "comment"])
    )
    table = table.dropna(subset=["rep_id", "realism"])
    filed = read_filing(customers, segments, rated=set(table.segment.dropna()))
    by_segment = table[table.segment.notna()]
    by_customer = table[table.segment.isna() & table.customer_id.notna()]
    own = by_customer.merge(filed, on="customer_id")
    if filed.label.notna().any():
        usual = (
            filed.dropna(subset=["label"]).groupby("segment").label.agg(lambda labels: labels.mode().iloc[0])
        )
        own = own.dropna(subset=["label"])
        fits = own.label == own["segment_y"].map(usual)
        own = own.assign(item=fits.map({True: FITS, False: MISFITS}))
    else:
        own = own.assign(
            item=own["segment_y"].map(lambda code: f"{code} {names[code]}" if code in names else code)
        )
    parts = [
        by_segment.assign(item=by_segment.segment, kind=SEGMENT),
        own.assign(kind=CUSTOMER),
    ]
    found = pd.concat(
        [part[["rep_id", "kind", "item", "realism", "comment"]] for part in parts], ignore_index=True
    )
    found.columns = ["rater", "kind", "item", "rating", "comment"]
    return found.astype({"rating": float})


def read_filing(customers: ir.Table, segments: pd.DataFrame, *, rated: set[str]) -> pd.DataFrame:
    """Under which name does sales know each customer of our segments?

    Parameters
    ----------
    customers : ibis table
    segments : pandas.DataFrame
        ``customer_id, segment``.
    rated : set of str
        Names that were rated.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, segment, label``; labels are those of the column of customers that holds most of the
        rated names, NaN where none does.
    """
    ours = segments[["customer_id", "segment"]]
    best, most = None, 0
    for column in LABELS:
        if column in customers.columns:
            values = customers.select("customer_id", label=customers[column]).to_pandas()
            hits = len(rated & set(values.label.dropna()))
            if hits > most:
                best, most = values.drop_duplicates("customer_id"), hits
    if best is None:
        return ours.assign(label=pd.Series(pd.NA, index=ours.index, dtype="object"))
    return ours.merge(best, on="customer_id", how="left")


def count_filing(filed: pd.DataFrame, *, min_share: float = 0.1) -> pd.DataFrame:
    """Which of our segments does each name of sales hold?

    Returns
    -------
    pandas.DataFrame
        ``label, customers, holds`` (our segments with at least `min_share` of its customers, in words),
        ``held`` (how many those are).
    """
    rows = []
    known = filed[filed.label.notna() & (filed.segment != "none")]
    for label, part in known.groupby("label"):
        shares = part.segment.value_counts(normalize=True)
        shares = shares[shares >= min_share]
        words = [f"{code} {format_value(share, 'share:0')}" for code, share in shares.items()]
        rows.append((label, len(part), ", ".join(words), len(shares)))
    return pd.DataFrame(rows, columns=["label", "customers", "holds", "held"])


def find_saying(ratings: pd.DataFrame, item: str, *, max_rating: float) -> str:
    """The sentence that most people say of something they rate low; empty where fewer than three say it."""
    part = ratings[(ratings["item"] == item) & (ratings.rating <= max_rating) & ratings.comment.notna()]
    said: dict[str, set[str]] = {}
    for row in part.itertuples():
        for sentence in re.split(r"(?<=[.!?])\s+", row.comment.strip()):
            said.setdefault(sentence, set()).add(row.rater)
    best = max(said, key=lambda sentence: (len(said[sentence]), len(sentence)), default="")
    return best if best and len(said[best]) >= MIN_RATERS else ""
