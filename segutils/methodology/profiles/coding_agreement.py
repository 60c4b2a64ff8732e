"""Do people who code the same passages on their own see the same themes in them?"""

import numpy as np
import pandas as pd

from segutils.statistics.intervals import percentile_interval

KAPPA, ALPHA, AGREE = "Cohen's kappa", "Krippendorff's alpha", "Share of passages coded alike"
FIRM, TENTATIVE = 0.8, 0.667  # Krippendorff 2004: rely on, and draw only tentative conclusions from


def measure_agreement(codings: pd.DataFrame, *, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """How far do the coders agree, beyond what chance would give?

    Cohen's kappa (Cohen 1960) of two coders over the passages that both coded; Krippendorff's alpha for
    nominal values (Krippendorff 2011) of any number of coders, with missing codes. Intervals: bootstrap of
    whole interviews, whose passages belong together.

    Parameters
    ----------
    codings : pandas.DataFrame
        ``interview_id, passage, coder, theme``; one row per passage and coder.
    draws : int
        Resamples.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``measure, value, low, high, passages`` (coded by at least two); empty where no passage was coded
        twice.
    """
    wide = codings.pivot_table(
        index=["interview_id", "passage"], columns="coder", values="theme", aggfunc="first"
    )
    wide = wide[wide.notna().sum(axis=1) >= 2]
    if wide.empty:
        return pd.DataFrame(columns=["measure", "value", "low", "high", "passages"])
    themes = sorted(codings["theme"].dropna().unique())
    interviews = pd.factorize(wide.index.get_level_values("interview_id"))[0]
    parts = {ALPHA: _coincide(wide, themes, interviews)}
    if wide.shape[1] == 2:
        crossed = _cross(wide, themes, interviews)
        parts = {KAPPA: crossed, **parts, AGREE: crossed}
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, interviews.max() + 1, size=(draws, interviews.max() + 1))
    rows = []
    for measure, tables in parts.items():
        values = np.array([_read(measure, tables[row].sum(axis=0)) for row in drawn])
        low, high = percentile_interval(values[np.isfinite(values)])
        rows.append((measure, _read(measure, tables.sum(axis=0)), low, high, len(wide)))
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high", "passages"])


def cohen_kappa(table: np.ndarray) -> float:
    """Kappa of a cross table of two coders' values: (observed − chance) / (1 − chance)."""
    total = table.sum()
    observed = np.trace(table) / total
    chance = (table.sum(axis=0) * table.sum(axis=1)).sum() / total**2
    return 1.0 if chance == 1 else float((observed - chance) / (1 - chance))


def krippendorff_alpha(coincidences: np.ndarray) -> float:
    """Alpha for nominal values of a coincidence matrix: 1 − observed / expected disagreement."""
    each = coincidences.sum(axis=1)
    total = each.sum()
    observed = 1 - np.trace(coincidences) / total
    expected = 1 - (each * (each - 1)).sum() / (total * (total - 1))
    return 1.0 if expected == 0 else float(1 - observed / expected)


def _read(measure: str, table: np.ndarray) -> float:
    if measure == ALPHA:
        return krippendorff_alpha(table)
    return cohen_kappa(table) if measure == KAPPA else float(np.trace(table) / table.sum())


def _coincide(wide: pd.DataFrame, themes: list[str], interviews: np.ndarray) -> np.ndarray:
    """Coincidence matrix of each interview: pairs of values within a passage, each over its coders − 1."""
    counts = np.stack([(wide == theme).sum(axis=1).to_numpy() for theme in themes], axis=1).astype(float)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(themes))
    pairs /= (counts.sum(axis=1) - 1)[:, None, None]
    tables = np.zeros((interviews.max() + 1, len(themes), len(themes)))
    np.add.at(tables, interviews, pairs)
    return tables


def _cross(wide: pd.DataFrame, themes: list[str], interviews: np.ndarray) -> np.ndarray:
    """Cross table of the two coders in each interview."""
    first, second = (pd.Categorical(wide[coder], categories=themes).codes for coder in wide.columns)
    tables = np.zeros((interviews.max() + 1, len(themes), len(themes)))
    np.add.at(tables, (interviews, first, second), 1.0)
    return tables
