"""What a platform for the customer data must carry: volume, growth, systems to join, channels, rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.engagement_terms import AccessGrant
from segutils.statistics.decisions import scale_between

CELL_BYTES = 8  # of a number, a day or a moment; a text counts by its characters
FULL = 5  # so many systems, channels, domains or jurisdictions are as demanding as can be
YEAR = 365


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What was measured; NaN where nothing was given to measure it on.

    Parameters
    ----------
    volumes : pandas.DataFrame
        ``table, rows, gigabytes``, largest first.
    order_lines, lines_last_year, growth : float
        Of transactions: all, those of the last 365 days, and these against the 365 days before (relative
        change; NaN where the history is shorter than two years).
    systems, anonymous_share, channels, domains : float
        Source systems, share of events without a customer (0-1), channels of campaigns, business units.
    jurisdictions, consent_columns, grants, limited_grants : int
        Jurisdictions that hold, columns that say who agreed to what, roles with access, and those of them
        who may see some regions or product lines only.
    """

    volumes: pd.DataFrame
    order_lines: float
    lines_last_year: float
    growth: float
    systems: float
    anonymous_share: float
    channels: float
    domains: float
    jurisdictions: int
    consent_columns: int
    grants: int
    limited_grants: int

    @property
    def gigabytes(self) -> float:
        """All tables today."""
        return float(self.volumes.gigabytes.sum())

    def gigabytes_in(self, years: int) -> float:
        """All tables in so many years, if they grow as order lines did."""
        if not self.order_lines > 0 or np.isnan(self.lines_last_year):
            return self.gigabytes
        pace = 1 + (0.0 if np.isnan(self.growth) else self.growth)
        added = sum(self.lines_last_year * pace**year for year in range(1, years + 1))
        return self.gigabytes * (1 + added / self.order_lines)

    def list_needs(self) -> dict[str, float]:
        """How much each ability of a platform matters here, 0 (not at all) to 1; NaN: not known.

        identity: the larger of the anonymous share and of systems to join (1 → 0, 5 → 1); activation:
        channels (0 → 0, 5 → 1); autonomy: domains (1 → 0, 5 → 1); governance: the mean of the share of roles
        with limited access, of jurisdictions (1 → 0, 5 → 1) and of whether consents are held, as far as
        stated.
        """
        several = {"worst": 1.0, "best": float(FULL)}
        identity = [self.anonymous_share, float(scale_between(self.systems, **several))]
        parts = [float(self.consent_columns > 0)] if self.grants or self.jurisdictions else []
        parts += [self.limited_grants / self.grants] if self.grants else []
        parts += [float(scale_between(float(self.jurisdictions), **several))] if self.jurisdictions else []
        return {
            "identity": float(np.nanmax(identity)) if not np.isnan(identity).all() else np.nan,
            "activation": float(scale_between(self.channels, worst=0.0, best=float(FULL))),
            "governance": float(np.mean(parts)) if parts else np.nan,
            "autonomy": float(scale_between(self.domains, **several)),
        }


def measure_demand(
    tables: Mapping[str, ir.Table],
    counts: pd.DataFrame,
    *,
    as_of: date,
    jurisdictions: Sequence[str] = (),
    access: Sequence[AccessGrant] = (),
) -> Demand:
    """How much data is there, how fast does it grow, from how many systems, under which rules?

    Parameters
    ----------
    tables : mapping of str to ibis table
        The client's tables. Looked at: ``transactions.ordered_on``, ``source_records.source``,
        ``events.customer_id``, ``campaigns.channel``, ``customers.business_unit``, ``customers.consent_*``.
    counts : pandas.DataFrame
        ``table, rows_used``, one row per table.
    as_of : datetime.date
    jurisdictions : sequence of str
    access : sequence of AccessGrant

    Returns
    -------
    Demand
        Gigabytes are rows times the mean row: 8 bytes a cell, texts by their mean length, uncompressed.
    """
    rows = dict(zip(counts.table, counts.rows_used, strict=True))
    sizes = [(name, int(rows[name]), _row_bytes(tables.get(name)) * rows[name] / 1e9) for name in rows]
    volumes = pd.DataFrame(sizes, columns=["table", "rows", "gigabytes"])
    volumes = volumes.sort_values(["gigabytes", "table"], ascending=[False, True], ignore_index=True)
    lines, customers = tables.get("transactions"), tables.get("customers")
    history = _measure_history(lines, as_of)
    consents = [] if customers is None else [c for c in customers.columns if c.startswith("consent_")]
    limited = [grant for grant in access if grant.regions != ["all"] or grant.product_lines != ["all"]]
    return Demand(
        volumes=volumes,
        order_lines=history["all"],
        lines_last_year=history["last"],
        growth=history["last"] / history["before"] - 1 if history["before"] > 0 else np.nan,
        systems=_count_values(tables.get("source_records"), "source"),
        anonymous_share=_share_missing(tables.get("events"), "customer_id"),
        channels=_count_values(tables.get("campaigns"), "channel"),
        domains=_count_values(customers, "business_unit"),
        jurisdictions=len(jurisdictions),
        consent_columns=len(consents),
        grants=len(access),
        limited_grants=len(limited),
    )


def _row_bytes(table: ir.Table | None) -> float:
    if table is None:
        return np.nan
    schema = table.schema()
    texts = [name for name, kind in schema.items() if kind.is_string()]
    fixed = float(CELL_BYTES * (len(schema) - len(texts)))
    if not texts:
        return fixed
    lengths = {f"c{n}": table[name].length().cast("float64").sum() for n, name in enumerate(texts)}
    (found,) = table.aggregate(rows=table.count(), **lengths).to_pyarrow().to_pylist()
    return fixed + sum(found[name] or 0.0 for name in lengths) / max(found["rows"], 1)


def _measure_history(lines: ir.Table | None, as_of: date) -> dict[str, float]:
    """Order lines: all, of the last year, of the year before (0 where the history does not reach back)."""
    if lines is None:
        return {"all": np.nan, "last": np.nan, "before": 0.0}
    recent, earlier = as_of - timedelta(days=YEAR), as_of - timedelta(days=2 * YEAR)
    day, one, none = lines.ordered_on, ibis.literal(1), ibis.literal(0)
    counted = lines.aggregate(
        all=lines.count(),
        first=day.min(),
        last=ibis.ifelse(day > recent, one, none).sum(),
        before=ibis.ifelse((day > earlier) & (day <= recent), one, none).sum(),
    )
    (found,) = counted.to_pyarrow().to_pylist()
    # a week's grace: a shop that is closed in the first days has its two years nevertheless
    whole = found["first"] is not None and found["first"] <= earlier + timedelta(days=7)
    return {
        "all": float(found["all"]),
        "last": float(found["last"] or 0),
        "before": float(found["before"] or 0) if whole else 0.0,
    }


def _count_values(table: ir.Table | None, column: str) -> float:
    if table is None or column not in table.columns:
        return np.nan
    return float(table[column].nunique().to_pyarrow().as_py())


def _share_missing(table: ir.Table | None, column: str) -> float:
    if table is None or column not in table.columns:
        return np.nan
    counted = table.aggregate(rows=table.count(), missing=table[column].isnull().cast("int64").sum())
    (found,) = counted.to_pyarrow().to_pylist()
    return found["missing"] / found["rows"] if found["rows"] else np.nan
