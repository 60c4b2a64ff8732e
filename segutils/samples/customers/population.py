"""What was planted in the accounts and their orders, written down: segments, lives, drift, taxonomies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from segutils.samples.customers import accounts
from segutils.samples.customers.profiles import (
    CHANNELS,
    CONSOLIDATED,
    DRIFT_DAY,
    DRIFT_INTO,
    DRIFT_REGION,
    DRIFT_SEGMENT,
    DRIFT_SHARE,
    EXCEPTION_REGION,
    list_profiles,
    list_segments,
)
from segutils.samples.making import Making
from segutils.samples.orders import orders


def tell_population(making: Making) -> None:
    """What is true of the accounts and how they order? Tables of the truth and their page in TRUTH.md."""
    _tell_segments(making)
    _tell_lives(making)
    _tell_places(making)
    _tell_taxonomies(making)
    _tell_protected(making)
    _tell_second_accounts(making)


def _tell_segments(making: Making) -> None:
    profiles = list_profiles(null=making.null)
    making.draft(
        "segment_words",
        pd.DataFrame(
            [
                {
                    "segment": p.name,
                    "words": p.words,
                    "share_planned": p.share,
                    "orders_a_year": p.orders,
                    "typical_order": p.order_value,
                    "lines_an_order": p.lines,
                    "discount": p.discount,
                    "churn_a_year": p.churn,
                    "decline_a_year": p.decline,
                    "never_orders": p.never,
                }
                for p in profiles
            ]
        ),
    )
    making.truth(
        "segments",
        """select w.*, coalesce(a.accounts, 0) as accounts
        from draft.segment_words as w left join (
          select segment, count(*) as accounts from draft.accounts group by segment) as a using (segment)
        order by share_planned desc, segment""",
    )
    making.truth(
        "buying_shares",
        pd.DataFrame(
            [
                {"segment": p.name, "column": column, "value": value, "share": share / sum(shares.values())}
                for p in profiles
                for column, shares in (
                    ("channel", dict(zip(CHANNELS, p.channels, strict=True))),
                    ("category", p.categories),
                )
                for value, share in shares.items()
                if share
            ]
        ),
    )
    making.truth("accounts", ACCOUNTS_TRUTH)
    text = (
        "One population: accounts differ in how often and for how much they order, smoothly and without "
        "groups."
        if making.null
        else "Six segments differ in how often they order, for how much, in how many lines, at which "
        "discount, through which channels and what. Behaviour tells all six apart; firmographics overlap "
        "widely (median size and mix of industries differ), regions tell nothing. Within a segment the "
        "order rate is gamma distributed over accounts and amounts are log-normal. `typical_order` and "
        "`discount` are the medians and means that lines are drawn around; won opportunities come on top "
        "of `orders_a_year`. Legacy pneumatics declines, earns the thinnest margin and is the segment to "
        "retire."
    )
    making.plant(
        "True segments and how they buy",
        text,
        tables="customers transactions products",
        truth="segments buying_shares accounts",
        capabilities="base-choice algorithm-choice segment-count profiles retire-or-reposition sunset",
    )


ACCOUNTS_TRUTH = """
    select customer_id, 'E' || lpad((entity + 1)::varchar, 7, '0') as entity, segment, segment_before,
      profile, profile_after, date '2023-01-01' + switches_on::int as switches_on, rate_factor, worth,
      date '2023-01-01' + starts::int as starts_on,
      case when churned then date '2023-01-01' + ends::int end as churned_on, never_buys
    from draft.accounts order by customer_id"""


def _tell_lives(making: Making) -> None:
    making.truth(
        "rates",
        """select customer_id, sum(orders)::int as orders_drawn, sum(expected) as orders_expected
        from draft.phases join draft.accounts using (account) group by customer_id order by customer_id""",
    )
    months = [{"month": month, "orders_relative": value} for month, value in enumerate(orders.MONTHS, 1)]
    making.truth("seasons", pd.DataFrame(months))
    making.plant(
        "Order rates, churn and seasons",
        "Each account orders by a Poisson process at its own rate until it churns, at a constant hazard "
        "of its segment (`churn_a_year`), and never again after; a share of accounts never orders at all. "
        "Rates and churn are independent, as Pareto/NBD assumes. `rates` has what each account was "
        "expected to order by itself and what it drew; opportunities and campaigns add to that. The year "
        "has a rhythm (`seasons`), list prices rose "
        f"({', '.join(f'{value:g}' for value in orders.PRICE_INDEX)} of today's), and {orders.RETURNS:.1%} "
        "of lines come back as negative lines.",
        tables="customers transactions",
        truth="rates seasons",
        capabilities="rfm sparse-b2b cohorts cac-ltv objective-choice",
    )


def _tell_places(making: Making) -> None:
    drift = {
        "region": DRIFT_REGION,
        "segment": DRIFT_SEGMENT,
        "turns_into": DRIFT_INTO,
        "since": DRIFT_DAY.isoformat(),
        "share_planned": DRIFT_SHARE,
    }
    exception = {"region": EXCEPTION_REGION, "segment": "maintenance", "buys_as": CONSOLIDATED.name}
    found = making.ask(f"""
        select count(*) filter (segment <> segment_before) as accounts_drifted,
          count(*) filter (region = '{DRIFT_REGION}' and segment_before = '{DRIFT_SEGMENT}')
            as accounts_eligible,
          count(*) filter (profile = '{CONSOLIDATED.name}') as accounts_excepted from draft.accounts""").iloc[
        0
    ]
    planted = [] if making.null else [None]
    eligible = {name: int(found[name]) for name in ("accounts_drifted", "accounts_eligible")}
    making.truth("drift", pd.DataFrame([{**drift, **eligible} for _ in planted], columns=[*drift, *eligible]))
    accounts_there = {"accounts": int(found.accounts_excepted)}
    making.truth(
        "regional_exception",
        pd.DataFrame(
            [{**exception, **accounts_there} for _ in planted], columns=[*exception, *accounts_there]
        ),
    )
    making.plant(
        "Regional drift and a regional exception",
        "No region differs, and nothing drifts."
        if making.null
        else f"On {DRIFT_DAY} a share of the Machine builders of {DRIFT_REGION} begins to buy like "
        f"Maintenance crews; their true segment changes with that day. In {EXCEPTION_REGION} Maintenance "
        "crews buy through distributors, seldom and much: they remain Maintenance crews, but a rule "
        "learned elsewhere does not recognise them there.",
        tables="customers transactions",
        truth="drift regional_exception",
        capabilities="holdout-time holdout-region regional-variation reevaluation stable-labels",
    )


def _tell_taxonomies(making: Making) -> None:
    names = [segment.name for segment in list_segments(null=making.null)]
    parts = [
        _list_shares("sales_segment", accounts.SALES_LABELS, accounts.SALES_SHARES, names),
        _list_shares("strategy_segment", accounts.STRATEGY_LABELS, accounts.STRATEGY_SHARES, names),
        _list_shares("industry", accounts.INDUSTRIES, accounts.INDUSTRY_WEIGHTS, names),
        _list_shares("acquisition_channel", accounts.ACQUIRED_THROUGH, accounts.ACQUIRED_SHARES, names),
    ]
    making.truth("taxonomies", pd.concat(parts, ignore_index=True))
    making.plant(
        "Two taxonomies that disagree, and firmographics that only half tell",
        "Labels are drawn without regard to anything true."
        if making.null
        else "Sales files accounts by size and route, strategy by an older idea of the market that knows "
        "no Legacy pneumatics and counts most of them as Aftermarket. `taxonomies` has the probability of "
        "each label given the true segment; independent given the segment, so the expected crosswalk is "
        "their product.",
        tables="customers",
        truth="taxonomies",
        capabilities="taxonomy-conflict base-choice granularity ownership cac-ltv",
    )


def _list_shares(
    column: str, labels: Sequence[str], shares: Mapping[str, Sequence[float]], names: Sequence[str]
) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"column": column, "segment": name, "label": label, "probability": share / sum(shares[name])}
            for name in names
            for label, share in zip(labels, shares[name], strict=True)
        ]
    )


def _tell_protected(making: Making) -> None:
    associations = (
        (True, accounts.ASSOCIATION_ELSE if making.null else accounts.ASSOCIATION_IF_WOMEN_OWNED),
        (False, accounts.ASSOCIATION_ELSE),
    )
    making.truth(
        "protected",
        pd.DataFrame(
            [
                {
                    "given": f"industry {industry}",
                    "outcome": "women_owned",
                    "probability": accounts.WOMEN_OWNED_NULL
                    if making.null
                    else accounts.WOMEN_OWNED.get(industry, accounts.WOMEN_OWNED_ELSEWHERE),
                }
                for industry in accounts.INDUSTRIES
            ]
            + [
                {
                    "given": "women_owned" if owned else "not women_owned",
                    "outcome": f"association {name}",
                    "probability": share,
                }
                for owned, shares in associations
                for name, share in zip(accounts.ASSOCIATION, shares, strict=True)
            ]
        ),
    )
    making.plant(
        "A protected attribute and its proxy",
        "Ownership and membership are independent of each other and of everything else."
        if making.null
        else "`women_owned` is the protected attribute. Membership of the association Feldring gives it "
        "away, industry a little; through industry the Laboratories have more of it than other segments. "
        "Nothing in how accounts buy depends on it.",
        tables="customers",
        truth="protected",
        capabilities="compliance naming",
    )


def _tell_second_accounts(making: Making) -> None:
    making.truth(
        "second_accounts",
        """select a.customer_id, b.customer_id as also_known_as
        from draft.accounts as a join draft.accounts as b on a.entity = b.account and a.account <> b.account
        order by a.customer_id""",
    )
    making.plant(
        "Customers who are in the books twice",
        "Nobody has two accounts."
        if making.null
        else f"{accounts.SECOND_ACCOUNTS:.0%} of accounts are a second record of a firm that has an account "
        "already; the firm's orders fall on both, half each in expectation.",
        tables="customers source_records transactions",
        truth="second_accounts",
        capabilities="identity-resolution",
    )
