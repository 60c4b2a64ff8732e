"""Which visits of a visitor without a name belong to a customer who logged in from the same browser?"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError

SECONDS_A_DAY = 86_400
STITCH_COLUMNS = ["anonymous_id", "customer_id", "entity_id", "from", "to", "logins", "events"]
OUTCOMES = {
    "stitched": "stitched to one customer",
    "outside": "one customer, but no visit near a login",
    "without_consent": "one customer, who did not consent to profiling",
    "shared": "several customers on one device",
    "never": "never logs in",
}


def score_visitors(
    events: ir.Table | None,
    customers: ir.Table,
    entities: pd.DataFrame,
    *,
    consent: str = "consent_profiling",
    login: str = "login",
    days_before: int = 90,
    days_after: int = 90,
) -> ir.Table | None:
    """Can the visits of each anonymous id be given to a customer, and if not, why?

    Parameters
    ----------
    events : ibis.Table, optional
        ``anonymous_id, customer_id, occurred_at``; a visit that is logged in has both ids.
    customers : ibis.Table
        ``customer_id`` and, if it is asked for, the column `consent` (flag).
    entities : pandas.DataFrame
        ``customer_id, entity_id``: customers who are one. A customer that is not in it stands for itself.
    consent : str
        Column of `customers`. A missing answer is no consent; of a firm with several accounts every account
        that logged in must have consented.
    login : str
        Value of ``event_type``, where there is one, of a login. A login whose customer is left empty is of
        somebody who may not be named: the device is then nobody else's either.
    days_before, days_after : int
        Before the first and after the last login; visits further away may be somebody else's.

    Returns
    -------
    ibis.Table or None
        None without events or without the consent column: nobody is stitched who was not asked. Else
        ``anonymous_id, outcome`` (a key of `OUTCOMES`), ``customer_id`` (of the most recent login),
        ``entity_id, logins, opens, closes`` (epoch seconds of the window), ``events`` (without a login),
        ``events_within`` (those in the window), one row per anonymous id.

    Notes
    -----
    An id with logins of two customers is a shared device: its visits are nobody's, whatever lies nearest,
    unless both customers are one entity.
    """
    if days_before < 0 or days_after < 0:
        raise InputError(
            "a time window cannot be negative",
            where="identity-resolution (days_before, days_after)",
            fix="state days of 0 or more",
        )
    if events is None or consent not in customers.columns:
        return None
    seen = events.filter(events.anonymous_id.notnull())
    unnamed = ibis.literal(False)
    if "event_type" in events.columns:
        unnamed = seen.customer_id.isnull() & (seen.event_type == login).fill_null(False)
    seen = seen.select(
        "anonymous_id",
        "customer_id",
        unnamed=unnamed.ifelse(1, 0),
        second=seen.occurred_at.cast("timestamp").epoch_seconds().cast("int64"),
    )
    answers = customers.select("customer_id", agreed=customers[consent].cast("boolean"))
    known = ibis.memtable(
        entities[["customer_id", "entity_id"]].astype("str"),
        schema=ibis.schema({"customer_id": "string", "entity_id": "string"}),
    ).rename(known_id="customer_id")
    answers = answers.left_join(known, answers.customer_id == known.known_id)
    answers = answers.select(
        known_id=answers.customer_id,
        agreed=answers.agreed.fill_null(False).ifelse(1, 0),
        entity_id=answers.entity_id.coalesce(answers.customer_id),
    )
    logins = seen.filter(seen.customer_id.notnull())
    logins = logins.left_join(answers, logins.customer_id == answers.known_id)
    latest = ibis.window(group_by="anonymous_id", order_by=[ibis.desc("second"), "customer_id"])
    logins = logins.select(
        "anonymous_id",
        "second",
        entity_id=logins.entity_id.coalesce(logins.customer_id),
        agreed=logins.agreed.fill_null(0),
        customer_id=logins.customer_id.first().over(latest),
    )
    devices = logins.group_by("anonymous_id").agg(
        customer_id=logins.customer_id.max(),
        entity_id=logins.entity_id.max(),
        firms=logins.entity_id.nunique(),
        agreed=logins.agreed.min(),
        logins=logins.count(),
        opens=logins.second.min() - days_before * SECONDS_A_DAY,
        closes=logins.second.max() + days_after * SECONDS_A_DAY,
    )
    joined = seen.left_join(devices, "anonymous_id")
    is_open = joined.customer_id.isnull()
    is_near = (joined.second >= joined.opens) & (joined.second <= joined.closes)
    is_within = is_open & is_near.fill_null(False)
    visitors = joined.group_by("anonymous_id").agg(
        customer_id=joined.customer_id_right.max(),
        entity_id=joined.entity_id.max(),
        firms=joined.firms.max(),
        agreed=joined.agreed.max(),
        logins=joined.logins.max().fill_null(0),
        opens=joined.opens.max(),
        closes=joined.closes.max(),
        events=is_open.ifelse(1, 0).sum(),
        events_within=is_within.ifelse(1, 0).sum(),
        unnamed=joined.unnamed.sum(),
    )
    outcome = ibis.cases(
        ((visitors.logins == 0) & (visitors.unnamed > 0), "without_consent"),
        (visitors.logins == 0, "never"),
        ((visitors.firms > 1) | (visitors.unnamed > 0), "shared"),
        (visitors.agreed == 0, "without_consent"),
        (visitors.events_within == 0, "outside"),
        else_="stitched",
    )
    return visitors.mutate(outcome=outcome)


def build_stitches(visitors: ir.Table | None) -> pd.DataFrame:
    """Which customer do the visits of an anonymous id belong to, and from when to when?

    Parameters
    ----------
    visitors : ibis.Table, optional
        From :func:`score_visitors`.

    Returns
    -------
    pandas.DataFrame
        ``anonymous_id, customer_id, entity_id, from, to`` (the window, UTC), ``logins, events``, one row per
        anonymous id that is stitched.
    """
    if visitors is None:
        return pd.DataFrame(columns=STITCH_COLUMNS)
    stitched = visitors.filter(visitors.outcome == "stitched").order_by("anonymous_id").to_pandas()
    stitched["from"] = pd.to_datetime(stitched["opens"], unit="s")
    stitched["to"] = pd.to_datetime(stitched["closes"], unit="s")
    return stitched.drop(columns="events").rename(columns={"events_within": "events"})[STITCH_COLUMNS]


def count_visitors(visitors: ir.Table | None) -> pd.DataFrame:
    """How many anonymous ids and visits can be given to a customer, and why not the others?

    Parameters
    ----------
    visitors : ibis.Table, optional
        From :func:`score_visitors`.

    Returns
    -------
    pandas.DataFrame
        ``outcome, anonymous_ids, events`` (not logged in), ``stitched_events``, one row per outcome.
    """
    columns = ["outcome", "anonymous_ids", "events", "stitched_events"]
    if visitors is None:
        return pd.DataFrame(columns=columns)
    is_stitched = (visitors.outcome == "stitched").ifelse(1, 0)
    counts = visitors.group_by("outcome").agg(
        anonymous_ids=visitors.count(),
        events=visitors.events.sum(),
        stitched_events=(visitors.events_within * is_stitched).sum(),
    )
    counts = counts.to_pandas().set_index("outcome").reindex(list(OUTCOMES), fill_value=0).astype("int64")
    return counts.rename(index=OUTCOMES).rename_axis("outcome").reset_index()
