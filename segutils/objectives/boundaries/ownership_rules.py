"""Who should answer for a group that several business units sell to, and how surely is that so?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.objectives.boundaries.ownership_sums import UnitSums

LEAD, BY_LINE, MATRIX, ESCALATE = "lead", "by line", "matrix", "escalate"
ARRANGEMENTS = (LEAD, BY_LINE, MATRIX, ESCALATE)
MAJORITY = 0.5
WOBBLE = 0.2  # limits are tried up to so much higher and lower, relative to what was stated


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where on a unit owns a group, and up to where a group may be split by product line.

    Parameters
    ----------
    min_share : float
        Share of a group's net revenue (0-1) from which one unit leads it.
    max_shared : float
        Share of a group's buyers who buy from several units, up to which each unit can answer for its own
        products: only these customers would meet two owners.
    """

    min_share: float
    max_shared: float


def rule_arrangement(lead_share: np.ndarray, shared: np.ndarray, limits: Limits) -> np.ndarray:
    """How is a group owned?

    One unit with `min_share` of revenue leads. Without one: where few customers buy from several units, each
    unit answers for its product lines; else a unit with the majority is accountable in a matrix; else nobody
    can claim the group and it is escalated.

    Parameters
    ----------
    lead_share, shared : numpy.ndarray
        Of each group (or sample): the largest unit's share of revenue, and the share of buyers who buy from
        several units.
    limits : Limits

    Returns
    -------
    numpy.ndarray of object
    """
    return np.select(
        [lead_share >= limits.min_share, shared <= limits.max_shared, lead_share >= MAJORITY],
        [LEAD, BY_LINE, MATRIX],
        default=ESCALATE,
    ).astype(object)


def score_groups(
    sums: UnitSums, limits: Limits, *, draws: int = 500, confidence: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Which unit brings most of each group, how surely, and how should the group be owned?

    Parameters
    ----------
    sums : UnitSums
    limits : Limits
    draws : int
        Samples of customers, each with other limits (up to 20 % higher or lower) beside the stated ones.
    confidence : float
    seed : int

    Returns
    -------
    pandas.DataFrame
        One row per group with revenue, most first: ``group, customers, net_revenue, unit`` (the largest),
        ``share, low, high`` (of revenue, 0-1), ``second, second_share, shared`` (buyers from several units,
        0-1), ``filed_share`` (customers filed under the largest unit; NaN), ``arrangement``, and per way
        ``lead, by line, matrix, escalate`` the share of draws that lead to it, with ``stands_customers,
        stands_limits, stands`` (other customers, other limits, both) of the arrangement and the largest unit.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for group, size in sums.members.items():
        part = sums.table[sums.table["group"] == group]
        wide = part.pivot_table(index="customer_id", columns="unit", values="net_revenue", aggfunc="sum")
        wide = wide.fillna(0.0).sort_index().sort_index(axis=1)
        revenue = wide.sum().clip(lower=0)
        if revenue.sum() <= 0:
            continue
        order = revenue.sort_values(ascending=False, kind="stable").index
        several = ((wide > 0).sum(axis=1) > 1).to_numpy(dtype=float)
        buyers = (wide > 0).any(axis=1).to_numpy(dtype=float)
        leads, shares, shared = _draw_samples(wide.to_numpy(), several, buyers, draws, rng)
        at = wide.columns.get_loc(order[0])
        own = float(revenue.iloc[at] / revenue.sum())
        both = float(several.sum() / max(buyers.sum(), 1))
        arrangement = str(rule_arrangement(np.array(own), np.array(both), limits).item())
        drawn = _draw_limits(limits, draws, rng)
        ways = {
            "customers": [rule_arrangement(s, b, limits).item() for s, b in zip(shares, shared, strict=True)],
            "limits": [rule_arrangement(np.array(own), np.array(both), limit).item() for limit in drawn],
            "together": [
                rule_arrangement(s, b, limit).item()
                for s, b, limit in zip(shares, shared, drawn, strict=True)
            ],
        }
        same = leads == at
        tail = (1 - confidence) / 2
        low, high = np.quantile(np.where(same, shares, np.nan_to_num(shares)), [tail, 1 - tail])
        filed = sums.filed[sums.filed["group"] == group]
        stands = {
            cause: float(np.mean((np.array(found) == arrangement) & (same if cause != "limits" else True)))
            for cause, found in ways.items()
        }
        rows.append(
            {
                "group": group,
                "customers": int(size),
                "net_revenue": float(revenue.sum()),
                "unit": str(order[0]),
                "share": own,
                "low": float(low),
                "high": float(high),
                "second": str(order[1]) if len(order) > 1 and revenue[order[1]] > 0 else "",
                "second_share": float(revenue[order[1]] / revenue.sum()) if len(order) > 1 else 0.0,
                "shared": both,
                "filed_share": float((filed.unit == order[0]).mean()) if len(filed) else np.nan,
                "arrangement": arrangement,
                **{way: ways["together"].count(way) / draws for way in ARRANGEMENTS},
                "stands_customers": stands["customers"],
                "stands_limits": stands["limits"],
                "stands": stands["together"],
            }
        )
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return table.sort_values("net_revenue", ascending=False, kind="stable", ignore_index=True)


_COLUMNS = (
    *(
        "group",
        "customers",
        "net_revenue",
        "unit",
        "share",
        "low",
        "high",
        "second",
        "second_share",
        "shared",
    ),
    *("filed_share", "arrangement", *ARRANGEMENTS, "stands_customers", "stands_limits", "stands"),
)


def _draw_samples(
    revenue: np.ndarray, several: np.ndarray, buyers: np.ndarray, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Largest unit, its share, and the share of buyers from several units, in samples of the customers."""
    size = len(revenue)
    leads, shares, shared = np.empty(draws, dtype=int), np.empty(draws), np.empty(draws)
    for n in range(draws):
        times = np.bincount(rng.integers(0, size, size), minlength=size).astype(float)
        units = np.clip(times @ revenue, 0, None)
        leads[n] = int(units.argmax())
        shares[n] = units.max() / units.sum() if units.sum() > 0 else 0.0
        shared[n] = times @ several / max(times @ buyers, 1.0)
    return leads, shares, shared


def _draw_limits(limits: Limits, draws: int, rng: np.random.Generator) -> list[Limits]:
    factors = rng.uniform(1 - WOBBLE, 1 + WOBBLE, size=(draws, 2))
    return [
        Limits(min_share=min(limits.min_share * a, 1.0), max_shared=min(limits.max_shared * b, 1.0))
        for a, b in factors
    ]
