"""The segmentation region by region: fitted without a region, carried into it, and fitted there anew."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.statistics import agreement, intervals, kmeans, multiplicity
from segutils.statistics.segment_model import SegmentModel, select_buyers
from segutils.validation.stability.regional_differences import (
    Differences,
    find_differences,
    list_cells,
    score_cells,
)

MIN_PER_SEGMENT = 10  # customers on average in a region, below which a fit inside it is an anecdote


@dataclass(frozen=True, kw_only=True)
class RegionTest:
    """Every region against all others.

    Parameters
    ----------
    names : tuple of str
        Segments.
    regions : pandas.DataFrame
        ``region, customers, agreement`` (adjusted Rand index of the rule learned elsewhere with a fit inside
        the region), ``agreement_low, agreement_high`` (95 %, resampled customers of the region),
        ``with_chosen`` (of the rule learned elsewhere with the chosen segments), ``contested`` (customers
        whom the fit inside puts into another segment), ``usual_low`` (agreement that only 5 % of the same
        number of customers from anywhere fall below, shared out over the regions), ``p_value`` (Holm).
        Regions with too few customers have NaN.
    differences : pandas.DataFrame
        ``region, segment, feature, customers, there, elsewhere`` (means in raw units), ``difference`` (in
        standard deviations of all customers, on the axes that segments are formed on), ``z``, ``p_value``
        (family-wise over all rows).
    critical_z : float
        What 5 % of random exchanges of regions exceed anywhere, without regions that stand apart.
    agreement_draws : numpy.ndarray
        Resample x region (rows of `regions`).
    difference_draws, z_draws : numpy.ndarray
        Resample x row of `differences`.
    without_region : int
        Customers whose region is not known.
    """

    names: tuple[str, ...]
    regions: pd.DataFrame
    differences: pd.DataFrame
    critical_z: float
    agreement_draws: np.ndarray
    difference_draws: np.ndarray
    z_draws: np.ndarray
    without_region: int


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """Customers on their axes, with region and chosen segment as whole numbers."""

    points: np.ndarray
    region: np.ndarray
    chosen: np.ndarray
    segments: int
    regions: int

    def within(self, number: int) -> np.ndarray:
        return np.flatnonzero(self.region == number)


def fit_regions(
    features: pd.DataFrame,
    regions: pd.DataFrame,
    model: SegmentModel,
    *,
    restarts: int = 20,
    draws: int = 200,
    permutations: int = 500,
    min_customers: int = 10,
    min_difference: float = 0.5,
    seed: int = 0,
) -> RegionTest | None:
    """Do customers of each region divide in the same way as those of all other regions?

    Two things are asked of each region. Does a rule that was learned without it put its customers together as
    a fit on these customers alone would (adjusted Rand index; against as many customers drawn from anywhere,
    because a small sample disagrees by chance)? And do a segment's customers buy there as they do elsewhere
    (see :mod:`segutils.validation.stability.regional_differences`)?

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and features in raw units.
    regions : pandas.DataFrame
        ``customer_id, region``; a customer without a row or a region is left aside and counted.
    model : SegmentModel
        The chosen segmentation. All fits are k-means on its axes.
    restarts : int
        Starts of the search for each fit.
    draws, permutations : int
        Resamples for intervals; random exchanges for p-values.
    min_customers : int
        Fewest customers of a segment in a region for a comparison.
    min_difference : float
        Smallest difference that matters, in standard deviations of all customers (medium, Cohen 1988): a
        region that differs by more is no yardstick for the others.
    seed : int

    Returns
    -------
    RegionTest or None
        None where fewer than two regions have customers enough.
    """
    buyers = select_buyers(features)
    known = buyers[["customer_id"]].merge(regions, on="customer_id", how="left")["region"]
    some = known.notna().to_numpy()
    names = sorted(known[some].astype(str).unique())
    points = model.scaling.apply(buyers)[some]
    region = pd.Index(names).get_indexer(known[some].astype(str))
    k = len(model.names)
    sizes = np.bincount(region, minlength=len(names))
    judged = np.flatnonzero(sizes >= MIN_PER_SEGMENT * k)
    if k < 2 or len(judged) < 2:
        return None
    ground = _Ground(
        points=points,
        region=region,
        chosen=kmeans.assign_nearest(points, model.centres).astype(int),
        segments=k,
        regions=len(names),
    )
    outside = _fit_without(ground, judged, restarts=restarts, seed=seed)
    inside = _fit_each(ground, judged, region, restarts=restarts, seed=seed)
    usual = _agree_by_chance(
        ground, judged, model.centres, restarts=restarts, permutations=permutations, seed=seed
    )
    drawn = _draw_within(ground, draws=draws, seed=seed)
    table = _compare(ground, judged, outside, inside, usual).assign(
        region=[names[number] for number in judged]
    )
    agreement_draws = _resample_agreement(ground, judged, outside, drawn, restarts=restarts, seed=seed)
    table[["agreement_low", "agreement_high"]] = intervals.percentile_interval(agreement_draws).T
    small = pd.DataFrame({"region": names, "customers": sizes}).drop(index=judged)
    label = _label_by_rules(ground, judged, outside)
    found = find_differences(
        list_cells(points, label, region, min_customers=min_customers),
        min_difference=min_difference,
        permutations=permutations,
        seed=seed,
    )
    again = score_cells(found.cells, drawn)
    return RegionTest(
        names=model.names,
        regions=pd.concat([table, small], ignore_index=True),
        differences=_describe(buyers[some], found, model, names),
        critical_z=found.critical_z,
        agreement_draws=agreement_draws,
        difference_draws=again.difference,
        z_draws=again.z,
        without_region=int((~some).sum()),
    )


def _fit_without(ground: _Ground, judged: np.ndarray, *, restarts: int, seed: int) -> np.ndarray:
    """Centres of a fit on all customers but a region's, for each judged region."""
    weights = np.stack([ground.region != number for number in judged]).astype(np.int32)
    return kmeans.fit_resamples(
        ground.points, weights, k=ground.segments, restarts=restarts, seed=seed
    ).best()


def _fit_each(
    ground: _Ground, judged: np.ndarray, region: np.ndarray, *, restarts: int, seed: int
) -> np.ndarray:
    """Centres of a fit inside each judged region."""
    weights = np.stack([region == number for number in judged]).astype(np.int32)
    return kmeans.fit_resamples(
        ground.points, weights, k=ground.segments, restarts=restarts, seed=seed
    ).best()


def _agree_by_chance(
    ground: _Ground, judged: np.ndarray, centres: np.ndarray, *, restarts: int, permutations: int, seed: int
) -> np.ndarray:
    """Agreement of the chosen rule with a fit on as many customers from anywhere: exchange x region."""
    rng = np.random.default_rng(seed)
    found = np.empty((permutations, len(judged)))
    by_rule = kmeans.assign_nearest(ground.points, centres)
    for row in range(permutations):
        region = rng.permutation(ground.region)
        fitted = _fit_each(ground, judged, region, restarts=restarts, seed=seed + row)
        for place, number in enumerate(judged):
            own = region == number
            labels = kmeans.assign_nearest(ground.points[own], fitted[place], threads=1)
            found[row, place] = agreement.adjusted_rand(by_rule[own], labels)
    return found


def _draw_within(ground: _Ground, *, draws: int, seed: int) -> np.ndarray:
    """How often each customer is drawn when every region's customers are drawn anew: resample x customer."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((draws, len(ground.region)), dtype=np.int32)
    for number in range(ground.regions):
        own = ground.within(number)
        drawn[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=draws)
    return drawn


def _resample_agreement(
    ground: _Ground,
    judged: np.ndarray,
    outside: np.ndarray,
    drawn: np.ndarray,
    *,
    restarts: int,
    seed: int,
) -> np.ndarray:
    """The same comparison with each region's customers drawn again: resample x region."""
    found = np.empty((len(drawn), len(judged)))
    for place, number in enumerate(judged):
        own = ground.within(number)
        points, weights = ground.points[own], drawn[:, own]
        by_rule = kmeans.assign_nearest(points, outside[place]).astype(int)
        fits = kmeans.fit_resamples(points, weights, k=ground.segments, restarts=restarts, seed=seed).best()
        for row, labels in enumerate(kmeans.assign_nearest(points, fits)):
            cells = by_rule * ground.segments + labels
            table = np.bincount(cells, weights=weights[row], minlength=ground.segments**2)
            found[row, place] = agreement.adjusted_rand_of_table(
                table.reshape(ground.segments, ground.segments)
            )
    return found


def _compare(
    ground: _Ground, judged: np.ndarray, outside: np.ndarray, inside: np.ndarray, usual: np.ndarray
) -> pd.DataFrame:
    rows = []
    for place, number in enumerate(judged):
        own = ground.within(number)
        points = ground.points[own]
        by_rule = kmeans.assign_nearest(points, outside[place]).astype(int)
        by_region = kmeans.assign_nearest(points, inside[place]).astype(int)
        matched = agreement.match_labels(by_rule, by_region, segments=ground.segments)
        found = agreement.adjusted_rand(by_rule, by_region)
        rows.append(
            {
                "customers": len(own),
                "agreement": found,
                "with_chosen": agreement.adjusted_rand(by_rule, ground.chosen[own]),
                "contested": int((matched[by_region] != by_rule).sum()),
                "usual_low": np.quantile(usual[:, place], 0.05 / len(judged)),
                "p_value": (1 + (usual[:, place] <= found + 1e-12).sum()) / (1 + len(usual)),
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(p_value=multiplicity.adjust_holm(table["p_value"].to_numpy()))


def _label_by_rules(ground: _Ground, judged: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Each customer's segment by the rule learned without its region, under the chosen segments' numbers."""
    label = ground.chosen.copy()
    for place, number in enumerate(judged):
        own = ground.within(number)
        by_rule = kmeans.assign_nearest(ground.points, outside[place]).astype(int)
        label[own] = agreement.match_labels(ground.chosen, by_rule, segments=ground.segments)[by_rule[own]]
    return label


def _describe(
    buyers: pd.DataFrame, found: Differences, model: SegmentModel, names: list[str]
) -> pd.DataFrame:
    """The differences with names, and means in raw units (elsewhere without what was set aside)."""
    raw, cells = buyers[list(model.scaling.features)].to_numpy(dtype=float), found.cells
    rows = []
    for number, segment, feature in zip(cells.region, cells.segment, cells.feature, strict=True):
        members = cells.label == segment
        others = members & (cells.home != number) & ~cells.is_aside(segment)[cells.home]
        rows.append(
            {
                "region": names[number],
                "segment": model.names[segment],
                "feature": model.scaling.features[feature],
                "there": raw[members & (cells.home == number), feature].mean(),
                "elsewhere": raw[others, feature].mean(),
            }
        )
    words = pd.DataFrame(rows, columns=["region", "segment", "feature", "there", "elsewhere"])
    return words.join(found.table[["customers", "difference", "z", "p_value"]])
