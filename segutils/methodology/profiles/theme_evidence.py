"""Which theme belongs to which segment, more than chance would give with so few interviews?"""

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from segutils.methodology.profiles.profiles import NO_SEGMENT


@dataclass(frozen=True, kw_only=True)
class ThemeEvidence:
    """Themes by segment.

    Parameters
    ----------
    cells : pandas.DataFrame
        ``segment, theme, passages`` (coders' halves count half), ``share`` (raw), ``shrunk`` (towards all
        interviews), ``elsewhere`` (raw share in the other segments), ``z``, ``p`` (adjusted for all cells).
    interviews : pandas.Series
        Interviews per segment, 0 where there are none.
    weights, owners : numpy.ndarray
        Interview x theme: passages; and each interview's segment as a number.
    critical : float
        The z that the largest cell exceeds by chance in so many of a hundred permutations as stated.
    set_aside : int
        Interviews with customers who are in no segment.
    """

    cells: pd.DataFrame
    interviews: pd.Series
    weights: np.ndarray
    owners: np.ndarray
    critical: float
    set_aside: int


def build_codings(
    interviews: pd.DataFrame, segments: pd.DataFrame, *, alone: str = "the only coder"
) -> pd.DataFrame:
    """Which passage of which customer was given which theme by whom?

    Parameters
    ----------
    interviews : pandas.DataFrame
        ``interview_id, customer_id, theme``; ``passage`` and ``coder`` where several people coded the same
        passages. No text.
    segments : pandas.DataFrame
        ``customer_id, segment``.
    alone : str
        Coder where none is named.

    Returns
    -------
    pandas.DataFrame
        ``interview_id, passage, coder, theme, segment`` (empty where the customer is in none); rows without a
        theme are left out.
    """
    table = interviews[interviews["theme"].notna()].reset_index(drop=True)
    if "coder" not in table or "passage" not in table:
        table = table.assign(
            coder=alone, passage=table.groupby("interview_id").cumcount() + 1
        )  # each row is a passage of its own
    found = table.merge(segments[["customer_id", "segment"]], on="customer_id", how="left")
    return found.assign(segment=found["segment"].replace(NO_SEGMENT, np.nan))[
        ["interview_id", "passage", "coder", "theme", "segment"]
    ]


def build_filed(interviews: pd.DataFrame, customers: ir.Table, column: str) -> pd.DataFrame | None:
    """Where does the company file the customers who were interviewed?

    Parameters
    ----------
    interviews : pandas.DataFrame
        ``interview_id, customer_id``.
    customers : ibis.Table
        ``customer_id`` and the column.
    column : str
        The company's own taxonomy.

    Returns
    -------
    pandas.DataFrame or None
        ``interview_id, group``; None where customers do not have the column.
    """
    if column not in customers.columns:
        return None
    filed = customers.select("customer_id", group=customers[column]).to_pandas().dropna()
    heard = interviews.drop_duplicates("interview_id")[["interview_id", "customer_id"]]
    return heard.merge(filed, on="customer_id")[["interview_id", "group"]].reset_index(drop=True)


def measure_themes(
    codings: pd.DataFrame,
    codes: list[str],
    *,
    max_p: float = 0.05,
    permutations: int = 4000,
    seed: int = 0,
) -> ThemeEvidence:
    """Does a segment speak of a theme more than the others do?

    Whole interviews are given to segments at random: the passages of one interview belong together. Each cell
    is compared by z = (n − n_s·p) / √(n_s·p·(1−p)·(1−n_s/N)); the p-value is the share of permutations in
    which any cell has so large a z (single-step max-T, Westfall and Young 1993), so it is adjusted for all
    cells. Shares are shrunk towards those of all interviews as a Dirichlet-multinomial fitted to the segments
    says (empirical Bayes).

    Parameters
    ----------
    codings : pandas.DataFrame
        From :func:`build_codings`.
    codes : list of str
        All segments, in order; those without interviews keep their row.
    max_p : float
        For `critical`.
    permutations : int
    seed : int

    Returns
    -------
    ThemeEvidence
    """
    known = codings[codings["segment"].isin(codes)]
    each = known.groupby(["interview_id", "passage"])["coder"].transform("size")
    wide = known.assign(weight=1 / each).pivot_table(
        index="interview_id", columns="theme", values="weight", aggfunc="sum", fill_value=0.0
    )
    themes = wide.columns.tolist()
    owner = known.drop_duplicates("interview_id").set_index("interview_id")["segment"].reindex(wide.index)
    heard = owner.value_counts().reindex(codes, fill_value=0)
    spoken = [code for code in codes if heard[code] > 0]
    owners = pd.Categorical(owner, categories=spoken).codes.astype(int)
    weights = wide.to_numpy(dtype=float)
    observed = standardise(weights, owners, len(spoken))
    rng = np.random.default_rng(seed)
    largest = np.sort(
        [standardise(weights, rng.permutation(owners), len(spoken)).max() for _ in range(permutations)]
    )
    above = permutations - np.searchsorted(largest, observed - 1e-9, side="left")
    counts = _sum_segments(weights, owners, len(spoken))
    total, own = counts.sum(axis=0), counts.sum(axis=1, keepdims=True)
    shrunk = shrink_shares(counts)
    rest = counts.sum() - own
    cells = pd.DataFrame(
        {
            "segment": np.repeat(spoken, len(themes)),
            "theme": np.tile(themes, len(spoken)),
            "passages": counts.ravel(),
            "share": (counts / own).ravel(),
            "shrunk": shrunk.ravel(),
            "elsewhere": ((total - counts) / np.where(rest > 0, rest, np.nan)).ravel(),
            "z": observed.ravel(),
            "p": ((1 + above) / (1 + permutations)).ravel(),
        }
    )
    outside = codings.loc[~codings["segment"].isin(codes), "interview_id"].nunique()
    return ThemeEvidence(
        cells=cells,
        interviews=heard,
        weights=weights,
        owners=owners,
        critical=float(np.quantile(largest, 1 - max_p)),
        set_aside=int(outside),
    )


def standardise(weights: np.ndarray, owners: np.ndarray, segments: int) -> np.ndarray:
    """Segment x theme: by how many standard deviations a theme comes up more than everywhere."""
    counts = _sum_segments(weights, owners, segments)
    own, total = counts.sum(axis=1, keepdims=True), counts.sum()
    share = counts.sum(axis=0) / total
    spread = np.sqrt(own * share * (1 - share) * np.maximum(1 - own / total, 0))
    return np.divide(counts - own * share, spread, out=np.zeros_like(counts), where=spread > 1e-12)


def shrink_shares(counts: np.ndarray) -> np.ndarray:
    """Shares by row, drawn towards those of all rows, the more the fewer passages a row has.

    (n + A·p) / (n_s + A), with the strength A that makes the rows most likely (Dirichlet-multinomial).
    """
    share = counts.sum(axis=0) / counts.sum()
    used = share > 0

    def surprise(log_strength: float) -> float:
        prior = np.exp(log_strength) * share[used]
        own = counts.sum(axis=1)
        likelihood = gammaln(prior.sum()) - gammaln(own + prior.sum())
        inner = (gammaln(counts[:, used] + prior) - gammaln(prior)).sum(axis=1)
        return -float((likelihood + inner).sum())

    found = minimize_scalar(surprise, bounds=(np.log(0.1), np.log(1e5)), method="bounded")
    strength = float(np.exp(found.x))
    return (counts + strength * share) / (counts.sum(axis=1, keepdims=True) + strength)


def _sum_segments(weights: np.ndarray, owners: np.ndarray, segments: int) -> np.ndarray:
    member = np.zeros((segments, len(owners)))
    member[owners, np.arange(len(owners))] = 1.0
    return member @ weights
