"""What can be bought from whom, scored on absolute scales: coverage, accuracy, added power, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.data_readiness.enrichment.provider_answers import OWN, Answers
from segutils.errors import InputError
from segutils.findings import Assumption
from segutils.formats import format_value
from segutils.statistics.decisions import scale_between

CRITERIA = ("coverage", "accuracy", "added_power", "cost")
WEIGHTS: Mapping[str, float] = {"coverage": 0.25, "accuracy": 0.3, "added_power": 0.25, "cost": 0.2}
NONE, MIX = "buy nothing", "best source per field"
DEFAULT = "playbook default"
LIMITS = ("right_share", "cost_per_usable")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a source must keep, and the ends of the scales.

    Parameters
    ----------
    min_right_share : float
        Of returned values; a checked field below it is not used.
    max_cost : float
        Per usable value; at this cost the criterion cost is 0. NaN: nobody stated what it may cost.
    good_gain : float
        Share of the uncertainty about who stops buying; at this gain the criterion added_power is 1.
    assumptions : tuple of Assumption
        Whose limits these are.
    """

    min_right_share: float
    max_cost: float
    good_gain: float
    assumptions: tuple[Assumption, ...]


def read_limits(
    thresholds: pd.DataFrame | None,
    costs: pd.DataFrame | None,
    *,
    min_right_share: float,
    good_gain: float,
    currency: str,
) -> Limits:
    """How right must a value be, and what may it cost, by whose word?

    Parameters
    ----------
    thresholds : pandas.DataFrame, optional
        ``measure, min, max, owner`` of the question: ``right_share`` (min), ``cost_per_usable`` (max).
    costs : pandas.DataFrame, optional
        ``item, amount, per, every, owner``: what a record costs by hand (per record, each time) is what a
        value may cost at most where no threshold says so.
    min_right_share, good_gain : float
        Used where nobody stated them.
    currency : str

    Returns
    -------
    Limits

    Raises
    ------
    InputError
        A threshold names another measure, or the wrong end of one.
    """
    known = [] if thresholds is None else thresholds.to_dict("records")
    for line in known:
        end = {"right_share": line["min"], "cost_per_usable": line["max"]}.get(line["measure"], np.nan)
        if pd.isna(end):
            raise InputError(
                f"the threshold '{line['measure']}' of provider-evaluation cannot be used",
                where="engagement file, thresholds",
                fix="state right_share with min, or cost_per_usable with max",
            )
    stated = {line["measure"]: line for line in known}
    assumptions = [
        Assumption(
            text=f"A field that removes {format_value(good_gain, 'share:0')} of the uncertainty about who "
            "stops buying is as good as can be hoped for.",
            owner=DEFAULT,
        )
    ]
    owner = DEFAULT
    if "right_share" in stated:
        min_right_share, owner = float(stated["right_share"]["min"]), stated["right_share"]["owner"]
    words = f"Values are used if {format_value(min_right_share, 'share:0')} of them are right."
    assumptions.insert(0, Assumption(text=words, owner=owner))
    max_cost = np.nan
    by_hand = None if costs is None else costs[(costs.per == "record") & costs.every.isna()]
    if "cost_per_usable" in stated:
        max_cost, owner = float(stated["cost_per_usable"]["max"]), stated["cost_per_usable"]["owner"]
        words = f"A usable value may cost {format_value(max_cost, 'money:2', currency=currency)} at most."
        assumptions.insert(1, Assumption(text=words, owner=owner))
    elif by_hand is not None and len(by_hand):
        line = by_hand.loc[by_hand.amount.idxmin()]
        max_cost = float(line.amount)
        amount = format_value(max_cost, "money:2", currency=currency)
        words = f"A usable value may cost {amount} at most, the cost of {line['item']} by hand."
        assumptions.insert(1, Assumption(text=words, owner=str(line.owner)))
    return Limits(
        min_right_share=min_right_share,
        max_cost=max_cost if max_cost > 0 else np.nan,
        good_gain=good_gain,
        assumptions=tuple(assumptions),
    )


def judge_terms(providers: Sequence[str], terms: pd.DataFrame | None) -> pd.DataFrame:
    """Whose data may be used at all?

    Parameters
    ----------
    providers : sequence of str
    terms : pandas.DataFrame, optional
        ``name, basis, hosted_in, agreement, owner``.

    Returns
    -------
    pandas.DataFrame
        ``provider, allowed`` (bool), ``reason`` (why not; empty if allowed or nobody stated any terms),
        ``basis, hosted_in, owner`` (empty where not stated). Where terms are stated for nobody, nobody is
        left out; where for some, the others are.
    """
    known = {} if terms is None else terms.set_index("name").to_dict("index")
    rows = []
    for provider in providers:
        line = known.get(provider, {})
        if known and not line:
            reason = "no terms are stated"
        elif line and line["basis"] == "none":
            reason = "there is no legal basis"
        elif line and not line["agreement"]:
            reason = "no processing agreement is signed"
        else:
            reason = ""
        rows.append(
            (
                provider,
                not reason,
                reason,
                line.get("basis", ""),
                line.get("hosted_in", ""),
                line.get("owner", ""),
            )
        )
    return pd.DataFrame(rows, columns=["provider", "allowed", "reason", "basis", "hosted_in", "owner"])


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Every source of every field, measured.

    Parameters
    ----------
    pairs : pandas.DataFrame
        ``source, field, cost, checked, usable`` (bool), ``gain, gain_error, adds``, in the order of
        `answers`.
    answers : Answers
    limits : Limits
    """

    pairs: pd.DataFrame
    answers: Answers
    limits: Limits

    @property
    def criteria(self) -> list[str]:
        """Cost counts only where somebody stated what a value may cost, and prices are known."""
        known = np.isfinite(self.limits.max_cost) and self.pairs.cost.notna().all()
        return [name for name in CRITERIA if name != "cost" or known]

    def score_pairs(self, counts: np.ndarray, gains: np.ndarray) -> np.ndarray:
        """Criteria of each source and field: draw × pair × criterion; NaN for accuracy not checked.

        `counts` says how often each checked customer is in a draw, `gains` is draw × pair.
        """
        pairs, answers = self.pairs, self.answers
        judged = np.isfinite(answers.right)
        match = counts @ answers.matched.T / counts.sum(axis=1, keepdims=True)
        hits, of = counts @ np.nan_to_num(answers.right).T, counts @ judged.T
        right = np.where(of > 0, hits / np.maximum(of, 1), 0.0)
        checked, own = pairs.checked.to_numpy(bool), (pairs.source == OWN).to_numpy()
        usable = own | checked | (gains > 0)  # what cannot be checked is worth what it tells
        per_usable = pairs.cost.fillna(0).to_numpy() / np.where(checked, np.maximum(right, 0.01), 1.0)
        thrift = scale_between(per_usable, worst=self.limits.max_cost, best=0.0)
        parts = {
            "coverage": np.where(usable, match, 0.0),
            "accuracy": np.where(checked, right, np.nan),
            "added_power": scale_between(gains, worst=0.0, best=self.limits.good_gain),
            "cost": np.where(own, 1.0, np.where(usable, thrift, 0.0)),
        }
        return np.stack([parts[name] for name in self.criteria], axis=-1)


def build_sources(answers: Answers, measures: pd.DataFrame, power: pd.DataFrame, limits: Limits) -> Sources:
    """What each source of each field is worth, before anything is bought."""
    told = power.reindex(columns=["source", "field", "gain", "gain_error", "adds"])
    pairs = answers.pairs.merge(told, on=["source", "field"], how="left")
    adds = pairs.adds.eq(True)
    right = measures.right_share.to_numpy(float)
    known = np.where(pairs.checked, right >= limits.min_right_share, adds)
    pairs = pairs.assign(
        adds=adds,
        gain=pairs.gain.where(adds, 0.0).astype(float),
        gain_error=pairs.gain_error.where(adds, 0.0).astype(float),
        usable=known & answers.matched.any(axis=1),
    )
    return Sources(pairs=pairs, answers=answers, limits=limits)


def choose_per_field(sources: Sources, allowed: Sequence[str], weights: Mapping[str, float]) -> pd.DataFrame:
    """From which source should each field come?

    Returns
    -------
    pandas.DataFrame
        ``field, source``: the one with the highest score among the client's own data and the allowed
        providers' usable fields; ties go to the client's own.
    """
    count = len(sources.answers.customers)
    scored = sources.score_pairs(np.ones((1, count)), sources.pairs.gain.to_numpy()[None, :])[0]
    vector = np.array([weights[name] for name in sources.criteria])
    known = np.isfinite(scored)
    total = np.nansum(scored * vector, axis=1) / (known * vector).sum(axis=1)
    pairs = sources.pairs.assign(score=total)
    open_to = pairs[(pairs.source == OWN) | (pairs.source.isin(allowed) & pairs.usable)]
    best = open_to.sort_values("score", ascending=False, kind="stable").drop_duplicates("field")
    return best.sort_values("field")[["field", "source"]].reset_index(drop=True)


def list_packages(sources: Sources, allowed: Sequence[str], mix: pd.DataFrame) -> dict[str, list[int]]:
    """Each option as the rows of the pairs that it takes, one per field; a provider without a field: own."""
    at = {
        (source, field): n
        for n, (source, field) in enumerate(zip(sources.pairs.source, sources.pairs.field, strict=True))
    }
    fields = mix.field.tolist()
    own = [at[OWN, field] for field in fields]
    packages = {NONE: own}
    for provider in allowed:
        packages[f"everything from {provider}"] = [
            at.get((provider, field), at[OWN, field]) for field in fields
        ]
    best = [at[source, field] for source, field in zip(mix.source, fields, strict=True)]
    return packages if best in packages.values() else {**packages, MIX: best}


def score_packages(
    sources: Sources, packages: Mapping[str, Sequence[int]], *, draws: int = 0, seed: int = 0
) -> list[pd.DataFrame]:
    """Criteria of each option: as measured first, then once per bootstrap sample of the checked customers.

    Returns
    -------
    list of pandas.DataFrame
        Index option, columns criteria, 0-1: means over fields (accuracy: over checked ones; added power: the
        best field's).
    """
    count, rng = len(sources.answers.customers), np.random.default_rng(seed)
    gain, error = sources.pairs.gain.to_numpy(float), sources.pairs.gain_error.to_numpy(float)
    counts = np.vstack([np.ones(count), rng.multinomial(count, np.full(count, 1 / count), size=draws)])
    gains = gain + error * np.vstack([np.zeros(len(gain)), rng.standard_normal((draws, len(gain)))])
    scored = sources.score_pairs(counts, gains)
    stacked = np.stack([np.nanmean(scored[:, list(rows)], axis=1) for rows in packages.values()], axis=1)
    power = sources.criteria.index("added_power")  # the best field's: what two fields tell overlaps
    for n, rows in enumerate(packages.values()):
        stacked[:, n, power] = scored[:, list(rows), power].max(axis=1)
    index = pd.Index(list(packages), name="option")
    return [pd.DataFrame(draw, index=index, columns=sources.criteria) for draw in stacked.clip(0, 1)]
