"""Which features may segment: planted constants and repetitions must be refused, by name."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.methodology.features.catalogue import build_catalogue, name_shares, write_value


@pytest.fixture
def features() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    n = 400
    frequency = draw.poisson(8, n) + 1.0
    table = pd.DataFrame(
        {
            "customer_id": np.arange(n).astype(str),
            "has_purchases": True,
            "frequency": frequency,
            "monetary_value": draw.gamma(3, 10, n),
            "spacing": 364 / frequency,  # the same trait from the other side
            "stores": 1.0,  # the same for all
            "discount_share": draw.beta(2, 8, n),
        }
    )
    idle = {"customer_id": "idle", "has_purchases": False, "frequency": 0.0, "stores": np.nan}
    return pd.concat([table, pd.DataFrame([idle])], ignore_index=True)


def test_constants_and_repetitions_are_refused_by_name(features):
    wanted = ["frequency", "spacing", "stores", "monetary_value", "breadth", "discount_share"]
    catalogue = build_catalogue(features, wanted=wanted).set_index("feature")
    assert catalogue.index[catalogue["used"]].tolist() == ["frequency", "monetary_value", "discount_share"]
    assert catalogue.loc["spacing", "reason"].startswith("repeats “Orders” (correlation -")
    assert catalogue.loc["stores", "reason"] == "the same for all buyers"
    assert "breadth" not in catalogue.index  # the data does not have it


def test_the_earlier_of_two_repeating_features_stays(features):
    catalogue = build_catalogue(features, wanted=["spacing", "frequency"]).set_index("feature")
    assert catalogue["used"].to_dict() == {
        "frequency": False,
        "monetary_value": False,
        "spacing": True,
        "stores": False,
        "discount_share": False,
    }


def test_an_unknown_feature_and_an_empty_choice_are_refused(features):
    with pytest.raises(InputError, match="unknown feature frequenzy"):
        build_catalogue(features, wanted=["frequenzy"])
    with pytest.raises(InputError, match="stores: the same for all buyers"):
        build_catalogue(features, wanted=["stores"])


def test_every_feature_has_both_words_and_shares_take_the_category_name(features):
    features["share_drug_gm"] = features["discount_share"]
    catalogue = build_catalogue(features, wanted=["frequency"], categories=["DRUG GM"]).set_index("feature")
    assert (catalogue[["label", "high_word", "low_word"]] != "").all(axis=None)
    assert catalogue.loc["share_drug_gm", "label"] == "Drug GM share of revenue"
    assert name_shares("share_", ["Meat & fish", "Meat/Fish", "食品"]) == [
        "share_meat_fish",
        "share_meat_fish_2",
        "share_食品",
    ]
    assert [write_value(v) for v in ("MEAT", "Café & Bar", "TV")] == ["Meat", "Café & Bar", "TV"]
