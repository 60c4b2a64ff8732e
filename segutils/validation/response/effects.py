"""What being contacted changed, segment by segment, from experiments alone; and whether it paid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from segutils.statistics.campaign_arms import count_arms
from segutils.statistics.false_discovery import adjust_benjamini_hochberg
from segutils.statistics.multiplicity import adjust_known
from segutils.statistics.rates import (
    Counts,
    p_difference,
    stratified_difference,
    stratified_wilson,
    weigh_strata,
)

PAYS, PAYS_NOT, OPEN = "pays", "does not pay", "open"
COLUMNS = [
    *(
        "segment",
        "treated",
        "control",
        "treated_rate",
        "treated_low",
        "treated_high",
        "control_rate",
        "control_low",
    ),
    *(
        "control_high",
        "lift",
        "low",
        "high",
        "p_value",
        "p_holm",
        "q_value",
        "cost",
        "margin_per_order",
        "order_se",
    ),
    *("break_even", "p_break_even", "verdict", "gain", "gain_low", "gain_high", "value_lift", "value_low"),
    "value_high",
]


def score_effects(
    experiments: pd.DataFrame,
    segments: Sequence[str],
    *,
    worth: pd.DataFrame | None = None,
    contact_costs: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """By how much does a contact raise the response in each segment, and is it more than it costs?

    Parameters
    ----------
    experiments : pandas.DataFrame
        From :func:`~segutils.statistics.campaign_arms.select_experiments`.
    segments : sequence of str
    worth : pandas.DataFrame, optional
        segment, margin_per_order, order_se; without it a lift is held against 0.
    contact_costs : pandas.DataFrame, optional
        campaign_id, cost_per_contact.
    confidence : float

    Returns
    -------
    pandas.DataFrame
        segment; treated, control (customers in the arms); treated_rate, treated_low, treated_high,
        control_rate, control_low, control_high; lift, low, high (points, every campaign compared within
        itself); p_value, p_holm, q_value (of no lift; Holm over the segments, Benjamini-Hochberg); cost
        (of a contact), margin_per_order, break_even (lift at which a contact pays; 0 where money is not
        known), p_break_even (Holm), verdict; gain, gain_low, gain_high (margin of a contact less its cost);
        value_lift, value_low, value_high (outcome_value of the treated less the controls, as booked). No row
        without an experiment.
    """
    if not len(experiments):
        return pd.DataFrame(columns=COLUMNS)
    counts = count_arms(experiments, segments)
    weights = weigh_strata(counts)
    found = stratified_difference(counts, level=confidence)
    own = stratified_wilson(counts.hits, counts.of, weights, level=confidence)
    other = stratified_wilson(counts.control_hits, counts.control_of, weights, level=confidence)
    table = pd.DataFrame(
        {
            "segment": list(segments),
            "treated": counts.of.sum(axis=1).astype(int),
            "control": counts.control_of.sum(axis=1).astype(int),
            "treated_rate": found.rate,
            "treated_low": own[:, 0],
            "treated_high": own[:, 1],
            "control_rate": found.control_rate,
            "control_low": other[:, 0],
            "control_high": other[:, 1],
            "lift": found.estimate,
            "low": found.low,
            "high": found.high,
            "p_value": p_difference(counts),
        }
    )
    table["p_holm"] = adjust_known(table["p_value"].to_numpy())
    table["q_value"] = adjust_benjamini_hochberg(table["p_value"].to_numpy())
    table = table.merge(_price(experiments, segments, worth, contact_costs), on="segment")
    table["p_break_even"] = adjust_known(p_difference(counts, table["break_even"].to_numpy()))
    table["verdict"] = judge(table["lift"], table["break_even"], table["p_break_even"], confidence)
    for column, lift in (("gain", "lift"), ("gain_low", "low"), ("gain_high", "high")):
        table[column] = table[lift] * table["margin_per_order"] - table["cost"]
    return pd.concat([table, _value_lift(experiments, segments, weights, confidence)], axis=1)


def judge(lift: np.ndarray, break_even: np.ndarray, p_holm: np.ndarray, confidence: float) -> np.ndarray:
    """Does a contact pay in each segment: shown to, shown not to, or open?"""
    lift, break_even, p_holm = (np.asarray(v, dtype=float) for v in (lift, break_even, p_holm))
    sure = p_holm < 1 - confidence
    return np.where(sure & (lift > break_even), PAYS, np.where(sure & (lift < break_even), PAYS_NOT, OPEN))


def _price(
    experiments: pd.DataFrame,
    segments: Sequence[str],
    worth: pd.DataFrame | None,
    contact_costs: pd.DataFrame | None,
) -> pd.DataFrame:
    table = pd.DataFrame(
        {"segment": list(segments), "cost": np.nan, "margin_per_order": np.nan, "order_se": np.nan}
    )
    if contact_costs is not None:
        treated = experiments[experiments["treated"]].merge(contact_costs, on="campaign_id")
        spent = (treated["cost_per_contact"] * treated["customers"]).groupby(treated["segment"])
        counted = treated["customers"].groupby(treated["segment"]).sum()
        table["cost"] = table["segment"].map(spent.sum(min_count=1) / counted)
    if worth is not None:
        known = worth.set_index("segment")
        for column in ("margin_per_order", "order_se"):
            table[column] = table["segment"].map(known[column])
    ratio = table["cost"] / table["margin_per_order"].where(table["margin_per_order"] > 0)
    return table.assign(break_even=ratio.fillna(0.0).clip(upper=1.0))


def _value_lift(
    experiments: pd.DataFrame, segments: Sequence[str], weights: np.ndarray, confidence: float
) -> pd.DataFrame:
    """Difference of mean outcome_value between arms, strata weighted as the responses are."""
    sums, squares = (count_arms(experiments, segments, column=c) for c in ("value_sum", "value_squares"))
    used = weights > 0
    parts, variance = [], np.zeros(len(segments))
    for total, square, of in (
        (sums.hits, squares.hits, sums.of),
        (sums.control_hits, squares.control_hits, sums.control_of),
    ):
        n = np.where(used, of, 1.0)
        mean = total / n
        spread = np.maximum(square / n - mean**2, 0) * n / np.maximum(n - 1, 1)
        parts.append((np.where(used, weights, 0.0) * mean).sum(axis=1))
        variance += (np.where(used, weights, 0.0) ** 2 * spread / n).sum(axis=1)
    half = norm.ppf(0.5 + confidence / 2) * np.sqrt(variance)
    lift = parts[0] - parts[1]
    if experiments["value_sum"].isna().any() or not used.any():
        lift = np.full(len(segments), np.nan)
    return pd.DataFrame({"value_lift": lift, "value_low": lift - half, "value_high": lift + half})


def pool_counts(counts: Counts) -> Counts:
    """All cells of segment x campaign as the strata of one comparison."""
    names = ("hits", "of", "control_hits", "control_of")
    return Counts(
        **{name: getattr(counts, name).reshape(*getattr(counts, name).shape[:-2], -1) for name in names}
    )


def turn_counts(counts: Counts) -> Counts:
    """Campaign x segment instead of segment x campaign."""
    names = ("hits", "of", "control_hits", "control_of")
    return Counts(**{name: np.swapaxes(getattr(counts, name), -1, -2) for name in names})


def p_arms_spread(experiments: pd.DataFrame) -> float:
    """Are treated and controls spread alike over today's segments (p-value; a campaign moves nobody if so)?

    Chi-square of arm by segment within each campaign, added up; customers without purchases are a group of
    their own. Segments are formed after the campaigns: were they formed by what campaigns caused, the treated
    would gather in some of them.
    """
    statistic, degrees = 0.0, 0
    for _, own in experiments.groupby("campaign_id"):
        seen = own.pivot_table(
            index="segment", columns="treated", values="customers", aggfunc="sum", fill_value=0
        )
        seen = seen.to_numpy(dtype=float)
        expected = seen.sum(axis=1, keepdims=True) * seen.sum(axis=0) / seen.sum()
        kept = (expected >= 1).all(axis=1)  # smaller ones are too few for the approximation
        statistic += float(((seen - expected)[kept] ** 2 / expected[kept]).sum())
        degrees += max(int(kept.sum()) - 1, 0)
    return float(chi2.sf(statistic, degrees)) if degrees else np.nan


def build_response(effects: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """What later notebooks may count on: the lift of each segment, by the segment's code.

    Parameters
    ----------
    effects : pandas.DataFrame
        From :func:`score_effects`.
    members : pandas.DataFrame
        From :func:`~segutils.validation.response.campaign_cells.build_members`.

    Returns
    -------
    pandas.DataFrame
        segment (code), name, lift, low, high, p_holm, cost, margin_per_order, gain, gain_low, gain_high,
        verdict (``pays``, ``does not pay``, ``open``); no row without an experiment.
    """
    codes = members.drop_duplicates("segment").set_index("segment")["code"]
    table = effects.rename(columns={"segment": "name"})
    table.insert(0, "segment", table["name"].map(codes).astype("object"))
    columns = ["segment", "name", "lift", "low", "high", "p_holm", "cost", "margin_per_order"]
    table = table[[*columns, "gain", "gain_low", "gain_high", "verdict"]].reset_index(drop=True)
    return table.astype(dict.fromkeys(table.columns[2:-1], float))
