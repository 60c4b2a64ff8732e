"""How many links are right, and how many were found: against the records that somebody looked up."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.data_readiness.identity.clusters import group_rows, weigh_probability
from segutils.data_readiness.identity.linking import Linkage
from segutils.statistics.intervals import wilson_interval

STEPS = ("rules alone", "rules and model")
QUALITY_COLUMNS = [
    "step",
    "entities",
    "links",
    "labelled_links",
    "right_links",
    "true_links",
    "precision",
    "precision_low",
    "precision_high",
    "recall",
    "recall_low",
    "recall_high",
    "f1",
    "links_to_unlabelled",
]


def read_labels(records: ir.Table | None) -> pd.DataFrame:
    """Which records' customer did somebody look up?

    Parameters
    ----------
    records : ibis.Table, optional
        ``source, record_id`` and, where given, ``true_entity``.

    Returns
    -------
    pandas.DataFrame
        ``source, record_id, label``; empty without labels.
    """
    if records is None or "true_entity" not in records.columns:
        return pd.DataFrame(columns=["source", "record_id", "label"], dtype="str")
    labelled = records.filter(records.true_entity.notnull())
    return labelled.select("source", "record_id", label=labelled.true_entity).to_pandas()


def count_pairs(groups: pd.Series | np.ndarray) -> int:
    """How many pairs of records are in one group?"""
    sizes = pd.Series(groups).value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


def score_groups(groups: np.ndarray, labels: pd.Series) -> pd.Series:
    """Precision and recall of pairs within the labelled records.

    Parameters
    ----------
    groups : numpy.ndarray
        Group of each record.
    labels : pandas.Series
        True customer of each record, missing where nobody looked.

    Returns
    -------
    pandas.Series
        ``labelled_links`` (pairs of labelled records in one group), ``right_links, true_links, precision,
        precision_low, precision_high, recall, recall_low, recall_high, f1`` (95 % Wilson intervals),
        ``links_to_unlabelled`` (pairs of which one record has no label: they cannot be judged).
    """
    known = labels.notna().to_numpy()
    inside, truth = groups[known], labels[known].to_numpy()
    both = pd.DataFrame({"group": inside, "label": truth})
    linked, true = count_pairs(inside), count_pairs(truth)
    right = count_pairs(both.groupby(["group", "label"]).ngroup())
    precision = wilson_interval(np.array(right), np.array(linked))
    recall = wilson_interval(np.array(right), np.array(true))
    touched = np.isin(groups, inside)
    outside = pd.Series(groups[touched & ~known]).value_counts()
    mixed = int((outside * pd.Series(inside).value_counts().reindex(outside.index)).sum())
    return pd.Series(
        {
            "labelled_links": linked,
            "right_links": right,
            "true_links": true,
            "precision": right / linked if linked else np.nan,
            "precision_low": precision[0],
            "precision_high": precision[1],
            "recall": right / true if true else np.nan,
            "recall_low": recall[0],
            "recall_high": recall[1],
            "f1": 2 * right / (linked + true) if linked + true else np.nan,
            "links_to_unlabelled": mixed,
        },
        dtype=object,
    )


def score_links(
    linkage: Linkage | None,
    labels: pd.DataFrame,
    *,
    min_probability: float = 0.95,
    apart_elsewhere: bool = True,
) -> pd.DataFrame:
    """How good are the links, step by step?

    Parameters
    ----------
    linkage : Linkage, optional
    labels : pandas.DataFrame
        ``source, record_id, label``; from :func:`read_labels`.
    min_probability : float
        Of a link that is believed.
    apart_elsewhere : bool
        See :func:`segutils.data_readiness.identity.clusters.find_links`.

    Returns
    -------
    pandas.DataFrame
        ``step`` (rules alone; rules and model), ``entities, links`` (pairs in one entity) and the columns of
        :func:`score_groups`, which are missing without labels.
    """
    if linkage is None:
        return pd.DataFrame(columns=QUALITY_COLUMNS)
    known = linkage.ids.merge(labels, on=["source", "record_id"], how="left")["label"]
    weight = weigh_probability(min_probability)
    steps = [
        linkage.ids["certain"].to_numpy(),
        group_rows(linkage, min_weight=weight, apart_elsewhere=apart_elsewhere),
    ]
    rows = []
    for step, groups in zip(STEPS, steps, strict=True):
        counts = {"step": step, "entities": len(np.unique(groups)), "links": count_pairs(groups)}
        rows.append(counts | (score_groups(groups, known).to_dict() if len(labels) else {}))
    return pd.DataFrame(rows, columns=QUALITY_COLUMNS).infer_objects()


def score_thresholds(
    linkage: Linkage | None, labels: pd.DataFrame, thresholds: pd.DataFrame, *, apart_elsewhere: bool = True
) -> pd.DataFrame:
    """Which precision and recall would each threshold have on the labelled records?

    Parameters
    ----------
    linkage : Linkage, optional
    labels, thresholds : pandas.DataFrame
        From :func:`read_labels` and :func:`segutils.data_readiness.identity.clusters.build_thresholds`.
    apart_elsewhere : bool

    Returns
    -------
    pandas.DataFrame
        `thresholds` with ``precision, recall, f1``; missing without labels.
    """
    if linkage is None or labels.empty:
        return thresholds.assign(precision=np.nan, recall=np.nan, f1=np.nan)
    known = linkage.ids.merge(labels, on=["source", "record_id"], how="left")["label"]
    scores = [
        score_groups(group_rows(linkage, min_weight=weight, apart_elsewhere=apart_elsewhere), known)
        for weight in thresholds["threshold"]
    ]
    return thresholds.assign(
        **{name: [float(score[name]) for score in scores] for name in ("precision", "recall", "f1")}
    )
