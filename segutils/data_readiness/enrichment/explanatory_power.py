"""Does a field of a provider tell something about customers that the client's own data do not?

Two steps keep the question honest. First the client's own data say for every customer how likely it is to
stop buying, each customer judged by a model that has not seen it. Then a provider's field is added to that
one number: what it still explains is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2, norm
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from segutils.data_readiness.quality.approach_evidence import list_attributes

RHYTHM = ("orders", "revenue", "days_since_order", "days_as_customer", "days_between_orders", "silence")
GAP_ADDED = 30  # days: a silence of a few days is none, however short the rhythm
GRADES = 12  # at most so many short codes are classes in an order
RARE = 0.05  # a category of fewer rows counts as "other"
NEAR_ZERO = 1e-9
COLUMNS = (
    *("source", "field", "customers", "stopped", "gain", "gain_low", "gain_high", "gain_error"),
    *("cross_validated", "p_value", "adds", "odds_per_class", "odds_low", "odds_high", "classes"),
)


def build_history(
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    horizon_days: int = 365,
    protected: Sequence[str] = (),
) -> pd.DataFrame:
    """Who has stopped buying, and what could the client have known of them before?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and attributes.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``.
    as_of : datetime.date
    horizon_days : int
        A customer who ordered before has stopped if it has not ordered in so many days up to `as_of`.
    protected : sequence of str
        Attributes that must not be used.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, stopped`` (bool), the rhythm of orders before the horizon (``orders, revenue,
        days_since_order, days_as_customer, days_between_orders, silence`` = days since the last order over
        the days between orders), and the attributes. One row per customer who ordered before, by id.
    """
    cut = as_of - timedelta(days=horizon_days)
    before = transactions.filter(transactions.ordered_on <= cut)
    after = transactions.filter((transactions.ordered_on > cut) & (transactions.ordered_on <= as_of))
    rhythm = before.group_by("customer_id").aggregate(
        orders=before.order_id.nunique(),
        revenue=before.net_revenue.sum().cast("float64"),
        first=before.ordered_on.min(),
        last=before.ordered_on.max(),
    )
    frame = rhythm.to_pandas()
    stayed = after.select("customer_id").distinct().to_pandas().customer_id
    first, last = pd.to_datetime(frame["first"]), pd.to_datetime(frame["last"])
    between = (last - first).dt.days / (frame.orders - 1).clip(lower=1)
    frame = frame.assign(
        stopped=~frame.customer_id.isin(stayed),
        days_since_order=(pd.Timestamp(cut) - last).dt.days,
        days_as_customer=(pd.Timestamp(cut) - first).dt.days,
        days_between_orders=between.where(frame.orders > 1, float(horizon_days)),
    )
    frame["silence"] = frame.days_since_order / (frame.days_between_orders + GAP_ADDED)
    attributes = customers.select("customer_id", *list_attributes(customers, protected)).to_pandas()
    attributes = attributes.drop_duplicates("customer_id")
    frame = frame[["customer_id", "stopped", *RHYTHM]].merge(attributes, on="customer_id", how="left")
    return frame.sort_values("customer_id", ignore_index=True)


def score_own_data(history: pd.DataFrame, *, folds: int = 5, seed: int = 20232) -> pd.Series:
    """How likely is each customer to stop buying, by the client's own data alone?

    Parameters
    ----------
    history : pandas.DataFrame
        From :func:`build_history`.
    folds : int
    seed : int

    Returns
    -------
    pandas.Series
        Log odds, index customer_id; each customer by a logistic regression that was fitted without it.
    """
    columns = history.columns.drop(["customer_id", "stopped"])
    numbers = [name for name in columns if pd.api.types.is_numeric_dtype(_number(history[name]))]
    words = [name for name in columns if name not in numbers]
    prepared = history[[]].assign(
        **{name: _squeeze(_number(history[name])) for name in numbers},
        **{name: history[name].astype(object).where(history[name].notna(), "missing") for name in words},
    )
    scale = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encode = OneHotEncoder(min_frequency=RARE, handle_unknown="infrequent_if_exist")
    model: Pipeline = make_pipeline(
        make_column_transformer((scale, numbers), (encode, words)),
        LogisticRegression(C=0.5, solver="newton-cholesky"),
    )
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    log_odds = cross_val_predict(model, prepared, history.stopped, cv=split, method="decision_function")
    return pd.Series(log_odds, index=pd.Index(history.customer_id, name="customer_id"))


def measure_power(
    records: ir.Table,
    history: pd.DataFrame,
    *,
    level: float = 0.95,
    min_customers: int = 100,
    min_stopped: int = 20,
    folds: int = 5,
    repeats: int = 2,
    seed: int = 20232,
) -> pd.DataFrame:
    """Which provider's field tells who stops buying, beyond what the client's own data tell?

    Parameters
    ----------
    records : ibis table
        ``provider, customer_id, field, value``.
    history : pandas.DataFrame
        From :func:`build_history`.
    level : float
        Confidence level of the intervals.
    min_customers, min_stopped : int
        With fewer matched customers, or fewer of them who stopped (or who stayed), nothing is tested.
    folds, repeats : int
        Of the cross-validation.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``source, field, customers`` (matched), ``stopped`` (of them), ``gain`` (share of the uncertainty
        about who stops, left by the client's own data, that the field removes) with ``gain_low, gain_high``
        and ``gain_error`` (standard error),
        ``cross_validated`` (the same share among customers that the fit had not seen; below 0 where fitting
        costs more than the field tells), ``p_value``, ``adds`` (bool: `gain_low` and `cross_validated` are
        above 0), ``odds_per_class`` with ``odds_low, odds_high`` (factor on the odds of stopping per class,
        for classes in an order), ``classes`` (the first and the last). NaN and False where too few were
        matched.

    Notes
    -----
    The gain is (LR − k) / (2 |L|), at least 0: likelihood ratio, added columns, log likelihood without the
    field. Its interval inverts the noncentral chi-squared distribution of LR (Steiger 2004), whose lower end
    is above 0 exactly where the test rejects. Ends and p-values are of all fields together (Bonferroni): the
    chance that any field is named that says nothing is 1 − `level` at most.
    """
    if len(history) == 0 or not history.stopped.any() or history.stopped.all():
        return pd.DataFrame(columns=list(COLUMNS))
    own = score_own_data(history, folds=folds, seed=seed)
    stopped = history.set_index("customer_id").stopped
    said = records.select("provider", "customer_id", "field", "value").to_pandas().dropna(subset=["value"])
    said = said[said.customer_id.isin(stopped.index)]
    fields = said[["provider", "field"]].drop_duplicates()
    alpha = (1 - level) / max(len(fields), 1)
    rows = []
    for (source, field), part in said.groupby(["provider", "field"]):
        part = part.drop_duplicates("customer_id").sort_values("customer_id")
        y = stopped[part.customer_id].to_numpy(bool)
        row = {"source": source, "field": field, "customers": len(part), "stopped": int(y.sum())}
        coded = _encode(part.value)
        enough = len(part) >= min_customers and min(y.sum(), (~y).sum()) >= min_stopped
        if enough and coded.shape[1]:
            base = own[part.customer_id].to_numpy(float)[:, None]
            row |= _gain(base, coded, y, alpha=alpha)
            row["p_value"] = min(1.0, row["p_value"] * len(fields))
            row["cross_validated"] = _cross_validate(base, coded, y, folds=folds, repeats=repeats, seed=seed)
            row["adds"] = row["gain_low"] > 0 and row["cross_validated"] > 0
            if (grades := _list_grades(part.value)) and coded.shape[1] == 1:
                row |= _odds_per_class(base, part.value.map(grades), y, level=level)
                row["classes"] = f"{next(iter(grades))} to {list(grades)[-1]}"
        rows.append(row)
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    return table.assign(adds=table.adds.eq(True))


def _number(values: pd.Series) -> pd.Series:
    """Numbers as floats, decimals too; anything else as it is."""
    if pd.api.types.is_bool_dtype(values):
        return values.astype(object)
    try:
        return values.astype(float)
    except (TypeError, ValueError):
        return values


def _squeeze(values: pd.Series) -> pd.Series:
    """Logarithm that keeps the sign: sizes spread over many orders of magnitude."""
    return np.sign(values) * np.log1p(values.abs())


def _list_grades(values: pd.Series) -> dict[str, int]:
    """Classes in their order, where the values are a few short codes (A to E, 1 to 9); else empty."""
    levels = sorted(values.astype(str).unique(), key=lambda code: (len(code), code))
    is_short = len(levels) <= GRADES and all(len(code) <= 2 for code in levels)
    return {code: place for place, code in enumerate(levels)} if is_short and len(levels) > 1 else {}


def _encode(values: pd.Series) -> np.ndarray:
    """A field as columns: one for numbers and for classes in an order, else one per frequent category."""
    numbers = pd.to_numeric(values, errors="coerce")
    if grades := _list_grades(values):
        column = values.astype(str).map(grades).to_numpy(float)
    elif numbers.notna().mean() > 0.9:
        column = _squeeze(numbers.fillna(numbers.median())).to_numpy(float)
    else:
        coded = OneHotEncoder(min_frequency=RARE, drop="first", sparse_output=False)
        return coded.fit_transform(values.astype(str).to_numpy()[:, None])
    spread = column.std()
    return ((column - column.mean()) / spread)[:, None] if spread > NEAR_ZERO else np.empty((len(values), 0))


def _gain(base: np.ndarray, coded: np.ndarray, y: np.ndarray, *, alpha: float) -> dict[str, float]:
    """What the field adds to the fit, as a share of what was unexplained, and its p-value (Wilks)."""
    both, added = np.column_stack([base, coded]), coded.shape[1]
    without = _log_likelihood(_fit(base, y), base, y)
    ratio = 2 * max(_log_likelihood(_fit(both, y), both, y) - without, 0.0)
    ends = [_find_noncentrality(ratio, added, tail) for tail in (1 - alpha, alpha)]
    whole = -2 * without
    return {
        "gain": max(ratio - added, 0.0) / whole,
        "gain_error": float(np.sqrt(2 * added + 4 * max(ratio - added, 0.0))) / whole,
        "gain_low": ends[0] / whole,
        "gain_high": ends[1] / whole,
        "p_value": float(chi2.sf(ratio, added)),
    }


def _find_noncentrality(ratio: float, added: int, share: float) -> float:
    """The noncentrality under which `share` of likelihood ratios are smaller than this one; at least 0."""
    if chi2.cdf(ratio, added) <= share:
        return 0.0
    top = 4 * ratio + 100.0
    return float(brentq(lambda value: ncx2.cdf(ratio, added, value) - share, NEAR_ZERO, top))


def _cross_validate(
    base: np.ndarray, coded: np.ndarray, y: np.ndarray, *, folds: int, repeats: int, seed: int
) -> float:
    """Log loss that the field takes away, as a share of what there was without it."""
    losses = []
    for design in (base, np.column_stack([base, coded])):
        each = []
        for repeat in range(repeats):
            split = StratifiedKFold(folds, shuffle=True, random_state=seed + repeat)
            model = LogisticRegression(C=1.0, solver="newton-cholesky")
            chance = cross_val_predict(model, design, y, cv=split, method="predict_proba")[:, 1]
            each.append(-np.log(np.where(y, chance, 1 - chance).clip(NEAR_ZERO)).mean())
        losses.append(np.mean(each))
    return float(1 - losses[1] / losses[0])


def _fit(design: np.ndarray, y: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=1e6, solver="newton-cholesky").fit(design, y)


def _log_likelihood(model: LogisticRegression, design: np.ndarray, y: np.ndarray) -> float:
    chance = model.predict_proba(design)[:, 1]
    return float(np.log(np.where(y, chance, 1 - chance).clip(NEAR_ZERO)).sum())


def _odds_per_class(base: np.ndarray, place: pd.Series, y: np.ndarray, *, level: float) -> dict[str, float]:
    design = np.column_stack([base, place.to_numpy(float)])
    model = _fit(design, y)
    chance = model.predict_proba(design)[:, 1]
    full = np.column_stack([np.ones(len(design)), design])
    covariance = np.linalg.inv(full.T @ (full * (chance * (1 - chance))[:, None]))
    slope, reach = model.coef_[0, -1], norm.ppf(0.5 + level / 2) * np.sqrt(covariance[-1, -1])
    return {
        "odds_per_class": np.exp(slope),
        "odds_low": np.exp(slope - reach),
        "odds_high": np.exp(slope + reach),
    }
