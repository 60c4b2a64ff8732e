"""The sales force: who looks after how much, by which quota, and what reps think of the client's segments."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtr

from segutils.samples.customers.accounts import STRATEGY_LABELS
from segutils.samples.customers.profiles import list_profiles, list_segments
from segutils.samples.making import DAYS, Making
from segutils.samples.sales.opportunities import RATES

VISITS: Mapping[str, float] = {  # a year, that an account of this segment needs
    "majors": 12,
    "projects": 8,
    "maintenance": 1,
    "labs": 3,
    "builders": 6,
    "legacy": 1,
    "everyone": 4,
}
COVER, CAPACITY_SPREAD = 0.95, 0.08  # capacity of all reps over all wanted visits; spread between reps (log)
QUOTA_YEAR, QUOTA_UPLIFT = 2025, 1.06  # quota: revenue of the year before, and so much more
SPECIALISMS = ("General", "General", "Process instruments", "Laboratory", "Plant engineering")

# Realism: 1 (no such customers) to 5 (just as we meet them); answers are rounded and end at 1 and 5.
REALISM: Mapping[str, float] = {  # mean before rounding
    "Process": 4.0,
    "Projects": 3.8,
    "Aftermarket": 1.9,  # lumps two kinds of customers together
    "Laboratory": 4.1,
    "OEM": 3.6,
}
UNREALISTIC = "Aftermarket"
SEVERITY, NOISE = 0.35, 0.45  # standard deviations: between raters, between ratings of one rater
ANSWERED = 0.9  # share of segments that a rep rates
RATED_CUSTOMERS = 4  # of a rep, at most
HOME: Mapping[str, str] = {  # the label that is right for a segment; none is for legacy
    "majors": "Process",
    "projects": "Projects",
    "maintenance": "Aftermarket",
    "labs": "Laboratory",
    "builders": "OEM",
}
FITTING, MISFILED = 4.0, 2.1  # mean realism of a customer whose label is its segment's, and of others
NULL_REALISM = 3.4
COMMENTED, SAID = 0.7, 0.7  # share of ratings with a comment; of low comments on that segment with the cause

LIKED = (
    "This is how we meet them",
    "Good description",
    "My customers would recognise themselves",
    "Fits what I see on site",
    "Clear picture, I can work with it",
    "Yes, that is a group of its own",
    "Matches my call list",
    "Very close to my daily work",
)
UNDECIDED = (
    "Half of it fits",
    "Depends on the site",
    "Not wrong, not helpful either",
    "Some yes, some no",
    "I would draw the line elsewhere",
    "Fine on paper",
    "Need examples to judge this",
    "Fits the larger ones only",
)
DISLIKED = (
    "Nobody in my territory looks like this",
    "I cannot plan visits with this",
    "Head office view",
    "Does not help me on the road",
    "No common need here",
    "I would not use this",
    "Sounds made up",
    "This mixes everything",
)
DETAILS = (
    "",
    "Buying routes are clear.",
    "Decision makers differ a lot.",
    "We should check the numbers again.",
    "Budget season matters more.",
    "Ask the inside team as well.",
    "Two of my accounts come to mind.",
    "Delivery time decides here.",
    "They compare offers carefully.",
    "The name should be changed.",
)
TORN = (  # what is wrong with the unrealistic segment
    "Shop orders for seals and old valve drives are two different worlds.",
    "One half orders online every month, the other half calls the dealer twice a year.",
    "These are two groups: fast spare-part buyers and sites that run old pneumatic drives.",
    "Some want parts tomorrow, the others are slowly going away.",
    "Split it: those who reorder parts, and those who keep ageing equipment alive.",
    "Those who order in the e-shop have nothing in common with those of the dealer.",
)


def build_salesforce(making: Making) -> None:
    """Who are the reps, how are work and quotas spread over them, and what do they think of the segments?

    Leaves ``client.reps``, ``client.sales_feedback`` and the truth ``reps``, ``realism`` and
    ``rater_agreement``.
    """
    reps = _draw_reps(making)
    making.draft("reps", reps)
    making.emit(
        "reps",
        """select rep_id, region, capacity, quota::decimal(18, 2) as quota, specialism from draft.reps""",
        order="rep_id",
    )
    making.truth(
        "reps",
        """select rep_id, region, accounts, workload, potential, history, fair_quota, severity
        from draft.reps order by rep_id""",
    )
    realism = _list_realism(null=making.null)
    making.draft("realism", realism)
    _emit_feedback(making)
    making.truth("realism", realism)
    making.truth("rater_agreement", _expect_agreement(realism))
    _tell(making)


def _draw_reps(making: Making) -> pd.DataFrame:
    """One row per rep: what lies with them, what they can do, what they are asked for."""
    profiles = list_profiles(null=making.null)
    making.draft(
        "profile_potential",
        pd.DataFrame(
            {
                "profile": [profile.name for profile in profiles],
                "orders": [profile.orders * np.exp(-profile.decline * DAYS / 365.25) for profile in profiles],
                "order_value": [profile.order_value for profile in profiles],
            }
        ),
    )
    names = [segment.name for segment in list_segments(null=making.null)]
    visits, deals = [VISITS[name] for name in names], [RATES[name] for name in names]
    making.draft("segment_effort", pd.DataFrame({"segment": names, "visits": visits, "deals": deals}))
    # potential is what comes in a year if every opportunity is won and every prospect buys
    reps = making.ask(f"""
        with sold as (
          select customer_id, sum(net_revenue) as revenue from client.transactions
          where year(ordered_at) = {QUOTA_YEAR - 1} group by customer_id
        )
        select account_rep as rep_id, any_value(region) as region, count(*) as accounts,
          coalesce(sum(visits) filter (not churned), 0) as workload,
          coalesce(sum(euros((orders + deals) * order_value * rate_factor * worth)) filter (not churned), 0)
            ::double as potential, coalesce(sum(revenue), 0)::double as history
        from draft.accounts join draft.segment_effort using (segment)
          join draft.profile_potential as p on p.profile = profile_after left join sold using (customer_id)
        group by account_rep order by account_rep""")
    rng = making.rng("reps")
    count = len(reps)
    capacity = reps.workload.sum() / count * COVER * np.exp(CAPACITY_SPREAD * rng.standard_normal(count))
    fair = QUOTA_UPLIFT * reps.history.sum() * reps.potential / reps.potential.sum()
    quota = fair if making.null else QUOTA_UPLIFT * reps.history
    return reps.assign(
        capacity=np.maximum(1, np.round(capacity)).astype(int),
        quota=np.round(quota, -3),
        fair_quota=np.round(fair, -3),
        specialism=rng.choice(SPECIALISMS, count),
        severity=SEVERITY * rng.standard_normal(count),
    )


def _list_realism(*, null: bool) -> pd.DataFrame:
    """Mean realism of each segment and of fitting and misfiled customers: before and after rounding."""
    segments = [(label, NULL_REALISM if null else REALISM[label]) for label in STRATEGY_LABELS]
    customers = [
        ("fitting", NULL_REALISM if null else FITTING),
        ("misfiled", NULL_REALISM if null else MISFILED),
    ]
    realism = pd.DataFrame([*segments, *customers], columns=["rated", "mean"])
    rated = ["segment"] * len(segments) + ["customer"] * len(customers)
    shares = _expect_shares(realism["mean"].to_numpy())
    return realism.assign(kind=rated, expected_rating=np.round(shares @ np.arange(1, 6), 4))


def _expect_shares(means: np.ndarray) -> np.ndarray:
    """For each mean the shares of the ratings 1 to 5 over all raters."""
    spread = np.hypot(SEVERITY, NOISE)
    edges = ndtr((np.arange(1.5, 5)[None, :] - means[:, None]) / spread)
    return np.diff(np.hstack([np.zeros((len(means), 1)), edges, np.ones((len(means), 1))]), axis=1)


def _expect_agreement(realism: pd.DataFrame) -> pd.DataFrame:
    """Krippendorff's alpha of the segment ratings in expectation: 1 − disagreement within segments over that
    of any two ratings, for interval and for ordinal data."""
    shares = _expect_shares(realism.loc[realism.kind == "segment", "mean"].to_numpy())
    pooled = shares.mean(axis=0)
    upto = np.cumsum(pooled) - pooled / 2  # an ordinal distance is the mass between two ratings, ends half
    rows = []
    for metric, scale in (("interval", np.arange(1.0, 6.0)), ("ordinal", upto)):
        distance = (scale[:, None] - scale[None, :]) ** 2
        within = np.mean([share @ distance @ share for share in shares])
        rows.append((metric, round(1 - within / (pooled @ distance @ pooled), 4)))
    return pd.DataFrame(rows, columns=["metric", "expected_alpha"])


def _emit_feedback(making: Making) -> None:
    homes = pd.DataFrame({"segment": list(HOME), "home": list(HOME.values())})
    making.draft("homes", homes)
    torn = "false" if making.null else f"rated = '{UNREALISTIC}'"
    liked, undecided, disliked, details = (list(words) for words in (LIKED, UNDECIDED, DISLIKED, DETAILS))
    making.emit(
        "sales_feedback",
        f"""
        with drawn as (
          select *, row_number() over (
            partition by account_rep order by draw('rated customer', customer_id), customer_id) as place
          from draft.accounts where not never_buys and not churned
        ), asked as (
          select rep_id, rated, rated as segment, null as customer_id from draft.reps cross join draft.realism
          where kind = 'segment' and u1(draw('answered', concat(rep_id, rated))) < {ANSWERED}
          union all
          select account_rep, if(home = strategy_segment, 'fitting', 'misfiled'), null, customer_id
          from drawn left join draft.homes using (segment) where place <= {RATED_CUSTOMERS}
        ), thrown as (
          select *, concat(rep_id, coalesce(segment, customer_id)) as key, draw('rating', key) as h,
            draw('comment', key) as c from asked join draft.reps using (rep_id)
            join (select rated, mean from draft.realism) using (rated)
        ), judged as (
          select *, greatest(1, least(5, round(mean + severity + {NOISE} * normal(u1(h), u2(h)))))::int
            as realism from thrown
        )
        select rep_id, realism, segment, customer_id, case when u3(h) >= {COMMENTED} then null else
          rtrim(concat(pick(if(realism >= 4, {liked}, if(realism = 3, {undecided}, {disliked})), u1(c)), '. ',
            pick(if({torn} and realism <= 3 and u2(c) < {SAID}, {list(TORN)}, {details}), u3(c)))) end
            as comment
        from judged""",
        order="rep_id, segment nulls last, customer_id",
    )


def _tell(making: Making) -> None:
    if making.null:
        making.plant(
            "The sales force's view: nothing",
            f"Every rating is {NULL_REALISM} plus the rater's severity and noise; quotas follow potential.",
            tables="sales_feedback reps",
            truth="realism rater_agreement reps",
            capabilities="sales-realism territories",
        )
        return
    alpha = making.ask("select * from truth.rater_agreement").set_index("metric").expected_alpha
    load = making.ask("""
        select max(workload / capacity) as most, min(workload / capacity) as least
        from truth.reps join client.reps using (rep_id)""")
    making.plant(
        "Reps do not recognise one strategic segment",
        "Reps rate the realism of the strategic segments with their own severity (standard deviation "
        f"{SEVERITY}) and noise ({NOISE}). {UNREALISTIC} is held unrealistic: it lumps maintenance crews "
        "and legacy pneumatics together, and comments say so. Customers under another label than their "
        "segment's are rated low too. Krippendorff's alpha of the segment ratings is "
        f"{alpha['interval']:.2f} in expectation (interval data).",
        tables="sales_feedback",
        truth="realism rater_agreement reps",
        capabilities="sales-realism taxonomy-conflict",
    )
    making.plant(
        "Territories out of balance",
        "A region's accounts lie unevenly with its reps, whose capacities are alike: wanted visits are "
        f"{load.most[0]:.1f} times the capacity of the busiest rep and {load.least[0]:.1f} times the "
        "idlest's.",
        tables="reps customers",
        truth="reps",
        capabilities="territories sales-structure",
    )
    making.plant(
        "Quotas follow history",
        f"A quota is the rep's revenue of {QUOTA_YEAR - 1} times {QUOTA_UPLIFT}, in thousands, whatever the "
        "potential; truth.reps has the quota that the same total would give by potential.",
        tables="reps transactions",
        truth="reps",
        capabilities="territories",
    )
