"""What data providers, and the client's own records, say of customers whose right values are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from segutils import schemas
from segutils.statistics.intervals import wilson_interval
from segutils.table_schema import MONEY, NUMBER

OWN = "own data"
NUMBERS = (NUMBER, MONEY)
MEASURES = (
    *("source", "field", "checked", "match_rate", "match_low", "match_high", "revenue_match_rate"),
    *("right_share", "right_low", "right_high", "median_error", "bias", "bias_low", "bias_high"),
    *("cost", "cost_per_usable"),
)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What each source says of the customers that were checked by hand.

    Parameters
    ----------
    customers : pandas.DataFrame
        ``customer_id, revenue`` (of the last days), ``size`` (NaN where unknown); one row per checked
        customer, by id.
    pairs : pandas.DataFrame
        ``source, field, cost`` (mean per returned value, NaN: not stated), ``checked`` (the field has right
        values), ``is_number``; one row per source and field. The client's own data come first, with every
        field, known to the client or not.
    matched, right : numpy.ndarray
        A row per pair, a column per customer: the source returned a value; it is right (NaN: no value, or
        none to compare it with).
    log_ratio : numpy.ndarray
        Of the returned to the right number; NaN likewise and for categories.
    """

    customers: pd.DataFrame
    pairs: pd.DataFrame
    matched: np.ndarray
    right: np.ndarray
    log_ratio: np.ndarray

    @property
    def providers(self) -> list[str]:
        """The providers, without the client's own data."""
        return [source for source in dict.fromkeys(self.pairs.source) if source != OWN]


def build_answers(
    records: ir.Table,
    checked: ir.Table,
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    revenue_days: int = 365,
    max_relative_error: float = 0.3,
    size_field: str = "employees",
    codes: Sequence[str] = (),
) -> Answers:
    """What do the providers say of the checked customers, and what do the client's own records say?

    Parameters
    ----------
    records : ibis table
        ``provider, customer_id, field, value, cost`` (optional; per returned value).
    checked : ibis table
        ``customer_id, field, value``: right values of a sample of the customers that were asked for.
    customers : ibis table
        ``customer_id`` and the client's own values, in columns named like the fields.
    transactions : ibis table
        ``customer_id, ordered_on, net_revenue``.
    as_of : datetime.date
    revenue_days : int
        The customers' revenue counts so many days back.
    max_relative_error : float
        A number counts as right up to this distance from the right one, as a share of it.
    size_field : str
        The checked field that says how large a customer is.
    codes : sequence of str
        Fields that are written in digits but are no numbers.

    Returns
    -------
    Answers
    """
    truths = checked.select("customer_id", "field", "value").to_pandas().dropna()
    ids = pd.Index(sorted(truths.customer_id.unique()), name="customer_id")
    fields = sorted(truths.field.unique())
    known = records.semi_join(checked, "customer_id").select("provider", "customer_id", "field", "value")
    said = known.to_pandas().rename(columns={"provider": "source"})
    offers = _list_offers(records)
    all_fields = sorted({*fields, *offers.field})
    own_fields = [name for name in all_fields if name in customers.columns]
    own = customers.semi_join(checked, "customer_id").select("customer_id", *own_fields).to_pandas()
    own = own.melt("customer_id", var_name="field", value_name="value").assign(source=OWN)
    pairs = pd.concat([_own_pairs(all_fields), offers], ignore_index=True)
    pairs["checked"] = pairs.field.isin(fields)
    pairs["is_number"] = [_is_number(field, truths, codes) for field in pairs.field]
    cells = pd.concat([own, said], ignore_index=True).dropna(subset=["value"])
    cells["value"] = cells.value.astype(str).str.strip().str.casefold()
    cells = cells[cells.value != ""].set_index(["source", "field"]).sort_index()
    right_values = truths.assign(value=truths.value.astype(str).str.strip().str.casefold())
    right_values = right_values.set_index(["field", "customer_id"]).value
    matched, right, ratios = [], [], []
    for pair in pairs.itertuples():
        answer = _answers_of(cells, pair.source, pair.field, ids)
        truth = right_values[pair.field].reindex(ids) if pair.checked else pd.Series(np.nan, index=ids)
        matched.append(answer.notna().to_numpy())
        judged = (answer.notna() & truth.notna()).to_numpy()
        ratio = _log_ratio(answer, truth) if pair.is_number else np.full(len(ids), np.nan)
        is_right = np.abs(np.expm1(ratio)) <= max_relative_error if pair.is_number else answer == truth
        right.append(np.where(judged, np.asarray(is_right, dtype=float), np.nan))
        ratios.append(ratio)
    return Answers(
        customers=_describe_customers(ids, truths, transactions, as_of, revenue_days, size_field),
        pairs=pairs,
        matched=np.array(matched),
        right=np.array(right),
        log_ratio=np.array(ratios),
    )


def measure_answers(answers: Answers, *, level: float = 0.95) -> pd.DataFrame:
    """How many customers does each source know, how right is it, and what does a usable value cost?

    Parameters
    ----------
    answers : Answers
    level : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``source, field, checked`` (customers), ``match_rate`` with ``match_low, match_high`` (Wilson),
        ``revenue_match_rate`` (share of the checked customers' revenue), ``right_share`` of returned values
        with ``right_low, right_high`` (Wilson), ``median_error`` (relative, of numbers), ``bias`` (geometric
        mean of returned over right, minus 1) with ``bias_low, bias_high`` (normal interval of the mean log
        ratio), ``cost`` per returned value, ``cost_per_usable`` (per right value; NaN where nothing could be
        checked or nothing is right). The client's own data cost nothing more.
    """
    count = len(answers.customers)
    revenue = answers.customers.revenue.to_numpy(float).clip(0)
    rows = []
    for n, pair in enumerate(answers.pairs.itertuples()):
        matched, right, ratio = answers.matched[n], answers.right[n], answers.log_ratio[n]
        match = wilson_interval(matched.sum(), count, level=level)
        judged, hits = int(np.isfinite(right).sum()), float(np.nansum(right))
        share = hits / judged if judged else np.nan
        known = ratio[np.isfinite(ratio)]
        middle = known.mean() if len(known) else np.nan
        spread = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.nan
        reach = norm.ppf(0.5 + level / 2) * spread
        rows.append(
            {
                "source": pair.source,
                "field": pair.field,
                "checked": count,
                "match_rate": matched.mean(),
                "match_low": match[0],
                "match_high": match[1],
                "revenue_match_rate": revenue[matched].sum() / revenue.sum() if revenue.sum() else np.nan,
                "right_share": share,
                **dict(
                    zip(("right_low", "right_high"), wilson_interval(hits, judged, level=level), strict=True)
                ),
                "median_error": np.median(np.abs(np.expm1(known))) if len(known) else np.nan,
                "bias": np.expm1(middle),
                "bias_low": np.expm1(middle - reach),
                "bias_high": np.expm1(middle + reach),
                "cost": pair.cost,
                "cost_per_usable": pair.cost / share if judged and hits else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=list(MEASURES))


def measure_selection(answers: Answers, *, level: float = 0.95) -> pd.DataFrame:
    """Do providers know large customers rather than small ones?

    Parameters
    ----------
    answers : Answers
    level : float

    Returns
    -------
    pandas.DataFrame
        ``provider, smallest_third, middle_third, largest_third`` (match rates by size), ``slope`` (log odds
        of a match per customer e times as large; logistic regression) with ``slope_low, slope_high``. Empty
        where sizes are unknown.
    """
    size = answers.customers["size"].to_numpy(float)
    usable = np.isfinite(size) & (size > 0)
    columns = ["provider", "smallest_third", "middle_third", "largest_third"]
    columns += ["slope", "slope_low", "slope_high"]
    if usable.sum() < 30:
        return pd.DataFrame(columns=columns)
    logs = np.log(size[usable])
    third = np.minimum(pd.Series(logs).rank(method="first").to_numpy() * 3 // (len(logs) + 1), 2).astype(int)
    rows = []
    for provider in answers.providers:
        matched = answers.matched[(answers.pairs.source == provider).to_numpy()].any(axis=0)[usable]
        rates = [matched[third == part].mean() for part in range(3)]
        slope, error = _fit_slope(logs, matched)
        reach = norm.ppf(0.5 + level / 2) * error
        rows.append((provider, *rates, slope, slope - reach, slope + reach))
    return pd.DataFrame(rows, columns=columns)


def _fit_slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of a logistic regression and its standard error; NaN where all or none match."""
    if y.all() or not y.any():
        return np.nan, np.nan
    design = np.column_stack([np.ones(len(x)), x - x.mean()])
    model = LogisticRegression(C=1e6, fit_intercept=False, solver="newton-cholesky").fit(design, y)
    chance = model.predict_proba(design)[:, 1]
    covariance = np.linalg.inv(design.T @ (design * (chance * (1 - chance))[:, None]))
    return float(model.coef_[0, 1]), float(np.sqrt(covariance[1, 1]))


def _list_offers(records: ir.Table) -> pd.DataFrame:
    """The fields of each provider, and what a returned value costs on average."""
    has_cost = "cost" in records.columns
    cost = records.cost.cast("float64").mean() if has_cost else records.count()
    offers = records.group_by(["provider", "field"]).aggregate(cost=cost).to_pandas()
    offers = offers.sort_values(["provider", "field"], ignore_index=True).rename(
        columns={"provider": "source"}
    )
    return offers.assign(cost=offers.cost.astype(float) if has_cost else np.nan)


def _own_pairs(fields: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"source": OWN, "field": fields, "cost": 0.0})


def _answers_of(cells: pd.DataFrame, source: str, field: str, ids: pd.Index) -> pd.Series:
    if (source, field) not in cells.index:
        return pd.Series(np.nan, index=ids, dtype=object)
    found = cells.loc[[(source, field)]].drop_duplicates("customer_id").set_index("customer_id").value
    return found.reindex(ids)


def _is_number(field: str, truths: pd.DataFrame, codes: Sequence[str]) -> bool:
    """By the contract; a field it does not know is a number if all of its right values are."""
    if field in codes:
        return False
    column = schemas.TABLES["customers"].by_name.get(field)
    if column is not None:
        return column.type in NUMBERS
    values = truths.value[truths.field == field]
    return len(values) > 0 and bool(pd.to_numeric(values, errors="coerce").notna().all())


def _log_ratio(answer: pd.Series, truth: pd.Series) -> np.ndarray:
    said = pd.to_numeric(answer, errors="coerce").to_numpy(float)
    real = pd.to_numeric(truth, errors="coerce").to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(said / real)
    return np.where((said > 0) & (real > 0), ratio, np.nan)


def _describe_customers(
    ids: pd.Index,
    truths: pd.DataFrame,
    transactions: ir.Table,
    as_of: date,
    revenue_days: int,
    size_field: str,
) -> pd.DataFrame:
    first = as_of - timedelta(days=revenue_days - 1)
    recent = transactions.filter((transactions.ordered_on >= first) & (transactions.ordered_on <= as_of))
    sums = recent.group_by("customer_id").aggregate(revenue=recent.net_revenue.sum().cast("float64"))
    revenue = sums.to_pandas().set_index("customer_id").revenue
    sizes = truths[truths.field == size_field].drop_duplicates("customer_id").set_index("customer_id").value
    return pd.DataFrame(
        {
            "customer_id": ids,
            "revenue": revenue.reindex(ids).fillna(0.0).to_numpy(float),
            "size": pd.to_numeric(sizes.reindex(ids), errors="coerce").to_numpy(float),
        }
    )
