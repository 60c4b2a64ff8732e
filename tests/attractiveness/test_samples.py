"""Groups measured in other samples of the customers, against theory."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from segutils.attractiveness.limits import build_standings
from segutils.attractiveness.samples import CUSTOMERS, resample_groups
from segutils.statistics.customer_figures import CustomerFigures


def make(sizes: dict[str, int], *, spread: float = 0.1, seed: int = 1):
    """Customers with the same revenue and margins around 0.3, so that a group's margin is a mean."""
    rng = np.random.default_rng(seed)
    group = np.repeat(list(sizes), list(sizes.values()))
    ids = [f"c{n:04d}" for n in range(len(group))]
    margin = 0.3 + spread * rng.standard_normal(len(group))
    table = pd.DataFrame(
        {"customer_id": ids, "customers": 1.0, "net_revenue": 1.0, "margin": margin, "margin_of": 1.0}
    )
    return CustomerFigures(table=table), pd.DataFrame({"customer_id": ids, "group": group})


def test_groups_and_their_names():
    figures, groups = make({"zeta": 10, "alpha": 20})
    found = resample_groups(figures, groups, resamples=5)
    assert found.names == found.codes == ("alpha", "zeta")
    assert found.table.customers.to_list() == [20, 10] and found.widest.shape == (5, 2, 3)
    assert list(found.redrawn) == [CUSTOMERS] and found.agreement is None
    assert np.isnan(found.column("reach")).all()
    assert found.rename({"zeta": "the last"}).names == ("alpha", "zeta the last")


def test_the_spread_over_samples_is_the_standard_error():
    figures, groups = make({"alpha": 400, "zeta": 100})
    found = resample_groups(figures, groups, resamples=2000, seed=3)
    margin = found.measures.index("margin_rate")
    own = figures.table.groupby(groups["group"].to_numpy()).margin
    expected = own.std(ddof=0) / own.size() ** 0.5
    assert found.widest[:, :, margin].std(axis=0) == pytest.approx(expected.to_numpy(), rel=0.06)
    counts = found.widest[:, :, found.measures.index("customers")]
    assert counts.mean(axis=0) == pytest.approx([400, 100], abs=1.5)
    assert counts.std(axis=0) == pytest.approx([(500 * 0.8 * 0.2) ** 0.5] * 2, rel=0.06)  # binomial


def test_the_share_of_samples_that_miss_is_the_probability_by_theory(cases):
    """A mean of 400 customers: P(below the limit) = Φ((limit − mean) / standard error)."""
    figures, groups = make({"alpha": 400})
    found = resample_groups(figures, groups, resamples=2000, seed=5)
    margin = figures.table.margin
    error = margin.std(ddof=0) / 20
    for z in (-1.0, 0.0, 0.5, 1.5):
        ends = cases.limit(("margin_rate", margin.mean() + z * error, np.nan))
        assert build_standings(found, ends).miss_share.item() == pytest.approx(norm.cdf(z), abs=0.035)


def test_a_group_that_is_just_like_the_limit_is_firmly_out_as_rarely_as_said(cases):
    """Nothing planted: 200 groups drawn at random, held against the mean of all.

    A miss in 80 % of samples or more happens to a fifth of them by chance, and is no more often called firm.
    """
    figures, groups = make({f"g{n:03d}": 60 for n in range(200)}, seed=7)
    found = resample_groups(figures, groups, resamples=300, seed=8)
    ends = cases.limit(("margin_rate", 0.3, np.nan))
    shares = build_standings(found, ends).miss_share
    assert (shares >= 0.8).mean() == pytest.approx(0.2, abs=0.09)  # three standard errors of 200 groups
    assert shares.mean() == pytest.approx(0.5, abs=0.07)


def test_the_order_of_rows_does_not_matter():
    figures, groups = make({"alpha": 30, "zeta": 20})
    turned = CustomerFigures(table=figures.table[::-1].reset_index(drop=True))
    one = resample_groups(figures, groups, resamples=10, seed=2)
    two = resample_groups(turned, groups.sample(frac=1, random_state=1), resamples=10, seed=2)
    assert np.array_equal(one.widest, two.widest)


def test_who_is_in_no_group_is_not_drawn_and_nobody_at_all_is_none():
    figures, groups = make({"alpha": 30, "zeta": 20})
    groups.loc[groups["group"] == "zeta", "group"] = None
    found = resample_groups(figures, groups, resamples=10)
    assert found.names == ("alpha",) and (found.widest[:, 0, 0] == 30).all()
    assert resample_groups(figures, groups.iloc[:0]) is None
