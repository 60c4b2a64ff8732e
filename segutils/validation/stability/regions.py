"""The segmentation region by region: fitted without a region, carried into it, and fitted there anew."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.statistics import agreement, clusterers, intervals, kmeans, multiplicity
from segutils.statistics.segment_model import SegmentModel, select_buyers
from segutils.validation.stability.regional_differences import (
    Differences,
    find_differences,
    list_cells,
    score_cells,
)

MIN_PER_SEGMENT = 10  # customers on average in a region, below which a fit inside it is an anecdote
SLOWER = 5  # so many times fewer exchanges where every fit has to be made on its own
MIN_EXCHANGES = 25  # per region: with fewer than 20 no p-value can reach 5 % after Holm's correction
MIN_DRAWS = 50


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
        number of customers from anywhere fall below, shared out over the regions; NaN where no comparison
        was needed), ``p_value`` (Holm). Regions with too few customers have NaN.
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
    algorithm : str
        What all fits were made with.
    """

    names: tuple[str, ...]
    regions: pd.DataFrame
    differences: pd.DataFrame
    critical_z: float
    agreement_draws: np.ndarray
    difference_draws: np.ndarray
    z_draws: np.ndarray
    without_region: int
    algorithm: str = clusterers.ALONE


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """Customers on their axes, with region and chosen segment as whole numbers, and how fits are made."""

    points: np.ndarray
    region: np.ndarray
    chosen: np.ndarray
    segments: int
    regions: int
    algorithm: str
    restarts: int

    def within(self, number: int) -> np.ndarray:
        return np.flatnonzero(self.region == number)

    def fit(self, points: np.ndarray, weights: np.ndarray, *, seed: int) -> list[np.ndarray]:
        """Centres of a fit on each resample (row of `weights`)."""
        return clusterers.fit_centres(
            points,
            weights.astype(np.int32),
            algorithm=self.algorithm,
            k=self.segments,
            restarts=self.restarts,
            seed=seed,
        )


def fit_regions(
    features: pd.DataFrame,
    regions: pd.DataFrame,
    model: SegmentModel,
    *,
    algorithm: str = clusterers.ALONE,
    restarts: int = 20,
    draws: int = 200,
    permutations: int = 500,
    min_customers: int = 10,
    min_ari: float = 0.75,
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
        The chosen segmentation. All fits are made on its axes.
    algorithm : str
        What found it, and what all fits are made with; a segment is its centre throughout.
    restarts : int
        Starts of the search for each fit (k-means).
    draws, permutations : int
        Resamples for intervals; random exchanges for p-values. Fewer of both for algorithms other than
        k-means, which are slow: half of the draws, a fifth of the exchanges (but enough for a p-value of
        5 % after correction), and none for regions that agree at `min_ari` or more.
    min_customers : int
        Fewest customers of a segment in a region for a comparison.
    min_ari : float
        Lowest acceptable adjusted Rand index: from here on a region needs no comparison with chance.
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
    fast = algorithm == clusterers.ALONE
    draws = draws if fast else min(draws, max(draws // 2, MIN_DRAWS))
    ground = _Ground(
        algorithm=algorithm,
        restarts=restarts,
        points=points,
        region=region,
        chosen=kmeans.assign_nearest(points, model.centres).astype(int),
        segments=k,
        regions=len(names),
    )
    outside = ground.fit(points, np.stack([region != number for number in judged]), seed=seed)
    inside = _fit_each(ground, judged, seed=seed)
    table = _compare(ground, judged, outside, inside)
    doubtful = judged if fast else judged[(table["agreement"] < min_ari).to_numpy()]
    exchanges = permutations if fast else max(permutations // SLOWER, MIN_EXCHANGES * len(judged))
    usual = _agree_by_chance(ground, doubtful, model.centres, permutations=exchanges, seed=seed)
    table = _add_chance(table, usual, places=np.searchsorted(judged, doubtful)).assign(
        region=[names[number] for number in judged]
    )
    drawn = _draw_within(ground, draws=draws, seed=seed)
    agreement_draws = _resample_agreement(ground, judged, outside, drawn, seed=seed)
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
        algorithm=algorithm,
    )


def _fit_each(
    ground: _Ground, numbers: np.ndarray, *, region: np.ndarray | None = None, seed: int
) -> list[np.ndarray]:
    """Centres of a fit inside each of these regions."""
    where = ground.region if region is None else region
    return ground.fit(ground.points, np.stack([where == number for number in numbers]), seed=seed)


def _agree_by_chance(
    ground: _Ground, doubtful: np.ndarray, centres: np.ndarray, *, permutations: int, seed: int
) -> np.ndarray:
    """Agreement of the chosen rule with a fit on as many customers from anywhere: exchange x region."""
    rng = np.random.default_rng(seed)
    found = np.empty((permutations if len(doubtful) else 0, len(doubtful)))
    by_rule = kmeans.assign_nearest(ground.points, centres)
    for row in range(len(found)):
        region = rng.permutation(ground.region)
        fitted = _fit_each(ground, doubtful, region=region, seed=seed + row)
        for place, number in enumerate(doubtful):
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
    ground: _Ground, judged: np.ndarray, outside: list[np.ndarray], drawn: np.ndarray, *, seed: int
) -> np.ndarray:
    """The same comparison with each region's customers drawn again: resample x region."""
    found = np.empty((len(drawn), len(judged)))
    for place, number in enumerate(judged):
        own = ground.within(number)
        points, weights = ground.points[own], drawn[:, own]
        by_rule = kmeans.assign_nearest(points, outside[place]).astype(int)
        rows = len(outside[place])
        for row, fitted in enumerate(ground.fit(points, weights, seed=seed)):
            cells = by_rule * len(fitted) + kmeans.assign_nearest(points, fitted, threads=1)
            table = np.bincount(cells, weights=weights[row], minlength=rows * len(fitted))
            found[row, place] = agreement.adjusted_rand_of_table(table.reshape(rows, len(fitted)))
    return found


def _compare(
    ground: _Ground, judged: np.ndarray, outside: list[np.ndarray], inside: list[np.ndarray]
) -> pd.DataFrame:
    rows = []
    for place, number in enumerate(judged):
        own = ground.within(number)
        points = ground.points[own]
        by_rule = kmeans.assign_nearest(points, outside[place]).astype(int)
        by_region = kmeans.assign_nearest(points, inside[place]).astype(int)
        matched = agreement.follow_labels(by_rule, by_region, segments=ground.segments)
        rows.append(
            {
                "customers": len(own),
                "agreement": agreement.adjusted_rand(by_rule, by_region),
                "with_chosen": agreement.adjusted_rand(by_rule, ground.chosen[own]),
                "contested": int((matched[by_region] != by_rule).sum()),
            }
        )
    return pd.DataFrame(rows)


def _add_chance(table: pd.DataFrame, usual: np.ndarray, *, places: np.ndarray) -> pd.DataFrame:
    """What chance would give in the regions at `places`; the others were not compared with it (p 1)."""
    low, p_values = np.full(len(table), np.nan), np.ones(len(table))
    if len(places):
        found = table["agreement"].to_numpy()[places]
        low[places] = np.quantile(usual, 0.05 / len(table), axis=0)
        p_values[places] = (1 + (usual <= found + 1e-12).sum(axis=0)) / (1 + len(usual))
    return table.assign(usual_low=low, p_value=multiplicity.adjust_holm(p_values))


def _label_by_rules(ground: _Ground, judged: np.ndarray, outside: list[np.ndarray]) -> np.ndarray:
    """Each customer's segment by the rule learned without its region, under the chosen segments' numbers."""
    label = ground.chosen.copy()
    for place, number in enumerate(judged):
        own = ground.within(number)
        by_rule = kmeans.assign_nearest(ground.points, outside[place]).astype(int)
        label[own] = agreement.follow_labels(ground.chosen, by_rule, segments=ground.segments)[by_rule[own]]
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
