"""Names must be short, unique, made of the drivers, and the same each time."""

import numpy as np
import pandas as pd
import pytest

from segutils.methodology.profiles.naming import build_names

FEATURES = {
    "frequency": ("Frequent", "Occasional"),
    "monetary_value": ("Big-basket", "Small-basket"),
    "breadth": ("Broad", "Narrow"),
    "age": ("Older", "Younger"),
}
CATALOGUE = pd.DataFrame(
    {
        "feature": list(FEATURES),
        "label": ["Orders", "Net revenue per order", "Product groups bought", "Age"],
        "format": ["count", "money:2", "count", "count"],
        "high_word": [high for high, _ in FEATURES.values()],
        "low_word": [low for _, low in FEATURES.values()],
        "used": True,
    }
)


def profiled(*effects: list[float]) -> pd.DataFrame:
    """One segment per list of effect sizes, in the order of the catalogue."""
    parts = [
        pd.DataFrame(
            {"segment": f"S{i}", "feature": list(FEATURES), "mean": 2.0, "mean_all": 1.0, "effect_size": e}
        )
        for i, e in enumerate(effects, start=1)
    ]
    return pd.concat(parts, ignore_index=True)


def names_of(profiles: pd.DataFrame, **options) -> list[str]:
    return build_names(profiles, CATALOGUE, currency="USD", protected=["age"], **options)["name"].tolist()


def test_a_name_is_the_two_strongest_differences_without_protected_attributes():
    names = names_of(profiled([1.5, 0.3, 0.9, 2.0], [-0.4, -1.8, -0.1, -2.0], [0.1, 0.05, -0.1, 3.0]))
    assert names == ["Frequent broad", "Small-basket occasional", "Typical"]


def test_equal_names_are_told_apart_by_the_next_driver():
    # the same two strongest drivers in the other order are no different name
    names = names_of(profiled([1.5, 0.4, 0.9, 0], [0.9, -0.4, 1.5, 0], [-1, 0, -1.1, 0]))
    assert names == ["Frequent broad big-basket", "Broad frequent small-basket", "Narrow occasional"]


def test_equal_differences_are_ordered_by_the_catalogue():
    effects = [0.7, 0.7, 0.7, 0]
    assert names_of(profiled(effects, [-1, 0, 0, 0])) == ["Frequent big-basket", "Occasional"]
    shuffled = profiled(effects, [-1, 0, 0, 0]).sample(frac=1, random_state=4)
    named = build_names(shuffled, CATALOGUE, currency="USD", protected=["age"]).set_index("segment")["name"]
    assert named.to_dict() == {"S1": "Frequent big-basket", "S2": "Occasional"}


@pytest.mark.parametrize("seed", range(20))
def test_names_are_always_unique_and_short(seed):
    effects = np.random.default_rng(seed).normal(0, 1, (9, 4)).round(1).tolist()
    names = names_of(profiled(*effects))
    assert len(set(names)) == 9
    # eight combinations of high and low exist: a ninth segment can only differ in degree, and is numbered
    assert all(len(name) <= 30 for name in names)
    words = {word.lower() for pair in FEATURES.values() for word in pair} | {"typical"}
    assert {word.lower() for name in names for word in name.split() if not word.isdigit()} <= words
    assert not {"older", "younger"} & {word.lower() for name in names for word in name.split()}


def test_the_description_gives_the_means_behind_the_name():
    described = build_names(
        profiled([0.1, 1.0, 0.3, 0], [0, -1, 0, 0]), CATALOGUE, currency="USD", protected=["age"]
    )
    assert described["description"][0].startswith(
        "Net revenue per order USD 2.00 against USD 1.00; product groups bought 2 against 1;"
    )
    assert described["drivers"].tolist() == ["big-basket, broad", "small-basket"]
