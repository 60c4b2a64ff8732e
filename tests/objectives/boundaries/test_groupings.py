"""Which groupings there are: spelling, bands, behaviour and needs by hand; what must not shape groups."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.objectives.boundaries.behaviour_groups import build_behaviour_groups
from segutils.objectives.boundaries.customer_periods import CustomerPeriods, build_periods
from segutils.objectives.boundaries.group_rules import (
    cut_edges,
    join_small,
    name_bands,
    put_in_bands,
)
from segutils.objectives.boundaries.groupings import build_groupings, list_left_out
from segutils.objectives.boundaries.life_cycle import build_life_cycle
from segutils.objectives.boundaries.needs_groups import build_needs_groups


def make_lines(*rows: tuple) -> ibis.Table:
    """(customer, day, revenue) and, if they are told, product and channel."""
    names = ["customer_id", "ordered_on", "net_revenue", "product_id", "channel"]
    frame = pd.DataFrame(rows, columns=names[: len(rows[0])])
    frame["order_id"] = [f"o{n}" for n in range(len(frame))]
    frame["ordered_on"] = pd.to_datetime(frame.ordered_on).dt.date
    return ibis.memtable(frame)


def make_periods(value: np.ndarray, later: np.ndarray, **columns) -> CustomerPeriods:
    """One row per customer c0000, c0001 …; who has no value did not buy."""
    table = pd.DataFrame({"customer_id": [f"c{n:04d}" for n in range(len(value))], "bought_ever": True})
    for suffix, amounts in (("", value), ("_next", later)):
        table[f"orders{suffix}"] = np.where(np.isnan(amounts), 0.0, 1.0)
        table[f"value{suffix}"] = np.nan_to_num(amounts)
        table[f"recency{suffix}"] = np.where(np.isnan(amounts), np.nan, 10.0)
        table[f"line{suffix}"] = None
        table[f"channel{suffix}"] = None
    return CustomerPeriods(
        table=table.assign(**columns),
        mix=pd.DataFrame(),
        start=date(2024, 1, 2),
        cut=date(2024, 12, 31),
        end=date(2025, 12, 31),
        value="net_revenue",
    )


def make_customers(count: int = 120, **columns) -> ibis.Table:
    return ibis.memtable(pd.DataFrame({"customer_id": [f"c{n:04d}" for n in range(count)], **columns}))


class TestRules:
    def test_bands_by_hand(self):
        """Quartiles of 1 to 100 are 25.75, 50.5, 75.25: rounded to two digits 26, 50 and 75."""
        values = pd.Series(np.arange(1.0, 101.0))
        edges = cut_edges(values, 4)
        assert edges == [26.0, 50.0, 75.0]
        names = name_bands(edges)
        assert names == ["below 26", "26 to below 50", "50 to below 75", "75 or more"]
        banded = put_in_bands(pd.Series([1.0, 26.0, 49.9, 50.0, 75.0, np.nan]), edges, names)
        assert banded.to_list() == [names[0], names[1], names[1], names[2], names[3]]

    def test_equal_values_are_never_parted(self):
        assert cut_edges(pd.Series([0.0] * 90 + [5.0] * 10), 4) == []
        assert cut_edges(pd.Series([0.0] * 60 + [5.0] * 40), 4) == [5.0]

    def test_small_groups_are_others_or_nobody(self):
        groups = pd.Series(["a"] * 40 + ["b"] * 5 + ["c"] * 6)
        assert join_small(groups, min_customers=10).value_counts().to_dict() == {"a": 40, "others": 11}
        assert join_small(groups, min_customers=20).value_counts().to_dict() == {"a": 40}


class TestColumns:
    def test_each_column_has_its_base_and_protected_ones_are_never_read(self):
        customers = make_customers(
            region=["north", "south"] * 60,
            industry=["Water", "Energy", "Pharma"] * 40,
            employees=np.arange(120.0),
            strategy_segment=["OEM", "Labs"] * 60,
            income=["low", "high"] * 60,
            women_owned=[True, False] * 60,
            gender=["f", "m"] * 60,
            hobby=["x", "y"] * 60,
        )
        found = build_groupings(customers, None, protected=["women_owned", "gender"], min_customers=5)
        of = {g.name: g.base for g in found}
        assert of == {
            "region": "Geographic",
            "income": "Demographic",
            "industry": "Firmographic",
            "employees": "Firmographic",
            "industry × employees": "Firmographic",
            "strategy_segment": "Own taxonomy",
        }
        sizes = next(g for g in found if g.name == "employees")
        assert sizes.groups["c0000"] == "below 30" and sizes.groups["c0119"] == "89 or more"
        assert all(g.at_first_contact and g.groups_next is None for g in found)
        left = list_left_out(customers, found, protected=["women_owned", "gender"]).set_index("column").why
        assert left["women_owned"] == left["gender"] == "protected" and "no base" in left["hobby"]

    def test_further_columns_and_stated_cuts(self):
        customers = make_customers(employees=np.arange(120.0), hobby=["x", "y"] * 60)
        found = build_groupings(
            customers, None, bases=["hobby: demographic"], cuts=["employees: 100, 50"], min_customers=5
        )
        assert [(g.name, g.base) for g in found] == [("hobby", "Demographic"), ("employees", "Firmographic")]
        counts = found[1].groups.value_counts().to_dict()
        assert counts == {"below 50": 50, "50 to below 100": 50, "100 or more": 20}

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ({"bases": ["hobby: psychographic"]}, "names no base"),
            ({"bases": ["shoe: demographic"]}, "no column 'shoe'"),
            ({"bases": ["gender: demographic"]}, "protected"),
            ({"cuts": ["employees: few"]}, "states no cuts"),
            ({"cuts": ["shoes: 1"]}, "no column 'shoes'"),
        ],
    )
    def test_what_cannot_be_read_is_refused(self, words, told):
        customers = make_customers(employees=np.arange(120.0), hobby=["x", "y"] * 60, gender=["f"] * 120)
        with pytest.raises(InputError, match=told):
            build_groupings(customers, None, protected=["gender"], **words)

    def test_no_order_of_rows_matters(self, halden):
        periods = build_periods(
            halden.table("transactions"),
            halden.table("customers"),
            halden.table("products"),
            as_of=halden.as_of,
        )
        people = halden.table("customers").to_pandas()
        shuffled = ibis.memtable(people.sample(frac=1.0, random_state=1))
        once, again = (
            build_groupings(t, periods, survey=halden.table("survey"), protected=["women_owned"])
            for t in (ibis.memtable(people), shuffled)
        )
        assert [g.name for g in once] == [g.name for g in again]
        for first, second in zip(once, again, strict=True):
            pd.testing.assert_series_equal(first.groups.sort_index(), second.groups.sort_index())


class TestPeriods:
    def test_by_hand(self):
        """Two half-years of 182 days up to 2025-12-31: the first ends on 2025-07-02."""
        lines = make_lines(
            ("a", "2025-01-02", 100.0, "p", "shop"),
            ("a", "2025-07-02", 50.0, "q", "web"),
            ("a", "2025-07-03", 30.0, "q", "web"),
            ("b", "2025-12-31", 70.0, "p", "shop"),
            ("c", "2025-03-01", -20.0, "p", "shop"),  # a return is no order
        )
        products = ibis.memtable(pd.DataFrame({"product_id": ["p", "q"], "category": ["Tools", "Care"]}))
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a", "b", "c"]}))
        found = build_periods(lines, customers, products, as_of=date(2025, 12, 31))
        assert (found.start, found.cut, found.days) == (date(2025, 1, 2), date(2025, 7, 2), 182)
        row = found.table.set_index("customer_id").loc["a"]
        assert found.table.customer_id.to_list() == ["a"]  # b had not bought, c only gave back
        assert (row.orders, row.value, row.recency, row.line, row.channel) == (2, 150.0, 0.0, "Tools", "shop")
        assert (row.orders_next, row.value_next, row.line_next) == (1, 30.0, "Care")
        assert found.mix.loc["a"].to_dict() == {"Care": 1.0, "Tools": 0.0}

    def test_who_has_signed_up_is_known_without_an_order(self):
        lines = make_lines(("a", "2024-01-05", 1.0), ("a", "2025-12-30", 1.0), ("b", "2025-12-30", 1.0))
        customers = ibis.memtable(
            pd.DataFrame(
                {"customer_id": ["a", "b", "c"], "signup_date": ["2024-01-01", "2024-12-31", "2025-01-01"]}
            )
        )
        found = build_periods(lines, customers, as_of=date(2025, 12, 31))
        assert found.is_yearly and found.table.customer_id.to_list() == ["a", "b"]
        assert found.table.bought_ever.to_list() == [True, False]

    def test_a_short_history(self):
        lines = make_lines(("a", "2025-11-01", 1.0), ("a", "2025-12-30", 1.0))
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a"]}))
        assert build_periods(lines, customers, as_of=date(2025, 12, 31)) is None
        with pytest.raises(InputError, match="two periods of 91 days"):
            build_periods(lines, customers, as_of=date(2025, 12, 31), period_days=91)


class TestBehaviour:
    def test_value_bands_by_hand_and_the_same_cuts_for_the_next_period(self):
        """Fifths of 1 to 100 end at 20.8, 40.6, 60.4, 80.2: rounded 21, 41, 60, 80."""
        now, later = np.arange(1.0, 101.0), np.full(100, 79.0)
        later[:3] = [20.0, 80.0, np.nan]
        found = {g.name: g for g in build_behaviour_groups(make_periods(now, later), min_customers=5)}
        bands = found["value_band"]
        assert bands.groups.value_counts().to_dict() == {
            "lowest fifth by value": 20,
            "second fifth by value": 20,
            "middle fifth by value": 19,
            "fourth fifth by value": 20,
            "top fifth by value": 21,
        }
        told = bands.groups_next
        assert told["c0000"] == "lowest fifth by value" and told["c0001"] == "top fifth by value"
        assert told["c0050"] == "fourth fifth by value" and "c0002" not in told.index
        assert not bands.at_first_contact

    def test_customers_without_an_order_are_in_no_group(self):
        now = np.where(np.arange(100) < 40, np.nan, np.arange(100.0))
        found = build_behaviour_groups(make_periods(now, now), min_customers=5)
        assert all(len(g.groups) == 60 for g in found)

    def test_what_and_through_whom(self):
        lines = ["Flow"] * 50 + ["Level"] * 47 + ["Odd"] * 3
        periods = make_periods(np.arange(1.0, 101.0), np.arange(1.0, 101.0), line=lines, line_next=lines)
        found = {g.name: g for g in build_behaviour_groups(periods, min_customers=10)}
        assert found["product_line_mostly_bought"].groups.value_counts().to_dict() == {
            "Flow": 50,
            "Level": 47,
        }
        crossed = found["product_line_mostly_bought × value"].groups
        assert crossed["c0000"] == "Flow · low value" and crossed["c0096"] == "Level · high value"
        assert "channel_mostly_used" not in found


class TestNeeds:
    def make_survey(self, *, careless: int = 0) -> ibis.Table:
        """Half of 200 respondents want speed above all, half advice; everybody wants quality."""
        rng, rows = np.random.default_rng(0), []
        for n in range(200):
            wants = {"speed": 6 if n % 2 else 2, "advice": 2 if n % 2 else 6, "quality": 6, "price": 4}
            for item, mean in wants.items():
                answer = int(np.clip(round(mean + rng.normal(0, 0.4)), 1, 7))
                rows.append((f"r{n}", f"c{n:04d}", item, str(answer), "1-7"))
            rows.append((f"r{n}", f"c{n:04d}", "age", str(n % 80), "years"))
        rows += [
            (f"x{n}", f"d{n}", i, "7", "1-7") for n in range(careless) for i in ("speed", "advice", "price")
        ]
        columns = ["respondent_id", "customer_id", "item", "answer", "scale"]
        return ibis.memtable(pd.DataFrame(rows, columns=columns))

    def test_the_need_that_stands_out(self):
        found = {g.name: g for g in build_needs_groups(self.make_survey(), min_customers=1)}
        groups = found["need_that_stands_out"].groups
        assert groups["c0001"] == "speed" and groups["c0000"] == "advice"
        assert groups.isin(["speed", "advice"]).mean() > 0.95  # that all want quality sets nobody apart
        first = found["contrasts_of_needs"].groups.str.split(" · ").str[0]  # the largest contrast
        odd = first.index.str[1:].astype(int) % 2 == 1
        assert set(first[odd]) == {"speed"} and set(first[~odd]) == {"advice"}

    def test_careless_answers_are_set_aside(self):
        found = build_needs_groups(self.make_survey(careless=50))
        assert all(not g.groups.index.str.startswith("d").any() for g in found)

    def test_too_few_respondents_or_items(self):
        survey = self.make_survey()
        assert build_needs_groups(survey, min_respondents=300) == []
        assert build_needs_groups(survey.drop("customer_id")) == []
        with pytest.raises(InputError, match="no item taste"):
            build_needs_groups(survey, items=["taste"])

    def test_needs_tell_five_groups_and_two_segments_say_the_same(self, halden):
        """Planted: Maintenance crews and Legacy pneumatics give the same answers, the others differ."""
        found = {g.name: g for g in build_needs_groups(halden.table("survey"))}
        groups = found["contrasts_of_needs"].groups
        truth = halden.planted("accounts").set_index("customer_id").segment.reindex(groups.index)
        shares = pd.crosstab(truth, groups, normalize="index")
        distance = {
            pair: (shares.loc[pair[0]] - shares.loc[pair[1]]).abs().sum() / 2
            for pair in [(a, b) for a in shares.index for b in shares.index if a < b]
        }
        assert min(distance, key=distance.get) == ("legacy", "maintenance")
        assert distance["legacy", "maintenance"] < 0.25 < sorted(distance.values())[1]


class TestLifeCycle:
    def make(self, *, launched: str = "2010-01-01", yearly: bool = True):
        """Old: 100 a year then 80; steady: 100 and 105; young, if it was launched lately."""
        rows = []
        for product, before, after in (
            ("old", 100.0, 80.0),
            ("steady", 100.0, 105.0),
            ("young", 100.0, 100.0),
        ):
            rows += [("a", "2024-06-01", before, product), ("b", "2025-06-01", after, product)]
        products = pd.DataFrame(
            {
                "product_id": ["old", "steady", "young"],
                "product_line": ["Old", "Steady", "Young"],
                "launched_on": pd.to_datetime(["2010-01-01", "2010-01-01", launched]).date,
            }
        )
        periods = make_periods(np.array([1.0]), np.array([1.0]))
        return build_life_cycle(make_lines(*rows), ibis.memtable(products), periods)

    def test_by_hand(self):
        """Declining by 20 %, mature by +5 % and 0 %."""
        found = self.make()
        assert found.stages.stage.to_list() == ["mature", "declining"]
        assert found.mix.loc["b"].to_list() == pytest.approx([205 / 285, 80 / 285])
        assert found.mix.index.to_list() == ["b"]

    def test_a_product_launched_lately_is_new(self):
        assert self.make(launched="2025-01-01").stages.stage.to_list() == ["new", "mature", "declining"]

    def test_the_planted_decline_is_found(self, halden):
        """Legacy pneumatics, who buy pneumatics, decline by 30 % a year."""
        lines, products = halden.table("transactions"), halden.table("products")
        periods = build_periods(lines, halden.table("customers"), products, as_of=halden.as_of)
        found = build_life_cycle(lines, products, periods)
        truth = halden.planted("accounts").set_index("customer_id").segment
        means = found.mix.groupby(truth.reindex(found.mix.index)).declining.mean()
        assert means.idxmax() == "legacy" and means["legacy"] > 3 * means.drop("legacy").max()

    def test_without_two_years_or_launches_nothing_is_told(self):
        lines = make_lines(("a", "2025-06-01", 1.0, "p"))
        products = ibis.memtable(pd.DataFrame({"product_id": ["p"], "category": ["x"]}))
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a"]}))
        periods = build_periods(lines, customers, as_of=date(2025, 12, 31), period_days=91)
        assert build_life_cycle(lines, products, periods) is None
        assert build_life_cycle(lines, None, periods) is None
