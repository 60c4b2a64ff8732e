"""Do texts improve the segmentation: out of sample, paired, against texts dealt to other customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from segutils.data_readiness.enrichment.text_features import build_text_features
from segutils.statistics import kmeans, stability

BEHAVIOUR = ("recency", "frequency", "monetary_value")
FORECAST = "Forecast of next revenue"
ACTIVE = "Forecast of who stays active"
SEGMENTS = "Next revenue told by segment"
STABLE = "Segments come back"
MEASURE_UNITS = {
    FORECAST: "R²",
    ACTIVE: "area under the curve",
    SEGMENTS: "R²",
    STABLE: "adjusted Rand index",
}
MIN_CLASS = 30  # active and inactive customers needed to tell them apart
WEIGHTS = (0.25, 0.5, 1.0, 2.0)  # of texts against behaviour
RESTARTS = 3
ALPHAS = (1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """Customers with texts: behaviour and texts until the cut, revenue and activity after it."""

    behaviour: np.ndarray
    texts: np.ndarray
    revenue: np.ndarray
    active: np.ndarray


def build_behaviour(transactions: ir.Table, *, cut: date, until: date) -> pd.DataFrame:
    """What did each customer buy up to the cut, and what after it?

    Parameters
    ----------
    transactions : ibis.Table
        ``customer_id, order_id, ordered_on, net_revenue``.
    cut, until : datetime.date
        Last day of the behaviour; last day of the outcome.

    Returns
    -------
    pandas.DataFrame
        One row per customer with an order until the cut: ``customer_id, recency`` (days), ``frequency``
        (orders), ``monetary_value`` (net revenue per order), ``next_revenue``, ``next_active``.
    """
    lines = transactions.select(
        "customer_id",
        "order_id",
        day=transactions.ordered_on,
        revenue=transactions.net_revenue.cast("float64"),
    )
    lines = lines.filter(lines.day <= until)
    before = lines.day <= cut
    table = lines.group_by("customer_id").aggregate(
        last=lines.day.max(where=before),
        frequency=lines.order_id.nunique(where=before),
        revenue=lines.revenue.sum(where=before),
        next_revenue=lines.revenue.sum(where=~before),
        next_orders=lines.order_id.nunique(where=~before),
    )
    found = table.filter(table.frequency > 0).order_by("customer_id").to_pandas()
    return pd.DataFrame(
        {
            "customer_id": found.customer_id,
            "recency": (pd.Timestamp(cut) - pd.to_datetime(found["last"])).dt.days.astype(float),
            "frequency": found.frequency.astype(float),
            "monetary_value": found.revenue.astype(float) / found.frequency,
            "next_revenue": found.next_revenue.fillna(0.0).astype(float),
            "next_active": found.next_orders.fillna(0) > 0,
        }
    )


def compare_with_texts(
    transactions: ir.Table,
    tickets: pd.DataFrame,
    topics: Sequence[str],
    *,
    as_of: date,
    horizon_days: int = 365,
    segments: int = 6,
    seed: int = 0,
) -> pd.DataFrame:
    """Would the texts of the past have improved the segmentation, judged by what customers bought afterwards?

    Parameters
    ----------
    transactions : ibis.Table
        See :func:`build_behaviour`.
    tickets : pandas.DataFrame
        As :func:`~segutils.data_readiness.enrichment.text_reading.read_tickets` gives them.
    topics : sequence of str
    as_of : datetime.date
        Last day of the data.
    horizon_days : int
        Days before `as_of` that are the outcome; only what lies before them is a feature.
    segments, seed : int

    Returns
    -------
    pandas.DataFrame
        See :func:`measure_gain`.
    """
    cut = as_of - timedelta(days=horizon_days)
    behaviour = build_behaviour(transactions, cut=cut, until=as_of)
    features = build_text_features(tickets, topics, as_of=cut)
    return measure_gain(behaviour, features, segments=segments, seed=seed)


def measure_gain(
    behaviour: pd.DataFrame,
    features: pd.DataFrame,
    *,
    segments: int = 6,
    repeats: int = 8,
    folds: int = 5,
    placebos: int = 24,
    resamples: int = 40,
    level: float = 0.95,
    max_customers: int = 5000,
    min_customers: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Does what customers write tell something of their next year that their buying does not?

    Parameters
    ----------
    behaviour : pandas.DataFrame
        As :func:`build_behaviour` returns it.
    features : pandas.DataFrame
        As :func:`~segutils.data_readiness.enrichment.text_features.build_text_features` returns it, of the
        tickets until the same cut.
    segments : int
        Of k-means, the same number with and without texts.
    repeats, folds : int
        Of cross-validation, the same splits with and without texts.
    placebos : int
        Times the texts are dealt to customers at random.
    resamples : int
        Pairs of bootstrap samples for the segments' stability.
    level : float
        Of the intervals.
    max_customers : int
        Drawn with `seed` where there are more.
    min_customers : int
        With behaviour and text; with fewer nothing is measured.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``measure, unit, without_text, with_text, gain, low, high, placebo`` (mean gain of shuffled texts),
        ``placebo_high`` (95 % of shuffled texts gain less), ``customers``; no row where there are too few
        customers.

    Notes
    -----
    Intervals of cross-validated differences allow for overlapping training sets (Nadeau and Bengio 2003).
    Behaviour enters the forecasts as splines, so that texts gain nothing from a bend in its curve. For
    k-means both blocks are scaled by their first singular value (Escofier and Pagès 1994), and texts weigh a
    quarter, a half, once or twice as much as behaviour: what tells most among the customers that the segments
    are formed from; shuffled texts get the same choice.
    """
    sample = _join(behaviour, features, max_customers=max_customers, seed=seed)
    if len(sample.revenue) < min_customers:
        return pd.DataFrame(columns=["measure", "unit", "gain"])
    rng = np.random.default_rng(seed)
    splits = [_draw_folds(len(sample.revenue), folds, rng) for _ in range(repeats)]
    shuffles = [rng.permutation(len(sample.revenue)) for _ in range(placebos)]
    with threadpool_limits(1):
        base = _validate(sample, None, splits, segments=segments, seed=seed)
        full = _validate(sample, sample.texts, splits, segments=segments, seed=seed)
        fakes = np.array(
            [
                (
                    _validate(
                        sample,
                        sample.texts[order],
                        splits[turn % repeats : turn % repeats + 1],
                        segments=segments,
                        seed=seed,
                    )
                    - base[turn % repeats : turn % repeats + 1]
                ).mean(axis=(0, 1))
                for turn, order in enumerate(shuffles)
            ]
        )
    rows = []
    for place, measure in enumerate((FORECAST, ACTIVE, SEGMENTS)):
        if np.isnan(base[..., place]).any():
            continue
        gain, low, high = _interval((full - base)[..., place].ravel(), folds=folds, level=level)
        fake = fakes[:, place]
        rows.append(
            (
                measure,
                base[..., place].mean(),
                full[..., place].mean(),
                gain,
                low,
                high,
                fake.mean(),
                np.quantile(fake, 0.95),
            )
        )
    rows.append(_compare_stability(sample, segments=segments, pairs=resamples, level=level, seed=seed))
    columns = ["measure", "without_text", "with_text", "gain", "low", "high", "placebo", "placebo_high"]
    table = pd.DataFrame(rows, columns=columns).assign(customers=len(sample.revenue))
    table.insert(1, "unit", table.measure.map(MEASURE_UNITS))
    return table


def judge_gain(gain: pd.DataFrame, *, min_gain: float = 0.01, max_loss: float = 0.05) -> str:
    """Do texts improve the segmentation: ``better``, ``no better``, ``worse``, or ``not measured``?

    Parameters
    ----------
    gain : pandas.DataFrame
        As :func:`measure_gain` returns it.
    min_gain : float
        Of the share of next revenue's variance that segments tell; a smaller gain is not worth the work.
    max_loss : float
        Of the adjusted Rand index that segments may lose in stability.

    Returns
    -------
    str
        ``better``: the segments tell more of next revenue, by more than `min_gain`, surely more than none and
        more than 95 % of shuffled texts, and it is not sure that they come back less, by more than
        `max_loss`. ``worse``: they surely tell less. Else ``no better``.
    """
    if gain.empty:
        return "not measured"
    rows = gain.set_index("measure")
    told, kept = rows.loc[SEGMENTS], rows.loc[STABLE]
    if told.high < 0:
        return "worse"
    sure = told.low > 0 and told.gain >= min_gain and told.gain > told.placebo_high
    lost = kept.gain < -max_loss and kept.high < 0
    return "better" if sure and not lost else "no better"


def _join(behaviour: pd.DataFrame, features: pd.DataFrame, *, max_customers: int, seed: int) -> _Sample:
    both = behaviour.merge(features, on="customer_id", how="inner")
    if len(both) > max_customers:
        both = both.sample(max_customers, random_state=seed).reset_index(drop=True)
    columns = [c for c in features.columns if c.startswith("share_")][1:]  # shares sum to 1: one is implied
    texts = both[["tickets_per_year", *columns, "sentiment"]].fillna({"sentiment": 0.0})
    texts = texts.assign(tickets_per_year=np.log1p(texts.tickets_per_year))
    money = np.sign(both.monetary_value) * np.log1p(both.monetary_value.abs())
    measures = np.column_stack([np.log1p(both.recency.clip(lower=0)), np.log1p(both.frequency), money])
    return _Sample(
        behaviour=measures,
        texts=texts.to_numpy(float),
        revenue=np.log1p(both.next_revenue.clip(lower=0).to_numpy(float)),
        active=both.next_active.to_numpy(bool),
    )


def _draw_folds(n: int, folds: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(np.arange(n) % folds)


def _validate(
    sample: _Sample, texts: np.ndarray | None, splits: list[np.ndarray], *, segments: int, seed: int
) -> np.ndarray:
    """Repeat x fold x measure: R² of forecast, area under the curve, R² of segments; on the fold left out."""
    scores = np.full((len(splits), int(splits[0].max()) + 1, 3), np.nan)
    enough = min(sample.active.sum(), (~sample.active).sum()) >= MIN_CLASS
    for repeat, split in enumerate(splits):
        for fold in range(scores.shape[1]):
            test = split == fold
            bends = make_pipeline(StandardScaler(), SplineTransformer(n_knots=5, extrapolation="linear"))
            bent = bends.fit(sample.behaviour[~test]).transform(sample.behaviour)
            inputs = (
                bent
                if texts is None
                else np.hstack([bent, StandardScaler().fit(texts[~test]).transform(texts)])
            )
            forecast = RidgeCV(ALPHAS).fit(inputs[~test], sample.revenue[~test]).predict(inputs[test])
            scores[repeat, fold, 0] = _explained(sample.revenue, forecast, test)
            both_sides = len(set(sample.active[test])) == 2 and len(set(sample.active[~test])) == 2
            if enough and both_sides:
                model = LogisticRegression(C=0.3, max_iter=300).fit(inputs[~test], sample.active[~test])
                scores[repeat, fold, 1] = roc_auc_score(
                    sample.active[test], model.decision_function(inputs[test])
                )
            told = _cut(sample, texts, ~test, segments=segments, seed=seed)
            scores[repeat, fold, 2] = _explained(sample.revenue, told.forecast[test], test)
    return scores


def _explained(actual: np.ndarray, forecast: np.ndarray, test: np.ndarray) -> float:
    """Out-of-sample R²: against the mean of the customers that the forecast was made from."""
    usual = ((actual[test] - actual[~test].mean()) ** 2).sum()
    return float(1 - ((actual[test] - forecast) ** 2).sum() / usual) if usual > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Segments of all customers, formed from some: scaled features, weight of texts, forecast by segment."""

    points: np.ndarray
    weight: float
    forecast: np.ndarray


def _cut(sample: _Sample, texts: np.ndarray | None, rows: np.ndarray, *, segments: int, seed: int) -> _Cut:
    """Segments with the weight of texts under which they tell most of revenue among `rows`."""
    best, most = None, -np.inf
    for weight in WEIGHTS if texts is not None else (0.0,):
        points = _scale_blocks(sample.behaviour, texts, rows, weight=weight)
        centres = kmeans.fit_solution(
            points[rows], k=segments, restarts=RESTARTS, seed=seed, threads=1
        ).centres
        labels = kmeans.assign_nearest(points, centres, threads=1)
        sums = np.bincount(labels[rows], weights=sample.revenue[rows], minlength=segments)
        sizes = np.bincount(labels[rows], minlength=segments)
        means = np.where(sizes > 0, sums / np.maximum(sizes, 1), sample.revenue[rows].mean())
        told = float((sizes * (means - sample.revenue[rows].mean()) ** 2).sum())
        if told > most:
            best, most = _Cut(points=points, weight=weight, forecast=means[labels]), told
    return best


def _scale_blocks(
    behaviour: np.ndarray, texts: np.ndarray | None, rows: np.ndarray, *, weight: float
) -> np.ndarray:
    """Behaviour beside texts with `weight` times its weight, whatever the number of columns of either."""
    blocks = []
    for block, times in ((behaviour, 1.0), (texts, weight)):
        if block is not None:
            spread = block[rows].std(axis=0)
            scaled = (block - block[rows].mean(axis=0)) / np.where(spread > 0, spread, 1)
            blocks.append(times * scaled / (np.linalg.norm(scaled[rows], 2) / np.sqrt(rows.sum())))
    return np.hstack(blocks)


def _interval(differences: np.ndarray, *, folds: int, level: float) -> tuple[float, ...]:
    """Mean and interval of cross-validated differences (Nadeau and Bengio 2003)."""
    n, mean = len(differences), float(differences.mean())
    error = np.sqrt((1 / n + 1 / (folds - 1)) * differences.var(ddof=1))
    reach = float(student.ppf(0.5 + level / 2, n - 1) * error)
    return mean, mean - reach, mean + reach


def _compare_stability(sample: _Sample, *, segments: int, pairs: int, level: float, seed: int) -> tuple:
    """Bootstrap agreement without and with texts, and the difference's percentile interval over pairs."""
    everyone = np.ones(len(sample.revenue), dtype=bool)
    agreements = []
    for texts in (None, sample.texts):
        points = _cut(sample, texts, everyone, segments=segments, seed=seed).points
        agreements.append(
            stability.pair_agreement(stability.refit(points, k=segments, pairs=pairs, seed=seed).labels)
        )
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, pairs, size=(1000, pairs))
    change = agreements[1] - agreements[0]
    tail = (1 - level) / 2
    low, high = np.quantile(change[picks].mean(axis=1), [tail, 1 - tail])
    without, with_text = agreements[0].mean(), agreements[1].mean()
    return STABLE, without, with_text, with_text - without, low, high, np.nan, np.nan
