"""Expectations of models of buying as features: as of a day, checked like all others, and able to segment."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.methodology.features import sparse_features
from segutils.methodology.features.catalogue import build_catalogue
from segutils.methodology.features.count_treatments import INFLATED, RAW, SHRUNK
from segutils.methodology.features.count_trial import OWN
from segutils.methodology.features.customers import build_features
from segutils.methodology.features.leakage import find_late_features, find_leaks, join_leaks
from segutils.methodology.features.periods import build_periods
from segutils.methodology.features.rfm import build_rfm
from segutils.statistics import segment_model

START, AS_OF = date(2023, 1, 1), date(2025, 12, 31)
EARLIER = AS_OF - timedelta(days=364)
N = 400
WANTED = list(sparse_features.FEATURES)
TREATMENT = sparse_features.Treatment(orders=INFLATED, spend=OWN, days=364)


def make_orders() -> pd.DataFrame:
    """Gamma rates, a tenth leaves each year, values log-normal around the customer's own; no signup dates."""
    rng = np.random.default_rng(8)
    days = (AS_OF - START).days
    rows = []
    for customer, (rate, leaves, value) in enumerate(
        zip(rng.gamma(1.2, 3.0, N) / 365, rng.exponential(10 * 365, N), rng.lognormal(5, 1, N), strict=True)
    ):
        on = np.sort(rng.choice(days, size=min(rng.poisson(rate * days), days), replace=False))
        rows += [
            (f"c{customer:03d}", START + timedelta(days=int(day)), value * rng.lognormal(0, 0.3))
            for day in on[on < leaves]
        ]
    rows.append(("new", AS_OF, 100.0))  # the first order on the very last day
    table = pd.DataFrame(rows, columns=["customer_id", "ordered_on", "net_revenue"])
    return table.assign(order_id=np.arange(len(table)).astype(str))


@pytest.fixture(scope="module")
def client():
    lines = make_orders()
    known = pd.DataFrame({"customer_id": sorted({*lines["customer_id"], *(f"c{n:03d}" for n in range(N))})})
    table = ibis.memtable(lines)  # money is exact, as ingestion leaves it
    return table.mutate(net_revenue=table.net_revenue.round(2).cast("decimal(14,2)")), ibis.memtable(known)


@pytest.fixture(scope="module")
def told(client):
    return sparse_features.build_expectations(*client, TREATMENT, as_of=AS_OF, wanted=WANTED)


@pytest.fixture(scope="module")
def told_earlier(client):
    return sparse_features.build_expectations(*client, TREATMENT, as_of=EARLIER, wanted=WANTED)


@pytest.fixture(scope="module")
def periods(client):
    """Two periods of a year, and the same with what was expected at the end of each."""
    plain = build_periods(*client, as_of=AS_OF, period_days=364, periods=2)
    return plain, sparse_features.join_to_periods(plain, *client, TREATMENT, wanted=WANTED)


@pytest.fixture(scope="module")
def features(client, told):
    rfm = build_rfm(*client, as_of=AS_OF, window_days=1095)
    return sparse_features.join_expectations(build_features(rfm, window_days=1095), told)


def test_they_form_segments_and_every_buyer_has_them(features):
    buyers = segment_model.select_buyers(features)
    assert buyers[WANTED].notna().all(axis=None)
    catalogue = build_catalogue(features, wanted=WANTED)
    assert set(catalogue.loc[catalogue["used"], "feature"]) == set(WANTED)
    assert (catalogue[["label", "high_word", "low_word"]] != "").all(axis=None)
    scaling = segment_model.fit_scaling(buyers, catalogue)
    assert np.isfinite(scaling.apply(buyers)).all() and set(scaling.features) == set(WANTED)


def test_a_customer_of_the_last_day_is_expected_to_be_as_usual(told):
    """Known for no time at all: neither among the busiest nor the quietest, and of the usual value."""
    new = told.set_index("customer_id").loc["new"]
    others = told[told["customer_id"] != "new"]
    assert others["expected_orders"].quantile(0.1) < new["expected_orders"]
    assert new["expected_orders"] < others["expected_orders"].quantile(0.9)
    assert new["value_per_order"] == pytest.approx(others["value_per_order"].median(), rel=0.1)


def test_what_comes_after_the_day_plays_no_part_and_what_does_is_caught(client, told, told_earlier):
    lines, known = client
    before = lines.filter(lines.ordered_on <= EARLIER)
    without = sparse_features.build_expectations(before, known, TREATMENT, as_of=EARLIER, wanted=WANTED)
    assert len(without) and find_late_features(told_earlier, without).empty
    # expectations of the last day, passed off as those of the earlier one
    assert set(find_late_features(told, without)["feature"]) == set(WANTED)


def test_leaks_and_repetitions_are_refused_by_name(periods, features):
    _, joined = periods
    assert find_leaks(joined).empty  # an honest expectation follows the next period, but not that closely
    first = joined["period"] == joined["period"].iloc[0]
    later = joined[~first].set_index("customer_id")["frequency"].fillna(0.0)
    seen = joined["customer_id"].map(later).where(first, joined["expected_orders"])
    leaks = find_leaks(joined.assign(expected_orders=seen))  # planted: what came stands for what was expected
    assert leaks["feature"].tolist() == ["expected_orders"]
    wanted = ["monetary_value", *WANTED]
    catalogue = build_catalogue(features, wanted=wanted, leaks=join_leaks(leaks.iloc[:0], leaks))
    catalogue = catalogue.set_index("feature")
    assert catalogue.loc["expected_orders", "reason"].startswith("leaks: follows frequency of the period")
    assert catalogue.loc["value_per_order", "reason"].startswith("repeats “Net revenue per order”")
    assert catalogue.index[catalogue["used"]].tolist() == ["monetary_value", "probability_alive"]


def test_each_period_has_what_was_expected_at_its_end(periods, told, told_earlier):
    plain, joined = periods
    assert len(joined) == len(plain)
    for end, alone in ((EARLIER, told_earlier), (AS_OF, told)):
        part = joined[joined["period_end"].astype(str) == str(end)]
        both = part.merge(alone, on="customer_id", suffixes=("", "_alone"))
        assert len(both) > 300 and np.allclose(both["expected_orders"], both["expected_orders_alone"])


def test_shrinkage_does_what_it_says(client):
    """A customer with few orders is pulled towards what is usual, one with many stays where they are."""
    lines, known = client
    raw, shrunk = (
        sparse_features.build_expectations(
            lines,
            known,
            sparse_features.Treatment(orders=name, spend=OWN, days=364),
            as_of=AS_OF,
            wanted=["expected_orders"],
        ).set_index("customer_id")["expected_orders"]
        for name in (RAW, SHRUNK)
    )
    usual = float(np.average(shrunk))
    few, many = raw[raw < raw.quantile(0.2)].index, raw[raw > raw.quantile(0.9)].index
    assert (shrunk[few] > raw[few]).mean() > 0.9 and (shrunk[few] < usual).all()
    assert (shrunk[many] / raw[many]).between(0.8, 1.0).all()


def test_without_a_wanted_one_nothing_is_fitted(client, features, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("fitted for nothing")

    monkeypatch.setattr(sparse_features, "build_sparse_features", refuse)
    none = sparse_features.build_expectations(*client, TREATMENT, as_of=AS_OF, wanted=["frequency"])
    assert none.columns.tolist() == ["customer_id"]
    assert sparse_features.join_expectations(features, none) is features


def test_where_the_history_is_too_short_they_are_left_out_like_any_other(client):
    rfm = build_rfm(*client, as_of=AS_OF, window_days=1095)
    none = sparse_features.build_expectations(*client, None, as_of=AS_OF, wanted=WANTED)
    table = sparse_features.join_expectations(build_features(rfm, window_days=1095), none)
    catalogue = build_catalogue(table, wanted=["frequency", "expected_orders"])
    assert catalogue.loc[catalogue["used"], "feature"].tolist() == ["frequency"]
    with pytest.raises(InputError, match="expected_orders: not in the data"):
        build_catalogue(table, wanted=["expected_orders"])
