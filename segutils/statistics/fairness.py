"""Do groups fare alike, and what gives a protected attribute away? Screens, no verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, fisher_exact, rankdata
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold

from segutils.statistics.intervals import cut_bins, wilson_interval

BINS = 10
RARE = 0.01  # a value of fewer customers counts as "other"
TREES, LEAF = 60, 20
MOST = 20_000  # customers that a forest is fitted on; more would only take longer


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """How well an attribute is told by something else.

    Parameters
    ----------
    auc : float
        Probability that a customer with the attribute gets the higher score than one without (0.5: chance),
        on customers whom the rule has not seen.
    p_value : float
        How often shuffled attributes are told as well.
    """

    auc: float
    p_value: float


def compare_selection(
    groups: pd.Series, selected: pd.Series, *, min_customers: int = 30, level: float = 0.95
) -> pd.DataFrame:
    """Are the members of some groups selected less often than those of others?

    Parameters
    ----------
    groups : pandas.Series
        Each customer's group; customers without one are left out.
    selected : pandas.Series of bool
    min_customers : int
        Smaller groups are left out.
    level : float
        Of the intervals (Wilson 1927).

    Returns
    -------
    pandas.DataFrame
        ``group, customers, selected, rate, low, high, impact_ratio`` (rate over the highest rate; the
        four-fifths rule of 29 CFR 1607.4 D looks at 0.8), ``p_value`` (Fisher's exact test against the group
        with the highest rate, times the number of such comparisons, at most 1; NaN for that group), highest
        rate first. Empty with fewer than two groups; ratios NaN where nobody is selected.
    """
    known = groups.notna().to_numpy()
    frame = pd.DataFrame(
        {"group": groups[known].astype(str).to_numpy(), "selected": selected[known].to_numpy(dtype=bool)}
    )
    table = frame.groupby("group").selected.agg(customers="size", selected="sum").reset_index()
    table = table[table.customers >= min_customers].reset_index(drop=True)
    if len(table) < 2:
        return table.head(0).reindex(
            columns=[*table.columns, "rate", "low", "high", "impact_ratio", "p_value"]
        )
    table["rate"] = table.selected / table.customers
    table[["low", "high"]] = wilson_interval(table.selected, table.customers, level=level)
    table = table.sort_values("rate", ascending=False, kind="stable", ignore_index=True)
    top = table.iloc[0]
    table["impact_ratio"] = table.rate / top.rate if top.rate > 0 else np.nan
    tests = [
        fisher_exact(
            [[row.selected, row.customers - row.selected], [top.selected, top.customers - top.selected]]
        ).pvalue
        for row in table.iloc[1:].itertuples()
    ]
    table["p_value"] = [np.nan, *np.minimum(np.array(tests) * len(tests), 1.0)]
    return table


def compare_within(member: pd.Series, selected: pd.Series, strata: pd.Series) -> pd.Series:
    """Among customers who are alike in something else, are members still selected at another rate?

    Parameters
    ----------
    member, selected : pandas.Series of bool
    strata : pandas.Series
        What customers are alike in, such as their industry.

    Returns
    -------
    pandas.Series
        ``ratio`` (Mantel and Haenszel's common ratio of the rates, members over others), ``p_value``
        (Cochran, Mantel and Haenszel's test with continuity correction); NaN where no stratum has both.
    """
    frame = pd.DataFrame({"m": member.to_numpy(bool), "s": selected.to_numpy(bool), "g": strata.to_numpy()})
    frame = frame.dropna()
    cells = frame.groupby("g").agg(n=("m", "size"), m=("m", "sum"), s=("s", "sum"))
    cells["a"] = (frame.m & frame.s).groupby(frame.g).sum()
    cells = cells[(cells.m > 0) & (cells.m < cells.n)].astype(float)
    above = (cells.a * (cells.n - cells.m) / cells.n).sum()
    below = ((cells.s - cells.a) * cells.m / cells.n).sum()
    variance = cells.m * (cells.n - cells.m) * cells.s * (cells.n - cells.s) / (cells.n**2 * (cells.n - 1))
    if not variance.sum() > 0 or not below > 0:
        return pd.Series({"ratio": np.nan, "p_value": np.nan})
    gap = max(abs((cells.a - cells.m * cells.s / cells.n).sum()) - 0.5, 0.0)
    return pd.Series({"ratio": above / below, "p_value": float(chi2.sf(gap**2 / variance.sum(), 1))})


def predict_from_field(
    field: pd.Series, attribute: np.ndarray, *, folds: int = 5, permutations: int = 1000, seed: int = 0
) -> Prediction:
    """Does one field give the attribute away?

    The field's values (numbers in ten equally full bins, missing ones as a value) are scored by the share
    with the attribute among the other folds' customers. For the p-value the attribute is shuffled within the
    folds and everything is done again.

    Parameters
    ----------
    field : pandas.Series
    attribute : numpy.ndarray of bool
    folds, permutations, seed : int

    Returns
    -------
    Prediction
    """
    attribute = np.asarray(attribute, dtype=bool)
    codes, fold = code_values(field), _deal_folds(attribute, folds=folds, seed=seed)
    levels = np.unique(codes, return_inverse=True)[1]
    size = levels.max() + 1
    cells = np.bincount(fold * size + levels, minlength=folds * size).reshape(folds, size)
    hits = np.bincount((fold * size + levels)[attribute], minlength=folds * size).reshape(folds, size)
    rng = np.random.default_rng(seed)
    # a shuffle within each fold deals its attributes over the values: only the counts matter
    dealt = [
        rng.multivariate_hypergeometric(row, ones, size=permutations)
        for row, ones in zip(cells, hits.sum(axis=1), strict=True)
    ]
    shuffled = _areas(cells, np.stack(dealt, axis=1))
    auc = float(_areas(cells, hits[None])[0])
    return Prediction(auc=auc, p_value=_share_above(shuffled, auc))


def predict_from_fields(
    fields: pd.DataFrame, attribute: np.ndarray, *, folds: int = 5, permutations: int = 1000, seed: int = 0
) -> Prediction:
    """Do several fields together give the attribute away? A random forest, judged on unseen customers.

    The area is the mean over the folds. The p-value shuffles the attribute of one half of the customers
    against the scores of a forest that was fitted on the other half: between folds that learn from each
    other this would raise false alarms.

    Parameters
    ----------
    fields : pandas.DataFrame
        Numbers or words, one row per customer; above 20,000 customers a sample is taken.
    attribute : numpy.ndarray of bool
    folds, permutations, seed : int

    Returns
    -------
    Prediction
    """
    rows = np.arange(len(fields))
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST, replace=False))
    points = np.column_stack([_number(fields[name]) for name in fields]).astype(float)[rows]
    known = attribute[rows]

    fold = _deal_folds(known, folds=folds, seed=seed)
    areas = []
    for n in range(folds):
        ranks = _rank_unseen(points, known, fold != n, seed=seed)
        areas.append(_area(ranks, known[fold == n]))
    half = _deal_folds(known, folds=2, seed=seed) == 0
    ranks, truth = _rank_unseen(points, known, half, seed=seed), known[~half]
    ones, rng = truth.sum(), np.random.default_rng(seed)
    dealt = rng.permuted(np.tile(truth, (permutations, 1)), axis=1) @ ranks
    shuffled = (dealt - ones * (ones + 1) / 2) / (ones * (len(truth) - ones))
    return Prediction(auc=float(np.mean(areas)), p_value=_share_above(shuffled, _area(ranks, truth)))


def code_values(field: pd.Series, *, bins: int = BINS) -> np.ndarray:
    """A field as small whole numbers: bins of numbers, frequent values of words; missing ones have their own.

    Of numbers, a value that many customers share (0, say) is a bin too, so that it doesn't swallow others.
    """
    if pd.api.types.is_numeric_dtype(field) and not pd.api.types.is_bool_dtype(field):
        values = field.to_numpy(dtype=float)
        known = np.isfinite(values)
        shared = field[known].value_counts()
        shared = shared.index[shared > known.sum() / bins].to_numpy(dtype=float)
        alone = known & ~np.isin(values, shared)
        edges = cut_bins(values[alone], bins=bins) if alone.any() else np.array([])
        codes = np.where(known, 1 + np.searchsorted(edges, values, side="right"), 0)
        for n, value in enumerate(shared):
            codes[values == value] = 2 + len(edges) + n
        return codes
    words = field.astype("object").where(field.notna(), "")
    counts = words.value_counts()
    frequent = counts.index[counts >= max(RARE * len(words), 1)]
    return pd.Categorical(words.where(words.isin(frequent), "other")).codes.astype(int)


def _deal_folds(attribute: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """Each customer's fold, 0-based, with the attribute as frequent in each."""
    fold = np.empty(len(attribute), dtype=int)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for n, (_, test) in enumerate(splitter.split(np.zeros(len(attribute)), attribute)):
        fold[test] = n
    return fold


def _areas(cells: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Mean area under the curve of the folds; a value scores the share with the attribute in other folds.

    `cells` is fold x value, `hits` (those with the attribute) shuffle x fold x value.
    """
    base = hits.sum(axis=(1, 2)) / cells.sum()
    total = np.zeros(len(hits))
    for n, cell in enumerate(cells):
        scores = (hits.sum(axis=1) - hits[:, n] + base[:, None]) / (cells.sum(axis=0) - cell + 1)
        ones, zeros = hits[:, n], cell - hits[:, n]
        order = np.sign(scores[:, :, None] - scores[:, None, :]) / 2 + 0.5
        total += np.einsum("pa,pab,pb->p", ones, order, zeros) / (ones.sum(axis=1) * zeros.sum(axis=1))
    return total / len(cells)


def _share_above(shuffled: np.ndarray, observed: float) -> float:
    return float((1 + (shuffled >= observed - 1e-12).sum()) / (1 + len(shuffled)))


def _rank_unseen(points: np.ndarray, known: np.ndarray, train: np.ndarray, *, seed: int) -> np.ndarray:
    """Ranks of the scores that a forest fitted on `train` gives to the others."""
    forest = RandomForestClassifier(n_estimators=TREES, min_samples_leaf=LEAF, random_state=seed, n_jobs=1)
    return rankdata(forest.fit(points[train], known[train]).predict_proba(points[~train])[:, 1])


def _area(ranks: np.ndarray, truth: np.ndarray) -> float:
    ones = truth.sum()
    return float((ranks[truth].sum() - ones * (ones + 1) / 2) / (ones * (len(truth) - ones)))


def _number(field: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(field) and not pd.api.types.is_bool_dtype(field):
        values = field.to_numpy(dtype=float)
        return np.where(np.isfinite(values), values, -1e9)
    return code_values(field)
