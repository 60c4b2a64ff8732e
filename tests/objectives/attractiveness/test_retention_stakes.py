"""What leaves with customers: planted hazards, one group or one customer, nobody comes back, bad groups."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from segutils.errors import InputError
from segutils.objectives.attractiveness.margin_ladder import build_margin_ladder
from segutils.objectives.attractiveness.retention_stakes import RetentionStakes, measure_retention

AS_OF = date(2025, 12, 31)
IDS = [f"c{number:02d}" for number in range(60)]
ALL = pd.DataFrame({"customer_id": IDS, "group": "All"})


def draw_lines(
    *, customers: int = 60, orders: float = 6.0, last: date = AS_OF, margin: float = 4.0
) -> pd.DataFrame:
    """One order of 10 each, and as many more as a Poisson number says, on days until the last one."""
    rng = np.random.default_rng(4)
    begin = date(2023, 1, 1)
    rows = []
    for number in range(customers):
        for order in range(1 + rng.poisson(orders)):
            day = begin + timedelta(days=int(rng.integers(0, (last - begin).days)))
            rows.append((IDS[number], f"{number}-{order}", day, 10.0, margin))
    columns = ["customer_id", "order_id", "ordered_on", "net_revenue", "contribution_margin"]
    return pd.DataFrame(rows, columns=columns)


def measure(lines: pd.DataFrame, groups: pd.DataFrame = ALL, *, signup=None, **given) -> RetentionStakes:
    people = pd.DataFrame({"customer_id": IDS})
    people = people if signup is None else people.assign(signup_date=signup)
    tables = (ibis.memtable(people), ibis.memtable(lines))
    ladder = build_margin_ladder(*tables, as_of=AS_OF)
    return measure_retention(*tables, groups, ladder, as_of=AS_OF, **{"resamples": 50, "seed": 1} | given)


class TestPlanted:
    def test_five_segments_at_once(self, halden, true_stakes):
        """Planted: a constant hazard of the segment. Of five segments the squared deviations, in units of
        the samples' variance, add up to a chi-square of 5 degrees: beyond its 99 % chance is no excuse.

        Legacy pneumatics is left out: its orders also decline by 30 % a year.
        """
        planted = halden.planted("segments").set_index("segment")
        steady = planted.index[planted.decline_a_year == 0].intersection(
            true_stakes.retention.groups["group"]
        )
        assert len(steady) == 5
        found = true_stakes.retention.groups.set_index("group")
        spread = pd.Series(true_stakes.retention.leaving_draws.std(axis=0), index=found.index)
        leaving = -np.expm1(-planted.churn_a_year)
        off = (found.leaving - leaving) / spread
        assert (off[steady] ** 2).sum() < chi2.ppf(0.99, 5)
        truth = halden.planted("cost_to_serve")
        margin = truth[truth.year == 2025].set_index("segment").cm2.astype(float)
        # about half of those who left within 2025 are still in its margin
        lost = leaving * margin * (1 - leaving / 2)
        spread = pd.Series(true_stakes.retention.draws.std(axis=0), index=found.index)
        off = (found.at_risk - lost) / spread
        assert (off[steady] ** 2).sum() < chi2.ppf(0.99, 5)

    def test_orders_that_decline_look_like_leaving_in_part(self, halden, true_stakes):
        """Why the limits say so: Legacy pneumatics orders 30 % less a year, and its estimate is too high."""
        hazard = halden.planted("segments").set_index("segment").churn_a_year["legacy"]
        found = true_stakes.retention.groups.set_index("group").loc["legacy"]
        assert found.leaving_low > -np.expm1(-hazard)


class TestEdges:
    def test_margin_leaves_as_heads_where_customers_are_alike(self):
        row = measure(draw_lines()).groups.iloc[0]
        assert row.at_risk_low < row.leaving * row.base < row.at_risk_high
        assert row.customers == 60 and row.active == pytest.approx(60, abs=4)

    def test_one_customer(self):
        """It leaves as all do; its own history is too little."""
        groups = ALL.assign(group=["One", *["Rest"] * 59])
        found = measure(draw_lines(), groups).groups.set_index("group")
        assert found.customers["One"] == 1
        # all, that is with itself: one of sixty makes little difference
        assert found.leaving["One"] == pytest.approx(found.leaving["Rest"], rel=0.1)
        assert found.base["One"] > 0

    def test_all_have_left(self):
        """Nobody has bought for two years: there is nothing to lose."""
        row = measure(draw_lines(last=date(2023, 12, 31))).groups.iloc[0]
        assert row.active < 1 and row.at_risk_high < 0.01 * 60 * 4 * 7

    def test_losses_of_customers_who_cost_money_are_gains(self):
        row = measure(draw_lines(margin=-4.0)).groups.iloc[0]
        assert row.base < 0 and row.at_risk_low <= row.at_risk <= row.at_risk_high <= 0

    def test_first_orders_alone_tell_nothing(self):
        with pytest.raises(InputError, match="second day") as refused:
            measure(draw_lines(orders=0.0))
        assert "longer history" in str(refused.value)

    def test_with_sign_up_a_first_order_is_one_that_followed(self):
        row = measure(draw_lines(orders=0.0), signup=date(2023, 1, 1)).groups.iloc[0]
        assert row.leaving_low < 0.05 < row.leaving_high  # hardly anything is known

    def test_a_group_without_purchases_leaves_as_all_do(self):
        groups = ALL.assign(group=np.repeat(["Buy", "Do not"], [40, 20]))
        found = measure(draw_lines(customers=40), groups, signup=date(2023, 1, 1)).groups.set_index("group")
        assert found.leaving.nunique() == 1 and found.base["Do not"] == pytest.approx(0, abs=1.0)

    def test_groups_that_came_after_the_held_out_time(self):
        lines = draw_lines()
        new = lines.customer_id.isin(IDS[:30])
        later = [date(2025, 7, 1) + timedelta(days=number % 180) for number in range(len(lines))]
        lines["ordered_on"] = lines.ordered_on.where(~new, pd.Series(later, index=lines.index))
        row = measure(lines, ALL.head(30), with_others=False).groups.iloc[0]
        assert row.customers == 30 and np.isnan(row.expected)


class TestBadGroups:
    def test_nobody_is_known(self):
        with pytest.raises(InputError, match="none of the 60 customers") as refused:
            measure(draw_lines(), ALL.assign(customer_id="x" + ALL.customer_id), with_others=False)
        assert "same customer_id" in str(refused.value)

    def test_a_customer_in_two_groups(self):
        with pytest.raises(InputError, match="1 customer in two groups or more, such as 'c00'"):
            measure(draw_lines(), pd.concat([ALL, ALL.head(1).assign(group="Other")]))

    @pytest.mark.parametrize("name", ["", "  ", None])
    def test_a_group_without_a_name(self, name):
        with pytest.raises(InputError, match="the group of 1 customer has no name"):
            measure(draw_lines(), ALL.assign(group=[name, *["All"] * 59]))
