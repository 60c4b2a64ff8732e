"""Few orders: against planted rates, lifetimes and never-buyers, and where there is nothing to gain."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override, read_finding
from segutils.methodology.features.count_treatments import (
    HURDLE,
    INFLATED,
    RAW,
    choose_simplest,
    draw_resamples,
    fit_treatments,
)
from segutils.methodology.features.count_trial import OWN, measure_treatments
from segutils.methodology.features.sparse_b2b import (
    FEATURE_COLUMNS,
    build_features_of_finding,
    decide_sparse_b2b,
)
from segutils.statistics.order_histories import choose_cuts, count_orders, take_snapshot

PERIOD = 364


@pytest.fixture(scope="session")
def counted(planted):
    cuts = choose_cuts(planted.transactions, as_of=planted.as_of, period_days=PERIOD)
    return cuts, count_orders(planted.transactions, planted.customers, cuts=cuts)


@pytest.fixture(scope="session")
def trial(counted):
    cuts, orders = counted
    return measure_treatments(orders, cuts=cuts)


@pytest.fixture(scope="session")
def finding(trial):
    return decide_sparse_b2b(trial, draws=300)


def test_the_planted_process_wins_and_the_gain_is_beyond_chance(finding):
    """Orders at gamma rates, constant hazards, accounts that never order: the zero-inflated Pareto/NBD."""
    decision = finding.decision
    options = decision.options.set_index("option")
    assert (
        decision.recommendation == INFLATED and decision.robustness_share > 0.9 and finding.status == "pass"
    )
    assert options.loc[INFLATED, "low"] > 0.03 and options.loc[RAW, "score"] == 0
    assert options["log_likelihood"].idxmax() == INFLATED
    assert abs(options.loc[INFLATED, "bias"]) < 0.05 < options.loc[RAW, "bias"]  # who has left orders no more
    assert finding.headline.startswith("2") and "Zero-inflated Pareto/NBD takes away" in finding.headline


def test_zero_inflation_and_its_share_are_the_planted_ones(trial, planted):
    """Of the accounts known at the cut, these never order."""
    assert trial.zeros.p_value < 1e-6
    known = planted.accounts[planted.accounts["customer_id"].isin(trial.before.customer_id)]
    truth = known["never_buys"].mean()
    assert trial.treatments.models[INFLATED].never == pytest.approx(
        truth, abs=4 * np.sqrt(truth / len(known))
    )


def test_the_chance_to_be_a_customer_still_is_that_of_the_planted_lifetimes(counted, finding, trial, planted):
    cuts, orders = counted
    features = build_features_of_finding(orders, finding, trial, cuts=cuts)
    assert tuple(features.columns) == FEATURE_COLUMNS and features.notna().all(axis=None)
    truth = planted.accounts.set_index("customer_id").loc[features["customer_id"]]
    alive = (truth["churned_on"].isna() & ~truth["never_buys"]).to_numpy(float)
    chance = features["probability_alive"].to_numpy()
    assert chance.mean() == pytest.approx(alive.mean(), abs=0.03)
    for low, high in ((0, 0.3), (0.3, 0.7), (0.7, 0.95), (0.95, 1.01)):
        part = (chance >= low) & (chance < high)
        # rates are gamma within segments, not over all: a tolerance beyond the standard error
        assert chance[part].mean() == pytest.approx(
            alive[part].mean(), abs=0.06 + 2 * 0.5 / np.sqrt(part.sum())
        )
    seldom = (truth["segment"] == "projects").to_numpy() & ~truth["never_buys"].to_numpy()
    assert features["expected_orders"][seldom].between(0, 8).all()


def test_one_population_gives_its_own_parameters_back(alike):
    """The null client is the model itself: shape 1.4, 7 % hazard, 9 % never.

    Opportunities and campaigns add orders, so the mean rate is held against the orders drawn in all.
    """
    cuts = choose_cuts(alike.transactions, as_of=alike.as_of, period_days=PERIOD)
    orders = count_orders(alike.transactions, alike.customers, cuts=cuts)
    now = take_snapshot(orders, number=2, cut=cuts[2])
    fitted = fit_treatments(
        now.histories, horizon=364.0, earlier=now.histories, since=now.histories.purchases, names=[INFLATED]
    )
    model = fitted.models[INFLATED]
    assert fitted.names == [RAW, INFLATED]
    truth = alike.accounts
    assert model.never == pytest.approx(truth["never_buys"].mean(), abs=0.03)
    assert model.share_leaving(365.25) == pytest.approx(1 - np.exp(-0.07), abs=0.02)
    assert model.r == pytest.approx(1.4, abs=0.35)
    # whoever buys and is there: orders by the days they were there
    buys = truth[~truth["never_buys"]]
    ends = pd.to_datetime(buys["churned_on"]).fillna(pd.Timestamp(alike.as_of))
    days = (ends - pd.to_datetime(buys["starts_on"])).dt.days.sum()
    assert model.r / model.alpha == pytest.approx(now.histories.purchases.sum() / days, rel=0.06)


def plentiful(n=600, seed=3) -> pd.DataFrame:
    """Customers who order every few days at very different rates, and nobody leaves: counts say it all."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(30, 300, n) / 90
    rows = {"customer_id": np.arange(n).astype(str), "start": pd.Timestamp("2024-01-01")}
    total = 0
    for number in range(3):
        total = total + rng.poisson(rate * 90)
        day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=90 * (number + 1) - 1)
        rows |= {f"orders_{number}": total, f"last_{number}": day, f"revenue_{number}": total * 10.0}
    return pd.DataFrame(rows)


DAYS = [date(2024, 3, 31), date(2024, 6, 29), date(2024, 9, 27)]


def test_where_counts_say_it_all_no_gain_is_claimed():
    finding = decide_sparse_b2b(measure_treatments(plentiful(), cuts=DAYS), draws=200)
    assert finding.decision.recommendation == RAW
    assert "raw counts" in finding.headline and "takes away 1" not in finding.headline
    options = finding.decision.options.set_index("option")
    assert HURDLE not in options.index  # nobody ordered nothing: there is no hurdle to learn
    assert options["score"].abs().max() < 0.03


def test_the_simplest_within_one_standard_error_wins():
    """The third is best; the second lags by 0.99 with a standard error of 1, the first by 3."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=101)
    noise = 10 * (noise - noise.mean()) / noise.std()  # standard error exactly 10 / sqrt(100)
    best = np.zeros(101)
    scores = np.column_stack([best - 3 - noise, best - 0.99 - noise, best])
    assert choose_simplest(scores).tolist() == [1]
    assert choose_simplest(scores[:, [0, 2]]).tolist() == [1]
    weights = draw_resamples(101, draws=50, seed=1)
    assert weights.shape == (50, 101) and (weights.sum(axis=1) == 101).all()
    assert set(choose_simplest(scores, weights=weights)) <= {0, 1, 2}


def test_a_short_history_or_few_customers_are_not_judged():
    finding = decide_sparse_b2b(None)
    assert finding.status == "not_run" and finding.needs[0].table == "transactions"
    orders = plentiful(n=150)
    assert measure_treatments(orders, cuts=DAYS) is None
    short = [date(2024, 1, 5), date(2024, 1, 9), date(2024, 1, 13)]
    assert measure_treatments(plentiful(), cuts=short) is None
    empty = build_features_of_finding(orders, finding, None, cuts=DAYS)
    assert empty.empty and tuple(empty.columns) == FEATURE_COLUMNS


def test_the_override_holds_and_a_wrong_one_is_refused(trial):
    stated = {"who": "C. Moreau, CMO", "when": "2026-01-05", "why": "Known to all."}
    finding = decide_sparse_b2b(trial, draws=50, override=Override(choice=RAW, **stated))
    assert finding.decision.choice == RAW and finding.decision.recommendation == INFLATED
    with pytest.raises(InputError, match="'NBD', which is not an option"):
        decide_sparse_b2b(trial, draws=50, override=Override(choice="NBD", **stated))


def test_the_finding_survives_its_journey_and_reads_well(finding, trial):
    back = read_finding(finding.to_json())
    assert back.headline == finding.headline and len(back.figures) == 2
    words = " ".join([finding.headline, finding.decision.robustness, *finding.notes, *finding.limits])
    assert "_" not in words and "nan" not in words
    assert trial.spend == OWN  # a customer's order values differ less among themselves than between customers
