"""How soon what is written about a firm goes out of date, told by records of one firm that differ in age.

Nobody writes down when a firm changed its phone. But where two systems hold records of one firm, last touched
at different times, the older one tells how often a value of then is no longer the value of later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize
from scipy.stats import chi2
from threadpoolctl import threadpool_limits

from segutils.data_readiness.identity.certain_links import choose_rules
from segutils.data_readiness.identity.normalising import normalise_records

FIELDS: Mapping[str, tuple[str, ...]] = {  # field → columns of source_records that hold it
    "contact": ("name", "email"),
    "phone": ("phone",),
    "address": ("postcode", "street"),
    "industry": ("industry",),
    "employees": ("employees",),
    "annual revenue": ("annual_revenue",),
}
TOUCHED: Mapping[str, frozenset[str]] = {  # a link through these would hide that the field has changed
    "contact": frozenset({"name", "email", "mailbox", "domain"}),
    "phone": frozenset({"phone"}),
    "address": frozenset({"postcode", "street", "house", "city"}),
}
NUMBERS = ("employees", "annual revenue")
MAX_RECORDS = 20  # of one firm; more are a mailing list, and would outweigh all others
MOST_A_YEAR = 3.0  # changes; beyond it a value is no attribute of the firm
YEAR = 365.25

Change = Callable[[float, np.ndarray, np.ndarray], np.ndarray]


def any_change(hazard: float, younger: np.ndarray, older: np.ndarray) -> np.ndarray:
    """Probability of at least one change between two touches, `younger` and `older` years ago."""
    return -np.expm1(-hazard * (older - younger))


def last_change(hazard: float, younger: np.ndarray, older: np.ndarray) -> np.ndarray:
    """Probability that the firm's last change lies between two touches; older changes left no trace."""
    return np.exp(-hazard * younger) - np.exp(-hazard * older)


MECHANISMS: Mapping[str, Change] = {"any change": any_change, "last change": last_change}


@dataclass(frozen=True, kw_only=True)
class RecordDecay:
    """How often firms change what records say of them.

    Parameters
    ----------
    fields : pandas.DataFrame
        ``field, pairs, firms, hazard`` (changes a year, per firm), ``low, high``, ``base_error`` (share of
        pairs that differ whatever their age), ``year_share, year_low, year_high`` (firms with a change
        within a year).
    mechanism : str
        A key of :data:`MECHANISMS`: which one the pairs fit better.
    confidence : float
    """

    fields: pd.DataFrame
    mechanism: str
    confidence: float


def build_pairs(records: ir.Table, links: ir.Table, *, as_of: date, tolerance: float = 0.02) -> pd.DataFrame:
    """Which records of one firm say the same, and how old are they?

    Parameters
    ----------
    records : ibis.Table
        ``source, record_id, updated_on`` and any of ``name, email, phone, company, postcode, street, website,
        country, industry, employees, annual_revenue``.
    links : ibis.Table
        ``source, record_id, group_id``, from
        :func:`~segutils.data_readiness.identity.certain_links.build_certain_links`.
    as_of : datetime.date
    tolerance : float
        Relative difference up to which two numbers say the same.

    Returns
    -------
    pandas.DataFrame
        One row per pair of records of a firm: ``group_id, systems`` (``crm/erp``), ``younger, older`` (years
        since last touched) and for each field of :data:`FIELDS` that the records have 1.0 where they differ,
        0.0 where not, NaN where they cannot be compared. Nothing that identifies a person leaves the engine.

    Notes
    -----
    A pair that was linked by its phone never differs in it. So contact, phone and address are only compared
    in pairs that a rule links without them.
    """
    plain = normalise_records(records).cache()  # spellings are compared once per record, not once per pair
    rules = choose_rules(["company"] if "company" in records.columns else [])
    linked = {column for columns in rules.values() for column in columns}
    keys = sorted({*linked, "email", "name", "phone", "postcode", "house"})
    own = {c: records[c] for c in ("industry", "employees", "annual_revenue") if c in records.columns}
    facts = records.select("source", "record_id", "updated_on", **own)
    joined = plain.select("source", "record_id", *keys).join(facts, ["source", "record_id"])
    joined = joined.join(links.select("source", "record_id", "group_id"), ["source", "record_id"])
    dated = joined.filter(joined.updated_on.notnull())
    sized = dated.mutate(size=dated.count().over(ibis.window(group_by="group_id")))
    kept = sized.filter(sized.size.between(2, MAX_RECORDS)).mutate(
        key=sized.source + ibis.literal("\n") + sized.record_id
    )
    first, second = kept, kept.view()
    pairs = first.join(second, [first.group_id == second.group_id, first.key < second.key], rname="{name}_2")
    differ = {
        f"field_{number}": _differ(pairs, field, rules, tolerance).cast("int32")
        for number, field in enumerate(FIELDS)
        if set(FIELDS[field]) & set(records.columns)
    }
    frame = pairs.select("group_id", "source", "source_2", "updated_on", "updated_on_2", **differ).to_pandas()
    frame = frame.astype(dict.fromkeys(differ, "float64"))
    frame = frame.rename(columns={f"field_{number}": field for number, field in enumerate(FIELDS)})
    ages = [
        (pd.Timestamp(as_of) - pd.to_datetime(frame[c])).dt.days / YEAR
        for c in ("updated_on", "updated_on_2")
    ]
    systems = np.sort(frame[["source", "source_2"]].to_numpy(dtype=str), axis=1)
    frame["systems"] = [f"{a}/{b}" for a, b in systems.tolist()]
    frame["younger"], frame["older"] = np.minimum(*ages), np.maximum(*ages)
    return frame[["group_id", "systems", "younger", "older", *(f for f in FIELDS if f in frame)]]


def fit_hazards(
    pairs: pd.DataFrame, *, confidence: float = 0.95, min_pairs: int = 100, min_kind: int = 30
) -> RecordDecay | None:
    """How often a year does each field change, and how many records are wrong at any age?

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`build_pairs`.
    confidence : float
        Of the intervals.
    min_pairs : int
        A field with fewer comparable pairs is left out.
    min_kind : int
        Pairs of systems with fewer share one base error.

    Returns
    -------
    RecordDecay or None
        None where no field has enough pairs.

    Notes
    -----
    Two records of a firm agree if neither is wrong and nothing changed between the two touches:
    P(differ) = 1 - (1 - e)(1 - q), with a base error e per pair of systems. Systems that are touched rarely
    may also be kept badly, so one base error for all would be taken for change. q is the probability of a
    change at a constant hazard: of any change between the touches, 1 - exp(-hazard x gap), or of the firm's
    last change, exp(-hazard x younger) - exp(-hazard x older), where records that are both older than it hold
    one and the same value. The one that is more likely over all fields is taken. Intervals are of the profile
    likelihood, widened because pairs of one firm are not independent (sandwich variance, White 1982).
    """
    fields = [f for f in FIELDS if f in pairs and pairs[f].notna().sum() >= min_pairs]
    if not fields:
        return None
    samples = {field: _prepare(pairs, field, min_kind) for field in fields}
    with threadpool_limits(1):  # the problems are small, and threads would only wait for each other
        return _fit_all(samples, confidence)


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """Pairs of one field, as arrays."""

    younger: np.ndarray
    older: np.ndarray
    differ: np.ndarray
    kinds: np.ndarray
    firms: np.ndarray


def _fit_all(samples: Mapping[str, _Sample], confidence: float) -> RecordDecay:
    fits = {
        name: {field: _maximise(sample, change) for field, sample in samples.items()}
        for name, change in MECHANISMS.items()
    }
    # of equals (nothing ever differs) the first
    mechanism = min(fits, key=lambda name: round(sum(value for _, value in fits[name].values()), 6))
    rows = []
    for field, sample in samples.items():
        best, value = fits[mechanism][field]
        low, high = _find_interval(sample, MECHANISMS[mechanism], best, value, confidence)
        rows.append(
            {
                "field": field,
                "pairs": len(sample.differ),
                "firms": int(sample.firms.max()) + 1,
                "hazard": best[0],
                "low": low,
                "high": high,
                "base_error": float(best[1:][sample.kinds].mean()),
            }
        )
    table = pd.DataFrame(rows)
    for name, column in (("year_share", "hazard"), ("year_low", "low"), ("year_high", "high")):
        table[name] = -np.expm1(-table[column])
    return RecordDecay(fields=table, mechanism=mechanism, confidence=confidence)


def _differ(
    pairs: ir.Table, field: str, rules: Mapping[str, tuple[str, ...]], tolerance: float
) -> ir.BooleanValue:
    """Whether two records differ in a field; null where they cannot be compared."""

    def same(column: str) -> ir.BooleanValue:
        return pairs[column] == pairs[f"{column}_2"]

    match field:
        case "contact":  # a person can be told by either; null where neither is known on both sides
            alike = same("email").coalesce(False) | same("name").coalesce(False)
            known = same("email").notnull() | same("name").notnull()
            differs = known.ifelse(~alike, ibis.null("boolean"))
        case "address":
            differs = ~(same("postcode") & same("house").coalesce(True))
        case _ if field in NUMBERS:
            first, second = (pairs[name].cast("float64") for name in _both(FIELDS[field][0]))
            gap = (first - second).abs()
            differs = gap > tolerance * ibis.greatest(first.abs(), second.abs())
        case _:
            first, second = (pairs[name] for name in _both(FIELDS[field][0]))
            differs = first.strip().lower() != second.strip().lower()
    hidden = TOUCHED.get(field)
    if hidden is None:
        return differs
    usable = [columns for columns in rules.values() if not hidden & set(columns)]
    links = [ibis.and_(*(same(column).coalesce(False) for column in columns)) for columns in usable]
    return ibis.or_(*links).ifelse(differs, ibis.null("boolean"))


def _both(column: str) -> tuple[str, str]:
    return column, f"{column}_2"


def _prepare(pairs: pd.DataFrame, field: str, min_kind: int) -> _Sample:
    known = pairs[pairs[field].notna()]
    counts = known.systems.map(known.systems.value_counts())
    kinds = known.systems.where(counts >= min_kind, "others")
    return _Sample(
        younger=known.younger.to_numpy(float),
        older=known.older.to_numpy(float),
        differ=known[field].to_numpy(float),
        kinds=pd.factorize(kinds, sort=True)[0],
        firms=pd.factorize(known.group_id)[0],
    )


def _loss(theta: np.ndarray, sample: _Sample, change: Change) -> float:
    agree = (1 - change(theta[0], sample.younger, sample.older)) * (1 - theta[1:][sample.kinds])
    agree = np.clip(agree, 1e-12, 1 - 1e-12)
    return -float((sample.differ * np.log1p(-agree) + (1 - sample.differ) * np.log(agree)).sum())


def _slopes(theta: np.ndarray, sample: _Sample, change: Change) -> np.ndarray:
    """Pair x parameter: slope of each pair's part of the loss."""
    right = 1 - theta[1:][sample.kinds]
    stay = 1 - change(theta[0], sample.younger, sample.older)
    agree = np.clip(stay * right, 1e-12, 1 - 1e-12)
    outer = sample.differ / (1 - agree) - (1 - sample.differ) / agree  # of the loss, by P(agree)
    step = 1e-6
    moved = change(theta[0] + step, sample.younger, sample.older)
    slopes = np.zeros((len(sample.differ), len(theta)))
    slopes[:, 0] = outer * right * -(moved - (1 - stay)) / step
    slopes[np.arange(len(slopes)), 1 + sample.kinds] = -outer * stay
    return slopes


def _maximise(
    sample: _Sample, change: Change, *, hazard: float | None = None, start: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """The most likely hazard (or the one given) and base errors, and the loss there."""
    kinds = int(sample.kinds.max()) + 1
    begin = np.full(1 + kinds, 0.1) if start is None else start.copy()
    bounds = [(0.0, MOST_A_YEAR), *[(0.0, 0.95)] * kinds]
    if hazard is not None:
        begin[0], bounds[0] = hazard, (hazard, hazard)
    found = minimize(
        _loss,
        begin,
        args=(sample, change),
        jac=lambda theta, *_: _slopes(theta, sample, change).sum(axis=0),
        bounds=bounds,
        method="L-BFGS-B",
        options={"ftol": 1e-12, "gtol": 1e-7},
    )
    return found.x, float(found.fun)


def _find_interval(
    sample: _Sample, change: Change, best: np.ndarray, value: float, confidence: float
) -> tuple[float, float]:
    limit = chi2.ppf(confidence, 1) / 2 * _widening(sample, change, best)

    def above(hazard: float) -> float:
        return _maximise(sample, change, hazard=hazard, start=best)[1] - value - limit

    low, high = 0.0, MOST_A_YEAR
    if best[0] > 0 and above(0.0) > 0:
        low = brentq(above, 0.0, best[0], xtol=1e-4)
    if above(MOST_A_YEAR) > 0:
        high = brentq(above, best[0], MOST_A_YEAR, xtol=1e-4)
    return float(low), float(high)


def _widening(sample: _Sample, change: Change, best: np.ndarray) -> float:
    """By how much pairs of one firm that depend on each other widen the hazard's variance; 1 at least."""
    inside = best > 1e-6  # at its bound a parameter does not vary
    inside[0] = True
    slopes = _slopes(best, sample, change)[:, inside]
    by_firm = np.zeros((int(sample.firms.max()) + 1, slopes.shape[1]))
    np.add.at(by_firm, sample.firms, slopes)
    information, scores = slopes.T @ slopes, by_firm.T @ by_firm
    if np.linalg.matrix_rank(information) < len(information):
        return 1.0
    inverse = np.linalg.inv(information)
    return max(1.0, float((inverse @ scores @ inverse)[0, 0] / inverse[0, 0]))
