"""The criteria of bases and their scores by hand; many customers, few, and hardly any."""

import ibis
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from segutils.objectives.boundaries.base_choice import NONE, WEIGHTS, decide_base_choice
from segutils.objectives.boundaries.base_evidence import measure_bases
from segutils.objectives.boundaries.customer_periods import CustomerPeriods
from segutils.objectives.boundaries.group_rules import Grouping

QUICK = {"repeats": 4, "resamples": 100, "permutations": 299, "seed": 1}


def make_people(count: int = 400, *, newcomers: int = 100) -> tuple[CustomerPeriods, ibis.Table, pd.Index]:
    """Half are worth 100 and half 200, give or take 10; the last ones had not bought before the cut."""
    rng = np.random.default_rng(1)
    ids = pd.Index([f"c{n:04d}" for n in range(count)])
    bought = np.arange(count) < count - newcomers
    table = pd.DataFrame(
        {
            "customer_id": ids,
            "bought_ever": bought,
            "orders": bought.astype(float),
            "value": 1.0,
            "orders_next": (np.arange(count) // 2 % 10 > 0).astype(float),
            "value_next": np.where(np.arange(count) % 2, 100.0, 200.0) + rng.normal(0, 10, count),
        }
    )
    day = pd.Timestamp("2024-12-31").date()
    periods = CustomerPeriods(
        table=table,
        mix=pd.DataFrame(),
        start=pd.Timestamp("2024-01-02").date(),
        cut=day,
        end=pd.Timestamp("2025-12-31").date(),
        value="contribution_margin",
    )
    people = pd.DataFrame({"customer_id": ids, "consent_email": np.arange(count) % 4 == 0})
    people["consent_phone"] = np.arange(count) % 4 == 1
    people["consent_profiling"] = True
    return periods, ibis.memtable(people), ids


def make_grouping(groups: pd.Series, *, base: str = "Geographic", later=None, first=True) -> Grouping:
    return Grouping(
        name=base.lower(),
        words=base.lower(),
        base=base,
        groups=groups,
        groups_next=later,
        at_first_contact=first,
        how="-",
    )


class TestCriteriaByHand:
    def test_all_of_them(self):
        """400 customers, 100 of them new. The base parts odd from even ones and knows every customer but 40
        of the new: coverage 360/400, known before 60/100. Half may be written to or called (0 and 1 of every
        four); with one message, only the larger group, of the even ones, can be addressed.
        """
        periods, customers, ids = make_people()
        known = ids[:360]
        groups = pd.Series(np.where(np.arange(360) % 2, "odd", "even"), index=known)
        groups.iloc[1] = "even"
        later = groups.copy()
        later.iloc[:90] = "odd"
        later = later.iloc[:330]
        base = make_grouping(groups, base="Behavioural", later=later)
        evidence = measure_bases([base], periods, customers, max_messages=1, **QUICK)
        row = evidence.table.iloc[0]
        assert row.coverage == pytest.approx(0.9)
        assert row.known_at_first_contact == pytest.approx(0.6)
        even = groups.index[groups == "even"]
        told = sum(int(name[1:]) % 4 in (0, 1) for name in even)
        assert row.addressable == pytest.approx(told / 360)
        then = later.reindex(known).fillna("none")
        assert row.persistence == pytest.approx(cohen_kappa_score(groups, then))
        assert row.explained_margin == pytest.approx(2500 / 2600, abs=0.02)  # 50² between, 10² within
        assert np.isnan(row.life_cycle_fit)
        assert evidence.contact_columns == ("consent_email", "consent_phone")

    def test_newcomers_are_judged_by_kind_where_there_are_none(self):
        periods, customers, ids = make_people(newcomers=0)
        groups = pd.Series(np.where(np.arange(400) % 2, "odd", "even"), index=ids)
        found = [make_grouping(groups), make_grouping(groups, base="Behavioural", later=groups, first=False)]
        row = measure_bases(found, periods, customers, **QUICK).table.set_index("base")
        assert row.known_at_first_contact.to_dict() == {"Geographic": 1.0, "Behavioural": 0.0}

    def test_scores_by_hand(self):
        """Margin told 96 % is 1 on its scale (half is enough), retention 0: see the weights of the playbook.

        Geography: coverage .1 + margin .3 + persistence (assumed) .15 + known .15 + addressable .1 × 0.5 of
        the weights .1 + .3 + .15 + .15 + .15 + .1 = .95 that can be judged.
        """
        periods, customers, ids = make_people(newcomers=0)
        groups = pd.Series(np.where(np.arange(400) % 2, "odd", "even"), index=ids)
        evidence = measure_bases([make_grouping(groups)], periods, customers, **QUICK)
        finding = decide_base_choice(evidence)
        options = finding.decision.options.set_index("option")
        assert evidence.table.explained_retention[0] < 0.05
        retention = WEIGHTS["explained_retention"] * max(evidence.table.explained_retention[0], 0.0) / 0.25
        expected = (0.1 + 0.3 + 0.15 + 0.15 + 0.1 * 0.5 + retention) / 0.95
        assert options.score["Geographic"] == pytest.approx(expected)
        assert "life_cycle_fit" not in options and np.isnan(options.score[NONE])
        assert "only base" in finding.decision.robustness
        assert any("playbook's" in a.text for a in finding.assumptions)
        asked = {need.table for need in finding.needs}
        assert {"customers", "survey", "products"} <= asked


class TestLargeAndSmall:
    def test_a_sample_of_many_customers_is_measured(self):
        periods, customers, ids = make_people(newcomers=0)
        groups = pd.Series(np.where(np.arange(400) % 2, "odd", "even"), index=ids)
        evidence = measure_bases([make_grouping(groups)], periods, customers, max_customers=200, **QUICK)
        assert evidence.known == 400
        assert evidence.table.explained_margin[0] == pytest.approx(2500 / 2600, abs=0.03)

    def test_a_base_that_knows_hardly_anybody_tells_nothing(self):
        """Three customers answered, none of them active: beside a base that tells all but everything."""
        periods, customers, ids = make_people()
        few = pd.Series(["a", "b", "a"], index=ids[-3:])
        groups = pd.Series(np.where(np.arange(400) % 2, "odd", "even"), index=ids)
        found = [make_grouping(groups), make_grouping(few, base="Needs")]
        evidence = measure_bases(found, periods, customers, **QUICK)
        row = evidence.table.set_index("base")
        assert row.explained_margin["Needs"] == 0.0 and row.explained_margin["Geographic"] > 0.9
        finding = decide_base_choice(evidence)
        assert finding.decision.recommendation == "Geographic"

    def test_too_few_customers(self):
        periods, customers, ids = make_people(count=90, newcomers=0)
        groups = pd.Series("a", index=ids)
        assert measure_bases([make_grouping(groups)], periods, customers, **QUICK) is None
