"""RFM and psychographic segments built from the same customers and measured by the same marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import cohen_kappa_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from segutils.statistics import kmeans, stability

RFM, PSYCHOGRAPHIC = "RFM", "Psychographic"
RFM_COLUMNS = ["recency", "frequency", "monetary_value"]
CRITERIA = ("stability", "explained_value", "actionability", "coverage")
RESTARTS = 20
TREES = 80


@dataclass(frozen=True, kw_only=True, eq=False)
class Approach:
    """One way to describe customers, its segments, and what they are worth.

    Parameters
    ----------
    name : str
    segments : int
        Of the numbers tried, the one whose segments come back best in other samples.
    labels : numpy.ndarray
        Segment of each of the customers compared.
    marks : pandas.DataFrame
        ``criterion, value, error`` (standard error), values 0-1: ``stability`` (adjusted Rand index of pairs
        of bootstrap samples), ``explained_value`` (share of the variance of the next period's value that
        segments tell of customers they were not made from), ``actionability`` (agreement, beyond chance, of
        segments told from CRM fields alone with the real ones; Cohen's kappa, cross-validated), ``coverage``
        (share of all known customers that have the data).
    """

    name: str
    segments: int
    labels: np.ndarray
    marks: pd.DataFrame


def sum_value(transactions: ir.Table, *, after: date, until: date) -> pd.DataFrame:
    """What did each customer bring after a cut: contribution margin where it is known, else net revenue?

    Returns
    -------
    pandas.DataFrame
        ``customer_id, value``; only customers with a line.
    """
    column = value_column(transactions)
    lines = transactions.filter(transactions.ordered_on > after, transactions.ordered_on <= until)
    return lines.group_by("customer_id").aggregate(value=lines[column].sum().cast("float64")).to_pandas()


def value_column(transactions: ir.Table) -> str:
    """``contribution_margin`` where the client gives it, else ``net_revenue``."""
    return "contribution_margin" if "contribution_margin" in transactions.columns else "net_revenue"


def scale_rfm(rfm: pd.DataFrame) -> pd.DataFrame:
    """Recency, frequency and monetary value of the buyers, as logarithms; index ``customer_id``."""
    buyers = rfm[rfm["frequency"] > 0].set_index("customer_id")
    return np.log1p(buyers[RFM_COLUMNS].astype(float).clip(lower=0))


def measure_approach(
    name: str,
    points: pd.DataFrame,
    *,
    value: np.ndarray,
    fields: pd.DataFrame,
    coverage: float,
    known: int,
    counts: Sequence[int] = (4, 5, 6, 7),
    pairs: int = 25,
    repeats: int = 4,
    folds: int = 5,
    seed: int = 0,
) -> Approach:
    """How steady are these segments, what do they tell of the next period, and who can be put into them?

    Parameters
    ----------
    name : str
    points : pandas.DataFrame
        Customer x feature, known at a cut; scaled here.
    value : numpy.ndarray
        What the same customers brought after it.
    fields : pandas.DataFrame
        Their CRM fields; no column where there are none.
    coverage : float
        Share of the known customers that have the data for this approach.
    known : int
        Customers known, for the error of the coverage.
    counts : sequence of int
        Numbers of segments tried.
    pairs, repeats, folds, seed : int

    Returns
    -------
    Approach
    """
    matrix = _scale(points.to_numpy(float))
    agreements = {
        k: stability.pair_agreement(
            stability.refit(matrix, k=k, pairs=pairs, restarts=RESTARTS // 2, seed=seed).labels
        )
        for k in counts
    }
    segments = max(agreements, key=lambda k: agreements[k].mean())
    labels = kmeans.fit_solution(matrix, k=segments, restarts=RESTARTS, seed=seed).labels
    rng = np.random.default_rng(seed)
    splits = [rng.permutation(np.arange(len(matrix)) % folds) for _ in range(repeats)]
    told = np.log1p(np.clip(value, 0, None))
    explained = [_explain(matrix, told, split, segments=segments, seed=seed) for split in splits]
    assigned = [
        _assign_by_fields(fields, labels, split, seed=seed) for split in splits[: max(1, repeats // 2)]
    ]
    steady = agreements[segments]
    reach = np.sqrt(1 / (repeats * folds) + 1 / (folds - 1))  # of cross-validation (Nadeau and Bengio 2003)
    marks = [
        ("stability", steady.mean(), steady.std(ddof=1) / np.sqrt(pairs)),
        ("explained_value", np.mean(explained), reach * np.std(explained, ddof=1)),
        ("actionability", np.mean(assigned), reach * np.std(assigned, ddof=1)),
        ("coverage", coverage, np.sqrt(coverage * (1 - coverage) / known)),
    ]
    table = pd.DataFrame(marks, columns=["criterion", "value", "error"])
    return Approach(name=name, segments=segments, labels=labels, marks=table)


def _scale(matrix: np.ndarray) -> np.ndarray:
    spread = matrix.std(axis=0)
    return (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _explain(
    matrix: np.ndarray, told: np.ndarray, split: np.ndarray, *, segments: int, seed: int
) -> list[float]:
    """Share of variance that segments tell of the fold left out; they and their means are from the others."""
    shares = []
    for fold in range(int(split.max()) + 1):
        test = split == fold
        centres = kmeans.fit_solution(matrix[~test], k=segments, restarts=RESTARTS, seed=seed).centres
        labels = kmeans.assign_nearest(matrix, centres)
        sums = np.bincount(labels[~test], weights=told[~test], minlength=segments)
        sizes = np.bincount(labels[~test], minlength=segments)
        usual = told[~test].mean()
        means = np.where(sizes > 0, sums / np.maximum(sizes, 1), usual)
        total = ((told[test] - usual) ** 2).sum()
        left = ((told[test] - means[labels[test]]) ** 2).sum()
        shares.append(float(1 - left / total) if total > 0 else 0.0)
    return shares


def _assign_by_fields(
    fields: pd.DataFrame, labels: np.ndarray, split: np.ndarray, *, seed: int
) -> list[float]:
    """Cohen's kappa of segments told from CRM fields, fold by fold."""
    if not fields.shape[1]:
        return [np.nan] * (int(split.max()) + 1)
    numbers = [c for c in fields if pd.api.types.is_numeric_dtype(fields[c]) and fields[c].dtype != bool]
    words = [c for c in fields if c not in numbers]
    ready = fields.assign(
        **{c: fields[c].astype(float).fillna(fields[c].astype(float).median()) for c in numbers},
        **{c: fields[c].astype(object).where(fields[c].notna(), "unknown").astype(str) for c in words},
    ).fillna(0.0)
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), words), remainder="passthrough"
    )
    kappas = []
    with threadpool_limits(1):
        for fold in range(int(split.max()) + 1):
            test = split == fold
            forest = RandomForestClassifier(TREES, min_samples_leaf=5, random_state=seed)
            model = make_pipeline(encode, forest).fit(ready[~test], labels[~test])
            kappas.append(float(cohen_kappa_score(labels[test], model.predict(ready[test]))))
    return kappas
