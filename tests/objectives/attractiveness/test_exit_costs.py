"""Which cost goes with a group: pools that moved with their volume, and pools that did not."""

import ibis
import pandas as pd
import pytest

from segutils.objectives.attractiveness.exit_costs import measure_avoidable
from tests.objectives.attractiveness.six_customers import make_costs, make_lines


class TestAvoidable:
    def test_what_moved_with_volume(self):
        """Two orders a month: of 3 an order all is avoidable, of 20 + 0 nothing, of 10 + 5 an order half."""
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a"]}))
        costs = make_costs(all=(0.0, 3.0), none=(20.0, 0.0), half=(10.0, 5.0))
        found = measure_avoidable(customers, ibis.memtable(make_lines()), costs).set_index("pool")
        assert found.avoidable[["all", "none", "half"]].tolist() == pytest.approx([1, 0, 0.5])
        assert (found.periods == 24).all()

    def test_a_short_history_tells_nothing(self):
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a"]}))
        costs = make_costs(months=11, all=(0.0, 3.0))
        found = measure_avoidable(customers, ibis.memtable(make_lines(11)), costs)
        assert found.avoidable.isna().all()
