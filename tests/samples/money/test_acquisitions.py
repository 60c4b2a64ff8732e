"""Companies that could be bought: the planted ranking follows from the client's own margins."""

import pandas as pd
import pytest

from segutils.samples.customers.accounts import STRATEGY_LABELS
from segutils.samples.making import Making
from segutils.samples.money import acquisitions

MARGINS = """
    with customers as (
      select strategy_segment, customer_id, sum(contribution_margin) as margin, max(quantity) > 0 as ordered
      from client.transactions join client.customers using (customer_id)
      where year(ordered_at) = 2025 group by all
    )
    select strategy_segment, (sum(margin) / count(*) filter (where ordered))::double as margin
    from customers group by strategy_segment"""


def rank(making: Making) -> pd.DataFrame:
    """Targets by what comes back of the price, best first: the formula of build_acquisitions' docstring."""
    margins = making.ask(MARGINS).set_index("strategy_segment").margin
    targets = making.ask("select * from client.acquisition_targets").set_index("target_id")
    worth = sum(targets[f"share_{label.lower()}"] * margins[label] for label in STRATEGY_LABELS)
    risk = 1 - 0.08 * (targets.integration_risk - 1)
    gain = targets.customers * (1 - targets.overlap_customers) * worth * risk
    targets = targets.assign(gain=gain, back=5 * gain / targets.price_asked.astype(float))
    return targets.sort_values("back", ascending=False)


def test_ranking_is_the_planted_one(made):
    found = rank(made)
    truth = made.ask("select * from truth.acquisitions order by expected_rank").set_index("target_id")
    assert list(found.index) == list(truth.index)
    planted = {target.name: target.back for target in acquisitions.TARGETS}
    # the price is rounded to 1,000 EUR, which is less than a thousandth of any
    assert found.back.to_numpy() == pytest.approx(found.name.map(planted).to_numpy(), rel=1e-3)
    assert found.gain.to_numpy() == pytest.approx(truth.gain.astype(float).to_numpy(), abs=0.01)
    assert found.back.iloc[0] > 1.2 * found.back.iloc[1]


def test_decoy_is_the_largest_and_brings_nothing(made):
    found = rank(made)
    truth = made.ask("select * from truth.acquisitions").set_index("target_id")
    decoy = truth.index[truth.role == acquisitions.DECOY].item()
    assert found.customers.idxmax() == found.revenue.astype(float).idxmax() == decoy == found.index[-1]
    assert found.growth[decoy] == found.growth.min() < 0
    after = truth.gain_after_serving.astype(float)
    assert after[decoy] < 0.1 * truth.gain.astype(float)[decoy] and after.idxmin() == decoy


def test_overlap_hides_that_one_brings_little(made):
    found = rank(made)
    truth = made.ask("select * from truth.acquisitions").set_index("target_id")
    double = truth.index[truth.role == acquisitions.OVERLAPPING].item()
    blind = found.back / (1 - found.overlap_customers)  # who does not look at overlap takes it for the best
    assert blind.idxmax() == double
    assert list(found.index).index(double) >= 11


def test_targets_are_coherent(made, null):
    for making in (made, null):
        targets = making.ask("select * from client.acquisition_targets")
        shares = targets[[f"share_{label.lower()}" for label in STRATEGY_LABELS]]
        assert len(targets) == 14 and shares.sum(axis=1).to_numpy() == pytest.approx(1)
        assert targets.integration_risk.between(1, 5).all() and (targets.price_asked > 0).all()


def test_null_targets_are_alike(null):
    found = rank(null)
    assert found.drop(columns=["name", "country"]).drop_duplicates().shape[0] == 1
    assert found.back.iloc[0] == pytest.approx(1, rel=1e-3)
