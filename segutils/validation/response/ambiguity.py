"""To which segment does a customer most likely belong? A second reading beside distances to centres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.formats import format_value, join_words
from segutils.statistics import kmeans, mixtures
from segutils.statistics.segment_model import SegmentModel, select_buyers

MIXTURE = "Gaussian mixture"  # as clusterers call the algorithm
TIED = 0.5  # a feature of which so many customers have one and the same value is no bell curve


@dataclass(frozen=True, kw_only=True)
class Ambiguity:
    """What the probabilities of a Gaussian mixture, fitted at the segments, say of membership.

    Parameters
    ----------
    customers : pandas.DataFrame
        ``customer_id, segment`` (nearest centre), ``probability`` (0-1, of the likeliest segment). Empty
        where the curves moved away from the segments.
    pairs : pandas.DataFrame
        ``segment, other, mistaken``: how often a customer of the one is taken for one of the other.
    kept : float
        Share of customers whose likeliest curve is their segment's own, in the segment where it is smallest.
    least : str
        That segment.
    shape : str
        Of the curves: full, tied, diag or spherical.
    tied : tuple of str
        Features of which half of the customers or more have one and the same value.
    """

    customers: pd.DataFrame
    pairs: pd.DataFrame
    kept: float
    least: str
    shape: str
    tied: tuple[str, ...]

    @property
    def told(self) -> bool:
        """Do the curves still stand for the segments?"""
        return len(self.customers) > 0

    def unsure(self, min_sure: float) -> pd.Series:
        """Of each customer: is no segment as likely as `min_sure`?"""
        return self.customers["probability"] < min_sure


def score_ambiguity(
    features: pd.DataFrame,
    model: SegmentModel,
    members: pd.DataFrame,
    *,
    min_kept: float = 0.8,
    max_customers: int = 20_000,
    seed: int = 0,
) -> Ambiguity | None:
    """How sure is membership, if segments are clouds of their own shape and size?

    Distances to centres take all segments for equally wide; a mixture gives each its own width. It is told
    only where the mixture still means these segments: started at them, its curves move to where they fit the
    customers best, and curves that left are curves of something else.

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and the model's features in raw units.
    model : SegmentModel
    members : pandas.DataFrame
        ``customer_id, segment, code`` (the model's name of the segment).
    min_kept : float
        Least share of each segment's customers whose likeliest curve is the segment's own.
    max_customers : int
        Of more customers a random sample of this size stands for all.
    seed : int

    Returns
    -------
    Ambiguity or None
        None where there are fewer than two segments, or one without customers.
    """
    buyers = select_buyers(features).sort_values("customer_id", ignore_index=True)
    if len(buyers) > max_customers:
        buyers = buyers.sample(max_customers, random_state=np.random.default_rng(seed), ignore_index=True)
    k = len(model.names)
    if k < 2 or buyers.empty:
        return None
    points = model.scaling.apply(buyers)
    groups = kmeans.assign_nearest(points, model.centres).astype(int)
    if (np.bincount(groups, minlength=k) == 0).any():
        return None
    found = mixtures.fit_at_groups(points, groups, seed=seed)
    words = dict(zip(members["code"], members["segment"], strict=True))
    names = [words.get(name, name) for name in model.names]
    told = bool(found.kept.min() >= min_kept)
    customers = pd.DataFrame(
        {
            "customer_id": buyers["customer_id"],
            "segment": np.array(names, dtype=object)[groups],
            "probability": found.memberships.max(axis=1),
        }
    )
    mistaken = mixtures.pair_mistakes(found.memberships)
    rows = [(a, b, mistaken[i, j]) for i, a in enumerate(names) for j, b in enumerate(names) if i != j]
    pairs = pd.DataFrame(rows, columns=["segment", "other", "mistaken"])
    same = [float(np.unique(column, return_counts=True)[1].max() / len(column)) for column in points.T]
    return Ambiguity(
        customers=customers if told else customers.iloc[:0],
        pairs=pairs if told else pairs.iloc[:0],
        kept=float(found.kept.min()),
        least=str(names[int(found.kept.argmin())]),
        shape=found.shape,
        tied=tuple(name for name, share in zip(model.scaling.features, same, strict=True) if share >= TIED),
    )


def say_ambiguity(found: Ambiguity, pairs: pd.DataFrame, *, min_sure: float) -> str:
    """The second reading in a sentence: how many are unsure and where, or why it cannot be told.

    Parameters
    ----------
    found : Ambiguity
    pairs : pandas.DataFrame
        ``first, second, mistaken``.
    min_sure : float
    """
    if not found.told:
        return (
            "Probabilities are not told: a Gaussian mixture started at the segments moves away from them (of "
            f"{found.least} it keeps {format_value(found.kept, 'share:0')}), so it describes other groups. "
            "Segments that were clouds of their own would have held it."
        )
    worst = pairs.loc[pairs["mistaken"].idxmax()]
    mistaken = float(1 - found.customers["probability"].mean())
    return (
        f"By probability, with a bell curve for each segment: {say_unsure(found, min_sure)}; one customer in "
        f"{1 / mistaken:,.0f} would be taken for one of another segment, most often between {worst['first']} "
        f"and {worst['second']}."
        if mistaken > 0.0005
        else f"By probability, with a bell curve for each segment: {say_unsure(found, min_sure)}, and hardly "
        "any would be taken for one of another segment."
    )


def say_unsure(found: Ambiguity, min_sure: float) -> str:
    """How many customers are less likely than `min_sure` to be of their segment, without a full stop."""
    share = format_value(float(found.unsure(min_sure).mean()), "share:1")
    return f"{share} of customers are less than {format_value(min_sure, 'share:0')} sure to be of one segment"


def limit_ambiguity(found: Ambiguity) -> tuple[str, ...]:
    """What bell curves cannot see; empty where nothing of the kind is there, or nothing is told."""
    if not found.told or not found.tied:
        return ()
    features = join_words([name.replace("_", " ") for name in found.tied])
    return (
        f"Half of the customers or more have one and the same {features}: bell curves take such a value for "
        "near proof, so the probabilities look surer than they are.",
    )
