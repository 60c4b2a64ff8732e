"""Groups by what customers say they need: the need on which they stand out, and the main contrasts."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words
from segutils.objectives.boundaries.group_rules import NEEDS, Grouping, join_small

SCALE = r"^\s*(-?\d+)\s*[-–]\s*(\d+)\s*$"
CONTRASTS = 3  # of the largest ones, cut at their middle: eight cells


def build_needs_groups(
    survey: ir.Table,
    *,
    items: Sequence[str] = (),
    min_spread: float = 0.1,
    min_answered: float = 0.75,
    min_customers: int = 30,
    min_respondents: int = 100,
) -> list[Grouping]:
    """How can customers be parted by what they say they need?

    Answers are taken relative to the customer's own mean answer (some call everything important) and to the
    mean of each item (everybody wants some things). Careless answers are set aside.

    Parameters
    ----------
    survey : ibis table
        ``respondent_id, item, answer, customer_id``; optional ``scale`` (such as ``1-7``).
    items : sequence of str
        Items that ask for needs; empty: all on the numeric scale that most items have.
    min_spread : float
        Standard deviation of a respondent's answers, as a share of the scale's range, below which they count
        as careless: all the same, or the two top answers only.
    min_answered : float
        Share of the items that a respondent must have answered; what is left out counts as the own mean.
    min_customers : int
        Smaller groups are put together as others.
    min_respondents : int
        With fewer usable respondents there is no grouping.

    Returns
    -------
    list of Grouping
        ``need_that_stands_out`` and ``contrasts_of_needs`` (the largest principal components, cut at zero);
        empty where there are too few usable answers, or no three items on one scale.

    Raises
    ------
    InputError
        The survey has no item of these.
    """
    wide = _read_answers(survey, items, min_spread=min_spread, min_answered=min_answered)
    if len(wide) < min_respondents or wide.shape[1] < 3:
        return []
    relative = wide.sub(wide.mean(axis=1), axis=0)
    relative = relative.sub(relative.mean())
    words = {item: item.replace("_", " ") for item in wide}
    best = pd.Series([words[item] for item in relative.idxmax(axis=1)], index=wide.index, dtype=object)
    made = [
        ("need_that_stands_out", "need that stands out", best, "the need most above what others say"),
        (
            "contrasts_of_needs",
            "main contrasts of needs",
            _cut_contrasts(relative, words),
            "the largest contrasts between needs, each cut at its middle",
        ),
    ]
    return [
        Grouping(
            name=name,
            words=called,
            base=NEEDS,
            groups=join_small(groups, min_customers=min_customers),
            at_first_contact=True,
            how=how,
        )
        for name, called, groups, how in made
    ]


def _read_answers(
    survey: ir.Table, items: Sequence[str], *, min_spread: float, min_answered: float
) -> pd.DataFrame:
    """Careful answers: index customer_id, one column per item, gaps filled with the own mean."""
    if "customer_id" not in survey.columns:
        return pd.DataFrame()
    names = [
        name for name in ("respondent_id", "customer_id", "item", "answer", "scale") if name in survey.columns
    ]
    rows = survey.select(*names).to_pandas().assign(value=lambda t: pd.to_numeric(t.answer, errors="coerce"))
    there = sorted(set(rows.item.dropna()))
    if missing := [item for item in items if item not in there]:
        raise InputError(
            f"the survey has no item {join_words(missing)}",
            where="1_1_boundaries, parameter needs_items",
            fix=f"choose from {', '.join(there)}",
        )
    rows["scale"] = rows.get("scale", pd.Series("", index=rows.index)).astype(object)
    usual = (
        rows.dropna(subset=["item"])
        .groupby("item")
        .scale.agg(lambda s: s.mode().iloc[0] if s.notna().any() else "")
    )
    numeric = usual[usual.astype(str).str.match(SCALE)]
    if not items and len(numeric):
        items = sorted(numeric.index[numeric == numeric.value_counts().index[0]])
    asked = list(items) or there
    rows = rows[rows.item.isin(asked)]
    ends = numeric.reindex(asked).dropna().astype(str).str.extract(SCALE).astype(float)
    low, high = (ends[0].min(), ends[1].max()) if len(ends) else (rows.value.min(), rows.value.max())
    rows = rows[rows.value.between(low, high)]
    wide = rows.pivot_table(index="respondent_id", columns="item", values="value", aggfunc="mean")
    careful = (wide.notna().mean(axis=1) >= min_answered) & (
        wide.std(axis=1, ddof=0) >= min_spread * (high - low)
    )
    kept = wide[careful]
    kept = kept.T.fillna(kept.mean(axis=1)).T
    owner = (
        rows.dropna(subset=["customer_id"])
        .drop_duplicates("respondent_id")
        .set_index("respondent_id")
        .customer_id
    )
    kept = kept.assign(customer_id=owner.reindex(kept.index)).dropna(subset=["customer_id"])
    return kept.groupby("customer_id").mean().sort_index()


def _cut_contrasts(relative: pd.DataFrame, words: dict[str, str]) -> pd.Series:
    """Cells of the largest principal components, each end named by the item that leads it."""
    _, _, axes = np.linalg.svd(relative.to_numpy(), full_matrices=False)
    names = pd.Series("", index=relative.index, dtype=object)
    for axis in axes[:CONTRASTS]:
        axis = axis * np.sign(axis[np.abs(axis).argmax()])  # the sign of a component is arbitrary
        order = np.argsort(axis)
        ends = [words[relative.columns[n]] for n in (order[0], order[-1])]
        side = np.where(relative.to_numpy() @ axis > 0, ends[1], ends[0])
        names = pd.Series(side, index=names.index, dtype=object).where(names == "", names + " · " + side)
    return names
