"""What is at stake in margins and breadth: the planted exception, planted gaps, and where all is alike."""

import ibis
import numpy as np
import pytest

from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from segutils.objectives.attractiveness.margin_stakes import BREADTH, MARGIN, measure_breadth, measure_margins


def test_the_planted_exception_is_the_margin_gap_and_hardly_anything_else(halden, true_stakes):
    """In País Vasco crews buy through distributors, and leave less than in the rest of Spain."""
    margins = true_stakes.margins
    planted = halden.planted("regional_exception").iloc[0]
    of_segment = margins.cells[margins.cells.group == planted.segment].set_index("cell")
    there = of_segment.loc[planted.region.lower()]
    others = of_segment.loc[["cataluña", "madrid"]].sum()
    lacking = others.above / others.below * there.below - there.above
    assert there.lags and there[MARGIN] == pytest.approx(lacking, rel=0.2)
    rest = margins.samples[MARGIN].sum(axis=1) - margins.samples[MARGIN].max(axis=1)
    low, high = np.quantile(margins.samples[MARGIN].sum(axis=1), [0.025, 0.975])
    assert low < lacking < high
    assert np.quantile(rest, 0.025) < 0.5 * lacking


def test_a_planted_margin_gap_is_found(halden, true_groups, true_ladder):
    """Every line in Nord loses 10 % of its revenue: so much lacks there against the rest of Germany."""
    nord = halden.table("customers").filter(lambda t: t.region == "Nord").customer_id.to_pandas()
    in_nord = np.isin(true_ladder.customer_id, nord)
    amounts = dict(true_ladder.amounts)
    lost = 0.1 * amounts[REVENUE] * in_nord[:, None]
    amounts["CM2"] = amounts["CM2"] - lost
    changed = MarginLadder(
        customer_id=true_ladder.customer_id, quarters=true_ladder.quarters, amounts=amounts
    )
    found = measure_margins(halden.table("customers"), true_groups, changed, seed=3)
    cells = found.cells[found.cells.cell == "nord"]
    assert cells[MARGIN].sum() == pytest.approx(lost[:, -4:].sum(), rel=0.25)
    assert cells.lags.all()


def test_breadth_is_the_same_in_all_regions(halden, true_groups, true_ladder):
    tables = [halden.table(name) for name in ("customers", "transactions", "products")]
    found = measure_breadth(*tables, true_groups, true_ladder, as_of=halden.as_of, seed=3)
    drawn = found.draw(resamples=300, seed=1)[BREADTH].sum(axis=1)
    assert np.quantile(drawn, 0.025) == 0 and not found.cells.lags.any()


def test_planted_breadth_is_found(halden, true_groups, true_ladder):
    """Majors in Nord buy no category but the first: what they lack there is a gap, elsewhere nothing is."""
    tables = [halden.table(name) for name in ("customers", "transactions", "products")]
    people = tables[0].to_pandas().merge(true_groups, on="customer_id")
    there = people[(people.region == "Nord") & (people["group"] == "majors")].customer_id.tolist()
    kinds = tables[2].to_pandas().set_index("product_id").category
    lines = tables[1].to_pandas()
    first = lines[lines.customer_id.isin(there)].product_id.map(kinds).mode().iloc[0]
    kept = lines[~lines.customer_id.isin(there) | (lines.product_id.map(kinds) == first)]
    found = measure_breadth(
        *(tables[0], ibis.memtable(kept), tables[2], true_groups, true_ladder),
        **{"as_of": halden.as_of, "seed": 3},
    )
    cells = found.cells[(found.cells.cell == "nord") & (found.cells["group"] == "majors")]
    assert cells[~cells.block.str.contains(f" {first} ", regex=False)].lags.mean() > 0.5
    assert found.cells[BREADTH].sum() - cells[BREADTH].sum() < 0.2 * cells[BREADTH].sum()
