"""What each feature is called and written, which words name a segment by it, and which features segment."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A feature's words: label, format, transform for distances, and what much or little of it is called."""

    label: str
    format: str
    transform: str
    high_word: str
    low_word: str


# in the order of reading; log1p keeps the few very large customers from deciding every distance
MEANINGS = {
    "recency": Meaning(
        label="Days since last order",
        format="days",
        transform="log1p",
        high_word="Lapsing",
        low_word="Recent",
    ),
    "frequency": Meaning(
        label="Orders", format="count", transform="log1p", high_word="Frequent", low_word="Occasional"
    ),
    "monetary_value": Meaning(
        label="Net revenue per order",
        format="money:2",
        transform="log1p",
        high_word="Big-basket",
        low_word="Small-basket",
    ),
    "revenue": Meaning(
        label="Net revenue", format="money", transform="log1p", high_word="High-spend", low_word="Low-spend"
    ),
    "tenure": Meaning(
        label="Days since first order",
        format="days",
        transform="none",
        high_word="Established",
        low_word="New",
    ),
    "spacing": Meaning(
        label="Days between orders",
        format="days:1",
        transform="log1p",
        high_word="Sporadic",
        low_word="Regular",
    ),
    "breadth": Meaning(
        label="Product groups bought", format="count", transform="none", high_word="Broad", low_word="Narrow"
    ),
    "discount_share": Meaning(
        label="Discount share",
        format="share",
        transform="none",
        high_word="Discount-led",
        low_word="Full-price",
    ),
    "private_label_share": Meaning(
        label="Own-brand share", format="share", transform="none", high_word="Own-brand", low_word="Brand-led"
    ),
    "stores": Meaning(
        label="Stores used", format="count", transform="log1p", high_word="Multi-store", low_word="Few-store"
    ),
    "expected_orders": Meaning(
        label="Orders expected in the next period",
        format="number:1",
        transform="log1p",
        high_word="Order-rich",
        low_word="Order-poor",
    ),
    "probability_alive": Meaning(
        label="Chance to be a customer still",
        format="share",
        transform="none",
        high_word="Live",
        low_word="Likely-lost",
    ),
    "value_per_order": Meaning(
        label="Net revenue expected per order",
        format="money:2",
        transform="log1p",
        high_word="Big-ticket",
        low_word="Small-ticket",
    ),
    "main_store_share": Meaning(
        label="Main-store share",
        format="share",
        transform="none",
        high_word="One-store",
        low_word="Store-switching",
    ),
}
CATEGORY, CHANNEL = "share_", "orders_"


def name_shares(prefix: str, values: Sequence[str]) -> list[str]:
    """Columns of the shares of categories or channels: ``["Meat & fish"]`` → ``["share_meat_fish"]``."""
    names: list[str] = []
    for value in values:
        name = prefix + re.sub(r"\W+", "_", value.lower()).strip("_")
        names.append(name if name not in names else f"{name}_{len(names) + 1}")
    return names


def write_value(value: str) -> str:
    """A category as words: ``"DRUG GM"`` → ``"Drug GM"``, ``"field sales"`` → ``"Field sales"``."""
    if not value.isupper():
        return value[:1].upper() + value[1:]
    words = value.lower().split()
    return " ".join(w.upper() if len(w) < 3 else w.capitalize() if i == 0 else w for i, w in enumerate(words))


def build_catalogue(
    features: pd.DataFrame,
    *,
    wanted: Sequence[str],
    categories: Sequence[str] = (),
    channels: Sequence[str] = (),
    max_correlation: float = 0.9,
    leaks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Which features describe a customer, and which of them form the segments?

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and one numeric column per feature.
    wanted : sequence of str
        Features to segment by, most important first. One that the client's data does not have is left out;
        so is one that is the same for all buyers, that repeats an earlier one, or that leaks.
    categories, channels : sequence of str
        The values behind ``share_…`` and ``orders_…`` columns, for their labels.
    max_correlation : float
        Highest absolute correlation between two used features, both on the scale that distances use. Two that
        go together more closely would count one trait twice (Dolnicar, Grün & Leisch 2018, chapter 5).
    leaks : pandas.DataFrame, optional
        ``feature, reason``: features that know what they will be judged by, from
        :mod:`segutils.methodology.features.leakage`.

    Returns
    -------
    pandas.DataFrame
        ``feature, label, format, transform, high_word, low_word, used, repeats`` (the used feature that it
        repeats, or empty), ``reason`` (why it is used or not, in words).

    Raises
    ------
    InputError
        For a wanted name that is no feature, or when no wanted feature is left.
    """
    meanings = MEANINGS | _name_shares(features, categories, channels)
    columns = [c for c in meanings if c in features.columns]
    if unknown := [
        name for name in wanted if name not in meanings and not name.startswith((CATEGORY, CHANNEL))
    ]:
        raise InputError(
            f"unknown {'feature' if len(unknown) == 1 else 'features'} {join_words(unknown)}",
            where="3_1_features, parameter segment_by",
            fix=f"choose from {', '.join(meanings)}",
        )
    catalogue = pd.DataFrame(
        [
            [name, m.label, m.format, m.transform, m.high_word, m.low_word]
            for name, m in ((name, meanings[name]) for name in columns)
        ],
        columns=["feature", "label", "format", "transform", "high_word", "low_word"],
    )
    buyers = features.loc[features["has_purchases"], columns]
    leaked = {} if leaks is None else leaks.groupby("feature")["reason"].first().to_dict()
    judged = _judge(transform(buyers, catalogue), [w for w in wanted if w not in leaked], max_correlation)
    catalogue = catalogue.join(judged, on="feature")
    labels = catalogue.set_index("feature")["label"]
    catalogue["leak"] = catalogue["feature"].map(leaked).fillna("")
    catalogue["reason"] = [_explain(row, wanted, labels) for row in catalogue.itertuples()]
    catalogue = catalogue.drop(columns=["constant", "correlation", "leak"])
    if not catalogue["used"].any():
        reasons = catalogue.set_index("feature")["reason"]
        raise InputError(
            f"none of the features {join_words(wanted)} can form segments: "
            + "; ".join(f"{name}: {reasons.get(name, 'not in the data')}" for name in wanted),
            where="3_1_features, parameter segment_by",
            fix="name features that differ between customers",
        )
    return catalogue


def transform(features: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Features on the scale that distances use: ``log1p`` where the catalogue says so."""
    logged = catalogue.loc[catalogue["transform"] == "log1p", "feature"]
    return features.assign(**{name: np.log1p(features[name]) for name in logged})[
        catalogue["feature"].tolist()
    ]


def _judge(scaled: pd.DataFrame, wanted: Sequence[str], max_correlation: float) -> pd.DataFrame:
    """Per feature: is it used, is it constant, which used feature does it repeat, and how closely?"""
    constant = scaled.max() <= scaled.min()
    related = scaled.loc[:, ~constant].corr()
    used: list[str] = []
    rows = {}
    # wanted ones first and in their order: the later of two that repeat each other gives way
    for name in dict.fromkeys([*(name for name in wanted if name in scaled), *scaled.columns]):
        closest = related.loc[name, used].abs().idxmax() if used and name in related else ""
        correlation = related.loc[name, closest] if closest else 0.0
        repeats = closest if abs(correlation) > max_correlation else ""
        rows[name] = [
            name in wanted and not constant[name] and not repeats,
            constant[name],
            repeats,
            correlation,
        ]
        if rows[name][0]:
            used.append(name)
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["used", "constant", "repeats", "correlation"]
    )


def _explain(row: NamedTuple, wanted: Sequence[str], labels: pd.Series) -> str:
    if row.used:
        return "used"
    parts = [] if row.feature in wanted else ["not asked for"]
    if row.leak:
        parts.append(f"leaks: {row.leak}")
    if row.constant:
        parts.append("the same for all buyers")
    if row.repeats and abs(row.correlation) > 1 - 1e-9:
        parts.append(f"is “{labels[row.repeats]}” again under another name")
    elif row.repeats:
        parts.append(f"repeats “{labels[row.repeats]}” (correlation {row.correlation:.2f})")
    return "; ".join(parts)


def _name_shares(
    features: pd.DataFrame, categories: Sequence[str], channels: Sequence[str]
) -> dict[str, Meaning]:
    found = {}
    for prefix, values, of in ((CATEGORY, categories, "revenue"), (CHANNEL, channels, "orders")):
        for name, value in zip(name_shares(prefix, values), values, strict=True):
            words = write_value(value)
            found[name] = Meaning(
                label=f"{words} share of {of}",
                format="share",
                transform="none",
                high_word=f"{words}-heavy",
                low_word=f"{words}-light",
            )
    return {name: meaning for name, meaning in found.items() if name in features.columns}
