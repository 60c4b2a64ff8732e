"""Which records are one customer beyond doubt, before any probability is computed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from segutils.data_readiness.identity.normalising import normalise_records
from segutils.errors import InputError

BUSINESS_RULES: Mapping[str, Sequence[str]] = {
    "same phone and company": ("phone", "company"),
    "same e-mail, company and postcode": ("email", "company", "postcode"),
    "same website, company, postcode and house number": ("site", "company", "postcode", "house"),
    "same identifier and company": ("identifier", "company"),
}
PERSON_RULES: Mapping[str, Sequence[str]] = {
    "same phone, name and postcode": ("phone", "name", "postcode"),
    "same e-mail and name": ("email", "name"),
    "same identifier and name": ("identifier", "name"),
    "same name, birth date and postcode": ("name", "birth_date", "postcode"),
}
MAX_SHARED = 20  # a key that more records share is nobody's own


def build_certain_links(records: ir.Table, *, max_shared: int = MAX_SHARED) -> ir.Table:
    """Which records belong together beyond doubt, by declared rules alone?

    Parameters
    ----------
    records : ibis.Table
        ``source, record_id`` (together unique) and the identifying columns of ``source_records`` that there
        are; see :func:`~segutils.data_readiness.identity.normalising.normalise_records`.
    max_shared : int
        Records that may share the key of a rule. A mailbox or a switchboard that more records share says
        nothing.

    Returns
    -------
    ibis.Table
        ``source, record_id, group_id``, one row per record, those without a link too: a group is named by
        its first record (``crm:CRM-0000001``). Groups are closed: two records with a link to a third one are
        in one group.

    Raises
    ------
    InputError
        A record stands in the table twice.

    Notes
    -----
    Every rule wants the firm's (or person's) name and a second, independent thing. A firm's name and its
    e-mail domain are no two things, since sister firms share both; so an e-mail counts only with the same
    postcode. The keys are compared in the engine; only pairs of row numbers leave it.
    """
    keyed = number_records(normalise_records(records)).cache()
    ids = keyed.select("row", "source", "record_id").order_by("row").to_pandas()
    if ids.duplicated(["source", "record_id"]).any():
        twice = ids[ids.duplicated(["source", "record_id"])].iloc[0]
        raise InputError(
            f"record {twice.record_id} of source {twice.source} stands in source_records twice",
            where="source_records",
            fix="give every record of a source its own record_id",
        )
    pairs = find_certain_pairs(keyed, max_shared=max_shared)
    ids["group_id"] = name_groups(ids, close_pairs(pairs, records=len(ids)))
    return ibis.memtable(ids[["source", "record_id", "group_id"]])


def number_records(normalised: ir.Table) -> ir.Table:
    """The records with ``row``: 0, 1, 2 … in the order of source and record_id."""
    order = [normalised.source, normalised.record_id]
    return normalised.mutate(row=ibis.row_number().over(order_by=order).cast("int64"))


def choose_rules(columns: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The rules that fit what the records are about: firms where a company is given, else persons."""
    return BUSINESS_RULES if "company" in columns else PERSON_RULES


def find_certain_pairs(keyed: ir.Table, *, max_shared: int = MAX_SHARED) -> pd.DataFrame:
    """Which records share the key of a certain rule?

    Parameters
    ----------
    keyed : ibis.Table
        Normalised and numbered records.
    max_shared : int
        Records that may share a key.

    Returns
    -------
    pandas.DataFrame
        ``row, first, rule``: each record with the first one of the same key, by the rule's name.
    """
    has_company = keyed.company.notnull().any().to_pyarrow().as_py()
    rules = choose_rules(["company"] if has_company else [])
    found = []
    for rule, columns in rules.items():
        known = keyed.filter([keyed[column].notnull() for column in columns]).select("row", *columns)
        window = ibis.window(group_by=list(columns))
        shared = known.mutate(first=known.row.min().over(window), sharing=known.row.count().over(window))
        linked = shared.filter(shared.row != shared.first, shared.sharing <= max_shared)
        found.append(linked.select("row", "first").to_pandas().assign(rule=rule))
    pairs = pd.concat(found, ignore_index=True)
    return pairs.sort_values(["row", "first", "rule"], ignore_index=True)


def close_pairs(pairs: pd.DataFrame, *, records: int) -> np.ndarray:
    """The group of each of the records 0, 1, 2 … when every pair (``row, first``) is in one group.

    Returns
    -------
    numpy.ndarray
        The smallest row of each record's group.
    """
    rows, firsts = pairs["row"].to_numpy(), pairs["first"].to_numpy()
    graph = coo_matrix((np.ones(len(rows), dtype=bool), (rows, firsts)), shape=(records, records))
    labels = connected_components(graph, directed=False)[1]
    smallest = np.full(labels.max(initial=-1) + 1, records, dtype=np.int64)
    np.minimum.at(smallest, labels, np.arange(records))
    return smallest[labels]


def name_groups(ids: pd.DataFrame, groups: np.ndarray) -> pd.Series:
    """A group's name: source and record_id of its first record."""
    names = ids["source"].astype(str) + ":" + ids["record_id"].astype(str)
    return pd.Series(names.to_numpy()[groups], index=ids.index)
