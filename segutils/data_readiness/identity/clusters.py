"""From links to customers: at which weight is a link believed, and which records are then one customer?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.data_readiness.identity.certain_links import close_pairs, name_groups
from segutils.data_readiness.identity.linking import Linkage
from segutils.errors import InputError
from segutils.findings import Figure
from segutils.formats import format_value, join_words, lower_first

ENTITY_COLUMNS = ["source", "record_id", "entity_id"]
THRESHOLD_COLUMNS = [
    "threshold",
    "probability",
    "links",
    "entities",
    "expected_precision",
    "expected_recall",
]
THRESHOLDS: Sequence[float] = tuple(np.arange(-8.0, 20.5, 2.0))


def weigh_probability(probability: float) -> float:
    """The match weight (bits) of a probability: log2 of its odds."""
    if not 0.5 <= probability < 1:
        raise InputError(
            f"a match probability of {probability:g} cannot be a threshold",
            where="identity-resolution (min_probability)",
            fix="state at least 0.5 and less than 1",
        )
    return float(np.log2(probability / (1 - probability)))


def find_links(linkage: Linkage, *, min_weight: float, apart_elsewhere: bool = True) -> pd.DataFrame:
    """Which pairs are believed to be one customer: the certain ones, and those of at least `min_weight`?

    Parameters
    ----------
    linkage : Linkage
    min_weight : float
        Bits.
    apart_elsewhere : bool
        Whether a pair stays apart whose phone and address both speak against it, however much its names
        speak for it: a sister firm shares name, domain and sometimes the contact, but is somewhere else.

    Returns
    -------
    pandas.DataFrame
        ``row, first``.
    """
    pairs = linkage.pairs[linkage.pairs["weight"] >= min_weight]
    if apart_elsewhere:
        pairs = pairs[~pairs["elsewhere"]]
    certain = pd.DataFrame({"row": linkage.ids["row"], "first": linkage.ids["certain"]})
    return pd.concat(
        [certain[certain["row"] != certain["first"]], pairs[["row", "first"]]], ignore_index=True
    )


def group_rows(linkage: Linkage, *, min_weight: float, apart_elsewhere: bool = True) -> np.ndarray:
    """The group of each record (its smallest row), links closed: friends of friends are one customer."""
    links = find_links(linkage, min_weight=min_weight, apart_elsewhere=apart_elsewhere)
    return close_pairs(links, records=len(linkage.ids))


def assign_entities(
    linkage: Linkage | None, *, min_probability: float = 0.95, apart_elsewhere: bool = True
) -> pd.DataFrame:
    """Which customer does each record belong to?

    Parameters
    ----------
    linkage : Linkage, optional
        None where the client gave no records.
    min_probability : float
        Of a link that is believed; see :func:`build_thresholds`.
    apart_elsewhere : bool
        See :func:`find_links`.

    Returns
    -------
    pandas.DataFrame
        ``source, record_id, entity_id``, one row per record; an entity is named by its first record.
    """
    if linkage is None:
        return pd.DataFrame(columns=ENTITY_COLUMNS, dtype="str")
    groups = group_rows(
        linkage, min_weight=weigh_probability(min_probability), apart_elsewhere=apart_elsewhere
    )
    ids = linkage.ids
    return ids[["source", "record_id"]].assign(entity_id=name_groups(ids, groups))


def build_thresholds(
    linkage: Linkage | None, *, thresholds: Sequence[float] = THRESHOLDS, apart_elsewhere: bool = True
) -> pd.DataFrame:
    """What would each threshold give?

    Parameters
    ----------
    linkage : Linkage, optional
    thresholds : sequence of float
        Match weights, in bits.
    apart_elsewhere : bool
        See :func:`find_links`.

    Returns
    -------
    pandas.DataFrame
        ``threshold, probability, links`` (pairs believed by the model), ``entities, expected_precision,
        expected_recall``, one row per threshold. The last two are the model's own expectation, the mean
        probability of the links taken and their share of all probability; they are no measurement.
    """
    if linkage is None:
        return pd.DataFrame(columns=THRESHOLD_COLUMNS)
    pairs = linkage.pairs[~linkage.pairs["elsewhere"]] if apart_elsewhere else linkage.pairs
    everything = pairs["probability"].sum()
    rows = []
    for threshold in thresholds:
        taken = pairs.loc[pairs["weight"] >= threshold, "probability"]
        groups = group_rows(linkage, min_weight=threshold, apart_elsewhere=apart_elsewhere)
        rows.append(
            {
                "threshold": float(threshold),
                "probability": float(1 / (1 + 2.0**-threshold)),
                "links": len(taken),
                "entities": len(np.unique(groups)),
                "expected_precision": float(taken.mean()) if len(taken) else np.nan,
                "expected_recall": float(taken.sum() / everything) if everything else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=THRESHOLD_COLUMNS)


def build_blocking_table(linkage: Linkage | None, *, min_probability: float = 0.95) -> pd.DataFrame:
    """What does each blocking rule cost, and what does it bring?

    Parameters
    ----------
    linkage : Linkage, optional
    min_probability : float
        Of a link that is believed.

    Returns
    -------
    pandas.DataFrame
        ``rule, used, why_not, comparisons, certain_links_reached`` (share; both of the rule alone),
        ``new_comparisons`` and ``new_links`` (that no rule before it makes or finds), in the order in which
        the rules are used.
    """
    columns = [
        "rule",
        "used",
        "why_not",
        "comparisons",
        "certain_links_reached",
        "new_comparisons",
        "new_links",
    ]
    if linkage is None:
        return pd.DataFrame(columns=columns)
    believed = linkage.pairs[linkage.pairs["weight"] >= weigh_probability(min_probability)]
    believed = believed[~believed["elsewhere"]]
    found = believed["rule"].value_counts()
    table = linkage.blocking.rename(columns={"links_reached": "certain_links_reached"})
    new = table["rule"].map(found).fillna(0).astype("Int64").where(table["used"])
    return table.assign(new_links=new)[columns]


def draw_figures(
    linkage: Linkage, thresholds: pd.DataFrame, *, min_probability: float = 0.95
) -> tuple[Figure, ...]:
    """The match weights, and what the threshold decides."""
    return (_draw_weights(linkage), _draw_thresholds(thresholds, weigh_probability(min_probability)))


def _draw_weights(linkage: Linkage) -> Figure:
    data = linkage.weights.assign(evidence=linkage.weights["comparison"] + ": " + linkage.weights["degree"])
    top, bottom = data.loc[data["weight"].idxmax()], data.loc[data["weight"].idxmin()]
    title = (
        f"Strongest for one customer: {lower_first(top.evidence)} ({top.weight:+.1f} bits); strongest "
        f"against: {lower_first(bottom.evidence)} ({bottom.weight:+.1f})"
    ).replace("(-", "(−")
    unseen = data.loc[~data["learned"], "evidence"]
    caption = "Every bit doubles the odds; the bits of a pair add up."
    if not linkage.learned:
        caption += " There was too little to learn from: all weights are defaults."
    elif len(unseen):
        caption += f" Not seen in training, weight assumed: {join_words(list(unseen))}."
    return Figure(
        kind="bar",
        data=data[["evidence", "weight", "m", "u"]],
        x="evidence",
        y="weight",
        title=title,
        subtitle="Weight of evidence by what two records agree in, bits (log2 of m / u)",
        alt=f"A bar for each of {len(data)} degrees of agreement. {title}.",
        caption=caption,
        formats={"weight": "number:1", "m": "share:2", "u": "share:2"},
        highlight=str(top.evidence),
    )


def _draw_thresholds(thresholds: pd.DataFrame, chosen: float) -> Figure:
    names = {
        "precision": "right among links",
        "recall": "found among true links",
        "expected_precision": "right, as the model expects",
    }
    where = "labelled records"
    if thresholds["recall"].isna().all():
        names = {
            "expected_precision": "right among links",
            "expected_recall": "found among true links",
        }
        where = "the model's own expectation"
    near = thresholds[thresholds["threshold"].between(chosen - 4, chosen + 4)]
    low, high = int(near["entities"].min()), int(near["entities"].max())
    shift = (high - low) / high
    title = (
        f"Four bits more or less than the threshold of {chosen:.1f} would change the number of customers by "
        f"{format_value(shift, 'share:1')}"
    )
    long = thresholds.melt(
        id_vars="threshold", value_vars=list(names), var_name="measure", value_name="share"
    )
    long = long.assign(measure=long["measure"].map(names)).dropna(subset=["share"]).reset_index(drop=True)
    return Figure(
        kind="line",
        data=long,
        x="threshold",
        y="share",
        series="measure",
        title=title,
        subtitle=f"Links by the match weight from which they are believed (bits), share, {where}",
        alt=f"{len(names)} lines over thresholds from {thresholds.threshold.min():.0f} to "
        f"{thresholds.threshold.max():.0f} bits. {title}.",
        formats={"threshold": "number:0", "share": "share:1"},
    )
