"""Visits without a login: six visitors by hand, and the truth of the simulated client's."""

import ibis
import pandas as pd
import pytest

from segutils.data_readiness.identity.stitching import (
    OUTCOMES,
    build_stitches,
    count_visitors,
    score_visitors,
)
from segutils.errors import InputError

DAY = pd.Timestamp("2025-06-01 12:00")
CUSTOMERS = pd.DataFrame(
    {"customer_id": ["A", "A2", "B", "C"], "consent_profiling": [True, True, True, None]}
)
ENTITIES = pd.DataFrame({"customer_id": ["A", "A2", "B"], "entity_id": ["firm", "firm", "other"]})
# visitor, days after the first of June, customer who is logged in
EVENTS = [
    ("one", 0, "A"),
    ("one", -10, None),
    ("one", -11, None),  # outside of ten days
    ("one", 5, None),
    ("one", 6, None),  # outside of five days
    ("firm", 0, "A"),
    ("firm", 1, "A2"),  # two accounts, one firm
    ("firm", 2, None),
    ("shared", 0, "A"),
    ("shared", 0, "B"),
    ("shared", 1, None),
    ("silent", 0, "C"),  # did not answer
    ("silent", 1, None),
    ("never", 0, None),
    ("far", 0, "B"),
    ("far", 40, None),
    (None, 0, "B"),
]


def score(customers=CUSTOMERS, entities=ENTITIES, **windows):
    events = pd.DataFrame(EVENTS, columns=["anonymous_id", "day", "customer_id"])
    events["occurred_at"] = DAY + pd.to_timedelta(events.pop("day"), unit="D")
    windows = {"days_before": 10, "days_after": 5} | windows
    return score_visitors(ibis.memtable(events), ibis.memtable(customers), entities, **windows)


def test_each_visitor_has_an_outcome():
    found = score().to_pandas().set_index("anonymous_id")["outcome"]
    assert found.to_dict() == {
        "one": "stitched",
        "firm": "stitched",
        "shared": "shared",
        "silent": "without_consent",
        "never": "never",
        "far": "outside",
    }


def test_stitches_name_customer_and_window():
    found = build_stitches(score()).set_index("anonymous_id")
    assert found["customer_id"].to_dict() == {"one": "A", "firm": "A2"}  # whoever logged in last
    assert found["entity_id"].to_dict() == {"one": "firm", "firm": "firm"}
    assert found["events"].to_dict() == {"one": 2, "firm": 1}
    assert found.loc["one", "from"] == DAY - pd.Timedelta(days=10)
    assert found.loc["one", "to"] == DAY + pd.Timedelta(days=5)


def test_one_account_of_a_firm_that_says_no_is_enough():
    asked = CUSTOMERS.assign(consent_profiling=[True, False, True, None])
    found = score(asked).to_pandas().set_index("anonymous_id")["outcome"]
    assert found["firm"] == "without_consent" and found["one"] == "stitched"


def test_somebody_who_may_not_be_named_has_the_device_too():
    """Where the customer of a login is left empty, for want of consent, the device is nobody's."""
    events = pd.DataFrame(
        {
            "anonymous_id": ["u", "u", "u", "w", "w"],
            "event_type": ["login", "login", "page view", "login", "page view"],
            "customer_id": ["A", None, None, None, None],
            "occurred_at": DAY,
        }
    )
    found = score_visitors(ibis.memtable(events), ibis.memtable(CUSTOMERS), ENTITIES).to_pandas()
    assert dict(found[["anonymous_id", "outcome"]].to_numpy()) == {"u": "shared", "w": "without_consent"}


def test_without_links_two_accounts_are_two_customers():
    found = score(entities=ENTITIES.iloc[:0]).to_pandas().set_index("anonymous_id")["outcome"]
    assert found["firm"] == "shared"


def test_counts_of_all_outcomes():
    found = count_visitors(score()).set_index("outcome")
    assert found["anonymous_ids"].to_dict() == {
        OUTCOMES["stitched"]: 2,
        OUTCOMES["outside"]: 1,
        OUTCOMES["without_consent"]: 1,
        OUTCOMES["shared"]: 1,
        OUTCOMES["never"]: 1,
    }
    assert found["events"].sum() == 9 and found["stitched_events"].sum() == 3


def test_nobody_is_stitched_who_was_not_asked():
    assert score(CUSTOMERS[["customer_id"]]) is None


def test_without_events_the_tables_are_empty():
    assert score_visitors(None, ibis.memtable(CUSTOMERS), ENTITIES) is None
    assert build_stitches(None).empty and count_visitors(None).empty


def test_a_negative_window_is_refused():
    with pytest.raises(InputError, match="cannot be negative"):
        score(days_before=-1)


def test_the_planted_visitors_are_recovered(visits):
    """Shared devices are never stitched, every stitch is right, and nearly all that could be is stitched."""
    firms = visits["accounts"][["customer_id", "entity"]].rename(columns={"entity": "entity_id"})
    events, customers = visits["events"], visits["customers"]
    scored = score_visitors(ibis.memtable(events), ibis.memtable(customers), firms)
    stitches = build_stitches(scored)
    truth = visits["anonymous"].set_index("anonymous_id")
    right = truth.loc[stitches["anonymous_id"]]
    assert (right["kind"] == "stitchable").all()
    assert (right["entity"].to_numpy() == stitches["entity_id"].to_numpy()).all()
    counts = count_visitors(scored).set_index("outcome")["anonymous_ids"]
    assert counts[OUTCOMES["shared"]] == (truth["kind"] == "shared").sum()
    # precision and recall of single visits, against the account behind each session
    open_visits = events[events["customer_id"].isna() & events["anonymous_id"].notna()]
    near = open_visits.merge(stitches, on="anonymous_id", suffixes=("_said", ""))
    near = near[near["occurred_at"].between(near["from"], near["to"])]
    assert len(near) == stitches["events"].sum()
    behind = visits["anonymous_sessions"].set_index("session_id")["customer_id"]
    firm = firms.set_index("customer_id")["entity_id"]
    assert (near["session_id"].map(behind).map(firm) == near["entity_id"]).all()
    agreed = customers.set_index("customer_id")["consent_profiling"]
    could = open_visits[open_visits["anonymous_id"].map(truth["kind"]) == "stitchable"]
    could = could[could["session_id"].map(behind).map(agreed).fillna(False).astype(bool)]
    assert len(near) / len(could) > 0.95
