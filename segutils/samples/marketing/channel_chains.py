"""The channel chains that journeys are drawn from, and the removal effects that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

CHANNELS = ("search", "display", "email", "trade fair", "webinar", "distributor", "direct mail")
START, CONVERSION, NULL = "start", "conversion", "null"
# Percent of the moves from a state to each channel, to conversion and to null.
Chain = Mapping[str, Sequence[float]]
ENGINEERED: Chain = {
    START: (18, 10, 12, 28, 14, 10, 8, 0, 0),
    "search": (4, 4, 10, 10, 12, 10, 2, 12, 36),
    "display": (12, 4, 6, 6, 4, 2, 2, 2, 62),
    "email": (8, 2, 6, 12, 16, 8, 2, 8, 38),
    "trade fair": (8, 2, 14, 4, 14, 14, 4, 18, 22),
    "webinar": (8, 2, 14, 10, 4, 12, 2, 20, 28),
    "distributor": (4, 0, 6, 8, 6, 6, 2, 28, 40),
    "direct mail": (8, 2, 6, 8, 4, 4, 4, 4, 60),
}
SUPPLIED: Chain = {
    START: (40, 14, 22, 3, 3, 8, 10, 0, 0),
    "search": (10, 6, 14, 1, 2, 5, 4, 26, 32),
    "display": (20, 6, 8, 0, 2, 2, 2, 2, 58),
    "email": (22, 4, 8, 1, 4, 3, 4, 20, 34),
    "trade fair": (10, 2, 10, 2, 6, 8, 4, 6, 52),
    "webinar": (14, 2, 14, 2, 4, 4, 2, 14, 44),
    "distributor": (8, 2, 6, 1, 1, 6, 4, 22, 50),
    "direct mail": (16, 4, 10, 1, 1, 6, 6, 8, 48),
}
# The null client: from wherever one is, the next step has the same probabilities, and all channels the same
# share; so conversion doesn't depend on the channel, and all seven have the same removal effect.
EVEN = 100 / len(CHANNELS)
INDIFFERENT: Chain = {
    START: (*[EVEN] * len(CHANNELS), 0, 0),
    **{channel: (*[0.46 * EVEN] * len(CHANNELS), 18, 36) for channel in CHANNELS},
}
ALL = np.ones(len(CHANNELS), dtype=bool)
CHAINS: Mapping[str, Chain] = {"engineered": ENGINEERED, "supplied": SUPPLIED, "indifferent": INDIFFERENT}
CHAIN_OF: Mapping[str, str] = {  # of the account's segment before the drift
    "majors": "engineered",
    "projects": "engineered",
    "builders": "engineered",
    "maintenance": "supplied",
    "labs": "supplied",
    "legacy": "supplied",
    "everyone": "indifferent",
}


def read_moves(chain: Chain) -> np.ndarray:
    """The chain's probabilities, one row for start and one a channel."""
    return np.array([chain[state] for state in (START, *CHANNELS)]) / 100


def find_removal_effects(moves: np.ndarray) -> pd.Series:
    """What share of conversions is lost if a channel vanishes?

    Absorbing Markov chain in closed form. With s the probabilities from start to the channels, Q those
    between channels and c those from channels to conversion, a journey converts with probability
    P = s (I − Q)⁻¹ c. If channel k vanishes, every move into it becomes a move to null: P₋ₖ is the same
    formula with row and column k left out. The removal effect of k is 1 − P₋ₖ / P.

    Parameters
    ----------
    moves : numpy.ndarray
        One row for start, then one a channel; probabilities of each channel, conversion and null.

    Returns
    -------
    pandas.Series
        The effect by channel.
    """
    whole = _convert(moves, ALL)
    effects = [1 - _convert(moves, np.arange(len(CHANNELS)) != k) / whole for k in range(len(CHANNELS))]
    return pd.Series(effects, index=pd.Index(CHANNELS, name="channel")).round(9)


def _convert(moves: np.ndarray, kept: np.ndarray) -> float:
    """Probability that a journey converts if only these channels are there."""
    return float(moves[0, :-2][kept] @ absorb(moves, kept))


def absorb(moves: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Probability to convert from each channel that is kept."""
    between = moves[1:, :-2][np.ix_(kept, kept)]
    return np.linalg.solve(np.eye(kept.sum()) - between, moves[1:, -2][kept])
