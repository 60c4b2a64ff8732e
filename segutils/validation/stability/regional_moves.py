"""Customers who change segment in one region and nowhere else."""

from collections.abc import Sequence

import pandas as pd
from scipy.stats import fisher_exact

from segutils.statistics import multiplicity
from segutils.statistics.segment_model import NO_PURCHASES

COLUMNS = ["region", "segment", "to", "customers", "moved", "moved_share", "elsewhere_share", "p_value"]


def count_moves(
    customers: pd.DataFrame, regions: pd.DataFrame, names: Sequence[str], *, min_customers: int = 10
) -> pd.DataFrame:
    """Do customers of a segment turn into another one more often in one region than in all others?

    Customers who bought in both periods only: silence is no change of segment.

    Parameters
    ----------
    customers : pandas.DataFrame
        ``customer_id, before, after``: segment by the same rule in two periods.
    regions : pandas.DataFrame
        ``customer_id, region``.
    names : sequence of str
        Segments.
    min_customers : int
        Fewest customers of a segment in a region for a comparison.

    Returns
    -------
    pandas.DataFrame
        ``region, segment, to, customers`` (of the segment there), ``moved`` (into `to`), ``moved_share``,
        ``elsewhere_share`` (0-1), ``p_value`` (Fisher's exact test that the share is larger there, Holm over
        all rows); smallest p-value first.
    """
    both = customers.merge(regions.dropna(), on="customer_id")
    both = both[(both["before"] != NO_PURCHASES) & (both["after"] != NO_PURCHASES)]
    rows = []
    for segment in names:
        members = both[both["before"] == segment]
        table = pd.crosstab(members["region"], members["after"]).reindex(columns=list(names), fill_value=0)
        sizes, everywhere = table.sum(axis=1), table.sum(axis=0)
        for region in table.index[(sizes >= min_customers) & (sizes < len(members))]:
            others = len(members) - sizes[region]
            for to in (name for name in names if name != segment):
                moved = int(table.loc[region, to])
                left = int(everywhere[to]) - moved
                cells = [[moved, sizes[region] - moved], [left, others - left]]
                p = fisher_exact(cells, alternative="greater").pvalue if moved else 1.0
                rows.append(
                    (
                        region,
                        segment,
                        to,
                        int(sizes[region]),
                        moved,
                        moved / sizes[region],
                        left / others,
                        float(p),
                    )
                )
    found = pd.DataFrame(rows, columns=COLUMNS)
    found["p_value"] = multiplicity.adjust_holm(found["p_value"].to_numpy())
    return found.sort_values("p_value", kind="stable", ignore_index=True)
