"""Which groups of records should a person look at, and which pairs should be labelled?

These tables hold names and addresses: they are for the client's data steward and no other notebook.
"""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from segutils.data_readiness.identity.certain_links import close_pairs, name_groups
from segutils.data_readiness.identity.clusters import find_links, group_rows, weigh_probability
from segutils.data_readiness.identity.linking import Linkage

SHOWN = (
    *("name", "email", "phone", "company", "street", "city", "postcode", "country", "website"),
    *("birth_date", "identifier", "updated_at"),
)
REASONS = {
    "sister": "same names, but another phone and another address: sister firm, or one that moved?",
    "countries": "records name different countries",
    "large": "more records than one customer should have",
    "weak": "held together by a weak link",
    "twice": "two records of one system",
}
REASON_COLUMNS = ["case_id", "reason", "entity_id", "row"]
REVIEW_COLUMNS = ["case_id", "reasons", "entity_id", "source", "record_id", "weakest_link", *SHOWN]
SAMPLE_COLUMNS = [
    "pair",
    "same_customer",
    "side",
    "source",
    "record_id",
    *SHOWN,
]


def find_reasons(
    linkage: Linkage | None,
    records: ir.Table | None,
    *,
    min_probability: float = 0.95,
    strong_probability: float = 0.999,
    max_size: int = 8,
) -> pd.DataFrame:
    """Which records belong to a group that a person should look at, and why?

    Parameters
    ----------
    linkage : Linkage, optional
    records : ibis.Table, optional
        ``source, record_id`` and, where given, ``country``.
    min_probability : float
        Of a link that is believed.
    strong_probability : float
        A group that falls apart when only links of this probability count is held together by a weak one.
    max_size : int
        Records that one customer may have.

    Returns
    -------
    pandas.DataFrame
        ``case_id, reason`` (a key of `REASONS`), ``entity_id, row``; a row per record and reason. The
        entities of a suspected pair of sister firms share a case.
    """
    if linkage is None or records is None:
        return pd.DataFrame(columns=REASON_COLUMNS)
    weight = weigh_probability(min_probability)
    ids = linkage.ids
    groups = group_rows(linkage, min_weight=weight)
    entity = name_groups(ids, groups)
    frame = pd.DataFrame({"row": ids["row"], "group": groups, "source": ids["source"], "entity_id": entity})
    apart = linkage.pairs[linkage.pairs["elsewhere"] & (linkage.pairs["weight"] >= weight)]
    between = pd.DataFrame({"row": groups[apart["row"]], "first": groups[apart["first"]]})
    between = between[between["row"] != between["first"]]
    case = close_pairs(
        pd.concat([between, frame[["row", "group"]].rename(columns={"group": "first"})]), records=len(ids)
    )
    frame["case_id"] = name_groups(ids, case)
    sizes = frame.groupby("group")["row"].transform("size")
    strong = group_rows(linkage, min_weight=weigh_probability(strong_probability))
    parts = frame.assign(strong=strong).groupby("group")["strong"].transform("nunique")
    per_source = frame.groupby(["group", "source"])["row"].transform("size")
    flags = {
        "sister": frame["group"].isin(between.to_numpy().ravel()),
        "countries": _count_countries(records, ids, frame["group"]) > 1,
        "large": sizes > max_size,
        "weak": parts > 1,
        "twice": (per_source > 1).groupby(frame["group"]).transform("max"),
    }
    found = [frame[flag.to_numpy()].assign(reason=key) for key, flag in flags.items()]
    return pd.concat(found, ignore_index=True)[REASON_COLUMNS]


def count_reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """How many groups are to be reviewed for which reason?

    Parameters
    ----------
    reasons : pandas.DataFrame
        From :func:`find_reasons`.

    Returns
    -------
    pandas.DataFrame
        ``reason, entities, records``, most urgent reason first; an entity counts under each of its reasons.
    """
    counted = reasons.groupby("reason").agg(entities=("entity_id", "nunique"), records=("row", "nunique"))
    counted = counted.reindex(list(REASONS), fill_value=0)
    return counted.rename(index=REASONS).rename_axis("reason").reset_index()


def build_review(
    records: ir.Table | None, linkage: Linkage | None, reasons: pd.DataFrame, *, min_probability: float = 0.95
) -> pd.DataFrame:
    """What does a person need to see to judge the doubtful groups?

    Parameters
    ----------
    records : ibis.Table, optional
        ``source, record_id`` and identifying columns.
    linkage : Linkage, optional
    reasons : pandas.DataFrame
        From :func:`find_reasons`.
    min_probability : float
        As there.

    Returns
    -------
    pandas.DataFrame
        ``case_id, reasons, entity_id, source, record_id, weakest_link`` (probability of the weakest link that
        holds the entity together; 1 where certain rules alone do) and what each record says, one row per
        record, most urgent cases first.
    """
    if linkage is None or records is None or reasons.empty:
        return pd.DataFrame(columns=REVIEW_COLUMNS)
    order = list(REASONS)
    urgency = reasons.assign(rank=reasons["reason"].map(order.index)).sort_values("rank", kind="stable")
    per_row = urgency.groupby("row").agg(
        case_id=("case_id", "first"),
        entity_id=("entity_id", "first"),
        reasons=("reason", lambda keys: "; ".join(REASONS[key] for key in keys)),
    )
    per_row["urgency"] = urgency.groupby("case_id")["rank"].min().reindex(per_row["case_id"]).to_numpy()
    weakest = _find_weakest(linkage, weigh_probability(min_probability))
    per_row["weakest_link"] = weakest[per_row.index.to_numpy()]
    shown = _read_cells(records, linkage.ids.loc[per_row.index])
    table = per_row.merge(shown, left_index=True, right_on="row")
    table = table.sort_values(["urgency", "case_id", "entity_id", "source", "record_id"], ignore_index=True)
    return table.reindex(columns=[c for c in REVIEW_COLUMNS if c in table])


def build_sample_to_label(
    records: ir.Table | None,
    linkage: Linkage | None,
    *,
    pairs_per_band: int = 25,
    min_probability: float = 0.95,
    seed: int = 20222,
) -> pd.DataFrame:
    """Which pairs should somebody look up, so that precision and recall can be told?

    Parameters
    ----------
    records : ibis.Table, optional
        ``source, record_id`` and identifying columns.
    linkage : Linkage, optional
    pairs_per_band : int
        Pairs drawn of each band of match weights; the bands near the threshold are the narrow ones.
    min_probability : float
        Of a link that is believed.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``pair, same_customer`` (empty: the reviewer writes yes or no), ``side`` (1 or 2), ``source,
        record_id`` and what the record says; two rows per pair, pairs in random order, so that nothing
        tells the reviewer what the model thinks.

    Notes
    -----
    Within a band every pair has the same chance to be drawn. Once looked up, both records of a pair get
    ``true_entity`` in ``source_records``: the same one if they are one customer, different ones if not.
    """
    if linkage is None or records is None:
        return pd.DataFrame(columns=SAMPLE_COLUMNS)
    threshold = weigh_probability(min_probability)
    edges = [
        -np.inf,
        threshold - 6,
        threshold - 3,
        threshold,
        threshold + 3,
        threshold + 6,
        threshold + 12,
        np.inf,
    ]
    pairs = linkage.pairs.assign(band=pd.cut(linkage.pairs["weight"], edges, right=False))
    rng = np.random.default_rng(seed)
    drawn = []
    for _, band in pairs.groupby("band", observed=True):
        rows = rng.choice(len(band), size=min(pairs_per_band, len(band)), replace=False)
        drawn.append(band.iloc[np.sort(rows)])
    if not drawn:
        return pd.DataFrame(columns=SAMPLE_COLUMNS)
    chosen = pd.concat(drawn, ignore_index=True)
    chosen = (
        chosen.iloc[rng.permutation(len(chosen))].reset_index(drop=True).rename_axis("pair").reset_index()
    )
    long = pd.concat(
        [chosen.assign(side=1, record=chosen["first"]), chosen.assign(side=2, record=chosen["row"])]
    )
    shown = _read_cells(records, linkage.ids.loc[long["record"].unique()])
    long = long.drop(columns="row").merge(shown, left_on="record", right_on="row")
    long = long.assign(pair=long["pair"] + 1, same_customer="").sort_values(
        ["pair", "side"], ignore_index=True
    )
    return long.reindex(columns=[c for c in SAMPLE_COLUMNS if c in long])


def _count_countries(records: ir.Table, ids: pd.DataFrame, groups: pd.Series) -> pd.Series:
    if "country" not in records.columns:
        return pd.Series(0, index=ids.index)
    named = records.select("source", "record_id", country=records.country.lower().strip()).to_pandas()
    country = ids.merge(named, on=["source", "record_id"], how="left")["country"]
    return country.groupby(groups.to_numpy()).transform("nunique")


def _find_weakest(linkage: Linkage, weight: float) -> np.ndarray:
    """Per record, the probability of the weakest link that its group needs (maximum spanning tree)."""
    n = len(linkage.ids)
    believed = linkage.pairs[(linkage.pairs["weight"] >= weight) & ~linkage.pairs["elsewhere"]]
    links = find_links(linkage, min_weight=weight)
    certain = links.iloc[: len(links) - len(believed)]
    ends = pd.concat([certain, believed[["row", "first"]]], ignore_index=True).to_numpy()
    cost = np.r_[np.full(len(certain), 1.0), 2 + (1 - believed["probability"].to_numpy())]
    low, high = ends.min(axis=1), ends.max(axis=1)
    cheapest = pd.DataFrame({"low": low, "high": high, "cost": cost}).groupby(["low", "high"])["cost"].min()
    cheapest = cheapest.reset_index()
    tree = minimum_spanning_tree(
        coo_matrix((cheapest["cost"], (cheapest["low"], cheapest["high"])), (n, n))
    ).tocoo()
    groups = group_rows(linkage, min_weight=weight)
    worst = np.ones(n)
    np.maximum.at(worst, groups[tree.row], tree.data)
    return np.where(worst > 1, 3 - worst, 1.0)[groups]


def _read_cells(records: ir.Table, ids: pd.DataFrame) -> pd.DataFrame:
    """What the records with these ids say."""
    columns = [column for column in SHOWN if column in records.columns]
    cells = records.select("source", "record_id", *columns).to_pandas()
    return ids[["row", "source", "record_id"]].merge(cells, on=["source", "record_id"], how="left")
