"""What a cut into segments is worth believing: its kind, by stated rules, and its scores.

Scores are on absolute scales, with a published mark at each end.
"""

import numpy as np
import pandas as pd

from segutils.statistics import decisions

VERDICTS = ("none", "constructive", "reproducible", "natural")  # from worst to best
MIN_ARI = 0.75
# One population of customers, described by what they bought, must come to less, and groups that can be had
# back must come to more. Chosen on null clients of seeds 0-19, then held against others (2026-11, 2 to 6
# segments of 5 % or more each; in how many seeds some number passes, and the largest value):
#   null clients: 0 of 100 with 1,000 accounts (seeds 100-199, 0.063), 0 of 100 with 300 (about 257 of them
#   buyers, 0.077), 2 of 100 with 150 (about 125 buyers, 0.099), 0 of 40 with 4,000 (seeds 200-239, 0.039).
#   At 0.07 it would be 4 of 100 with 300 accounts.
#   Noise (normal, even, mixed; 250 and 1,000 customers): 0 of 400, at any mark.
#   Planted groups, 1,000 customers, seeds 100-149, by how well k-means gets them back (adjusted Rand index):
#   0.75 to 0.85: 50 of 50 in each of eight plans (two or four groups; a group in a null client); 0.69: 48;
#   0.62 to 0.64: 10 to 13; 0.46 and less: 0. So it says "none" of what no cut would find, and only of that.
MIN_TIGHTER = 0.08
FEW = 250  # customers below which the mark is not that safe: see above


def score_verdicts(
    table: pd.DataFrame,
    *,
    min_ari: float = MIN_ARI,
    min_jaccard: float = 0.6,
    min_jaccard_natural: float = 0.75,
    min_prediction_strength: float = 0.8,
    min_segment_gap: float = 0.8,
    max_p_structure: float = 0.001,
    min_tighter: float = MIN_TIGHTER,
) -> pd.Series:
    """Are segments found in the customers, reproducible, constructed, or imagined?

    The kinds are those of Dolnicar, Grün and Leisch 2018 (chapter 7); the marks that tell them apart are
    stated here.

    * ``none``: not noticeably tighter than customers whose features are unrelated (p-value above
      `max_p_structure`, or what is left within segments less than expected by no more than `min_tighter`).
    * ``constructive``: features are related, but another sample would draw other segments.
    * ``reproducible``: another sample draws nearly the same cut. Mean adjusted Rand index of bootstrap pairs
      at least `min_ari` (between "moderate" 0.65 and "good" 0.80 of Steinley 2004), and mean Jaccard
      coefficient of the weakest segment at least `min_jaccard` (below 0.6: not to be trusted, Hennig 2008).
    * ``natural``: besides, every segment is valid (0.75, Hennig 2008), prediction strength is at least 0.8
      (Tibshirani and Walther 2005), and there is a gap to every neighbour (0.8; an even spread gives 0.75).

    Parameters
    ----------
    table : pandas.DataFrame
        ``adjusted_rand, min_jaccard, prediction_strength, segment_gap, p_structure, tighter``.

    Returns
    -------
    pandas.Series
        ``verdict`` per row.
    """
    structured = (table["p_structure"] <= max_p_structure) & (table["tighter"] >= min_tighter)
    stable = structured & (table["adjusted_rand"] >= min_ari) & (table["min_jaccard"] >= min_jaccard)
    natural = (
        stable
        & (table["min_jaccard"] >= min_jaccard_natural)
        & (table["prediction_strength"] >= min_prediction_strength)
        & (table["segment_gap"] >= min_segment_gap)
    )
    level = structured.astype(int) + stable.astype(int) + natural.astype(int)
    return pd.Series(np.array(VERDICTS, dtype=object)[level], index=table.index, name="verdict").astype("str")


def score_criteria(table: pd.DataFrame, *, attainable: float) -> pd.DataFrame:
    """The four criteria on absolute scales 0-1, from "of no use" to "could not reasonably be better".

    ``stability``: adjusted Rand index 0.5 to 0.9 (excellent, Steinley 2004); ``weakest_segment``: Jaccard
    coefficient 0.5 (dissolved) to 0.85 (highly stable, Hennig 2008); ``prediction``: prediction strength 0 to
    0.8 (Tibshirani and Walther 2005); ``detail``: share of the differences between customers that segments
    carry, 0 to `attainable` (what the largest number of segments that the organisation can run would carry).
    """
    return pd.DataFrame(
        {
            "stability": decisions.scale_between(table["adjusted_rand"], worst=0.5, best=0.9),
            "weakest_segment": decisions.scale_between(table["min_jaccard"], worst=0.5, best=0.85),
            "prediction": decisions.scale_between(table["prediction_strength"], worst=0.0, best=0.8),
            "detail": decisions.scale_between(table["explained_share"], worst=0.0, best=attainable),
        },
        index=table["k"].astype(str),
    )


def find_eligible(table: pd.DataFrame, *, min_share: float, min_segments: int) -> pd.Series:
    """Which numbers of segments may be recommended?

    Knock-outs first: no segment smaller than `min_share`, not fewer than `min_segments` segments, not the
    verdict ``none``. Of what is left only the best verdict counts: a constructed cut is no option while one
    can be reproduced.

    Parameters
    ----------
    table : pandas.DataFrame
        ``k, smallest_share, verdict``.

    Returns
    -------
    pandas.Series of bool
    """
    viable = (table["smallest_share"] >= min_share) & (table["k"] >= min_segments)
    level = table["verdict"].map({verdict: i for i, verdict in enumerate(VERDICTS)}).where(viable, 0)
    return (level == level.max()) & (level > 0)
