"""Several people's weights for the same criteria: from comparisons in pairs, put together, and how far apart.

People who judge the same options differ. The weights that a decision uses are their geometric mean; what each
of them said stays beside it, so that a reader sees whose view the decision rests on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from segutils.errors import InputError
from segutils.formats import format_value, join_words

# Mean consistency index of random matrices of size 1, 2, 3 … (Saaty 1980)
RANDOM_INDEX = (0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
CONSISTENT = 0.10  # the largest consistency ratio that Saaty accepts
ROUNDING = 0.02  # of a comparison and its counterpart: 0.33 is a third
LEAST = 0.01  # what a weight of 0 counts as, where others give some
WHERE = "weights of the decision"

Comparisons = Sequence[Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class PairWeights:
    """What comparisons in pairs say.

    Parameters
    ----------
    weights : numpy.ndarray
        One per criterion; they make 1.
    eigenvalue : float
        The largest one; as many as there are criteria if the comparisons never contradict each other.
    consistency_ratio : float
        0: no contradiction; 1: as many as in answers at random; up to 0.10 they can be used.
    """

    weights: np.ndarray
    eigenvalue: float
    consistency_ratio: float


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """Weights of several raters, put together.

    Parameters
    ----------
    weights : pandas.DataFrame
        ``criterion, weight`` (together 1), ``lowest, lowest_rater, highest, highest_rater``.
    raters : pandas.DataFrame
        ``rater, criterion, weight, rank`` (1 counts most), ``consistency_ratio`` (NaN where the rater gave
        weights); one row per rater and criterion.
    concordance : float
        Kendall's W of the raters' rankings: 1 the same, 0 no agreement; NaN with one rater.
    """

    weights: pd.DataFrame
    raters: pd.DataFrame
    concordance: float

    @property
    def mapping(self) -> dict[str, float]:
        """The weights by criterion, as :mod:`~segutils.statistics.decisions` takes them."""
        return dict(zip(self.weights.criterion, self.weights.weight.astype(float), strict=True))

    @property
    def names(self) -> list[str]:
        """The raters, in the order stated."""
        return list(dict.fromkeys(self.raters.rater))


def weigh_pairs(comparisons: Comparisons) -> PairWeights:
    """How much does each criterion count, if each was compared with each other one?

    Parameters
    ----------
    comparisons : sequence of sequence of float
        Square; a row's entry says how many times as much its criterion counts as the column's (1 on the
        diagonal, reciprocal below it).

    Returns
    -------
    PairWeights
        The principal eigenvector and its consistency ratio, (λ − n) / (n − 1) over the random index
        (Saaty 1980, 2008).

    Raises
    ------
    InputError
        If the comparisons are not square, positive and reciprocal, or of more than 15 criteria.
    """
    matrix = np.array([[float(cell) for cell in row] for row in comparisons if len(row) == len(comparisons)])
    size = len(comparisons)
    if not size or matrix.shape != (size, size):
        raise _refuse(
            f"the comparisons are not {size} rows of {size} numbers", "one row and column per criterion"
        )
    if size > len(RANDOM_INDEX):
        raise _refuse(f"{size} criteria are compared in pairs", f"compare {len(RANDOM_INDEX)} at most")
    if not np.isfinite(matrix).all() or (matrix <= 0).any():
        raise _refuse("a comparison is not above zero", "write 3 or 1/3; 1 says that both count the same")
    if (np.abs(matrix * matrix.T - 1) > ROUNDING).any():
        raise _refuse("a comparison and its counterpart contradict each other", "write 3 there and 1/3 here")
    values, vectors = np.linalg.eig(matrix)
    largest = int(values.real.argmax())
    vector = np.abs(vectors[:, largest].real)
    eigenvalue = float(values[largest].real)
    random = RANDOM_INDEX[size - 1]
    ratio = (eigenvalue - size) / (size - 1) / random if random else 0.0  # two criteria cannot contradict
    return PairWeights(
        weights=vector / vector.sum(), eigenvalue=eigenvalue, consistency_ratio=max(ratio, 0.0) + 0.0
    )


def reconcile_raters(
    raters: Mapping[str, Mapping[str, float] | Comparisons], *, criteria: Sequence[str]
) -> Reconciled:
    """Which weights do these people have in common, and where do they differ?

    Parameters
    ----------
    raters : mapping of str to (mapping of str to float, or sequence of sequence of float)
        Each person's weight per criterion, or their comparisons in pairs in the order of `criteria`.
    criteria : sequence of str

    Returns
    -------
    Reconciled
        Weights: the geometric mean of the raters' ones, scaled to make 1 (Aczél and Saaty 1983: of the usual
        means only this one keeps comparisons reciprocal). A weight of 0 counts as 0.01 of the rater's sum
        where another rater gives some: otherwise one person's 0 would decide for all.

    Raises
    ------
    InputError
        If there is no rater, or one leaves out a criterion or gives weights that cannot be used.
    """
    names = [str(criterion) for criterion in criteria]
    if not raters or not names:
        raise _refuse("nobody has given weights", "name one rater at least")
    rows, ratios = [], []
    for rater, stated in raters.items():
        if isinstance(stated, Mapping):
            rows.append(_read_stated(rater, stated, names))
            ratios.append(np.nan)
            continue
        if len(stated) != len(names):
            raise _refuse(
                f"{rater} compares {len(stated)} criteria, not {len(names)}",
                f"compare, in this order: {', '.join(names)}",
            )
        pairs = weigh_pairs(stated)
        rows.append(pairs.weights)
        ratios.append(pairs.consistency_ratio)
    matrix = np.array(rows)
    means = np.exp(np.log(np.maximum(matrix, LEAST)).mean(axis=0)) * (matrix > 0).any(axis=0)
    ranks = rankdata(-matrix, axis=1)
    people, size = [str(rater) for rater in raters], len(names)
    return Reconciled(
        weights=pd.DataFrame(
            {
                "criterion": names,
                "weight": means / means.sum(),
                "lowest": matrix.min(axis=0),
                "lowest_rater": [people[row] for row in matrix.argmin(axis=0)],
                "highest": matrix.max(axis=0),
                "highest_rater": [people[row] for row in matrix.argmax(axis=0)],
            }
        ),
        raters=pd.DataFrame(
            {
                "rater": np.repeat(people, size),
                "criterion": names * len(people),
                "weight": matrix.ravel(),
                "rank": ranks.ravel(),
                "consistency_ratio": np.repeat(ratios, size),
            }
        ),
        concordance=_agree(ranks),
    )


def score_by_rater(scores: pd.DataFrame, reconciled: Reconciled) -> pd.DataFrame:
    """Which option would each rater choose alone?

    Parameters
    ----------
    scores : pandas.DataFrame
        Index = option, one column per criterion, 0-1, higher is better (see
        :func:`~segutils.statistics.decisions.score_options`).
    reconciled : Reconciled
        With the same criteria.

    Returns
    -------
    pandas.DataFrame
        ``rater, option`` (their first), ``score``, ``runner_up``, ``lead`` (score above the runner-up; NaN
        with one option), one row per rater.
    """
    found = []
    for rater, own in reconciled.raters.groupby("rater", sort=False):
        weights = own.set_index("criterion").weight[scores.columns].to_numpy(float)
        total = pd.Series(scores.to_numpy(float) @ weights, index=scores.index.astype(str))
        total = total.sort_values(ascending=False, kind="stable")
        second = total.index[1] if len(total) > 1 else ""
        lead = float(total.iloc[0] - total.iloc[1]) if len(total) > 1 else np.nan
        found.append((rater, total.index[0], float(total.iloc[0]), second, lead))
    return pd.DataFrame(found, columns=["rater", "option", "score", "runner_up", "lead"])


def describe_raters(reconciled: Reconciled, *, words: Mapping[str, str] | None = None, of: str = "") -> str:
    """In a sentence or two: whose weights are these, how far do they agree, on what do they differ most?

    Parameters
    ----------
    reconciled : Reconciled
    words : mapping of str to str, optional
        What to call the criteria; by default their names without underscores.
    of : str
        What is weighed, such as competitiveness, where there are several weightings.

    Returns
    -------
    str
    """
    called = {name: (words or {}).get(name, name.replace("_", " ")) for name in reconciled.weights.criterion}
    people = reconciled.names
    whose = f"The weights of {of} are" if of else "The weights are"
    if len(people) == 1:
        return f"{whose} those of {people[0]} alone.{_say_contradictions(reconciled)}"
    gap = reconciled.weights.highest - reconciled.weights.lowest
    top = reconciled.weights.loc[gap.idxmax()]
    start = f"{whose} the geometric mean of {len(people)} raters ({_list(people)})"
    if gap.max() < 0.005:
        return f"{start}, who weigh alike.{_say_contradictions(reconciled)}"
    low, high = format_value(top.lowest, "share:0"), format_value(top.highest, "share:0")
    agreement = _say_agreement(reconciled.concordance, len(people))
    return (
        f"{start}{agreement}. They differ most on {called[top.criterion]}: {low} for {top.lowest_rater}, "
        f"{high} for {top.highest_rater}.{_say_contradictions(reconciled)}"
    )


def find_contradictions(reconciled: Reconciled) -> dict[str, float]:
    """Raters whose comparisons in pairs contradict each other more than is accepted, with their ratio."""
    ratios = reconciled.raters.drop_duplicates("rater").set_index("rater").consistency_ratio
    return ratios[ratios > CONSISTENT].to_dict()


def _say_agreement(concordance: float, people: int) -> str:
    """Rankings drawn at random agree at 1 / raters on average (Kendall and Babington Smith 1939)."""
    if np.isnan(concordance):
        return ""
    by_chance = 1 / people
    told = f"Kendall's W {concordance:.2f}, where 1 is full agreement and {by_chance:.2f} is chance"
    if concordance <= by_chance:
        return f"; their rankings of the criteria agree no more than chance would have it ({told})"
    return (
        f"; their rankings of the criteria agree in part ({told})"
        if concordance < 1
        else ("; they rank the criteria alike")
    )


def _say_contradictions(reconciled: Reconciled) -> str:
    found = [f"{name} ({ratio:.2f})" for name, ratio in find_contradictions(reconciled).items()]
    if not found:
        return ""
    return (
        f" The comparisons of {_list(found)} contradict each other more than is usual "
        f"(consistency ratio, accepted up to {CONSISTENT:.2f}): ask again."
    )


def _list(people: Sequence[str]) -> str:
    """Names; those with a comma of their own, such as M. Keller, CFO, apart by semicolons."""
    return "; ".join(people) if any("," in name for name in people) else join_words(people)


def _agree(ranks: np.ndarray) -> float:
    """Kendall's coefficient of concordance W, corrected for ties; NaN where nothing can be ranked."""
    people, size = ranks.shape
    if people < 2 or size < 2:
        return float("nan")
    counts = [np.unique(row, return_counts=True)[1].astype(float) for row in ranks]
    ties = sum(float((count**3 - count).sum()) for count in counts)
    largest = people**2 * (size**3 - size) - people * ties
    spread = ((ranks.sum(axis=0) - people * (size + 1) / 2) ** 2).sum()
    return float(12 * spread / largest) if largest > 0 else float("nan")


def _read_stated(rater: str, stated: Mapping[str, float], criteria: list[str]) -> np.ndarray:
    if set(stated) != set(criteria):
        raise _refuse(
            f"{rater} weighs {join_words(sorted(stated)) or 'nothing'}",
            f"give one weight for each of: {', '.join(criteria)}",
        )
    weights = np.array([float(stated[criterion]) for criterion in criteria])
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() <= 0:
        raise _refuse(f"the weights of {rater} cannot be used", "none below zero, at least one above it")
    return weights / weights.sum()


def _refuse(what: str, fix: str) -> InputError:
    return InputError(what, where=WHERE, fix=fix)
