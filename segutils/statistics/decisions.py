"""Choosing between options on several criteria, and how far the choice depends on weights and on chance.

Scores are on stated absolute scales (:func:`scale_between`), never stretched between the best and the worst
option at hand: a scale that moves with the options lets a hopeless option change the order of the others.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Override
from segutils.formats import join_words

TIE = 1e-12  # scores closer than this share the first rank


def scale_between(values: pd.Series | np.ndarray | float, *, worst: float, best: float) -> np.ndarray:
    """Where does a value stand between what would be worthless (0) and what could not be better (1)?

    Parameters
    ----------
    values : array-like of float
        In their own unit; NaN stays NaN.
    worst, best : float
        The ends of the scale in the same unit; ``worst > best`` where less is better. Values beyond are
        capped.

    Returns
    -------
    numpy.ndarray
        Scores 0-1.
    """
    return np.clip((np.asarray(values, dtype=float) - worst) / (best - worst), 0.0, 1.0) + 0.0  # no −0


def read_weights(criteria: Iterable[str], weights: Sequence[float]) -> dict[str, float]:
    """Weights of a notebook's parameter, in the order of the criteria, by name.

    Raises
    ------
    InputError
        If there are not as many weights as criteria.
    """
    names = list(criteria)
    if len(names) != len(weights):
        raise InputError(
            f"{len(weights)} weights are given for {len(names)} criteria",
            where="weights of the decision",
            fix=f"give one weight for each of, in this order: {', '.join(names)}",
        )
    return dict(zip(names, map(float, weights), strict=True))


def score_options(scores: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """Which option is best under the stated weights?

    Parameters
    ----------
    scores : pandas.DataFrame
        Index = option, one column per criterion, 0-1, higher is better.
    weights : mapping of str to float
        One weight per criterion, not negative; they are scaled to sum to 1.

    Returns
    -------
    pandas.DataFrame
        ``option``, the criteria, ``score`` (weighted sum, 0-1); best first, ties in the order given.

    Raises
    ------
    InputError
        If weights and criteria don't match, a weight is negative or all are zero, or a score is not within
        0-1.
    """
    total = _matrix(scores) @ _weight_vector(scores, weights)
    table = scores.reset_index(drop=True).assign(score=total)
    table.insert(0, "option", scores.index.astype(str))
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def weight_robustness(
    scores: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    draws: int = 2000,
    concentration: float = 20.0,
    seed: int = 0,
) -> pd.DataFrame:
    """How often would each option come first if the weights were somewhat different?

    Weights are drawn from a Dirichlet distribution around the stated ones; the share of draws in which an
    option ranks first is its rank acceptability (Lahdelma and Salminen 2001, SMAA-2).

    Parameters
    ----------
    scores, weights
        As in :func:`score_options`.
    draws : int
        Number of weight sets.
    concentration : float
        How close the draws stay to the stated weights: with 20, a weight of 0.25 has a standard deviation of
        0.09. A criterion with weight 0 stays out.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``option``, ``first_share`` (0-1, ties shared), in the order of `scores`.
    """
    vector = _weight_vector(scores, weights)
    used = vector > 0
    rng = np.random.default_rng(seed)
    drawn = rng.dirichlet(concentration * vector[used], size=draws)
    totals = drawn @ _matrix(scores)[:, used].T
    return _first_shares(totals, scores.index)


def noise_robustness(score_draws: Sequence[pd.DataFrame], weights: Mapping[str, float]) -> pd.DataFrame:
    """How often would each option come first if the data had been another sample of the same customers?

    Parameters
    ----------
    score_draws : sequence of pandas.DataFrame
        One score matrix per resample, each with the index and the columns of the others (see
        :func:`score_options`).
    weights : mapping of str to float

    Returns
    -------
    pandas.DataFrame
        ``option``, ``first_share`` (0-1, ties shared).
    """
    first = score_draws[0]
    vector = _weight_vector(first, weights)
    totals = np.stack([_matrix(draw.reindex_like(first)) @ vector for draw in score_draws])
    return _first_shares(totals, first.index)


def flip_weight(scores: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """By how much would the weight of one criterion have to change before another option wins?

    The other weights keep their proportions to each other.

    Parameters
    ----------
    scores, weights
        As in :func:`score_options`.

    Returns
    -------
    pandas.DataFrame
        ``criterion``, ``weight`` (stated, scaled to sum 1), ``flip_weight`` (nearest weight at which another
        option draws level), ``change`` (flip_weight − weight), ``winner_then``. NaN and "" where no weight
        between 0 and 1 changes the winner. Smallest change first.
    """
    matrix, vector = _matrix(scores), _weight_vector(scores, weights)
    winner = int(np.argmax(matrix @ vector))
    rows = []
    for j, criterion in enumerate(scores.columns):
        others = np.delete(vector, j)
        others = others / others.sum() if others.sum() > 0 else np.full(len(others), 1 / max(len(others), 1))
        rest = np.delete(matrix, j, axis=1) @ others
        lead = rest[winner] - rest
        slope = lead - (matrix[winner, j] - matrix[:, j])
        with np.errstate(divide="ignore", invalid="ignore"):
            level = np.where(np.abs(slope) > TIE, lead / slope, np.nan)
        level[(level <= TIE) | (level >= 1 - TIE)] = np.nan  # at the very ends options only draw level
        level[winner] = np.nan
        gap = np.abs(level - vector[j])
        rival = None if np.isnan(gap).all() else int(np.nanargmin(gap))
        flip = np.nan if rival is None else level[rival]
        name = "" if rival is None else str(scores.index[rival])
        rows.append((criterion, vector[j], flip, flip - vector[j], name))
    table = pd.DataFrame(rows, columns=["criterion", "weight", "flip_weight", "change", "winner_then"])
    return table.sort_values("change", key=np.abs, kind="stable", ignore_index=True)


def check_override(override: Override | None, options: Sequence[str], *, slug: str) -> Override | None:
    """The client's own choice, if it is one of the options.

    Raises
    ------
    InputError
        If the engagement file chooses something that is not an option; names the options.
    """
    if override is not None and override.choice not in options:
        raise InputError(
            f"the override chooses {override.choice!r}, which is not an option",
            where=f"engagement file, overrides.{slug}.choice",
            fix=f"choose one of: {', '.join(options)}",
        )
    return override


def _matrix(scores: pd.DataFrame) -> np.ndarray:
    matrix = scores.to_numpy(dtype=float)
    bad = ~((matrix >= 0) & (matrix <= 1))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            f"score {matrix[row, column]} of option {scores.index[row]!r} is not between 0 and 1",
            where=f"criterion {scores.columns[column]!r}",
            fix="scale each criterion to 0-1, higher is better, and fill what is missing",
        )
    return matrix


def _weight_vector(scores: pd.DataFrame, weights: Mapping[str, float]) -> np.ndarray:
    criteria = [str(column) for column in scores.columns]
    if set(weights) != set(criteria):
        raise InputError(
            f"weights are given for {join_words(sorted(weights)) or 'nothing'}",
            where="weights of the decision",
            fix=f"give one weight for each of: {', '.join(criteria)}",
        )
    vector = np.array([float(weights[criterion]) for criterion in criteria])
    if not np.isfinite(vector).all() or (vector < 0).any() or vector.sum() <= 0:
        raise InputError(
            f"the weights {dict(weights)} cannot be used",
            where="weights of the decision",
            fix="give weights that are not negative, at least one of them above zero",
        )
    return vector / vector.sum()


def _first_shares(totals: np.ndarray, options: pd.Index) -> pd.DataFrame:
    """Share of rows of `totals` (draw x option) in which each option is first."""
    first = totals >= totals.max(axis=1, keepdims=True) - TIE
    shares = (first / first.sum(axis=1, keepdims=True)).mean(axis=0)
    return pd.DataFrame({"option": options.astype(str), "first_share": shares})
