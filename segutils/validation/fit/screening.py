"""The screens behind ``compliance``, the rule that follows from them, and how it fares in other samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.statistics import fairness
from segutils.validation.fit import compliance_words as words
from segutils.validation.fit.adjusted import Adjusted
from segutils.validation.fit.protected import DESCRIBES, FORMS, SEGMENTS, TOGETHER, People, group_attribute

KEEP, ADJUST, ESCALATE = "Keep the definition", "Adjust the definition", "Escalate to counsel"


def find_worst(impact: pd.DataFrame, attribute: str | None = None) -> pd.Series | None:
    """The row with the smallest selection ratio among the targets; None without targets."""
    rows = impact[(impact.scope == "targets") & impact.p_value.notna()]
    rows = rows if attribute is None else rows[rows.attribute == attribute]
    return None if rows.impact_ratio.isna().all() else rows.loc[rows.impact_ratio.idxmin()]


def build_summary(people: People, proxies: pd.DataFrame, impact: pd.DataFrame) -> pd.DataFrame:
    """Per protected attribute: which value is told best, by what, and how even is selection?

    Returns
    -------
    pandas.DataFrame
        ``attribute, value, customers`` (known), ``impact_ratio, p_value`` (of the least selected group among
        the targets), ``features_auc, segments_auc``, ``feature`` and ``field`` (the most telling ones).
    """
    rows = []
    for attribute in people.attributes:
        part = proxies[proxies.attribute == attribute]
        if part.empty:
            continue
        value = part.value[part[part.role.isin([TOGETHER, FORMS, SEGMENTS])].auc.idxmax()]
        own = part[part.value == value].set_index("role")
        worst = find_worst(impact, attribute)
        rows.append(
            {
                "attribute": attribute,
                "value": value,
                "customers": int(own.customers.iloc[0]),
                "impact_ratio": np.nan if worst is None else worst.impact_ratio,
                "p_value": np.nan if worst is None else worst.p_value,
                "features_auc": float(own.auc.get(TOGETHER, np.nan)),
                "segments_auc": float(own.auc.get(SEGMENTS, np.nan)),
                "feature": words.say_best(own, FORMS),
                "field": words.say_best(part.set_index("role"), DESCRIBES),
            }
        )
    return pd.DataFrame(rows)


def check_marks(
    proxies: pd.DataFrame, impact: pd.DataFrame, people: People, *, min_ratio: float, max_p: float
) -> dict[str, bool]:
    """Does a protected attribute (direct) or a proxy form segments, and is selection unequal?"""
    worst = impact[
        (impact.scope == "targets") & (impact.impact_ratio < min_ratio) & (impact.p_value <= max_p)
    ]
    used = proxies[proxies.role.isin([FORMS, TOGETHER])]
    return {
        "direct": bool(set(people.forms) & set(people.attributes)),
        "proxy": bool((used.reading == "proxy").any()),
        "unequal": bool(len(worst)),
    }


def follow_rule(state: dict[str, bool], adjusted: Adjusted | None, *, min_agreement: float) -> str:
    """What follows from the marks; see :func:`~segutils.validation.fit.compliance.decide_compliance`."""
    if state["direct"]:
        return ADJUST
    if state["proxy"]:
        return ADJUST if adjusted is not None and adjusted.agreement >= min_agreement else ESCALATE
    return ESCALATE if state["unequal"] else KEEP


def resample_rule(
    people: People,
    proxies: pd.DataFrame,
    targets: Sequence[str],
    adjusted: Adjusted | None,
    *,
    min_ratio: float,
    min_auc: float,
    max_p: float,
    min_agreement: float,
    resamples: int,
    seed: int,
) -> dict[str, float]:
    """How often does the rule lead to each option in other samples of the customers?"""
    rng = np.random.default_rng(seed)
    selected = people.table.segment.isin(list(targets)).to_numpy()
    used = proxies[proxies.role == FORMS]
    doubtful = used[(used.auc - min_auc).abs() < 0.06]
    sure = bool(((used.reading == "proxy") & ~used.index.isin(doubtful.index)).any())
    together = proxies[proxies.role == TOGETHER]
    sure |= bool((together.reading == "proxy").any())
    values = {(a, v): has for a, v, has in people.list_values(min_customers=1)}
    direct = bool(set(people.forms) & set(people.attributes))
    groups = {attribute: group_attribute(people.table[attribute]) for attribute in people.attributes}
    found = []
    for _ in range(resamples):
        rows = rng.integers(0, len(people.table), len(people.table))
        proxy = sure
        for row in doubtful.itertuples() if not sure else ():
            has = values[row.attribute, row.value][rows]
            known = np.isfinite(has)
            field = people.table[row.field].iloc[rows[known]].reset_index(drop=True)
            auc = fairness.predict_from_field(field, has[known].astype(bool), permutations=1, seed=seed).auc
            proxy |= auc >= min_auc
        unequal = False
        for attribute in people.attributes if len(targets) else ():
            drawn = groups[attribute].iloc[rows].reset_index(drop=True)
            part = fairness.compare_selection(drawn, pd.Series(selected[rows]))
            unequal |= bool(((part.impact_ratio < min_ratio) & (part.p_value <= max_p)).any())
        state = {"direct": direct, "proxy": proxy, "unequal": unequal}
        found.append(follow_rule(state, adjusted, min_agreement=min_agreement))
    return {option: found.count(option) / max(len(found), 1) for option in (KEEP, ADJUST, ESCALATE)}


def list_options(
    proxies: pd.DataFrame,
    impact: pd.DataFrame,
    adjusted: Adjusted | None,
    adjusted_impact: pd.DataFrame | None,
    support: dict[str, float],
) -> pd.DataFrame:
    """What do keeping, adjusting and escalating mean for selection, fit and value?"""
    worst = find_worst(impact)
    again = None if adjusted_impact is None else find_worst(adjusted_impact)
    told = float(proxies.auc[proxies.role == SEGMENTS].max())
    before = {
        "impact_ratio": np.nan if worst is None else worst.impact_ratio,
        "agreement": 1.0,
        "explained": np.nan if adjusted is None else adjusted.explained_before,
        "value_told": np.nan if adjusted is None else adjusted.value_told_before,
        "target_value": np.nan if adjusted is None else adjusted.target_value_before,
    }
    rows = [{"option": KEEP, **before}]
    if adjusted is not None:
        after = {
            "impact_ratio": np.nan if again is None else again.impact_ratio,
            "agreement": adjusted.agreement,
            "explained": adjusted.explained,
            "value_told": adjusted.value_told,
            "target_value": adjusted.target_value,
        }
        rows.append({"option": ADJUST, **after})
    elif support[ADJUST] > 0:
        rows.append({"option": ADJUST})
    rows.append({"option": ESCALATE, **before})
    table = pd.DataFrame(rows)
    table.insert(1, "score", table.option.map(support))
    table["segments_auc"] = np.where(table.option == ADJUST, np.nan, told)
    return table.dropna(axis=1, how="all")


def compare_alike(
    people: People, targets: Sequence[str], strata: str, impact: pd.DataFrame
) -> pd.Series | None:
    """The selection ratio among customers alike in `strata`, of the worst attribute with two groups."""
    if strata not in people.table.columns or not len(targets):
        return None
    worst = find_worst(impact)
    if worst is None:
        return None
    groups = group_attribute(people.table[worst.attribute])
    known = groups.notna()
    member = (groups == worst.group)[known]
    selected = people.table.segment.isin(list(targets))[known]
    return fairness.compare_within(member, selected, people.table[strata][known])
