"""What each base tells of the period after, whom it covers, how long it holds and whom it can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.boundaries.customer_periods import CustomerPeriods
from segutils.objectives.boundaries.group_rules import BASES, NEEDS, Grouping
from segutils.objectives.boundaries.life_cycle import LifeCycle
from segutils.statistics.explained_share import (
    draw_weights,
    explain_best,
    explain_share,
    permute_best,
    promise_shares,
    resample_best,
    split_folds,
    sum_cells,
)
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.multiplicity import adjust_holm

CRITERIA = (
    *("coverage", "explained_margin", "explained_retention", "persistence"),
    *("known_at_first_contact", "life_cycle_fit", "addressable"),
)
TOLD = ("explained_margin", "explained_retention")
CHANNELS = ("email", "phone", "post", "mail", "letter", "sms", "text", "app", "call")


@dataclass(frozen=True, kw_only=True, eq=False)
class BaseEvidence:
    """What was measured of each base.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per base with a grouping: ``base, grouping, words, groups``, the criteria (0-1; NaN where not
        measured), ``<told>_low, <told>_high`` (interval) and ``<told>_p`` (Holm, over all bases and both)
        for margin and retention, ``common_margin`` (on the customers whom every base covers).
    draws : sequence of pandas.DataFrame
        The criteria in each resample of customers; index base.
    groupings : pandas.DataFrame
        Every grouping tried: ``base, grouping, words, groups, coverage, explained_margin,
        explained_retention, at_first_contact``.
    best : mapping of str to Grouping
        The grouping that speaks for its base.
    all : sequence of Grouping
    periods : CustomerPeriods
    known, active, common, newcomers, min_newcomers : int
        Customers known at the end of the first period; those with an order in it; those of them whom every
        base covers; those who had never bought, and how many of these are needed to count.
    bought_again : float
        Share of the active with an order in the next period.
    life_cycle : LifeCycle or None
    contact_columns : tuple of str
        Columns of consent that say who may be contacted.
    max_messages : int or None
    """

    table: pd.DataFrame
    draws: Sequence[pd.DataFrame]
    groupings: pd.DataFrame
    best: Mapping[str, Grouping]
    all: Sequence[Grouping]
    periods: CustomerPeriods
    known: int
    active: int
    common: int
    newcomers: int
    min_newcomers: int
    bought_again: float
    life_cycle: LifeCycle | None
    contact_columns: tuple[str, ...]
    max_messages: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Customers:
    """One entry per customer: outcomes (NaN where they do not count), and who is who."""

    ids: pd.Index
    active: np.ndarray
    newcomer: np.ndarray
    margin: np.ndarray
    again: np.ndarray
    stages: np.ndarray | None
    contact: np.ndarray | None

    @property
    def outcomes(self) -> list[np.ndarray]:
        """Margin and buying again, of the active customers."""
        return [self.margin[self.active], self.again[self.active]]


def measure_bases(
    groupings: Sequence[Grouping],
    periods: CustomerPeriods | None,
    customers: ir.Table,
    *,
    life_cycle: LifeCycle | None = None,
    max_messages: int | None = None,
    cap: float = 0.99,
    folds: int = 5,
    repeats: int = 10,
    resamples: int = 200,
    permutations: int = 499,
    level: float = 0.95,
    min_newcomers: int = 30,
    max_customers: int = 50_000,
    seed: int = 0,
) -> BaseEvidence | None:
    """How much does each base tell, of whom, for how long, and of whom can it be known beforehand?

    Groups are those of the first period, outcomes those of the next one: margin (or revenue), and whether the
    customer bought again. What groups tell is measured on customers whom their means were not learned from
    (:func:`~segutils.statistics.explained_share.explain_best`), and a base with several groupings is judged
    by the one that is chosen on other customers, too. Outcomes are those of customers with an order in the
    first period, so that all bases are held against the same.

    Parameters
    ----------
    groupings : sequence of Grouping
    periods : CustomerPeriods, optional
    customers : ibis table
        ``customer_id``; columns ``consent_<channel>`` say who may be contacted.
    life_cycle : LifeCycle, optional
    max_messages : int, optional
        How many different messages the organisation can run at once.
    cap : float
        Margins above this quantile count as it: a handful of giants would decide otherwise.
    folds, repeats, resamples, permutations : int
    level : float
        Of intervals.
    min_newcomers : int
        Customers who had not bought yet, from which it is measured who is known before; with fewer it is
        told by the kind of grouping.
    max_customers : int
        Of more customers, a random sample of so many is measured.
    seed : int

    Returns
    -------
    BaseEvidence or None
        None without two periods, without a grouping, or with fewer than a hundred active customers.
    """
    if periods is None or not groupings or (periods.table.orders > 0).sum() < 100:
        return None
    rng = np.random.default_rng(seed)
    people, contact_columns = _read_customers(
        periods, customers, life_cycle, cap=cap, max_customers=max_customers, rng=rng
    )
    labels = {g.name: _code(g.groups, people.ids) for g in groupings}
    names = [base for base in BASES if any(g.base == base for g in groupings)]
    of_base = {base: [g for g in groupings if g.base == base] for base in names}
    fold = [split_folds(int(people.active.sum()), folds=folds, rng=rng) for _ in range(repeats)]
    weights = draw_weights(len(people.ids), resamples, rng=rng)
    best, rows, drawn = {}, [], {}
    for base in names:
        codes = [labels[g.name] for g in of_base[base]]
        own = [code[people.active] for code in codes]
        promised = np.mean([promise_shares(own, people.outcomes, part) for part in fold], axis=0)
        chosen = of_base[base][int(promised.argmax())]
        code = labels[chosen.name]
        told = np.mean([explain_best(own, people.outcomes, part)[:, 0] for part in fold], axis=0)
        told = np.nan_to_num(told)  # where nothing varies there is nothing to tell
        told_drawn = resample_best(own, people.outcomes, told, weights[people.active], folds=folds, rng=rng)
        ends = percentile_interval(told_drawn, level=level, axis=1)
        chance = permute_best(own, people.outcomes, told, folds=folds, permutations=permutations, rng=rng)
        measure = _Measure(people=people, code=code, grouping=chosen, max_messages=max_messages)
        found = measure.weigh(np.ones((len(people.ids), 1)), min_newcomers, folds=folds, seed=seed)
        again = measure.weigh(weights, min_newcomers, folds=folds, seed=seed)
        best[base] = chosen
        drawn[base] = {**again, **dict(zip(TOLD, told_drawn, strict=True))}
        row = {"base": base, "grouping": chosen.name, "words": chosen.words, "groups": chosen.count}
        row |= {name: float(value[0]) for name, value in found.items()}
        for n, name in enumerate(TOLD):
            row |= {
                name: told[n],
                f"{name}_low": ends[0, n],
                f"{name}_high": ends[1, n],
                f"{name}_p": chance[n],
            }
        rows.append(row)
    table = pd.DataFrame(rows)
    p_columns = [f"{name}_p" for name in TOLD]
    table[p_columns] = adjust_holm(table[p_columns].to_numpy().ravel()).reshape(len(table), len(TOLD))
    common = people.active & np.all([labels[g.name] >= 0 for g in best.values()], axis=0)
    table["common_margin"] = [
        explain_share(labels[best[base].name][common], people.margin[common], folds=folds, seed=seed)
        if common.sum() >= 100
        else np.nan
        for base in names
    ]
    return BaseEvidence(
        table=table,
        draws=[
            pd.DataFrame({name: {base: float(drawn[base][name][n]) for base in names} for name in CRITERIA})
            for n in range(resamples)
        ],
        groupings=_list_groupings(groupings, labels, people, folds=folds, seed=seed),
        best=best,
        all=tuple(groupings),
        periods=periods,
        known=len(periods.table),
        active=int((periods.table.orders > 0).sum()),
        common=int(common.sum()),
        newcomers=int(people.newcomer.sum()),
        min_newcomers=min_newcomers,
        bought_again=float(np.nanmean(people.again)),
        life_cycle=life_cycle,
        contact_columns=contact_columns,
        max_messages=max_messages,
    )


def list_groupings(evidence: BaseEvidence | None) -> pd.DataFrame:
    """What does each grouping tell, best first within its base? Empty where nothing was measured.

    Returns
    -------
    pandas.DataFrame
        ``base, grouping, groups, coverage, explained_margin, explained_retention, at_first_contact``.
    """
    columns = ["base", "grouping", "groups", "coverage", *TOLD, "at_first_contact"]
    if evidence is None:
        return pd.DataFrame(columns=columns)
    order = evidence.groupings.assign(place=evidence.groupings.base.map(BASES.index))
    order = order.sort_values(["place", "explained_margin"], ascending=[True, False], kind="stable")
    return order[columns].round(3).reset_index(drop=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Measure:
    """The criteria that are weighted shares of customers, for one grouping."""

    people: _Customers
    code: np.ndarray
    grouping: Grouping
    max_messages: int | None

    def weigh(
        self, weights: np.ndarray, min_newcomers: int, *, folds: int, seed: int
    ) -> dict[str, np.ndarray]:
        """Each criterion in each sample (customer x sample); NaN where it is not measured."""
        inside, unknown = self.code >= 0, np.full(weights.shape[1], np.nan)
        covered = _mean(inside, weights)
        found = {"coverage": covered, "persistence": self._persist(weights)}
        if self.people.newcomer.sum() >= min_newcomers:
            found["known_at_first_contact"] = _mean(
                inside[self.people.newcomer], weights[self.people.newcomer]
            )
        else:
            found["known_at_first_contact"] = covered * self.grouping.at_first_contact
        found["life_cycle_fit"] = unknown
        if self.people.stages is not None:
            fold = split_folds(len(self.code), folds=folds, rng=np.random.default_rng(seed))
            sums = sum_cells(
                self.code, self.people.stages, fold, groups=int(self.code.max(initial=0)) + 1, weights=weights
            )
            found["life_cycle_fit"] = np.nan_to_num(sums.explained())
        found["addressable"] = unknown
        if self.people.contact is not None or self.max_messages is not None:
            reached = np.ones(len(self.code), bool) if self.people.contact is None else self.people.contact
            sizes = np.bincount(self.code[inside], minlength=1)
            largest = np.argsort(-sizes, kind="stable")[: self.max_messages]
            found["addressable"] = _mean((reached & np.isin(self.code, largest))[inside], weights[inside])
        return found

    def _persist(self, weights: np.ndarray) -> np.ndarray:
        """Cohen's kappa of the groups of both periods; no longer in any group counts as having left."""
        if self.grouping.base == NEEDS:
            return np.full(weights.shape[1], np.nan)
        if self.grouping.groups_next is None:
            return np.ones(weights.shape[1])
        names = sorted(set(self.grouping.groups))
        now, then = (
            _code(part, self.people.ids, names) for part in (self.grouping.groups, self.grouping.groups_next)
        )
        inside, size = now >= 0, len(names) + 1
        now, then = now[inside], np.where(then[inside] < 0, size - 1, then[inside])
        counts = np.stack(
            [np.bincount(now * size + then, w, minlength=size * size) for w in weights[inside].T]
        )
        shares = counts.reshape(-1, size, size) / counts.sum(axis=1)[:, None, None]
        agreed = np.trace(shares, axis1=1, axis2=2)
        chance = (shares.sum(axis=1) * shares.sum(axis=2)).sum(axis=1)
        return np.clip((agreed - chance) / np.maximum(1 - chance, 1e-12), 0.0, 1.0)


def _read_customers(
    periods: CustomerPeriods,
    customers: ir.Table,
    life_cycle: LifeCycle | None,
    *,
    cap: float,
    max_customers: int,
    rng: np.random.Generator,
) -> tuple[_Customers, tuple[str, ...]]:
    table = periods.table
    if len(table) > max_customers:
        table = table.iloc[np.sort(rng.choice(len(table), max_customers, replace=False))]
    ids, active = pd.Index(table.customer_id), (table.orders > 0).to_numpy()
    value = table.value_next.to_numpy(float)
    value = np.minimum(value, np.quantile(value[active], cap))
    stages = None
    if life_cycle is not None:
        stages = np.where(active[:, None], life_cycle.mix.reindex(ids).to_numpy(float), np.nan)
    columns = [
        c for c in customers.columns if c.startswith("consent_") and c.removeprefix("consent_") in CHANNELS
    ]
    contact = None
    if columns:
        told = customers.select("customer_id", *columns).to_pandas().drop_duplicates("customer_id")
        told = told.set_index("customer_id")[columns].fillna(False).astype(bool).any(axis=1)
        contact = told.reindex(ids).eq(True).to_numpy()
    people = _Customers(
        ids=ids,
        active=active,
        newcomer=~table.bought_ever.to_numpy(bool),
        margin=np.where(active, value, np.nan),
        again=np.where(active, (table.orders_next > 0).to_numpy(float), np.nan),
        stages=stages,
        contact=contact,
    )
    return people, tuple(columns)


def _code(groups: pd.Series, ids: pd.Index, names: Sequence[str] | None = None) -> np.ndarray:
    """Number of each customer's group; −1 where it is not known."""
    levels = sorted(set(groups)) if names is None else names
    return np.asarray(pd.Categorical(groups.reindex(ids), categories=levels).codes, dtype=int)


def _mean(hits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (weights * hits[:, None]).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-12)


def _list_groupings(
    groupings: Sequence[Grouping],
    labels: Mapping[str, np.ndarray],
    people: _Customers,
    *,
    folds: int,
    seed: int,
) -> pd.DataFrame:
    rows = []
    for grouping in groupings:
        code = labels[grouping.name]
        shares = [
            explain_share(code[people.active], values, folds=folds, repeats=3, seed=seed)
            for values in people.outcomes
        ]
        rows.append(
            {
                "base": grouping.base,
                "grouping": grouping.name,
                "words": grouping.words,
                "groups": grouping.count,
                "coverage": float((code >= 0).mean()),
                "explained_margin": shares[0],
                "explained_retention": shares[1],
                "at_first_contact": grouping.at_first_contact,
            }
        )
    return pd.DataFrame(rows)
