"""What three data providers know about a sample of customers, and how much of it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.samples.customers.accounts import INDUSTRIES
from segutils.samples.making import Making

SHARE = 0.25  # of accounts that were sent to the providers
SAMPLE = (150, 5_000)  # at least, at most
CHECKED_SHARE, MOST_CHECKED = 0.5, 300  # of these, checked by hand
MEDIAN_EMPLOYEES = 130  # where `match` holds
FIELDS = ("industry", "employees", "annual_revenue", "credit_class")
CLASSES = "ABCDE"  # from the best payer to the worst


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A data provider.

    Parameters
    ----------
    name : str
    match : float
        Chance that it knows a firm of median size.
    size_slope : float
        What a firm that is e times as large adds to the log odds of a match.
    right : float
        Chance that an industry is right.
    employees_bias, employees_sd, revenue_bias, revenue_sd : float
        Of the log error.
    cost : float
        EUR per value.
    churn_slope : float
        What one credit class worse adds to the log odds that the customer has left; 0: it says nothing.
    """

    name: str
    match: float
    size_slope: float
    right: float
    employees_bias: float
    employees_sd: float
    revenue_bias: float
    revenue_sd: float
    cost: float
    churn_slope: float


PROVIDERS = (
    Provider(  # the best known: broad, right and dear
        name="Corvane",
        match=0.93,
        size_slope=0.25,
        right=0.95,
        employees_bias=0.0,
        employees_sd=0.15,
        revenue_bias=0.0,
        revenue_sd=0.2,
        cost=0.9,
        churn_slope=0.0,
    ),
    Provider(  # knows large firms only, but its credit class tells who will leave
        name="Dunmere",
        match=0.62,
        size_slope=0.8,
        right=0.88,
        employees_bias=-0.1,
        employees_sd=0.3,
        revenue_bias=0.12,
        revenue_sd=0.4,
        cost=0.35,
        churn_slope=0.8,
    ),
    Provider(  # cheap, and often wrong
        name="Ostrik",
        match=0.8,
        size_slope=0.0,
        right=0.7,
        employees_bias=0.25,
        employees_sd=0.6,
        revenue_bias=0.3,
        revenue_sd=0.7,
        cost=0.12,
        churn_slope=0.0,
    ),
)
ALIKE = {  # what the null client's providers have in common
    "match": 0.8,
    "size_slope": 0.0,
    "right": 0.85,
    "employees_bias": 0.0,
    "employees_sd": 0.3,
    "revenue_bias": 0.0,
    "revenue_sd": 0.4,
    "cost": 0.4,
    "churn_slope": 0.0,
}


def list_providers(*, null: bool) -> tuple[Provider, ...]:
    """The providers as planted; those of the null client differ by name only."""
    return tuple(Provider(name=p.name, **ALIKE) for p in PROVIDERS) if null else PROVIDERS


def build_providers(making: Making) -> None:
    """Which provider is worth its price?

    Leaves ``client.provider_records``, ``client.provider_truth`` (a hand-checked part of the sample; nobody
    can check a credit class by hand, so that it has none) and the truth ``providers``.
    """
    rng = making.rng("providers")
    count = min(making.accounts, int(np.clip(round(SHARE * making.accounts), *SAMPLE)))
    making.draft("asked", pd.DataFrame({"account": rng.permutation(making.accounts)[:count]}))
    sample = making.ask("""
        select customer_id, industry, employees, annual_revenue, churned
        from draft.accounts semi join draft.asked using (account) order by account""")
    checked = np.sort(rng.permutation(count)[: min(MOST_CHECKED, round(CHECKED_SHARE * count))])
    records, truth = [], []
    for provider in list_providers(null=making.null):
        values = _answer(sample, provider, rng)
        records.append(_stack(values).assign(provider=provider.name, cost=provider.cost))
        truth.append(_describe(provider, sample, values))
    making.draft("provider_records", pd.concat(records))
    making.draft("provider_truth", _stack(sample.iloc[checked][["customer_id", *FIELDS[:3]]]))
    making.emit(
        "provider_records",
        "select provider, customer_id, field, value, euros(cost) as cost from draft.provider_records",
        order="provider, customer_id, field",
    )
    making.emit(
        "provider_truth",
        "select customer_id, field, value from draft.provider_truth",
        order="customer_id, field",
    )
    making.run("drop table draft.asked; drop table draft.provider_records; drop table draft.provider_truth")
    making.truth("providers", pd.concat(truth, ignore_index=True))
    _note(making)


def _answer(sample: pd.DataFrame, provider: Provider, rng: np.random.Generator) -> pd.DataFrame:
    """The matched customers with the provider's values."""
    count = len(sample)
    odds = np.log(provider.match / (1 - provider.match))
    odds = odds + provider.size_slope * np.log(sample.employees.to_numpy() / MEDIAN_EMPLOYEES)
    is_matched = rng.random(count) < 1 / (1 + np.exp(-odds))
    names = np.array(INDUSTRIES)
    number = sample.industry.map({name: i for i, name in enumerate(INDUSTRIES)}).to_numpy()
    other = (number + rng.integers(1, len(names), count)) % len(names)
    is_right = rng.random(count) < provider.right
    employees = sample.employees * np.exp(
        provider.employees_bias + provider.employees_sd * rng.standard_normal(count)
    )
    revenue = sample.annual_revenue * np.exp(
        provider.revenue_bias + provider.revenue_sd * rng.standard_normal(count)
    )
    values = pd.DataFrame(
        {
            "customer_id": sample.customer_id,
            "industry": names[np.where(is_right, number, other)],
            "employees": np.maximum(1, np.round(employees)).astype(int),
            "annual_revenue": np.round(revenue, -3),
            "credit_class": _draw_classes(sample.churned.to_numpy(), provider, rng),
        }
    )
    return values[is_matched]


def _draw_classes(churned: np.ndarray, provider: Provider, rng: np.random.Generator) -> np.ndarray:
    """Classes of equal frequency among those who stay; among those who left, tilted by e^slope a class.

    With Bayes the log odds of having left are then linear in the class, with exactly this slope.
    """
    tilt = np.exp(provider.churn_slope * np.outer([0, 1], np.arange(len(CLASSES))))
    cumulative = np.cumsum(tilt / tilt.sum(axis=1, keepdims=True), axis=1)
    number = (rng.random(len(churned))[:, None] >= cumulative[churned.astype(int)]).sum(axis=1)
    return np.array([*CLASSES])[number.clip(0, len(CLASSES) - 1)]


def _stack(values: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and field, the value as text."""
    texts = values.assign(
        employees=values.employees.astype(int).astype(str),
        annual_revenue=values.annual_revenue.astype("int64").astype(str),
    )
    return texts.melt("customer_id", var_name="field", value_name="value")


def _describe(provider: Provider, sample: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Planned parameters and what was realised, per field."""
    pairs = values.merge(sample, on="customer_id", suffixes=("", "_true"))
    planned = {
        "industry": {"right": provider.right},
        "employees": {"log_bias": provider.employees_bias, "log_sd": provider.employees_sd},
        "annual_revenue": {"log_bias": provider.revenue_bias, "log_sd": provider.revenue_sd},
        "credit_class": {"churn_slope": provider.churn_slope},
    }
    realised = {
        "industry": {"right_realised": (pairs.industry == pairs.industry_true).mean()},
        **{
            name: {
                "log_bias_realised": np.log(pairs[name] / pairs[f"{name}_true"]).mean(),
                "log_sd_realised": np.log(pairs[name] / pairs[f"{name}_true"]).std(),
            }
            for name in ("employees", "annual_revenue")
        },
        "credit_class": {},
    }
    shared = {
        "provider": provider.name,
        "cost": provider.cost,
        "match_at_median": provider.match,
        "size_slope": provider.size_slope,
        "match_realised": round(len(values) / len(sample), 6),
    }
    rows = [
        {**shared, "field": name, **planned[name], **{k: round(v, 6) for k, v in realised[name].items()}}
        for name in FIELDS
    ]
    columns = [*shared, "field", "right", "right_realised", "log_bias", "log_bias_realised", "log_sd"]
    return pd.DataFrame(rows, columns=[*columns, "log_sd_realised", "churn_slope"])


def _note(making: Making) -> None:
    if making.null:
        text = (
            f"All three providers know {ALIKE['match']:.0%} of the customers whatever their size, have the "
            f"industry right in {ALIKE['right']:.0%} of cases, cost the same, and their credit classes are "
            "noise."
        )
    else:
        best, telling, cheap = PROVIDERS
        text = (
            f"{best.name} knows {best.match:.0%} of firms of median size and is right, but costs "
            f"{best.cost:.2f} EUR a value; {cheap.name} costs {cheap.cost:.2f} and has {1 - cheap.right:.0%} "
            f"of industries wrong and revenues {np.exp(cheap.revenue_bias) - 1:.0%} too high. {telling.name} "
            f"knows large firms mainly, but each credit class worse adds {telling.churn_slope} to the log "
            "odds that the customer has left for good; the other two's classes are noise. Match rate, "
            "accuracy and bias follow from the hand-checked sample."
        )
    making.plant(
        "Data providers",
        text,
        tables="provider_records provider_truth customers",
        truth="providers",
        capabilities="provider-evaluation",
    )
