"""Definitions against six customers worked by hand, and against plain pandas on the simulated client."""

from dataclasses import replace
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.quality.definition_evidence import build_memberships, list_tables
from segutils.data_readiness.quality.definition_measures import (
    ALL,
    ANY,
    compare_departments,
    find_contested,
    measure_options,
)
from segutils.data_readiness.quality.definitions import WEIGHTS, build_definitions, decide_definitions
from segutils.errors import InputError
from segutils.findings import Override
from segutils.samples import client
from segutils.samples.making import open_making

AS_OF = date(2025, 12, 31)
ACTIVE = {
    "Sales": "days_since(transactions.ordered_at) <= 180",
    "Finance": "sum(transactions.net_revenue, days=365) > 0",
}
BIG = {"Finance": "sum(transactions.net_revenue, days=365) >= 50"}
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": list("abcdef"),
        "region": ["n", "n", "s", None, None, None],
        "signup_date": [date(2023, 1, 1)] * 6,
    }
)
ORDERS = [
    ("a", date(2025, 2, 1), 50.0),
    ("a", date(2025, 12, 1), 60.0),
    ("b", date(2025, 3, 1), 200.0),
    ("c", date(2025, 10, 1), 100.0),
    ("c", date(2025, 10, 15), -100.0),  # all of it came back
    ("d", date(2024, 11, 1), 30.0),
    ("f", date(2025, 9, 1), 20.0),
    ("f", date(2025, 11, 20), 10.0),
]


def lines(orders=ORDERS) -> ibis.Table:
    frame = pd.DataFrame(orders, columns=["customer_id", "ordered_on", "net_revenue"])
    frame["order_id"] = [f"o{number}" for number in range(len(frame))]
    frame["ordered_at"] = pd.to_datetime(frame.ordered_on) + pd.Timedelta(hours=9)
    return ibis.memtable(frame)


def six(definitions, *, customers=CUSTOMERS, orders=ORDERS, horizon_days=90):
    return build_memberships(
        definitions,
        customers=ibis.memtable(customers),
        tables={"transactions": lines(orders)},
        as_of=AS_OF,
        horizon_days=horizon_days,
    )


def test_six_customers_worked_by_hand():
    """Today: Sales names a, c, f and Finance a, b, f. Revenue of the last year: a 110, b 200, c 0, f 30."""
    memberships = six({"active_customer": ACTIVE})
    found = measure_options(memberships, "active_customer").set_index("option")
    assert found.customers.to_dict() == {"Sales": 3, "Finance": 3, ALL: 2, ANY: 4}
    assert found.revenue.to_dict() == {"Sales": 140, "Finance": 340, ALL: 140, ANY: 340}
    assert found.agreement.tolist() == [0.75, 0.75, pytest.approx(2 / 3), 0.75]  # its own counts 1
    assert found.simplicity.tolist() == [1, 1, 0.5, 0.5]  # both departments read one column
    assert memberships.now.customer_id[find_contested(memberships, "active_customer")].tolist() == ["b", "c"]
    (pair,) = compare_departments(memberships, "active_customer").to_dict("records")
    assert (pair["both"], pair["only_first"], pair["only_second"], pair["revenue"]) == (2, 1, 1, 200)


def test_foresight_worked_by_hand():
    """On 2 October Sales names c, f and Finance a, b, c, d, f; since then a (60) and f (10) ordered."""
    memberships = six({"active_customer": ACTIVE, "big": BIG})
    assert memberships.then.customer_id[memberships.then.ordered_next].tolist() == ["a", "f"]
    found = measure_options(memberships, "active_customer").set_index("option")
    sales, finance = found.loc["Sales"], found.loc["Finance"]
    assert (sales.ordered_next, sales.next_customers) == (1 / 2, 1 / 2)
    assert (finance.ordered_next, finance.next_customers) == (2 / 5, 1)
    assert sales.next_revenue == pytest.approx(10 / 70) and finance.next_revenue == 1
    assert sales.foresight == 1 / 2 - 1 / 4  # of b, c, d, e, who did not order, it named c
    assert finance.foresight == 1 - 3 / 4
    big = measure_options(memberships, "big", by_value=True).iloc[0]
    # a, b, c: half of the customers and 60 of 70; the most is half of |6/7-1/6| + |1/7-1/6| + 4/6
    assert big.foresight == pytest.approx((60 / 70 - 1 / 2) / (29 / 42))


def test_customers_of_later_do_not_count_for_an_earlier_day():
    customers = CUSTOMERS.assign(signup_date=[date(2023, 1, 1)] * 5 + [date(2025, 12, 1)])
    memberships = six({"active_customer": ACTIVE}, customers=customers)
    assert memberships.then.existed.tolist() == [True] * 6  # f ordered before signing up
    late = [order for order in ORDERS if order[0] != "f"] + [("f", date(2025, 12, 5), 1.0)]
    memberships = six({"active_customer": ACTIVE}, customers=customers, orders=late)
    assert memberships.then.existed.tolist() == [True] * 5 + [False]


def test_availability_is_what_is_filled_and_how_far_it_reaches():
    text = {"A": "region == 'n'", "B": "sum(transactions.net_revenue, days=852) > 0", "C": BIG["Finance"]}
    found = measure_options(six({"x": text}), "x").set_index("option").availability
    # region is filled for 3 of 6; the lines reach back 426 days, from 1 November 2024
    assert found.to_dict() == {"A": 0.5, "B": 0.5, "C": 1, ALL: 0.5, ANY: 0.5}


def test_the_decision_on_six_customers():
    finding = decide_definitions(six({"active_customer": ACTIVE, "big": BIG}), currency="EUR", resamples=20)
    assert finding.status == "caution"
    assert finding.headline.startswith(
        "Depending on the department, 3 of 6 customers are meant by “active customer”; they disagree on 2 "
        "(33 %) with EUR 200 (58.8 %) of the last year's net revenue, and the definition of"
    )
    # by hand, 0.35 x agreement + 0.35 x foresight + 0.15 x 1 + 0.15 x simplicity; Sales and Finance tie
    scores = finding.decision.options.set_index("option").score
    assert scores["Sales"] == scores["Finance"] == pytest.approx(0.35 * 0.75 + 0.35 * 0.25 + 0.15 + 0.15)
    assert scores[ANY] == pytest.approx(0.35 * 0.75 + 0.35 * 0.25 + 0.15 + 0.075)
    assert finding.decision.recommendation == "Sales"  # the first stated of equals
    table = finding.table[finding.table.holds_from_here]
    assert table.term.tolist() == ["active customer", "big"] and table.definition.tolist() == [
        "Sales",
        "Finance",
    ]


def test_the_override_holds_and_the_recommendation_stays_visible():
    memberships = six({"active_customer": ACTIVE, "big": BIG})
    override = Override(choice=ANY, who="C. Moreau", when="2026-01-10", why="Nobody is left out.")
    finding = decide_definitions(memberships, currency="EUR", resamples=5, override=override)
    assert finding.decision.choice == ANY and finding.decision.recommendation == "Sales"
    assert "the client chose what any department says (4 customers)" in finding.headline
    table = build_definitions(memberships, finding)
    assert table.columns.tolist() == ["customer_id", "active_customer", "big"]
    assert table.customer_id[table.active_customer].tolist() == ["a", "b", "c", "f"]
    assert table.customer_id[table.big].tolist() == ["a", "b"]
    with pytest.raises(InputError, match="not an option"):
        decide_definitions(
            memberships, currency="EUR", resamples=5, override=replace(override, choice="Marketing")
        )


def test_departments_that_agree_leave_nothing_to_contest():
    same = {"Sales": ACTIVE["Finance"], "Finance": ACTIVE["Finance"]}
    finding = decide_definitions(six({"active_customer": same}), currency="EUR", resamples=5)
    assert finding.status == "pass"
    assert finding.headline.startswith("All departments mean the same 3 customers of 6")
    assert finding.figures[0].title == "No two departments disagree on a customer"
    assert finding.table.agreement.tolist() == [1] * 4


def test_one_department_alone_decides():
    finding = decide_definitions(six({"big": BIG}), currency="EUR")
    assert finding.status == "pass" and finding.decision.recommendation == "Finance"
    assert finding.headline == "Finance alone defines “big”: 2 of 6 customers." and not finding.figures


def test_a_short_history_tells_no_future_and_says_so():
    finding = decide_definitions(
        six({"active_customer": ACTIVE}, horizon_days=300), currency="EUR", resamples=5
    )
    assert "foresight" not in finding.decision.options
    assert finding.table.ordered_next.isna().all() and finding.needs[0].table == "transactions"
    assert "do not reach back" in " ".join(finding.limits)


def test_nothing_defined_is_not_run():
    finding = decide_definitions(None, currency="EUR")
    assert finding.status == "not_run" and finding.needs[0].columns == ("definitions",)
    assert build_definitions(None, finding).columns.tolist() == ["customer_id"]


def test_wrong_parameters_and_conditions_are_refused():
    memberships = six({"active_customer": ACTIVE})
    with pytest.raises(InputError, match="nobody defines 'loyal'"):
        decide_definitions(memberships, currency="EUR", term="loyal")
    with pytest.raises(InputError, match="weights are given for agreement"):
        decide_definitions(memberships, currency="EUR", weights={"agreement": 1})
    with pytest.raises(InputError, match="no future to look at"):
        six({"active_customer": ACTIVE}, horizon_days=0)
    with pytest.raises(InputError, match="there is no column 'regoin'") as caught:
        six({"active_customer": {"Sales": "regoin == 'n'"}})
    assert caught.value.where == "engagement file, definitions.active_customer.Sales"
    assert "did you mean 'region'" in caught.value.fix


# --- the simulated client: what its engagement file says, counted again in plain pandas

STATED = {
    "active_customer": {
        "Sales": "days_since(transactions.ordered_at) <= 540 "
        "or count(opportunities.opportunity_id, days=365) > 0",
        "Finance": "sum(transactions.net_revenue, days=365) > 0",
        "Marketing": "days_since(transactions.ordered_at) <= 180 or days_since(events.occurred_at) <= 90",
        "Service": "days_since(transactions.ordered_at) <= 730 or count(tickets.ticket_id, days=365) > 0",
    },
    "high_value": {
        "Sales": 'sales_segment == "Key account" or sum(transactions.net_revenue, days=365) >= 100000',
        "Finance": "sum(transactions.contribution_margin, days=365) >= 40000",
        "Marketing": "annual_revenue >= 50000000 and sum(transactions.net_revenue, days=730) >= 25000",
        "Service": "count(transactions.order_id, days=365) >= 24",
    },
}
MOMENTS = {
    "transactions": "ordered_at",
    "opportunities": "opened_at",
    "events": "occurred_at",
    "tickets": "opened_at",
}


@pytest.fixture(scope="module")
def made():
    """The tables of a simulated client of 1,500 accounts; its times are local."""
    with open_making(accounts=1500, seed=5) as making:
        client.build_tables(making)
        frames = {name: making.ask(f"select * from client.{name}") for name in ("customers", *MOMENTS)}
    for name, moment in MOMENTS.items():
        frames[name][moment.replace("_at", "_on")] = frames[name][moment].dt.date
    return frames


@pytest.fixture(scope="module")
def stated(made):
    return build_memberships(
        STATED,
        customers=ibis.memtable(made["customers"]),
        tables={name: ibis.memtable(made[name]) for name in list_tables(STATED)},
        as_of=AS_OF,
    )


def count_again(made, day: date) -> pd.DataFrame:
    """Each definition in plain pandas: one row per customer, one column per department and word."""
    customers = made["customers"].set_index("customer_id")
    lasts, within = {}, {}
    for name, moment in MOMENTS.items():
        frame = made[name].assign(day=made[name][moment.replace("_at", "_on")])
        frame = frame[frame.day <= day]
        lasts[name] = frame.groupby("customer_id").day.max().reindex(customers.index)
        for days in (365, 730):
            within[name, days] = frame[frame.day > day - timedelta(days=days)]

    def since(name: str) -> pd.Series:
        return (pd.Timestamp(day) - pd.to_datetime(lasts[name])).dt.days

    def total(column: str, days: int) -> pd.Series:
        frame = within["transactions", days]
        return frame.groupby("customer_id")[column].sum().astype(float).reindex(customers.index).fillna(0)

    def different(name: str, column: str) -> pd.Series:
        return within[name, 365].groupby("customer_id")[column].nunique().reindex(customers.index).fillna(0)

    return pd.DataFrame(
        {
            "active_customer Sales": (since("transactions") <= 540)
            | (different("opportunities", "opportunity_id") > 0),
            "active_customer Finance": total("net_revenue", 365).round(2) > 0,
            "active_customer Marketing": (since("transactions") <= 180) | (since("events") <= 90),
            "active_customer Service": (since("transactions") <= 730)
            | (different("tickets", "ticket_id") > 0),
            "high_value Sales": (customers.sales_segment == "Key account")
            | (total("net_revenue", 365) >= 100000),
            "high_value Finance": total("contribution_margin", 365) >= 40000,
            "high_value Marketing": (customers.annual_revenue.astype(float) >= 5e7)
            & (total("net_revenue", 730) >= 25000),
            "high_value Service": different("transactions", "order_id") >= 24,
        }
    ).sort_index()


@pytest.mark.parametrize("days_before", [0, 180])
def test_the_engine_and_plain_pandas_name_the_same_customers(made, stated, days_before):
    frame = stated.then if days_before else stated.now
    again = count_again(made, AS_OF - timedelta(days=days_before))
    assert frame.customer_id.tolist() == again.index.tolist()
    for row in stated.members.itertuples():
        expected = again[f"{row.term} {row.department}"].to_numpy()
        assert 20 < expected.sum() < 1500  # a definition that names all or none would test nothing
        np.testing.assert_array_equal(frame[row.column].to_numpy(), expected, err_msg=f"{row.department}")


def test_the_counts_of_the_simulated_client(made, stated):
    finding = decide_definitions(stated, currency="EUR", resamples=20)
    again = count_again(made, AS_OF)
    table = finding.table.set_index(["term", "definition"])
    for term in STATED:
        columns = [f"{term} {department}" for department in STATED[term]]
        counts = table.customers[term.replace("_", " ")]
        assert counts[list(STATED[term])].tolist() == again[columns].sum().tolist()
        assert counts[ALL] == again[columns].all(axis=1).sum()
        assert counts[ANY] == again[columns].any(axis=1).sum()
    active = again[[f"active_customer {department}" for department in STATED["active_customer"]]]
    contested = int((active.any(axis=1) & ~active.all(axis=1)).sum())
    assert f"disagree on {contested:,} " in finding.headline and finding.status == "caution"
    # the customers without an order for a year and a half do come back, but rarely: Service names them all
    foresight = finding.decision.options.set_index("option").foresight
    assert foresight["Service"] < foresight["Finance"] and sum(WEIGHTS.values()) == pytest.approx(1)
    held = build_definitions(stated, finding)
    assert held.active_customer.sum() == counts_of(finding, "active customer")


def counts_of(finding, term: str) -> int:
    rows = finding.table[(finding.table.term == term) & finding.table.holds_from_here]
    return int(rows.customers.iloc[0])
