"""Web events: what can be stitched to an account, what can't, and what must not be."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.marketing.sessions import EVENTS, KINDS, VISITOR_SLOTS, VISITORS

SESSIONS = """
    select session_id, any_value(anonymous_id) as anonymous_id, any_value(customer_id) as customer_id,
      min(occurred_at) as started_at, count(distinct customer_id) as customers,
      count(distinct anonymous_id) as visitors, count(*) as events, count(customer_id) as signed,
      bool_or(event_type = 'login') as login
    from client.events group by session_id"""


@pytest.fixture(scope="module", params=["made", "null"])
def making(request: pytest.FixtureRequest) -> Making:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def sessions(making: Making) -> pd.DataFrame:
    return making.ask(SESSIONS)


def test_a_session_is_one_visitor_and_signed_throughout_or_not_at_all(
    making: Making, sessions: pd.DataFrame
) -> None:
    assert (sessions.customers <= 1).all() and (sessions.visitors <= 1).all()
    assert sessions.signed.isin([0, sessions.events.max()]).any()
    assert (sessions.signed.eq(0) | sessions.signed.eq(sessions.events)).all()
    assert (sessions.login == sessions.customer_id.notna()).all()
    assert sessions[sessions.customer_id.isna()].anonymous_id.notna().all()
    events = making.ask("""
        select count(*) as n, count(distinct event_id) as ids, min(occurred_at) >= '2023-01-01' as first,
          max(occurred_at) < '2026-01-01' as last,
          bool_and((value is not null) = (event_type in ('configurator', 'quote request'))) as priced
        from client.events""").iloc[0]
    assert events.n == events.ids and events["first"] and events["last"] and events.priced
    assert set(making.ask("select distinct event_type from client.events").event_type) == {
        "login",
        "datasheet download",
        *EVENTS,
    }
    alive = making.ask("""
        select bool_and(occurred_at >= starts_on and occurred_at < coalesce(churned_on, date '2026-01-01'))
          as alive
        from client.events join truth.accounts using (customer_id)""")
    assert alive.alive[0]


def test_shares_of_visitors_are_as_planted(
    making: Making, sessions: pd.DataFrame, within: Callable[..., None]
) -> None:
    """From the data: how many accounts log in under an anonymous id tells shared from stitchable."""
    logins = sessions.dropna(subset="anonymous_id").groupby("anonymous_id").customer_id.nunique()
    chance = VISITORS / VISITOR_SLOTS
    error = np.sqrt(VISITOR_SLOTS * making.accounts * chance * (1 - chance))
    within(len(logins), VISITORS * making.accounts, error, what="visitors")
    known = KINDS["stitchable"] + KINDS["shared"]
    within((logins > 0).mean(), known, np.sqrt(known * (1 - known) / len(logins)), what="log in")
    truth = making.ask("select * from truth.anonymous").set_index("anonymous_id")
    assert set(truth.index) == set(logins.index)
    kinds = truth.kind.value_counts(normalize=True)
    for kind in ("hidden", "nobody"):
        share = KINDS[kind]
        within(kinds[kind], share, np.sqrt(share * (1 - share) / len(truth)), what=kind)
    # a wished shared one without a fitting neighbour is given to one account
    assert 0.5 * KINDS["shared"] < kinds["shared"] < 1.3 * KINDS["shared"]
    planted = truth.kind.map({"stitchable": 1, "shared": 2, "hidden": 0, "nobody": 0})
    assert (logins == planted[logins.index]).all()
    assert (truth.stitchable == (truth.kind == "stitchable")).all()


def test_ids_with_one_account_can_be_stitched_and_shared_ones_not(
    making: Making, sessions: pd.DataFrame
) -> None:
    truth = making.ask("select session_id, customer_id as owner from truth.anonymous_sessions")
    anonymous = sessions[sessions.customer_id.isna()].merge(truth, on="session_id", how="left")
    logins = sessions.dropna(subset=["anonymous_id", "customer_id"]).groupby("anonymous_id").customer_id
    stitched = anonymous.anonymous_id.map(logins.first())
    accounts = anonymous.anonymous_id.map(logins.nunique()).fillna(0)
    assert (stitched == anonymous.owner)[accounts == 1].all() and (accounts == 1).sum() > 100
    blind = (stitched != anonymous.owner)[accounts == 2]
    assert len(blind) > 10 and 0.25 < blind.mean() < 0.75
    unknown = anonymous[accounts == 0]
    assert unknown.owner.isna().any() and unknown.owner.notna().any()
    # the login may come before or after
    first = sessions.dropna(subset=["anonymous_id", "customer_id"]).groupby("anonymous_id").started_at.min()
    later = anonymous.started_at[accounts == 1] > anonymous.anonymous_id.map(first)[accounts == 1]
    assert 0.2 < later.mean() < 0.9


def test_truth_names_the_firm_behind_an_id(making: Making) -> None:
    truth = making.ask("""
        select a.*, b.entity as firm, o.entity as other
        from truth.anonymous as a left join truth.accounts as b using (customer_id)
          left join truth.accounts as o on o.customer_id = a.other_customer_id""")
    shared = truth[truth.kind == "shared"]
    assert (shared.firm != shared.other).all() and shared.entity.isna().all()
    own = truth[truth.kind.isin(["stitchable", "hidden"])]
    assert (own.entity == own.firm).all() and own.other_customer_id.isna().all()
    assert truth[truth.kind == "nobody"].customer_id.isna().all()
