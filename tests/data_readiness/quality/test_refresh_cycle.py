"""The refresh cycle: planted switching, customers who never change, records that age at planted hazards."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity.certain_links import build_certain_links
from segutils.data_readiness.quality.assignment_decay import average_wrong, fit_decay, follow_curve
from segutils.data_readiness.quality.monthly_activity import build_activity
from segutils.data_readiness.quality.record_decay import (
    FIELDS,
    build_pairs,
    fit_hazards,
    last_change,
)
from segutils.data_readiness.quality.refresh_cycle import decide_refresh_cycle
from segutils.data_readiness.quality.refresh_options import (
    find_break_even,
    read_stated,
    score_intervals,
)
from segutils.errors import InputError
from segutils.findings import Override
from segutils.samples import client
from segutils.samples.making import open_making

AS_OF = date(2025, 12, 31)
MONTHS = 24
COSTS = pd.DataFrame(
    [
        {
            "item": "renewing the segments",
            "amount": 60_000,
            "per": "refresh",
            "every": None,
            "owner": "P. Lange",
        },
        {"item": "e-mail", "amount": 0.05, "per": "message", "every": None, "owner": "C. Moreau"},
    ]
)
WRONG = {"item": "a customer in the wrong segment", "amount": 50, "per": "customer", "every": "quarter"}


def month_end(back: int) -> pd.Timestamp:
    return pd.Timestamp(AS_OF) - pd.offsets.MonthEnd(back)


def orders_of(kinds: np.ndarray) -> ibis.Table:
    """Kind 1 orders ten times a month, kind 0 twice, for 20 each; both three days before the month ends."""
    rows = []
    for back in range(kinds.shape[1]):
        day = (month_end(back) - pd.Timedelta(days=3)).date()
        for count, group in ((10, 1), (2, 0)):
            ids = np.flatnonzero(kinds[:, back] == group)
            rows += [(f"c{i:05d}", f"{i}-{back}-{n}", day, 20.0) for i in ids for n in range(count)]
    rows.append(("c00000", "first", (month_end(kinds.shape[1]) + pd.Timedelta(days=1)).date(), 1e-9))
    return ibis.memtable(pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_on", "net_revenue"]))


@pytest.fixture(scope="module")
def switching():
    """800 customers who switch between the kinds with probability 0.04 a month, either way."""
    rng = np.random.default_rng(3)
    kinds = np.empty((800, MONTHS), dtype=int)
    kinds[:, -1] = rng.integers(0, 2, 800)
    for back in range(MONTHS - 2, -1, -1):
        kinds[:, back] = kinds[:, back + 1] ^ (rng.random(800) < 0.04)
    return build_activity(orders_of(kinds), as_of=AS_OF)


@pytest.fixture(scope="module")
def static():
    """200 customers of both kinds of whom none ever changes."""
    kinds = np.repeat(np.arange(200)[:, None] % 2, MONTHS, axis=1)
    return build_activity(orders_of(kinds), as_of=AS_OF)


def test_activity_of_a_few_orders_worked_by_hand():
    lines = pd.DataFrame(
        [
            ("a", "1", date(2025, 12, 31), 10.0),
            ("a", "1", date(2025, 12, 31), 5.0),  # the same order
            ("a", "2", date(2025, 12, 1), 1.0),
            ("a", "3", date(2025, 11, 30), 7.0),  # the last day of the month before
            ("b", "4", date(2025, 10, 5), 30.0),
            ("b", "5", date(2025, 12, 10), -4.0),  # a return is no order
            ("b", "6", date(2026, 1, 1), 99.0),  # after the last day
            ("a", "0", date(2025, 10, 1), 2.0),
        ],
        columns=["customer_id", "order_id", "ordered_on", "net_revenue"],
    )
    found = build_activity(ibis.memtable(lines), as_of=AS_OF)
    assert (found.customers, found.population, found.months) == (2, 2, 3)  # October to December are whole
    assert found.ends.tolist() == [0, 31, 61, 92]
    assert found.orders.tolist() == [[2, 1, 1], [0, 0, 1]]
    assert found.revenue.tolist() == [[16, 7, 2], [-4, 0, 30]]
    assert found.last_days[0].tolist() == [0, 31, 91] and np.isnan(found.last_days[1, :2]).all()


def test_the_planted_hazard_of_switching_comes_back(switching):
    """Who switches with probability p a month is elsewhere after m months with W(m) = (1 - (1 - 2p)^m) / 2.

    An assignment of m months ago misses the month after with W(m + 1), a fresh one with W(1).
    """
    decay = fit_decay(switching, window_months=1, segments=2, max_lag=18, max_starts=23, resamples=100)
    lags = decay.lags.set_index("months")

    def elsewhere(months: int) -> float:
        return (1 - (1 - 2 * 0.04) ** months) / 2

    for months in (1, 3, 6, 12, 18):
        error = (lags.high[months] - lags.low[months]) / (2 * 1.96)
        assert abs(lags.wrong_share[months] - (elsewhere(months + 1) - elsewhere(1))) < 4 * error, months
        assert error < 0.025
        assert lags.moved_share[months] == pytest.approx(elsewhere(months), abs=0.06)
        assert lags.chance_share[months] == pytest.approx(elsewhere(1), abs=0.02)
    # the curve: a ceiling of (1 - 2p) / 2, and exp(-hazard / 12) = 1 - 2p
    assert decay.ceiling == pytest.approx((1 - 2 * 0.04) / 2, abs=0.06)
    assert decay.yearly_hazard == pytest.approx(-12 * np.log(1 - 2 * 0.04), rel=0.25)
    assert (lags.stopped_share == 0).all() and (lags.unplaced_share == 0).all()


def test_chance_alone_calls_for_no_refresh():
    """Steady habits, random orders: a refresh would move many customers, and put none of them right."""
    rng = np.random.default_rng(8)
    rates = rng.choice([0.5, 1.5, 4.0], 900)
    rows = [
        (f"c{i:04d}", f"{i}-{n}", (pd.Timestamp(AS_OF) - pd.Timedelta(days=int(day))).date(), 20.0)
        for i, rate in enumerate(rates)
        for n, day in enumerate(rng.integers(0, 730, rng.poisson(24 * rate)))
    ]
    lines = pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_on", "net_revenue"])
    decay = fit_decay(build_activity(ibis.memtable(lines), as_of=AS_OF), max_lag=12)
    year = decay.lags.set_index("months").loc[12]
    assert year.moved_share > 0.3  # most of all "decay" that a naive count would report
    assert year.low <= 0 <= year.high and abs(year.wrong_share) < 0.05
    finding = decide_refresh_cycle(decay, None, currency="EUR", costs=COSTS)
    assert "no more customers are misplaced than with one" in finding.headline
    assert finding.decision.recommendation == "every 12 months"


def test_customers_who_never_change_need_no_refresh(static):
    decay = fit_decay(static, segments=2)
    assert decay.window_months == 6 and len(decay.lags) == 12
    assert (decay.lags[["moved_share", "wrong_share", "low", "high", "curve"]] == 0).all(axis=None)
    assert decay.ceiling == decay.yearly_hazard == 0
    for costs in (None, COSTS, pd.concat([COSTS, pd.DataFrame([{**WRONG, "owner": "x"}])])):
        finding = decide_refresh_cycle(decay, None, currency="EUR", costs=costs)
        # 18 and 24 months are beyond what two years of orders can show
        assert finding.decision.recommendation == "every 12 months"
        assert finding.decision.robustness_share == 1
        assert finding.headline.startswith("Within 12 months no customer would change the segment")
        unknown = finding.decision.options.set_index("option").verdict
        assert unknown["every 24 months"] == "history too short"


def test_customers_who_stop_are_in_the_wrong_segment_and_new_ones_in_none():
    kinds = np.repeat(np.arange(100)[:, None] % 2, MONTHS, axis=1)
    kinds[:50, :6] = -1  # half of them stop six months before the end
    kinds[80:, 6:] = -1  # a fifth are new since then
    decay = fit_decay(
        build_activity(orders_of(kinds), as_of=AS_OF), window_months=1, segments=2, max_lag=6, max_starts=23
    )
    last = decay.lags.set_index("months").loc[1]
    # of the starts 2 to 23 months back only that of six months sees 50 of 80 stop, and a fresh segment (none)
    # hold; one month earlier the fresh segment is wrong, too
    placed = 80 * 18 + 50 * 4
    assert last.stopped_share == last.moved_share == last.wrong_share == pytest.approx(50 / placed)
    assert last.chance_share == pytest.approx(50 / placed)
    assert last.unplaced_share == pytest.approx(20 / (80 * 17 + 50 * 5))  # 30 old and 20 new remain


def test_the_average_from_one_refresh_to_the_next():
    """A line from 0 to 0.6 in three months: its mean is 0.3; and half of the first month's share for one."""
    shares = np.array([0.2, 0.4, 0.6])
    assert average_wrong(shares, 3) == pytest.approx(0.3) and average_wrong(shares, 1) == pytest.approx(0.1)
    assert follow_curve(12, 0.5, np.log(2)) == pytest.approx(0.25)


def decay_of(shares):
    """A decay with known shares, 1,000 customers, four segments, and no noise."""
    from segutils.data_readiness.quality.assignment_decay import Decay

    shares = np.asarray(shares, dtype=float)
    lags = pd.DataFrame({"months": np.arange(1, len(shares) + 1), "wrong_share": shares})
    for column in ("low", "high", "curve"):
        lags[column] = shares
    lags = lags.assign(starts=3, customers=1000, stopped_share=0.0, unplaced_share=0.0)
    lags = lags.assign(moved_share=shares + 0.1, chance_share=0.25)
    return Decay(
        lags=lags,
        draws=np.tile(shares, (50, 1)),
        ceiling=0.5,
        yearly_hazard=1.0,
        window_months=12,
        segments=4,
        confidence=0.95,
    )


LINE = np.arange(1, 25) * 0.02  # 2 % more each month, so the average over T months is T %


def test_the_interval_that_costs_least():
    """1,000 customers, T % wrong on average at 200 a year each, 60,000 a refresh: 2,000 T + 720,000 / T.

    6 months: 12,000 + 120,000; 12: 24,000 + 60,000; 18: 36,000 + 40,000; 24: 48,000 + 30,000.
    """
    costs = pd.concat([COSTS, pd.DataFrame([{**WRONG, "owner": "C. Moreau"}])])
    finding = decide_refresh_cycle(decay_of(LINE), None, currency="EUR", costs=costs)
    options = finding.decision.options.set_index("option")
    assert options.total.round(6).to_dict() == {
        "every month": 722_000,
        "every 3 months": 246_000,
        "every 6 months": 132_000,
        "every 12 months": 84_000,
        "every 18 months": 76_000,
        "every 24 months": 78_000,
    }
    assert finding.decision.recommendation == "every 18 months" and finding.status == "pass"
    assert "costs EUR 76,000 a year with its consequences, the cheapest in all" in finding.headline
    # against 24: 10,000 saved by 60 more wrong; against 12: 20,000 paid for 60 fewer wrong
    assert "every 24 months once it is below EUR 167 and every 12 months once it is above EUR 333" in (
        finding.decision.robustness
    )
    # the cost is right to a factor of 2: of the draws from 100 to 400, ln(333/167) / ln 4 keep it
    assert finding.decision.robustness_share == pytest.approx(np.log(2) / np.log(4), abs=0.2)


def test_break_even_worked_by_hand():
    stated = read_stated(COSTS, None, max_wrong_share=0.2)
    table = score_intervals(decay_of(LINE), stated, [6, 12, 18]).set_index("option")
    bounds = find_break_even(table, "every 12 months", 1000)
    assert (bounds.rarer, bounds.oftener) == ("every 18 months", "every 6 months")
    assert bounds.low == pytest.approx(20_000 / 60) and bounds.high == pytest.approx(60_000 / 60)


def test_a_stated_limit_knocks_out():
    limit = pd.DataFrame({"measure": ["wrong_share"], "max": [0.1], "owner": ["C. Moreau, CMO"]})
    costs = pd.concat([COSTS, pd.DataFrame([{**WRONG, "owner": "C. Moreau"}])])
    finding = decide_refresh_cycle(decay_of(LINE), None, currency="EUR", costs=costs, thresholds=limit)
    assert finding.decision.recommendation == "every 6 months"
    verdicts = finding.decision.options.set_index("option").verdict
    assert verdicts["every 12 months"] == "misses the limit" and "cheapest that keeps" in finding.headline
    strict = limit.assign(max=0.001)
    finding = decide_refresh_cycle(decay_of(LINE), None, currency="EUR", costs=costs, thresholds=strict)
    assert finding.status == "fail" and finding.decision.recommendation == "every month"
    assert "even refreshing every month misplaces 1.0 % on average, above 0.1 %" in finding.headline


def test_without_the_cost_of_a_wrong_segment_weights_decide_and_money_is_not_invented():
    finding = decide_refresh_cycle(decay_of(LINE), None, currency="EUR", costs=COSTS)
    options = finding.decision.options.set_index("option")
    # by lot three quarters are wrong, refreshed one quarter: T % of a half; thrift: 1 - refreshes / 12
    assert options.accuracy["every 6 months"] == pytest.approx(1 - 0.06 / 0.5)
    assert options.thrift["every 6 months"] == pytest.approx(1 - 2 / 12)
    assert "loss" not in options and "total" not in options
    assert finding.status == "pass" and [n.table for n in finding.needs] == [
        "engagement file",
        "source_records",
    ]
    assert any("Nobody stated what a customer in the wrong segment costs" in note for note in finding.notes)


def test_without_any_cost_the_limit_decides_with_caution():
    finding = decide_refresh_cycle(decay_of(LINE), None, currency="EUR", max_wrong_share=0.13)
    assert finding.decision.recommendation == "every 12 months" and finding.status == "caution"
    assert (
        "the rarest that keeps the limit of 13.0 % and" in finding.headline
        and "cost" not in finding.decision.options
    )
    assert finding.needs[0].columns == ("costs",)
    assert finding.assumptions[0].owner == "playbook default, parameter max_wrong_share"


def test_the_override_holds():
    override = Override(choice="every 24 months", who="A. Lindqvist", when="2026-01-05", why="No staff.")
    finding = decide_refresh_cycle(decay_of(LINE), None, currency="EUR", costs=COSTS, override=override)
    assert finding.decision.choice == "every 24 months"
    assert "refreshing every 24 months misplaces 24.0 % on average" in finding.headline
    assert finding.headline.endswith("as the client decided.")


def test_a_short_history_is_said_and_none_is_not_run(static):
    short = decay_of(LINE[:6])
    finding = decide_refresh_cycle(short, None, currency="USD")
    assert finding.status == "caution" and "every 12 months, every 18 months or every 24 months" in " ".join(
        finding.limits
    )
    nothing = ibis.memtable(
        pd.DataFrame({"customer_id": ["a"], "order_id": ["1"], "ordered_on": [AS_OF], "net_revenue": [1.0]})
    )
    assert fit_decay(build_activity(nothing, as_of=AS_OF)) is None
    finding = decide_refresh_cycle(None, None, currency="USD")
    assert finding.status == "not_run" and finding.needs[0].table == "transactions"


def test_wrong_parameters_are_refused(static):
    with pytest.raises(InputError, match="cannot be back-tested"):
        fit_decay(static, segments=1)
    with pytest.raises(InputError, match="cannot be used"):
        decide_refresh_cycle(decay_of(LINE), None, currency="EUR", intervals=[0, 6])
    endless = pd.DataFrame([{**WRONG, "every": None, "owner": "x"}])
    with pytest.raises(InputError, match="does not say for how long"):
        decide_refresh_cycle(decay_of(LINE), None, currency="EUR", costs=endless)


def test_more_customers_than_needed_are_sampled(static):
    kinds = np.repeat(np.arange(60)[:, None] % 2, 4, axis=1)
    found = build_activity(orders_of(kinds), as_of=AS_OF, max_customers=20)
    assert (found.customers, found.population) == (20, 60) and (found.orders.sum(axis=1) > 0).all()
    decay = fit_decay(found, segments=2)
    assert decay.lags.customers.tolist() == [60, 60]  # of all, not of the sample


# --- records


def make_pairs(hazard: float, *, by_last: bool, seed: int, firms: int = 6000) -> pd.DataFrame:
    """Pairs of two systems, one of which is touched rarely and kept badly, with a known hazard."""
    rng = np.random.default_rng(seed)
    ages = rng.exponential([1.0, 2.5], (firms, 2))
    younger, older = ages.min(axis=1), ages.max(axis=1)
    if by_last:
        last = rng.exponential(1 / hazard, firms) if hazard else np.full(firms, np.inf)
        changed = (younger < last) & (last <= older)
    else:
        changed = rng.poisson(hazard * (older - younger)) > 0
    bad = rng.random(firms) < 0.5
    wrong = rng.random(firms) < np.where(bad, 0.15, 0.03) * (hazard > 0)
    return pd.DataFrame(
        {
            "group_id": np.arange(firms),
            "systems": np.where(bad, "crm/webshop", "crm/erp"),
            "younger": younger,
            "older": older,
            "employees": (changed | wrong).astype(float),
        }
    )


@pytest.mark.parametrize(("by_last", "mechanism"), [(False, "any change"), (True, "last change")])
def test_a_planted_hazard_and_its_mechanism_come_back(by_last, mechanism):
    found = fit_hazards(make_pairs(0.3, by_last=by_last, seed=4), confidence=0.999)
    row = found.fields.iloc[0]
    assert found.mechanism == mechanism
    assert row.low < 0.3 < row.high and row.high - row.low < 0.15
    assert row.base_error == pytest.approx((0.15 + 0.03) / 2, abs=0.03)
    assert row.year_share == pytest.approx(1 - np.exp(-row.hazard))


def test_intervals_hold_what_they_promise():
    """Of 60 samples with a known hazard, 95 % intervals miss it in 3; more than 8 would be 1 in 300."""
    missed = 0
    for seed in range(60):
        row = fit_hazards(make_pairs(0.2, by_last=False, seed=seed, firms=800)).fields.iloc[0]
        missed += not row.low <= 0.2 <= row.high
    assert missed <= 8


def test_where_nothing_differs_the_hazard_is_zero():
    found = fit_hazards(make_pairs(0.0, by_last=False, seed=1))
    row = found.fields.iloc[0]
    assert row.hazard == row.low == row.base_error == 0 and row.high < 0.002
    finding = decide_refresh_cycle(decay_of(LINE), found, currency="EUR", costs=COSTS)
    assert finding.figures[1].title == "Nothing that records say of firms changes"


def test_six_records_worked_by_hand():
    records = pd.DataFrame(
        {
            "source": ["crm", "erp", "web", "crm", "erp", "crm"],
            "record_id": ["1", "2", "3", "4", "5", "6"],
            "name": ["Ann Lee", "Bob Ray", "Ann Lee", "Eva Orr", "Eva Orr", "Zoe Fox"],
            "email": ["a@lee.de", "b@lee.de", "c@lee.de", "e@orr.de", "e@orr.de", None],
            "phone": ["0301", "030 1", "0301", "0401", "0402", "0501"],
            "company": ["Lee GmbH", "Lee", "Lee", "Orr AG", "Orr", "Fox"],
            "postcode": ["10115", "10115", "10999", "20095", "20095", "30159"],
            "industry": ["Pharma", "pharma ", None, "Food", "Paper", "Food"],
            "employees": [100.0, 101.0, 150.0, 10.0, 10.0, 5.0],
            "updated_on": [date(2025, 12, 31), date(2023, 12, 31), date(2024, 12, 31)] * 2,
        }
    )
    groups = pd.DataFrame(
        {"source": records.source, "record_id": records.record_id, "group_id": list("LLLOOF")}
    )
    connection = ibis.duckdb.connect()
    table = connection.create_table("records", records)
    links = connection.create_table("links", groups)
    found = build_pairs(table, links, as_of=AS_OF).sort_values("systems").set_index("systems")
    assert len(found) == 4  # three pairs of Lee, one of Orr, none of Fox
    lee = found[found.group_id == "L"]
    assert lee.index.tolist() == ["crm/erp", "crm/web", "erp/web"]
    assert lee.contact.tolist() == [1, 0, 1]  # Ann against Bob; Ann in both, with another address
    assert lee.address.tolist() == [0, 1, 1]
    assert lee.phone.isna().all()  # linked by the phone alone: it could not differ
    assert lee.employees.tolist() == [0, 1, 1]  # 100 and 101 are the same within 2 %
    assert lee.industry.tolist()[0] == 0 and lee.industry.isna().tolist()[1:] == [True, True]
    assert lee.younger.round(2).tolist() == [0, 0, 1] and lee.older.round(2).tolist() == [2, 1, 2]
    orr = found[found.group_id == "O"].iloc[0]
    # same e-mail, company and postcode: the phone may differ, and the contact may not
    assert orr.phone == 1 and orr.industry == 1 and np.isnan(orr.contact) and np.isnan(orr.address)


PLANTED = {  # changes a year, from the truth of the simulated client (staleness)
    "industry": "industry",
    "employees": "employees",
    "annual revenue": "annual_revenue",
    "address": "address",
    "phone": "phone",
    "contact": "contact",
}


def test_the_hazards_of_the_simulated_client_come_back():
    with open_making(accounts=6000, seed=7) as making:
        for step in (*client.FIRST, *client.LANES[0]):  # the customers and their records are enough
            step(making)
        records = making.ask("select *, updated_at::date as updated_on from client.source_records")
        truth = making.ask("select distinct field, changes_a_year from truth.staleness")
    planted = truth.set_index("field").changes_a_year
    table = ibis.duckdb.connect().create_table("records", records.drop(columns="true_entity"))
    pairs = build_pairs(table, build_certain_links(table), as_of=AS_OF)
    assert not {"name", "email", "phone_2", "record_id"} & set(pairs.columns)
    found = fit_hazards(pairs, confidence=0.99)
    # records older than a firm's last change all hold the value before it, as the truth says
    assert found.mechanism == "last change"
    fields = found.fields.set_index("field")
    assert set(fields.index) == set(FIELDS)
    for field, name in PLANTED.items():
        row = fields.loc[field]
        assert row.low <= planted[name] <= row.high, f"{field}: {row.low:.3f} to {row.high:.3f}"
        assert row.high - row.low < 0.8 * planted[name] + 0.02  # sharp enough to be worth something
    # the slowest and the fastest are told apart
    assert fields.hazard.idxmin() == "industry" and fields.hazard.idxmax() == "annual revenue"


def test_probability_of_the_last_change():
    """At a hazard of ln 2, the last change lies in the last year with a half, before it a quarter."""
    hazard = np.log(2)
    assert last_change(hazard, np.array([0.0]), np.array([1.0]))[0] == pytest.approx(0.5)
    assert last_change(hazard, np.array([1.0]), np.array([2.0]))[0] == pytest.approx(0.25)


def test_no_pairs_no_hazards():
    assert fit_hazards(make_pairs(0.2, by_last=False, seed=1, firms=50)) is None


def test_the_moment_of_an_order_decides_its_month():
    """Months are counted back from the last day, also where it is not the last of a month."""
    as_of = date(2025, 3, 15)
    days = [as_of, as_of - timedelta(days=27), as_of - timedelta(days=28), date(2025, 1, 16)]
    lines = pd.DataFrame(
        {
            "customer_id": ["a"] * 4,
            "order_id": list("1234"),
            "ordered_on": days,  # 16 February to 15 March is one month, 16 January to 15 February the next
            "net_revenue": [1.0] * 4,
        }
    )
    found = build_activity(ibis.memtable(lines), as_of=as_of)
    assert found.months == 2 and found.orders.tolist() == [[2, 2]]
