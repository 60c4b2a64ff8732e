"""What respondents say they need: careless answers set aside, everyone's own level taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words

PREFIX = "need_"


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Usable answers, and how many were not.

    Parameters
    ----------
    table : pandas.DataFrame
        ``customer_id`` and one column ``need_<item>`` per item: importance relative to the customer's own
        mean answer. One row per customer with a usable answer.
    items : sequence of str
    respondents, careless, incomplete, unknown : int
        All respondents; those who gave (nearly) the same answer to everything; those who left out too much;
        careful ones who cannot be joined to a customer.
    """

    table: pd.DataFrame
    items: Sequence[str]
    respondents: int
    careless: int
    incomplete: int
    unknown: int

    @property
    def columns(self) -> list[str]:
        """Columns of the needs."""
        return [PREFIX + item for item in self.items]


def read_needs(
    survey: pd.DataFrame,
    *,
    items: Sequence[str] = (),
    min_spread: float = 0.1,
    min_answered: float = 0.75,
) -> Needs:
    """Which customers said carefully what they need, and what?

    Parameters
    ----------
    survey : pandas.DataFrame
        ``respondent_id, item, answer``; optional ``customer_id, scale`` (such as ``1-7``).
    items : sequence of str
        Items that ask for needs; empty: all on the numeric scale that most items have.
    min_spread : float
        Standard deviation of a respondent's answers, as a share of the scale's range, below which they count
        as careless: all the same, or the two top answers only.
    min_answered : float
        Share of the items that a respondent must have answered.

    Returns
    -------
    Needs
        Answers that are no number, or not on the scale, count as missing; a missing one is filled with the
        respondent's own mean, which says nothing. Several respondents of a customer are averaged.

    Raises
    ------
    InputError
        An item that the survey does not have, or no three items on one numeric scale.
    """
    asked = _choose_items(survey, items)
    part = survey[survey["item"].isin(asked)]
    values = pd.to_numeric(part["answer"], errors="coerce")
    low, high = _read_scale(part, values)
    values = values.where((values >= low) & (values <= high))
    wide = part.assign(value=values).pivot_table(
        index="respondent_id", columns="item", values="value", aggfunc="mean", dropna=False
    )
    wide = wide.reindex(columns=asked).dropna(how="all")
    complete = wide.notna().mean(axis=1) >= min_answered
    careful = wide.std(axis=1, ddof=0) >= min_spread * (high - low)
    kept = wide[complete & careful]
    centred = kept.sub(kept.mean(axis=1), axis=0).fillna(0.0).add_prefix(PREFIX)
    owners = (
        survey.dropna(subset=["customer_id"])
        .drop_duplicates("respondent_id")
        .set_index("respondent_id")["customer_id"]
        if "customer_id" in survey
        else pd.Series(dtype=object)
    )
    centred.insert(0, "customer_id", centred.index.map(owners))
    table = centred.dropna(subset=["customer_id"]).groupby("customer_id", as_index=False).mean()
    return Needs(
        table=table.rename_axis(columns=None),
        items=asked,
        respondents=int(survey["respondent_id"].nunique()),
        careless=int((complete & ~careful).sum()),
        incomplete=int((~complete).sum()) + int(survey["respondent_id"].nunique()) - len(wide),
        unknown=int(centred["customer_id"].isna().sum()),
    )


def list_needs(needs: Needs | None) -> pd.DataFrame:
    """The table of needs (``customer_id, need_<item>``), without a row where there is no survey."""
    return pd.DataFrame({"customer_id": pd.Series(dtype=str)}) if needs is None else needs.table


def _choose_items(survey: pd.DataFrame, items: Sequence[str]) -> list[str]:
    there = list(dict.fromkeys(survey["item"]))
    if missing := [item for item in items if item not in there]:
        raise InputError(
            f"the survey has no item {join_words(missing)}",
            where="3_1_features, parameter needs_items",
            fix=f"choose from {', '.join(map(str, there))}",
        )
    if items:
        return list(items)
    if "scale" in survey:
        per_item = survey.groupby("item")["scale"].agg(
            lambda scales: scales.mode().iloc[0] if scales.notna().any() else ""
        )
        numeric = per_item[per_item.str.fullmatch(r"\s*-?\d+\s*[-–]\s*\d+\s*")]
        if len(numeric):
            usual = numeric.value_counts().index[0]
            there = [item for item in there if numeric.get(item) == usual]
    if len(there) < 3:
        raise InputError(
            "the survey has no three items on one numeric scale",
            where="survey (item, scale)",
            fix="name the items that ask for needs in the parameter needs_items",
        )
    return there


def _read_scale(part: pd.DataFrame, values: pd.Series) -> np.ndarray:
    """Lowest and highest answer: as the scale says, else as they were given."""
    if "scale" in part and part["scale"].notna().any():
        stated = (
            part["scale"].dropna().astype(str).str.extract(r"(-?\d+)\s*[-–]\s*(\d+)").dropna().astype(float)
        )
        if len(stated):
            return stated.mode().iloc[0].to_numpy(float)
    return np.array([values.min(), values.max()], dtype=float)
