"""What the evidence for each number of segments rests on, in sentences."""

import numpy as np
import pandas as pd

from segutils.formats import format_value, join_words
from segutils.methodology.segments.landscape import Landscape


def list_notes(table: pd.DataFrame, landscape: Landscape) -> list[str]:
    """What stands behind the number of segments, most important first (table with ``verdict, chosen``)."""
    by_verdict = table.groupby("verdict", sort=False)["k"]
    kinds = "; ".join(f"{verdict}: {join_words(ks.tolist())}" for verdict, ks in by_verdict)
    gap = landscape.gap_choice
    notes = [f"Verdict by number of segments: {kinds}."]
    row = table[table["chosen"]]
    if len(row):
        row = row.iloc[0]
        found = format_value(row["best_found_share"], "share:0")
        notes.append(
            f"{found} of {landscape.restarts} restarts found the best cut into {row['k']}; the "
            f"{format_value(row['near_best_share'], 'share:0')} that came within 1 % of its sum of squares "
            f"agree with it at {row['near_best_agreement']:.2f} (adjusted Rand index)."
        )
        if not np.isnan(row["min_flow"]):
            notes.append(
                f"Across solutions: the segment that is mixed most from those of the cut into {row['k'] - 1} "
                f"has a stability of {row['min_flow']:.2f} of 1 (1 less the entropy of its origins)."
            )
    if landscape.buyers > len(landscape.points):
        notes.append(
            f"Of {landscape.buyers:,} customers with purchases a random sample of "
            f"{len(landscape.points):,} was looked at; everybody is assigned by what was found in it."
        )
    return [
        *notes,
        _say_indices(table),
        f"The gap statistic's rule, which looks for gaps only, picks {gap if gap > 1 else 'no'} segments; "
        f"{_say_likelihood(table)}.",
        f"Stability rests on {landscape.pairs} pairs of bootstrap samples of {len(landscape.points):,} "
        f"customers, with {landscape.refit_restarts} restarts each.",
    ]


def _say_indices(table: pd.DataFrame) -> str:
    """Where the two usual indices are best; no verdict rests on them, because both prefer round clouds."""
    best = {name: table.loc[table[name].idxmax()] for name in ("silhouette", "calinski_harabasz")}
    by_silhouette, by_ratio = (int(row["k"]) for row in best.values())
    value = format_value(best["silhouette"]["silhouette"], "number:2")
    other = "so is" if by_ratio == by_silhouette else f"with {by_ratio}"
    return (
        f"The silhouette is best with {by_silhouette} segments ({value} of 1), "
        f"{other} the Calinski–Harabasz index; all indices by number are in the table segment_selection."
    )


def _say_likelihood(table: pd.DataFrame) -> str:
    known = table.dropna(subset=["bic", "icl"])
    if known.empty:
        return "BIC and ICL are not given, because many customers share a value and no bell curve fits that"
    by_bic, by_icl = (int(known.loc[known[name].idxmin(), "k"]) for name in ("bic", "icl"))
    if by_bic == by_icl:
        return f"a Gaussian mixture is best with {by_bic} components by BIC and ICL"
    return f"a Gaussian mixture is best with {by_bic} components by BIC and {by_icl} by ICL"
