"""Who the accounts of the simulated manufacturer are: segment, place, firm, lifetime and order rate.

Names, addresses and the CRM record itself are made by :mod:`segutils.samples.customers.records`; orders by
:mod:`segutils.samples.orders.orders`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.samples.customers.profiles import (
    CONSOLIDATED,
    DISTRICTS,
    DRIFT_DAY,
    DRIFT_INTO,
    DRIFT_REGION,
    DRIFT_SEGMENT,
    DRIFT_SHARE,
    EXCEPTION_REGION,
    REGION_WEIGHTS,
    REGIONS,
    Profile,
    list_profiles,
    list_regions,
    list_segments,
)
from segutils.samples.making import DAYS, FIRST_DAY, Making

INDUSTRIES = (
    "Chemicals",
    "Oil & gas",
    "Pharma",
    "Food & beverage",
    "Water",
    "Machinery",
    "Laboratories",
    "Energy",
)
# Firmographics overlap on purpose: they tell a part of the segments only.
INDUSTRY_WEIGHTS: Mapping[str, Sequence[float]] = {
    "majors": (30, 20, 18, 10, 4, 3, 2, 13),
    "projects": (20, 20, 8, 8, 16, 10, 2, 16),
    "maintenance": (14, 8, 8, 24, 16, 16, 2, 12),
    "labs": (12, 3, 24, 14, 6, 3, 34, 4),
    "builders": (4, 4, 4, 10, 6, 62, 2, 8),
    "legacy": (16, 8, 6, 22, 20, 18, 2, 8),
    "everyone": (16, 10, 11, 15, 12, 18, 9, 9),
}
EMPLOYEES: Mapping[str, float] = {  # medians; log standard deviation 0.9
    "majors": 900,
    "projects": 240,
    "maintenance": 120,
    "labs": 100,
    "builders": 180,
    "legacy": 75,
    "everyone": 150,
}
SALES_LABELS = ("Key account", "Project", "Standard", "Lab", "Dealer-served")
# Sales' own groups follow size and route, so that a fifth to a half of a segment is filed elsewhere.
SALES_SHARES: Mapping[str, Sequence[float]] = {
    "majors": (0.78, 0.04, 0.14, 0.02, 0.02),
    "projects": (0.1, 0.7, 0.1, 0.02, 0.08),
    "maintenance": (0.02, 0.03, 0.83, 0.04, 0.08),
    "labs": (0.05, 0.02, 0.15, 0.74, 0.04),
    "builders": (0.34, 0.1, 0.5, 0.02, 0.04),
    "legacy": (0.01, 0.02, 0.31, 0.02, 0.64),
    "everyone": (0.16, 0.14, 0.38, 0.18, 0.14),
}
STRATEGY_LABELS = ("Process", "Projects", "Aftermarket", "Laboratory", "OEM")
# The strategic taxonomy is older than the legacy segment's decline: it knows no such segment.
STRATEGY_SHARES: Mapping[str, Sequence[float]] = {
    "majors": (0.9, 0.04, 0.03, 0.02, 0.01),
    "projects": (0.07, 0.86, 0.03, 0.01, 0.03),
    "maintenance": (0.05, 0.02, 0.88, 0.03, 0.02),
    "labs": (0.04, 0.01, 0.04, 0.9, 0.01),
    "builders": (0.04, 0.04, 0.05, 0.01, 0.86),
    "legacy": (0.08, 0.02, 0.82, 0.03, 0.05),
    "everyone": (0.18, 0.16, 0.32, 0.2, 0.14),
}
UNIT_SHARES: Mapping[str, float] = {"labs": 0.9, "everyone": 0.25}  # in Laboratory & Services; others 0.07
ACQUIRED_THROUGH = ("trade fair", "web", "referral", "partner", "outreach")
ACQUIRED_SHARES: Mapping[str, Sequence[float]] = {
    "majors": (0.2, 0.04, 0.3, 0.06, 0.4),
    "projects": (0.24, 0.08, 0.3, 0.2, 0.18),
    "maintenance": (0.08, 0.6, 0.12, 0.1, 0.1),
    "labs": (0.34, 0.3, 0.2, 0.04, 0.12),
    "builders": (0.36, 0.12, 0.22, 0.06, 0.24),
    "legacy": (0.06, 0.06, 0.1, 0.72, 0.06),
    "everyone": (0.2, 0.26, 0.2, 0.2, 0.14),
}
ACQUISITION_COST = {"trade fair": 900, "web": 240, "referral": 120, "partner": 400, "outreach": 700}
WOMEN_OWNED = {"Laboratories": 0.6, "Pharma": 0.34}  # by industry; all the same in the null client
WOMEN_OWNED_ELSEWHERE, WOMEN_OWNED_NULL = 0.12, 0.2
ASSOCIATION = ("none", "VIM", "Feldring")
ASSOCIATION_IF_WOMEN_OWNED = (0.24, 0.08, 0.68)  # Feldring is the proxy: a network of women entrepreneurs
ASSOCIATION_ELSE = (0.55, 0.41, 0.04)
SECOND_ACCOUNTS = 0.04  # share of accounts that are a second record of another account's firm
NEW_SHARE = 0.22  # of accounts that signed up within the history
REPS_A_REGION, ACCOUNTS_A_REP = 3, 2000
REP_WEIGHTS = (0.5, 0.3, 0.2)  # how unevenly a region's accounts lie with its reps


def build_accounts(making: Making) -> None:
    """Which accounts are there, and what is true of each?

    Leaves ``draft.accounts``, one row per account with what generators need, among it ``segment`` (its
    true segment on the last day) and ``segment_before`` (before the drift), ``profile`` and
    ``profile_after`` (how it buys before and after the day ``switches_on``), ``rate_factor`` (times its
    profile's order rate), ``worth`` (times its amounts), ``starts`` and ``ends`` (days of the history
    between which it may order) and ``entity`` (the firm behind it; two accounts may share one).
    """
    rng = making.rng("accounts")
    accounts = _draw_segments(making, rng)
    accounts = _add_places(accounts, rng)
    accounts = _add_firms(accounts, rng, null=making.null)
    accounts = _add_lifetimes(accounts, rng, list_segments(null=making.null))
    accounts = _add_rates(accounts, rng, null=making.null)
    accounts = _add_labels(accounts, rng, null=making.null)
    accounts = _merge_twins(accounts, rng, null=making.null)
    making.draft("accounts", accounts)


def choose(rng: np.random.Generator, groups: pd.Series, shares: Mapping[str, Sequence[float]]) -> np.ndarray:
    """For each row the number of the option it draws, by its group's shares (which need not sum to 1)."""
    names = sorted(set(groups.unique()))
    table = np.array([np.asarray(shares[name], dtype=float) for name in names])
    cumulative = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
    rows = np.searchsorted(names, groups.to_numpy(dtype=str))
    return (rng.random(len(groups))[:, None] >= cumulative[rows]).sum(axis=1).clip(0, table.shape[1] - 1)


def _draw_segments(making: Making, rng: np.random.Generator) -> pd.DataFrame:
    segments = list_segments(null=making.null)
    shares = np.array([segment.share for segment in segments])
    # exact shares in random order: a small client has its small segments too
    edges = np.round(np.cumsum(shares / shares.sum()) * making.accounts).astype(int)
    counts = np.diff(np.concatenate([[0], edges]))
    names = rng.permutation(np.repeat([segment.name for segment in segments], counts))
    numbers = np.arange(making.accounts)
    return pd.DataFrame(
        {"account": numbers, "customer_id": [f"A{n + 1:06d}" for n in numbers], "segment_before": names}
    )


def _add_places(accounts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    regions = np.array(list_regions())
    countries = np.array([country for country, names in REGIONS.items() for _ in names])
    weights = np.array(REGION_WEIGHTS) / sum(REGION_WEIGHTS)
    drawn = rng.choice(len(regions), size=len(accounts), p=weights)
    district = rng.integers(1, DISTRICTS + 1, len(accounts))
    reps = max(REPS_A_REGION, len(accounts) // (len(regions) * ACCOUNTS_A_REP))
    uneven = np.array([*REP_WEIGHTS, *[REP_WEIGHTS[-1]] * (reps - len(REP_WEIGHTS))])
    rep = drawn * reps + rng.choice(reps, size=len(accounts), p=uneven / uneven.sum())
    return accounts.assign(
        country=countries[drawn],
        region=regions[drawn],
        district=np.char.add(np.char.add(regions[drawn], " "), district.astype(str)),
        account_rep=[f"R{number + 1:03d}" for number in rep],
    )


def _add_firms(accounts: pd.DataFrame, rng: np.random.Generator, *, null: bool) -> pd.DataFrame:
    industry = np.array(INDUSTRIES)[choose(rng, accounts.segment_before, INDUSTRY_WEIGHTS)]
    median = accounts.segment_before.map(EMPLOYEES).to_numpy(float)
    employees = np.maximum(1, np.round(median * np.exp(0.9 * rng.standard_normal(len(accounts)))))
    revenue = employees * 210_000 * np.exp(0.35 * rng.standard_normal(len(accounts)))
    likely = pd.Series(industry).map(WOMEN_OWNED).fillna(WOMEN_OWNED_ELSEWHERE).to_numpy(float)
    women_owned = rng.random(len(accounts)) < (WOMEN_OWNED_NULL if null else likely)
    shares = {"True": ASSOCIATION_ELSE if null else ASSOCIATION_IF_WOMEN_OWNED, "False": ASSOCIATION_ELSE}
    association = np.array(ASSOCIATION)[choose(rng, pd.Series(women_owned).astype(str), shares)]
    return accounts.assign(
        industry=industry,
        employees=employees.astype(int),
        annual_revenue=np.round(revenue, -3),
        women_owned=women_owned,
        association=association,
    )


def _add_lifetimes(
    accounts: pd.DataFrame, rng: np.random.Generator, segments: Sequence[Profile]
) -> pd.DataFrame:
    """Sign-up, first and last day on which the account may order, as days of the history."""
    count = len(accounts)
    is_new = rng.random(count) < NEW_SHARE
    signup = np.where(is_new, rng.integers(0, DAYS - 60, count), -rng.integers(30, 365 * 14, count))
    starts = np.maximum(signup, 0)
    churn = accounts.segment_before.map({p.name: p.churn for p in segments}).to_numpy(float)
    never = accounts.segment_before.map({p.name: p.never for p in segments}).to_numpy(float)
    lives = rng.exponential(365.25 / churn)
    ends = np.minimum(starts + lives, DAYS).astype(int)
    return accounts.assign(
        signup_date=np.datetime64(FIRST_DAY) + signup.astype("timedelta64[D]"),
        starts=starts,
        ends=ends,
        churned=ends < DAYS,
        never_buys=rng.random(count) < never,
    )


def _add_rates(accounts: pd.DataFrame, rng: np.random.Generator, *, null: bool) -> pd.DataFrame:
    """How each account buys: its profile, when it changes, its order rate and its worth."""
    profile = accounts.segment_before.to_numpy(dtype=object).copy()
    after = profile.copy()
    segment = profile.copy()
    if not null:
        consolidated = (accounts.region == EXCEPTION_REGION) & (accounts.segment_before == "maintenance")
        profile[consolidated] = after[consolidated] = CONSOLIDATED.name
        drifting = (accounts.region == DRIFT_REGION) & (accounts.segment_before == DRIFT_SEGMENT)
        drifting &= rng.random(len(accounts)) < DRIFT_SHARE
        after[drifting] = segment[drifting] = DRIFT_INTO
    profiles = list_profiles(null=null)
    shape = pd.Series(profile).map({p.name: p.evenness for p in profiles}).to_numpy(float)
    spread = pd.Series(profile).map({p.name: p.value_spread for p in profiles}).to_numpy(float)
    return accounts.assign(
        segment=segment,
        profile=profile,
        profile_after=after,
        switches_on=np.where(after != profile, (DRIFT_DAY - FIRST_DAY).days, DAYS),
        rate_factor=rng.standard_gamma(shape) / shape,
        worth=np.exp(spread * rng.standard_normal(len(accounts))),
    )


def _add_labels(accounts: pd.DataFrame, rng: np.random.Generator, *, null: bool) -> pd.DataFrame:
    """The two taxonomies of the client, business unit, and how the account was won."""
    before = accounts.segment_before
    in_laboratory = before.map(UNIT_SHARES).fillna(0.07).to_numpy(float)
    through = np.array(ACQUIRED_THROUGH)[choose(rng, before, ACQUIRED_SHARES)]
    cost = pd.Series(through).map(ACQUISITION_COST).to_numpy(float)
    return accounts.assign(
        sales_segment=np.array(SALES_LABELS)[choose(rng, before, SALES_SHARES)],
        strategy_segment=np.array(STRATEGY_LABELS)[choose(rng, before, STRATEGY_SHARES)],
        business_unit=np.where(
            rng.random(len(accounts)) < in_laboratory, "Laboratory & Services", "Process Instruments"
        ),
        acquisition_channel=through,
        acquisition_cost=np.round(cost * np.exp(0.4 * rng.standard_normal(len(accounts))), 2),
    )


def _merge_twins(accounts: pd.DataFrame, rng: np.random.Generator, *, null: bool) -> pd.DataFrame:
    """Some accounts are a second record of another account's firm, and share that firm's orders with it."""
    count = 0 if null else round(len(accounts) * SECOND_ACCOUNTS)
    chosen = rng.permutation(len(accounts))
    twins, firsts = chosen[:count], chosen[count : 2 * count]
    source = np.arange(len(accounts))
    source[twins] = firsts
    own = ["account", "customer_id", "signup_date", "acquisition_channel", "acquisition_cost"]
    shared = accounts.drop(columns=own).take(source).reset_index(drop=True)
    accounts = pd.concat([accounts[own], shared], axis=1).assign(entity=source)
    late = accounts.signup_date.to_numpy() - np.datetime64(FIRST_DAY)
    starts = np.maximum(accounts.starts.to_numpy(), late.astype("timedelta64[D]").astype(int))
    paired = np.zeros(len(accounts), dtype=bool)
    paired[twins] = paired[firsts] = True
    factor = accounts.rate_factor.to_numpy() * np.where(paired, 0.5, 1.0)
    return accounts.assign(starts=np.minimum(starts, accounts.ends), rate_factor=factor)
