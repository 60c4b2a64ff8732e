"""Sales opportunities: when they arise, how long they take, and what decides whether they are won.

Won ones are orders in ``draft.extra_orders``, with lines like any other of the account; the lines of lost and
open ones are quotes. Deals that were opened before the history and won in it are orders without an
opportunity: the client's export holds what was opened since its first day.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.samples.customers.profiles import list_segments
from segutils.samples.making import DAYS, FIRST_DAY, Making, fill_slots
from segutils.samples.orders.orders import lines_sql

RATES: Mapping[str, float] = {  # opportunities a year of an account of rate factor 1
    "majors": 0.5,
    "projects": 2.4,
    "maintenance": 0.03,
    "labs": 0.2,
    "builders": 0.35,
    "legacy": 0.05,
    "everyone": 0.35,
}
CYCLE_DAYS: Mapping[str, float] = {  # median days from opening to the decision
    "majors": 70,
    "projects": 150,
    "maintenance": 14,
    "labs": 35,
    "builders": 60,
    "legacy": 21,
    "everyone": 60,
}
QUOTE_DAYS: Mapping[str, float] = {  # median days from opening to our quote
    "majors": 9,
    "projects": 14,
    "maintenance": 3,
    "labs": 6,
    "builders": 8,
    "legacy": 8,
    "everyone": 9,
}
CYCLE_SPREAD, QUOTE_SPREAD = 0.5, 0.6  # standard deviations of their logs
SHORTEST_CYCLE = 3
NEGOTIATED = 0.7  # of its cycle has passed when an open opportunity is in negotiation
LOOK_BACK = 730  # days before the history in which deals won in it may have been opened
PRICE_GAP, PRICE_GAP_SPREAD = 0.04, 0.08  # our quote over the best competitor's, as a share: mean, deviation
# Who stands against us, as shares of opportunities: those whose prices are watched.
COMPETITORS = {"Brennecke": 0.36, "Orsatec": 0.28, "Valmetric": 0.36}
STRONG = "Brennecke"

# The win probability is logistic in these; the intercept: a quote at once and at the competitor's price.
INTERCEPTS: Mapping[str, float] = {
    "majors": 1.1,
    "projects": 1.3,
    "maintenance": 1.2,
    "labs": 1.2,
    "builders": 1.3,
    "legacy": 0.2,
}
ON_PRICE_GAP = -8.0  # log-odds by 100 % dearer than the competitor …
SENSITIVE, ON_PRICE_GAP_MORE = "builders", -12.0  # … and so much more in this segment
ON_QUOTE_DAY = -0.045
ON_STRONG = -0.7
ON_MISSING = -1.6  # the buyer needs a feature that is missing
NULL_PROBABILITY = 0.45  # of the null client's opportunities, whatever is true of them
GAPS: Mapping[
    str, tuple[str, float]
] = {  # a feature that our products lack, and the share of buyers who need it
    "majors": ("Predictive diagnostics", 0.18),
    "projects": ("Digital product passport", 0.1),
    "labs": ("Audit trail export", 0.14),
    "builders": ("OPC UA interface", 0.2),
    "legacy": ("Pneumatic signal converter", 0.1),
}

# A lost one's true reason is drawn in proportion to the log-odds that each driver cost it, and these:
REASONS = ("price", "delivery", "missing feature", "relationship", "no decision")
BASE_WEIGHTS, NULL_WEIGHTS = (0, 0, 0, 0.5, 0.4), (1, 1, 1, 1, 1)
BLAMED, CONFUSION = "price", 0.22  # share of all other reasons that sales files under price
VISIBLE_SAMPLE = 200_000  # opportunities that the visible coefficients are computed from, at most


def plan_opportunities(making: Making) -> None:
    """When do opportunities arise, when are they decided, and which are won?

    Leaves ``draft.opportunities``, and their orders and quotes in ``draft.extra_orders``: source
    ``opportunity`` with the opportunity's id as ``ref``, ``carried`` for what was opened before the history.
    """
    making.draft("win_model", _set_model(null=making.null))
    making.draft("opportunity_phases", _draw_arrivals(making))
    competitors = fill_slots(COMPETITORS, 50)
    making.run(f"""
        create table draft.opportunities as
        with arrived as (
          select *, concat(account, '.', phase, '.', unnest(range(arrivals))) as key
          from draft.opportunity_phases
        ), drawn as (
          select *, draw('opportunity', key) as h, draw('offer', key) as f, draw('outcome', key) as o,
            opens_from + floor(u1(h) * (opens_to - opens_from))::int as arises
          from arrived join draft.win_model using (segment)
        ), dated as (
          select *, greatest(opens_from, if(arises >= 0, 0, opens_from),
              arises - greatest(0, isodow({_day("arises")}) - 5))::int as opened,
            opened + greatest({SHORTEST_CYCLE},
              round(cycle * exp({CYCLE_SPREAD} * normal(u2(h), u3(h)))))::int as decided,
            decided + case isodow({_day("decided")}) when 6 then 2 when 7 then 1 else 0 end as monday,
            if(ends < {DAYS}, least(monday, ends - 1), monday)::int as closes
          from drawn
        ), offered as (
          select *, least(closes - opened,
              greatest(1, round(quote * exp({QUOTE_SPREAD} * normal(u1(o), u2(o))))))::int as quote_days,
            round({PRICE_GAP} + {PRICE_GAP_SPREAD} * normal(u1(f), u2(f)), 3) as price_gap,
            pick({competitors}, u3(f)) as competitor, u4(f) < gap_share as missing
          from dated
        ), judged as (
          select *, intercept + on_price * price_gap + on_day * quote_days
              + if(competitor = '{STRONG}', on_strong, 0) as without,
            logistic(without + if(missing, on_missing, 0)) as probability,
            logistic(without) as probability_without,
            u3(o) < probability as wins,
            greatest(0, -on_price * price_gap) + base_price as w1,
            w1 - on_day * quote_days + base_delivery as w2,
            w2 - if(missing, on_missing, 0) + base_feature as w3,
            w3 - if(competitor = '{STRONG}', on_strong, 0) + base_relationship as w4,
            u4(o) * (w4 + base_none) as point,
            {list(REASONS)}[1 + (point >= w1)::int + (point >= w2)::int + (point >= w3)::int
              + (point >= w4)::int] as reason
          from offered
        ), numbered as (
          select *, opened < 0 as carried,
            row_number() over (partition by account, carried order by opened, h) as n
          from judged where opened >= 0 or (wins and closes between 0 and {DAYS - 1})
        )
        select account, carried, o.segment, if(closes < switches_on, profile, profile_after) as profile,
          if(carried, key, concat('OP-', substr(customer_id, 2), '-', lpad(n::varchar, 2, '0')))
            as opportunity_id,
          opened, closes, closes < {DAYS} as closed, u4(h) as clock, quote_days, price_gap, competitor,
          if(missing, gap_feature, null) as missing_feature, probability, probability_without, wins,
          if(wins, null, reason) as true_reason,
          if(wins, null, if(u1(draw('stated reason', key)) < confusion, '{BLAMED}', reason)) as reason
        from numbered as o join draft.accounts using (account);
        insert into draft.extra_orders
        select account, least(closes, {DAYS - 1}), profile, if(carried, 'carried', 'opportunity'),
          opportunity_id, wins and closed from draft.opportunities""")


def _day(column: str) -> str:
    return f"date '{FIRST_DAY}' + {column}::int"


def build_opportunities(making: Making) -> None:
    """Which deals were won, lost and are open, for how much, and why?

    Leaves ``client.opportunities`` and the truth ``opportunities``, ``win_drivers``, ``opportunity_rates``
    and ``product_gaps``.
    """
    limits = "account between {first} and {last}"
    lines = lines_sql(f"select * from draft.orders where source = 'opportunity' and {limits}")
    making.emit(
        "opportunities",
        f"""
        with quoted as (
          select ref as opportunity_id, sum(net_revenue)::decimal(18, 2) as amount, min(ordered_at) as moment,
            first(product_id order by net_revenue desc, product_id, line) as product_id,
            min(channel) as channel
          from ({lines}) where not returned group by ref
        )
        select opportunity_id, customer_id,
          case when closed and wins then 'won' when closed then 'lost'
            when opened + quote_days >= {DAYS} then 'qualified'
            when {DAYS} - opened < {NEGOTIATED} * (closes - opened) then 'quoted'
            else 'negotiation' end as stage,
          amount, timestamp '{FIRST_DAY}' + to_days(opened) + to_seconds(27000 + floor(clock * 36000)::int)
            as opened_at,
          if(closed, moment, null) as closed_at, if(closed, wins, null) as won,
          if(closed, reason, null) as reason,
          competitor, product_id, channel, account_rep as rep_id,
          if(opened + quote_days < {DAYS}, quote_days, null) as quote_days,
          if(opened + quote_days < {DAYS}, price_gap, null) as price_gap
        from quoted join draft.opportunities using (opportunity_id) join draft.accounts using (account)
        where {limits}""",
        order="opportunity_id",
        by_account=True,
    )
    making.truth(
        "opportunities",
        f"""select opportunity_id, segment, missing_feature, probability, probability_without, wins,
        {_day("closes")} as decided_on, true_reason from draft.opportunities where not carried
        order by opportunity_id""",
    )
    _keep_truth(making)


def _set_model(*, null: bool) -> pd.DataFrame:
    """Every quantity of the plan, one row per segment."""
    names = [segment.name for segment in list_segments(null=null)]
    gaps = {} if null else GAPS
    base = dict(zip(("price", "delivery", "feature", "relationship", "none"), BASE_WEIGHTS, strict=True))
    model = pd.DataFrame({"segment": names}).assign(
        rate=[RATES[name] for name in names],
        cycle=[CYCLE_DAYS[name] for name in names],
        quote=[QUOTE_DAYS[name] for name in names],
        gap_feature=pd.Series([gaps.get(name, ("", 0))[0] for name in names], dtype=str),
        gap_share=[float(gaps.get(name, ("", 0))[1]) for name in names],
        intercept=[INTERCEPTS.get(name, 0.0) for name in names],
        on_price=[ON_PRICE_GAP + (ON_PRICE_GAP_MORE if name == SENSITIVE else 0) for name in names],
        on_day=ON_QUOTE_DAY,
        on_strong=ON_STRONG,
        on_missing=ON_MISSING,
        confusion=CONFUSION,
        **{f"base_{name}": float(weight) for name, weight in base.items()},
    )
    if not null:
        return model
    nothing = dict.fromkeys(("on_price", "on_day", "on_strong", "on_missing", "confusion"), 0.0)
    even = {f"base_{name}": float(weight) for name, weight in zip(base, NULL_WEIGHTS, strict=True)}
    return model.assign(intercept=np.log(NULL_PROBABILITY / (1 - NULL_PROBABILITY)), **nothing, **even)


def _draw_arrivals(making: Making) -> pd.DataFrame:
    """Spans of an account's life in one segment, and how many opportunities are opened in each."""
    accounts = making.ask(f"""
        select account, segment_before, segment, starts, ends, switches_on, rate_factor, never_buys,
          greatest(-{LOOK_BACK}, signup_date::date - date '{FIRST_DAY}') as known
        from draft.accounts order by account""")
    # two days are left for the decision, which lies in the account's life as well
    last = accounts.ends - 2
    first = accounts.assign(
        phase=0,
        segment=accounts.segment_before,
        opens_from=np.where(
            accounts.starts > 0, accounts.starts, np.minimum(accounts.known, accounts.starts)
        ),
        opens_to=np.minimum(last, accounts.switches_on),
    )
    second = accounts.assign(
        phase=1, opens_from=np.maximum(accounts.starts, accounts.switches_on), opens_to=last
    )
    phases = pd.concat([first, second[second.switches_on < DAYS]]).sort_values(["account", "phase"])
    phases = phases[phases.opens_to > phases.opens_from]
    phases["yearly"] = phases.segment.map(RATES) * phases.rate_factor * ~phases.never_buys
    years = (phases.opens_to - phases.opens_from) / 365.25
    phases["arrivals"] = making.rng("opportunities").poisson(phases.yearly * years)
    return phases[["account", "phase", "segment", "opens_from", "opens_to", "ends", "yearly", "arrivals"]]


def _keep_truth(making: Making) -> None:
    making.truth(
        "opportunity_rates",
        """
        with exposed as (
          select segment, sum(round(yearly * greatest(0, opens_to - greatest(0, opens_from)) / 365.25, 6)
            ::decimal(18, 6)) as expected
          from draft.opportunity_phases group by segment
        ), seen as (select segment, count(*) as drawn from truth.opportunities group by segment)
        select segment, rate as yearly, expected::double as expected, coalesce(drawn, 0) as drawn,
          cycle as median_cycle_days, quote as median_quote_days
        from exposed join draft.win_model using (segment) left join seen using (segment) order by segment""",
    )
    making.truth(
        "product_gaps",
        """select segment, missing_feature as feature, count(*) as opportunities,
          count(*) filter (true_reason = 'missing feature') as lost,
          coalesce(sum(amount) filter (true_reason = 'missing feature'), 0)::decimal(18, 2) as lost_value,
          coalesce(sum(amount) filter (reason = 'missing feature'), 0)::decimal(18, 2) as stated_lost_value,
          sum(euros(amount::double * (probability_without - probability)))::decimal(18, 2)
            as expected_lost_value
        from truth.opportunities join client.opportunities using (opportunity_id)
        where won is not null and missing_feature is not null group by all order by segment""",
    )
    making.truth("win_drivers", _list_drivers(making))
    if making.null:
        making.plant(
            "Win and loss: nothing",
            f"Every opportunity is won with probability {NULL_PROBABILITY}; reasons are drawn at random.",
            tables="opportunities",
            truth="win_drivers opportunities opportunity_rates",
            capabilities="win-loss",
        )
        return
    gap = making.ask(
        "select sum(lost_value) as lost, sum(stated_lost_value) as stated from truth.product_gaps"
    )
    making.plant(
        "What decides whether a deal is won",
        f"The win probability is logistic in the price gap ({ON_PRICE_GAP:+} per 100 %, "
        f"{ON_PRICE_GAP_MORE:+} more for machine builders), days until the quote ({ON_QUOTE_DAY:+}), "
        f"{STRONG} as competitor ({ON_STRONG:+}) and a feature that the buyer needs and does not find "
        f"({ON_MISSING:+}). The last is not in the client's table: a logistic regression on the others "
        "finds what truth.win_drivers calls visible.",
        tables="opportunities customers",
        truth="win_drivers opportunities opportunity_rates",
        capabilities="win-loss",
    )
    making.plant(
        "Sales blame the price",
        f"Of the deals lost for any other reason sales filed {CONFUSION:.0%} under price. Missing features "
        f"truly cost {gap.lost[0]:,.0f} EUR, of which {gap.stated[0]:,.0f} EUR bear that reason; "
        "truth.product_gaps has both by segment, and the value that in expectation would not have been "
        "lost had the feature been there.",
        tables="opportunities",
        truth="product_gaps opportunities",
        capabilities="win-loss feature-weighting",
    )
    making.plant(
        "Deals from before the history",
        "The opportunities begin with those opened on the first day. Deals opened before and won in the "
        "history are orders without an opportunity: orders have no run-up, closed opportunities do.",
        tables="opportunities transactions",
        truth="opportunity_rates",
        capabilities="win-loss sufficiency",
    )


def _list_drivers(making: Making) -> pd.DataFrame:
    """Planted coefficients, and those that remain visible without knowing which feature was missed."""
    segments = making.ask("select * from draft.win_model order by segment")
    one = segments.iloc[0]
    rows = [
        ("price_gap", "", 0.0 if making.null else ON_PRICE_GAP),
        ("quote_days", "", one.on_day),
        ("strong_competitor", "", one.on_strong),
        *([] if making.null else [("price_gap", SENSITIVE, ON_PRICE_GAP_MORE)]),
        *[("intercept", row.segment, row.intercept) for row in segments.itertuples()],
    ]
    drivers = pd.DataFrame(rows, columns=["driver", "segment", "coefficient"])
    closed = making.ask(f"""
        select segment, price_gap, quote_days, (competitor = '{STRONG}')::double as strong_competitor,
          probability
        from draft.opportunities where closed and not carried
        order by opportunity_id limit {VISIBLE_SAMPLE}""")
    design = [
        closed.get(driver, 1.0) * (closed.segment == segment if segment else 1.0)
        for driver, segment in zip(drivers.driver, drivers.segment, strict=True)
    ]
    visible = _fit_probabilities(np.column_stack(design).astype(float), closed.probability.to_numpy())
    missing = pd.DataFrame({"driver": ["missing_feature"], "segment": [""], "coefficient": [one.on_missing]})
    return pd.concat([drivers.assign(visible=np.round(visible, 4)), missing], ignore_index=True)


def _fit_probabilities(design: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Logistic regression on true probabilities: what an analyst's coefficients converge to. A column of
    zeros (a segment without deals, in a very small client) gets no coefficient."""
    present = design.any(axis=0)
    used = design[:, present]
    fitted = np.zeros(used.shape[1])
    for _ in range(25):
        expected = 1 / (1 + np.exp(-used @ fitted))
        information = (used * (expected * (1 - expected))[:, None]).T @ used
        fitted = fitted + np.linalg.lstsq(information, used.T @ (probability - expected), rcond=None)[0]
    result = np.full(design.shape[1], np.nan)
    result[present] = fitted
    return result
