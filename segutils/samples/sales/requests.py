"""Who asks for which digital feature, and who uses which.

Many small accounts ask loudly for one feature, few large ones quietly for another: counting requests and
weighting them by what the asking segment is worth disagree. What is in use is a core for everybody and one
module for each of some segments.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.samples.customers.profiles import list_segments
from segutils.samples.making import DAYS, FIRST_DAY, Making, fill_slots
from segutils.samples.sales.features import FEATURES, LOUD, REQUEST_RATES, VALUABLE

NULL_REQUESTS, NULL_ADOPTION, NULL_USES = (
    0.2,
    3 / len(FEATURES),
    10.0,
)  # of every feature alike; requests in all
STRAYS = 0.01  # share of the other segments' buyers who use a module all the same
SLOTS = 5000  # of a segment: features in proportion to its requests
YEARS = DAYS / 365.25


def build_requests(making: Making) -> None:
    """Which features are there, who asks for them, and who uses them how much?

    Leaves ``client.features``, ``client.feature_requests``, ``client.product_usage``, and the truth
    ``features``, ``feature_request_rates``, ``feature_adoption``, ``feature_scores``, ``request_weights``.
    """
    making.draft("features", _describe_features())
    making.emit(
        "features",
        "select feature, effort, feasibility, depends_on, modules from draft.features",
        order="feature",
    )
    rates = _list_request_rates(null=making.null)
    _emit_requests(making, rates)
    _emit_usage(making)
    shipped = "null::date" if making.null else "shipped_on"
    role, home = ("'none'", "null") if making.null else ("role", "home")
    making.truth(
        "features",
        f"""select feature, {role} as role, {home} as home, {shipped} as shipped_on
        from draft.features order by feature""",
    )
    _score_features(making, rates)
    _tell(making)


def _describe_features() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": [feature.name for feature in FEATURES],
            "effort": [float(feature.effort) for feature in FEATURES],
            "feasibility": [feature.feasibility for feature in FEATURES],
            "depends_on": [";".join(feature.depends_on) or None for feature in FEATURES],
            "modules": [";".join(feature.modules) for feature in FEATURES],
            "role": [feature.role for feature in FEATURES],
            "home": [feature.home or None for feature in FEATURES],
            "shipped_on": [feature.shipped for feature in FEATURES],
        }
    )


def _list_request_rates(*, null: bool) -> pd.DataFrame:
    """Requests a year of an account by segment and feature, and the day on which they stop."""
    even = {feature.name: NULL_REQUESTS / len(FEATURES) for feature in FEATURES}
    by_segment = {"everyone": even} if null else REQUEST_RATES
    rows = [(segment, name, rate) for segment, shares in by_segment.items() for name, rate in shares.items()]
    rates = pd.DataFrame(rows, columns=["segment", "feature", "yearly"])
    return rates.assign(stops=DAYS if null else rates.feature.map(_list_shipping()).fillna(DAYS).astype(int))


def _list_shipping() -> dict[str, int]:
    """The day of the history on which a feature came, of those that came in it."""
    return {feature.name: (feature.shipped - FIRST_DAY).days for feature in FEATURES if feature.shipped}


def _emit_requests(making: Making, rates: pd.DataFrame) -> None:
    accounts = making.ask("""
        select account, segment_before as segment, starts, ends, never_buys from draft.accounts
        order by account""")
    yearly = accounts.segment.map(rates.groupby("segment").yearly.sum()) * ~accounts.never_buys
    accounts["requests"] = making.rng("requests").poisson(yearly * (accounts.ends - accounts.starts) / 365.25)
    making.draft("requesters", accounts[accounts.requests > 0])
    making.draft("request_slots", _fill_slots(rates))
    # a feature that has come is no longer asked for: the day and the feature are drawn first, then it is seen
    making.emit(
        "feature_requests",
        f"""
        with drawn as (
          select account, segment, starts, ends, unnest(range(requests)) as n from draft.requesters
        ), dated as (
          select *, draw('request', concat(account, '.', n)) as h,
            starts + floor(u1(h) * (ends - starts))::int as day, floor(u2(h) * {SLOTS})::int as slot
          from drawn
        ), kept as (
          select account, feature, n, timestamp '{FIRST_DAY}' + to_days(day::int)
            + to_seconds(25200 + floor(u3(h) * 39600)::int) as requested_at
          from dated join draft.request_slots using (segment, slot) where day < stops
        )
        select concat('FR-', substr(customer_id, 2), '-', row_number() over (
            partition by account order by requested_at, n)) as request_id, feature, customer_id, requested_at
        from kept join draft.accounts using (account)""",
        order="request_id",
    )


def _fill_slots(rates: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for segment, part in rates.groupby("segment"):
        features = fill_slots(dict(zip(part.feature, part.yearly, strict=True)), SLOTS)
        parts.append(pd.DataFrame({"segment": segment, "slot": np.arange(SLOTS), "feature": features}))
    return pd.concat(parts).merge(rates[["segment", "feature", "stops"]])


def _emit_usage(making: Making) -> None:
    arrives = _list_shipping()
    rows = []
    for segment in list_segments(null=making.null):
        for feature in FEATURES:
            at_home = feature.role == "core" or feature.home == segment.name
            share = feature.adoption if at_home else STRAYS if feature.role == "module" else 0.0
            share, uses = (NULL_ADOPTION, NULL_USES) if making.null else (share, feature.uses)
            day = 0 if making.null else arrives.get(feature.name, 0)
            rows.append((segment.name, feature.name, share, uses, day))
    adoption = pd.DataFrame(rows, columns=["segment", "feature", "adoption", "uses_a_year", "arrives"])
    making.draft("feature_adoption", adoption)
    making.emit(
        "product_usage",
        """
        with buyers as (
          select account, customer_id, segment_before as segment, starts, ends from draft.accounts
          where account between {first} and {last}
            and customer_id in (select customer_id from client.transactions)
        ), drawn as (
          select *, draw('usage', concat(account, '.', feature)) as h,
            (ends - greatest(starts, arrives)) / 365.25 as years
          from buyers join draft.feature_adoption using (segment) where adoption > 0
        )
        select customer_id, feature, geometric(u2(h), 1 + uses_a_year * years)::int as uses
        from drawn where years > 0 and u1(h) < adoption""",
        order="customer_id, feature",
        by_account=True,
    )
    making.truth(
        "feature_adoption",
        """select segment, feature, adoption, uses_a_year
        from draft.feature_adoption order by segment, feature""",
    )


def _score_features(making: Making, rates: pd.DataFrame) -> None:
    """Both rankings of what is asked for, by planned rates and the lives of the accounts."""
    accounts = making.ask("select segment_before as segment, starts, ends, never_buys from draft.accounts")
    lives = accounts[~accounts.never_buys]
    expected = [
        rate.yearly * (np.minimum(life.ends, rate.stops) - life.starts).clip(lower=0).sum() / 365.25
        for rate in rates.itertuples()
        for life in [lives[lives.segment == rate.segment]]
    ]
    making.truth("feature_request_rates", rates.drop(columns="stops").assign(expected=np.round(expected, 4)))
    making.truth(
        "request_weights",
        f"""select segment_before as segment, count(*) as accounts,
        (sum(coalesce(margin, 0)) / count(*) / {YEARS})::decimal(18, 2) as yearly_margin
        from draft.accounts left join (
          select customer_id, sum(contribution_margin) as margin from client.transactions group by customer_id
        ) using (customer_id) group by 1 order by 1""",
    )
    making.truth(
        "feature_scores",
        """
        with planned as (
          select feature, sum(euros(expected)) as expected_requests,
            sum((expected * yearly_margin)::decimal(18, 2)) as expected_value
          from truth.feature_request_rates join truth.request_weights using (segment) group by feature
        ), drawn as (
          select feature, count(*) as requests from client.feature_requests group by feature
        )
        select feature, expected_requests::double as expected_requests, coalesce(requests, 0) as requests,
          expected_value::double as expected_value,
          rank() over (order by expected_requests desc) as rank_by_count,
          rank() over (order by expected_value desc) as rank_by_value
        from planned left join drawn using (feature) order by feature""",
    )


def _tell(making: Making) -> None:
    if making.null:
        making.plant(
            "Features: nothing",
            f"Every feature is asked for {NULL_REQUESTS / len(FEATURES):.4f} times a year by an account "
            "that buys, and used by the same share of accounts, whoever they are.",
            tables="features feature_requests product_usage",
            truth="feature_request_rates feature_adoption",
            capabilities="feature-weighting modularity",
        )
        return
    scores = making.ask("select * from truth.feature_scores").set_index("feature")
    making.plant(
        "The loudest request is not the most valuable one",
        f"'{LOUD}' is asked for most ({scores.requests[LOUD]:,} requests), nearly always by legacy "
        f"pneumatics, who are worth little; '{VALUABLE}' is asked for {scores.requests[VALUABLE]:,} times, "
        "by process majors and machine builders, and comes first when a request counts with the yearly "
        "margin of an account of its segment. Both rankings with their expected scores are in "
        "truth.feature_scores.",
        tables="feature_requests features",
        truth="feature_scores feature_request_rates request_weights",
        capabilities="feature-weighting capacity deferral",
    )
    making.plant(
        "A core for all and modules for one",
        "Four features are used by all segments alike; five are modules of one segment each, which only "
        f"{STRAYS:.0%} of the others' accounts use. Asked-for features are not in use. Dependencies have no "
        "cycle.",
        tables="product_usage features",
        truth="features feature_adoption",
        capabilities="modularity beta-recruiting",
    )
    making.plant(
        "A feature that came",
        "'Calibration planner' came on 2024-09-02: requests for it stop on that day, and accounts that "
        "ended before do not use it.",
        tables="feature_requests product_usage",
        truth="features",
        capabilities="feedback-loop",
    )
