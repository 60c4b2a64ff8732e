"""All steps from the records of several systems to customers, and the tables that tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from segutils.data_readiness.identity import clusters, effects, linking, review, scoring
from segutils.data_readiness.identity.linking import Linkage

LINK_COLUMNS = ["customer_id", "source", "record_id", "entity_id"]


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What linking the client's records found; see :func:`build_resolution`.

    Parameters
    ----------
    linkage : Linkage, optional
        None where the client gave no records; every customer then stands for itself.
    entities : pandas.DataFrame
        From :func:`segutils.data_readiness.identity.clusters.assign_entities`.
    mapped : pandas.DataFrame
        From :func:`segutils.data_readiness.identity.effects.map_customers`.
    effect : pandas.DataFrame
        From :func:`segutils.data_readiness.identity.effects.build_effect`.
    quality : pandas.DataFrame
        From :func:`segutils.data_readiness.identity.scoring.score_links`.
    thresholds : pandas.DataFrame
        From :func:`segutils.data_readiness.identity.scoring.score_thresholds`.
    reasons : pandas.DataFrame
        From :func:`segutils.data_readiness.identity.review.find_reasons`.
    """

    linkage: Linkage | None
    entities: pd.DataFrame
    mapped: pd.DataFrame
    effect: pd.DataFrame
    quality: pd.DataFrame
    thresholds: pd.DataFrame
    reasons: pd.DataFrame


def build_resolution(
    records: ir.Table | None,
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    min_probability: float = 0.95,
    strong_probability: float = 0.999,
    max_per_record: float = 10,
    rules_recall: float = 0.8,
    max_size: int = 8,
    seed: int = 20221,
) -> Resolution:
    """Which records are one customer, how good are the links, and what do they change?

    Parameters
    ----------
    records : ibis.Table, optional
        ``source_records``; see :func:`segutils.data_readiness.identity.linking.fit_linkage`.
    customers : ibis.Table
        ``customer_id``.
    transactions : ibis.Table
        ``customer_id, order_id, ordered_on, net_revenue``.
    as_of : datetime.date
        The last day of the data.
    min_probability : float
        Of a link that is believed (0-1).
    strong_probability : float
        A customer that falls apart when only links of this probability count is to be reviewed.
    max_per_record : float
        Comparisons a record, over all blocking rules.
    rules_recall : float
        Stated share (0-1) of true links that the certain rules find.
    max_size : int
        Records that one customer may have without being reviewed.
    seed : int

    Returns
    -------
    Resolution
    """
    linkage = None
    if records is not None:
        linkage = linking.fit_linkage(
            records, max_per_record=max_per_record, rules_recall=rules_recall, seed=seed
        )
    entities = clusters.assign_entities(linkage, min_probability=min_probability)
    labels = scoring.read_labels(records)
    mapped = effects.map_customers(entities, customers)
    return Resolution(
        linkage=linkage,
        entities=entities,
        mapped=mapped,
        effect=effects.build_effect(mapped, transactions, as_of=as_of),
        quality=scoring.score_links(linkage, labels, min_probability=min_probability),
        thresholds=scoring.score_thresholds(linkage, labels, clusters.build_thresholds(linkage)),
        reasons=review.find_reasons(
            linkage,
            records,
            min_probability=min_probability,
            strong_probability=strong_probability,
            max_size=max_size,
        ),
    )


def build_links(resolution: Resolution) -> pd.DataFrame:
    """The links as other notebooks read them: which customer is which entity, without names.

    Parameters
    ----------
    resolution : Resolution

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` (missing for records of other systems), ``source, record_id`` (missing for customers
        without a record), ``entity_id``; every record and every customer is in it once.
    """
    mapped = resolution.mapped.rename(columns={"entity_id": "own"})
    both = resolution.entities.merge(
        mapped.assign(record_id=mapped["customer_id"]),
        on=["source", "record_id"],
        how="outer",
        indicator=True,
    )
    is_record = both["_merge"] != "right_only"
    both["entity_id"] = both["entity_id"].where(is_record, both["own"])
    both["source"] = both["source"].where(is_record)
    both["record_id"] = both["record_id"].where(is_record)
    return both.sort_values(["entity_id", "source", "record_id", "customer_id"], ignore_index=True)[
        LINK_COLUMNS
    ]
