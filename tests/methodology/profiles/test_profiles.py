"""Profiles against planted shifts, a hand-worked effect size and hand-counted sizes."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.methodology.profiles.declared import build_declared, check_declared
from segutils.methodology.profiles.naming import build_names
from segutils.methodology.profiles.profiles import build_profiles, build_sizes, check_profiles

CATALOGUE = pd.DataFrame(
    {
        "feature": ["orders", "basket", "discount"],
        "label": ["Orders", "Net revenue per order", "Discount share"],
        "format": ["count", "money:2", "share"],
        "transform": ["log1p", "none", "none"],
        "high_word": ["Frequent", "Big-basket", "Discount-led"],
        "low_word": ["Occasional", "Small-basket", "Full-price"],
        "used": [True, True, False],
        "repeats": ["", "", ""],
    }
)
NAMES = pd.DataFrame(
    {"segment": ["S1", "S2"], "name": ["Frequent", "Occasional"], "drivers": ["frequent", "occasional"]}
)


def planted(seed: int = 5, n: int = 300) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two segments that differ in orders only; one more customer never bought."""
    draw = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "customer_id": [str(i) for i in range(n + 1)],
            "has_purchases": [True] * n + [False],
            "orders": np.append(np.expm1(draw.normal(np.repeat([3.0, 2.0], n // 2), 0.4)), 0.0),
            "basket": np.append(draw.normal(50, 5, n), np.nan),
            "discount": np.append(draw.normal(0.2, 0.02, n), np.nan),
        }
    )
    codes = np.append(np.repeat(["S1", "S2"], n // 2), "none")
    return features, pd.DataFrame({"customer_id": features["customer_id"], "segment": codes})


def test_the_planted_difference_is_the_only_marker():
    features, segments = planted()
    table = build_profiles(features, segments, CATALOGUE).set_index(["segment", "feature"])
    marked = table.index[table["marker"]].get_level_values("feature")
    assert set(marked) == {"orders"}
    # means 3 and 2 with standard deviation 0.4 on the log scale: a difference of 2.5
    assert table.loc[("S1", "orders"), "effect_size"] == pytest.approx(2.5, abs=0.3)
    assert table.loc[("S2", "orders"), "effect_size"] == pytest.approx(-2.5, abs=0.3)
    assert table.loc[("S1", "basket"), "low"] < 0 < table.loc[("S1", "basket"), "high"]
    # means are in natural units and leave out the customer who never bought
    assert table.loc[("S1", "basket"), "mean_all"] == pytest.approx(features["basket"].mean())


@pytest.mark.parametrize(
    ("means", "marked"),
    [
        # mean 0.333: off by 0.267 and 0.133; a quarter of 0.60 is 0.15, half of the mean 0.167
        ([0.60, 0.20, 0.20], [True, False, False]),
        # mean 0.80: off by 0.10, 0.10 and 0; a quarter of 0.90 is 0.225, half of the mean 0.40
        ([0.90, 0.70, 0.80], [False, False, False]),
        # mean 0.073: off by 0.053 and 0.027; a quarter of 0.10 is 0.025, half of the mean 0.037
        ([0.02, 0.10, 0.10], [True, True, True]),
        # mean 0.40: off by 0.20 and 0.10; a quarter of 0.60 is 0.15, half of the mean 0.20
        ([0.60, 0.30, 0.30], [True, False, False]),
    ],
)
def test_marker_rule(means, marked):
    features = pd.DataFrame({"customer_id": [str(i) for i in range(30)], "share": np.repeat(means, 10)})
    segments = features[["customer_id"]].assign(segment=np.repeat(["S1", "S2", "S3"], 10))
    catalogue = pd.DataFrame({"feature": ["share"], "transform": ["none"]})
    assert build_profiles(features, segments, catalogue)["marker"].tolist() == marked


def sized() -> pd.DataFrame:
    segments = pd.DataFrame({"customer_id": list("abcde"), "segment": ["S1", "S2", "S2", "S2", "none"]})
    rfm = pd.DataFrame(
        {"customer_id": list("edcba"), "revenue": [0.0, 10, 10, 20, 60], "frequency": [0, 1, 1, 2, 4]}
    )
    return build_sizes(segments, rfm, NAMES)


def test_sizes_counted_by_hand():
    sizes = sized()
    assert sizes["name"].tolist() == ["Frequent", "Occasional", "No purchases"]
    assert sizes["customers"].tolist() == [1, 3, 1]
    assert sizes["share_of_customers"].tolist() == [0.2, 0.6, 0.2]
    assert sizes["share_of_revenue"].tolist() == [0.6, 0.4, 0.0]
    assert sizes["revenue_per_customer"].tolist() == pytest.approx([60, 40 / 3, 0])
    assert sizes["revenue_per_order"].tolist()[:2] == [15, 10] and sizes["revenue_per_order"].isna()[2]


def test_the_finding_claims_what_the_table_shows():
    features, segments = planted()
    profiles = build_profiles(features, segments, CATALOGUE)
    finding = check_profiles(profiles, sized(), NAMES, CATALOGUE, window="365 days to 2024-12-31")
    assert finding.headline == (
        "“Frequent” customers are 20 % of all customers (25 % of those with purchases) and bring 60 % of net "
        "revenue"
    )
    assert finding.figures[0].title == finding.headline
    plot = finding.figures[1]
    assert plot.title == "“Orders” and “Net revenue per order” set the segments apart most"
    assert plot.data["feature"].unique().tolist() == ["Orders", "Net revenue per order", "Discount share"]
    assert finding.notes[:2] == (
        "“Frequent” customers are high on orders.",
        "“Occasional” customers are low on orders.",
    )


def test_the_headline_names_the_fewest_segments_that_bring_half_of_the_revenue():
    features, segments = planted()
    sizes = sized().assign(revenue=[40.0, 60.0, 0.0], share_of_revenue=[0.4, 0.6, 0.0])
    finding = check_profiles(
        build_profiles(features, segments, CATALOGUE),
        sizes,
        NAMES,
        CATALOGUE,
        window="365 days to 2024-12-31",
    )
    assert finding.headline == (
        "“Occasional” customers are 60 % of all customers (75 % of those with purchases) and bring 60 % of "
        "net revenue"
    )
    even = sizes.assign(share_of_revenue=[0.45, 0.45, 0.1], revenue=[45.0, 45.0, 10.0])
    finding = check_profiles(
        build_profiles(features, segments, CATALOGUE), even, NAMES, CATALOGUE, window="365 days to 2024-12-31"
    )
    assert finding.headline.startswith("“Frequent” and “Occasional” customers are 80 % of all customers")


def test_one_segment_is_described_without_differences():
    features, segments = planted()
    one = segments.replace({"segment": {"S2": "S1"}})
    profiles = build_profiles(features, one, CATALOGUE)
    assert profiles["effect_size"].isna().all() and not profiles["marker"].any()
    names = build_names(profiles, CATALOGUE, currency="USD")
    assert names["name"].tolist() == ["All buyers"]
    rfm = features[["customer_id"]].assign(revenue=1.0, frequency=1)
    finding = check_profiles(
        profiles, build_sizes(one, rfm, names), names, CATALOGUE, window="365 days to 2024"
    )
    assert (
        finding.headline == "Customers are not segmented: 300 buyers form one group" and not finding.figures
    )


def test_no_segment_is_refused():
    features, segments = planted()
    with pytest.raises(InputError, match="no customer is in a segment"):
        build_profiles(features, segments.assign(segment="none"), CATALOGUE)


def people() -> tuple[ibis.Table, pd.DataFrame]:
    # S1: 30 customers, 26 of them known; S2: 30 customers, 12 of them known
    age = ["25-34"] * 12 + ["Under 25"] * 3 + ["35-44"] * 11 + [None] * 4 + ["25-34"] * 12 + [None] * 18
    frame = pd.DataFrame({"customer_id": [str(i) for i in range(60)], "age": age, "email": "x"})
    segments = frame[["customer_id"]].assign(segment=["S1"] * 30 + ["S2"] * 30)
    return ibis.memtable(
        frame, schema={"customer_id": "string", "age": "string", "email": "string"}
    ), segments


def test_declared_attributes_are_shares_of_the_known_and_small_cells_cannot_be_worked_out():
    customers, segments = people()
    table = build_declared(customers, segments, NAMES, attributes=["age", "income"], min_customers=10)
    assert table["value"].tolist() == ["Known for", "Under 25", "25-34", "35-44"]
    assert table["Frequent"].tolist()[0] == pytest.approx(26 / 30) and table["Occasional"].tolist()[0] == 0.4
    # three customers under 25 are too few; the next smallest, 35-44, would give them away
    assert table["Frequent"].isna().tolist() == [False, True, False, True]
    assert table["Frequent"][2] == pytest.approx(12 / 26)
    assert table["Occasional"].tolist() == [0.4, 0.0, 1.0, 0.0]
    finding = check_declared(table, protected=["age"])
    assert finding.headline.startswith(
        "“Age” is known for 63 % of customers, from 40 % of “Occasional” to 87 %"
    )
    assert "Age is protected." in finding.notes and finding.status == "caution"


def test_without_declared_attributes_the_finding_asks_for_them():
    customers, segments = people()
    finding = check_declared(build_declared(customers, segments, NAMES, attributes=["income"]), protected=[])
    assert finding.status == "not_run" and finding.needs[0].table == "customers"


def test_columns_known_of_everybody_describe_whole_segments():
    declared = pd.DataFrame(
        {"attribute": ["Region"] * 2, "value": ["Known for", "North"], "A": [1.0, 0.4], "B": [0.999, 0.6]}
    ).assign(**{"All customers": [0.9996, None]})
    finding = check_declared(declared, protected=[])
    assert finding.headline == "The client's own columns, known for every customer, describe the segments"
    assert finding.limits == () and finding.status == "info"
