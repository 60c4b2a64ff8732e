"""One policy for all or one per segment: what each would bring, and how far the choice rests on chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.statistics.campaign_arms import count_arms
from segutils.statistics.interaction import Interaction, interaction_in_odds, interaction_in_points
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.multiplicity import adjust_known
from segutils.statistics.rates import Counts, p_difference, stratified_difference
from segutils.validation.response.effects import PAYS, judge, pool_counts, turn_counts

ALL = "One policy: contact every segment"
BY_SEGMENT = "Cautious: contact only where the lift is shown, test elsewhere"
TEST = "Test first: contact only as an experiment"
OPTIONS = (ALL, BY_SEGMENT, TEST)
FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Counts of the experiments, segment x campaign, and what a response is worth and a contact costs.

    Parameters
    ----------
    counts : Counts
    customers : numpy.ndarray
        Of each segment, contacted once if the policy says so.
    worth, cost, break_even : numpy.ndarray
        Of a response, of a contact, and the lift at which they are even; per segment. Without money, worth 1
        and cost 0: gains are then responses.
    confidence : float
    """

    counts: Counts
    customers: np.ndarray
    worth: np.ndarray
    cost: np.ndarray
    break_even: np.ndarray
    confidence: float


def read_evidence(
    experiments: pd.DataFrame, effects: pd.DataFrame, customers: pd.Series, *, confidence: float = 0.95
) -> Evidence:
    """The evidence that a policy is judged by.

    Parameters
    ----------
    experiments : pandas.DataFrame
        From :func:`~segutils.statistics.campaign_arms.select_experiments`.
    effects : pandas.DataFrame
        From :func:`~segutils.validation.response.effects.score_effects`.
    customers : pandas.Series
        Customers by segment.
    confidence : float

    Returns
    -------
    Evidence
    """
    money = has_money(effects)
    ones = np.ones(len(effects))
    return Evidence(
        counts=count_arms(experiments, effects["segment"].tolist()),
        customers=effects["segment"].map(customers).fillna(0).to_numpy(dtype=float),
        worth=effects["margin_per_order"].to_numpy(dtype=float) if money else ones,
        cost=effects["cost"].to_numpy(dtype=float) if money else 0 * ones,
        break_even=effects["break_even"].to_numpy(dtype=float),
        confidence=confidence,
    )


def has_money(effects: pd.DataFrame) -> bool:
    """Is it known of every segment what a response is worth and a contact costs?"""
    return bool(effects[["cost", "margin_per_order"]].notna().all(axis=None))


def find_interaction(counts: Counts, *, odds: bool = False) -> Interaction:
    """Does the lift differ between segments (in points; with `odds`, in odds ratios)?"""
    turned = turn_counts(counts)
    return interaction_in_odds(turned) if odds else interaction_in_points(turned)


def choose_policy(evidence: Evidence, counts: Counts | None = None) -> str:
    """Which policy follows from these counts?

    By segment, if the lift differs between segments, pays in at least one and isn't shown to pay in all; one
    policy, if contacts pay over all segments together; test first, if nothing is shown to pay.
    """
    counts = evidence.counts if counts is None else counts
    alpha = 1 - evidence.confidence
    lift = stratified_difference(counts).estimate
    p_values = adjust_known(p_difference(counts, evidence.break_even))
    pays = judge(lift, evidence.break_even, p_values, evidence.confidence) == PAYS
    if pays.any() and not pays.all() and find_interaction(counts).p_value < alpha:
        return BY_SEGMENT
    if pays.all():
        return ALL
    pooled = pool_counts(counts)
    hurdle = float(np.average(evidence.break_even, weights=np.maximum(counts.of.sum(axis=1), 1e-9)))
    found = stratified_difference(pooled).estimate
    return ALL if found > hurdle and p_difference(pooled, hurdle) < alpha else TEST


def draw_counts(counts: Counts, *, draws: int, seed: int) -> Counts:
    """The counts as other samples of the same size would have given them; first axis: draws."""
    rng = np.random.default_rng(seed)

    def redraw(hits: np.ndarray, of: np.ndarray) -> np.ndarray:
        share = np.divide(hits, of, out=np.zeros_like(hits), where=of > 0)
        return rng.binomial(of.astype(int), share, size=(draws, *of.shape)).astype(float)

    hits, control = redraw(counts.hits, counts.of), redraw(counts.control_hits, counts.control_of)
    wide = [np.broadcast_to(of, hits.shape) for of in (counts.of, counts.control_of)]
    return Counts(hits=hits, of=wide[0], control_hits=control, control_of=wide[1])


def score_policies(evidence: Evidence, *, draws: int = 300, repeats: int = 20, seed: int) -> pd.DataFrame:
    """What would one contact to everyone under each policy bring, less what contacts cost?

    Parameters
    ----------
    evidence : Evidence
    draws : int
        Bootstrap samples behind intervals and score.
    repeats : int
        Random cuts into five parts: the policy is chosen on four, and its gain measured on the fifth, which
        had no say in it.
    seed : int

    Returns
    -------
    pandas.DataFrame
        option, segments (contacted), contacts, gain, gain_low, gain_high, gain_checked (NaN where a part
        would have an empty arm), score (share of bootstrap samples in which the rule picks the option).
    """
    drawn = draw_counts(evidence.counts, draws=draws, seed=seed)
    picks = [choose_policy(evidence, _take(drawn, n)) for n in range(draws)]
    lifts = np.nan_to_num(stratified_difference(drawn).estimate)
    own = np.nan_to_num(stratified_difference(evidence.counts).estimate)
    pays = _find_paying(evidence, evidence.counts)
    checked = _check_on_other_part(evidence, repeats=repeats, seed=seed)
    rows = []
    for option, mask in ((ALL, np.ones_like(pays)), (BY_SEGMENT, pays), (TEST, np.zeros_like(pays))):
        low, high = percentile_interval(_gain(evidence, lifts, mask), level=evidence.confidence)
        rows.append(
            {
                "option": option,
                "segments": int(mask.sum()),
                "contacts": int(evidence.customers[mask].sum()),
                "gain": float(_gain(evidence, own, mask)),
                "gain_low": float(low),
                "gain_high": float(high),
                "gain_checked": checked.get(option, 0.0),
                "score": picks.count(option) / draws,
            }
        )
    return pd.DataFrame(rows)


def _gain(evidence: Evidence, lifts: np.ndarray, mask: np.ndarray) -> np.ndarray:
    each = (lifts * evidence.worth - evidence.cost) * evidence.customers
    return (each * mask).sum(axis=-1)


def _find_paying(evidence: Evidence, counts: Counts) -> np.ndarray:
    p_values = adjust_known(p_difference(counts, evidence.break_even))
    lift = stratified_difference(counts).estimate
    return judge(lift, evidence.break_even, p_values, evidence.confidence) == PAYS


def _check_on_other_part(evidence: Evidence, *, repeats: int, seed: int) -> dict[str, float]:
    """Gain of contacting all, and of contacting by segment, measured on a fifth that did not decide."""
    rng = np.random.default_rng(seed + 1)
    totals: dict[str, list[float]] = {ALL: [], BY_SEGMENT: []}
    for _ in range(repeats):
        parts = _split(evidence.counts, rng)
        for n in range(FOLDS):
            test, rest = _take(parts, n), _without(parts, n)
            lift = stratified_difference(test).estimate
            if np.isnan(lift).any():
                return {ALL: np.nan, BY_SEGMENT: np.nan}
            totals[ALL].append(float(_gain(evidence, lift, np.ones(len(lift)))))
            totals[BY_SEGMENT].append(float(_gain(evidence, lift, _find_paying(evidence, rest))))
    return {option: float(np.mean(values)) for option, values in totals.items()}


def _split(counts: Counts, rng: np.random.Generator) -> Counts:
    """Every cell's customers at random into five parts; first axis: parts."""

    def deal(hits: np.ndarray, of: np.ndarray) -> Sequence[np.ndarray]:
        sizes = np.stack([(of.astype(int) + n) // FOLDS for n in range(FOLDS)])
        got = np.zeros_like(sizes)
        for place in np.ndindex(of.shape):
            cell = (slice(None), *place)
            if sizes[cell].sum():
                got[cell] = rng.multivariate_hypergeometric(sizes[cell], int(hits[place]))
        return got.astype(float), sizes.astype(float)

    hits, of = deal(counts.hits, counts.of)
    control_hits, control_of = deal(counts.control_hits, counts.control_of)
    return Counts(hits=hits, of=of, control_hits=control_hits, control_of=control_of)


def _take(counts: Counts, n: int) -> Counts:
    return Counts(
        hits=counts.hits[n],
        of=counts.of[n],
        control_hits=counts.control_hits[n],
        control_of=counts.control_of[n],
    )


def _without(counts: Counts, n: int) -> Counts:
    return Counts(
        hits=np.delete(counts.hits, n, axis=0).sum(axis=0),
        of=np.delete(counts.of, n, axis=0).sum(axis=0),
        control_hits=np.delete(counts.control_hits, n, axis=0).sum(axis=0),
        control_of=np.delete(counts.control_of, n, axis=0).sum(axis=0),
    )
