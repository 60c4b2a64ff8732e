"""The model card must say what the run's tables say; figures below are counted by hand from six customers."""

import datetime

import pandas as pd
import pytest

from segutils.methodology.profiles.model_card import check_model_card, list_versions


@pytest.fixture
def card():
    return check_model_card(
        run="2024-12-31-0123abcd",
        rfm=pd.DataFrame(
            {"window_start": [datetime.date(2024, 1, 1)], "window_end": [datetime.date(2024, 12, 31)]}
        ),
        catalogue=pd.DataFrame({"label": ["Orders", "Tenure"], "used": [True, False]}),
        segments=pd.DataFrame(
            {
                "customer_id": list("abcdef"),
                "segment": ["S1", "S1", "S2", "S2", "S2", "none"],
                "shadow": [0.95, 0.1, 0.2, 0.3, 0.4, None],
            }
        ),
        selection=pd.DataFrame(
            {
                "k": [2, 3],
                "chosen": [True, False],
                "adjusted_rand": [0.87, 0.5],
                "min_jaccard": [0.8, 0.4],
                "best_found_share": [1.0, 0.3],
                "verdict": ["reproducible", ""],
                "feature_lists_tried": [20, 20],
            }
        ),
        sizes=pd.DataFrame(
            {
                "name": ["Frequent", "Occasional", "No purchases"],
                "customers": [2, 3, 1],
                "share_of_customers": [2 / 6, 3 / 6, 1 / 6],
            }
        ),
        input_counts=pd.DataFrame(
            [["transactions", 100, 97, 3, 0], ["customers", 4, 4, 0, 2], ["campaigns", 9, 9, 0, 0]],
            columns=["table", "rows_in", "rows_used", "rows_set_aside", "rows_added"],
        ),
        protected=["marital_status", "age"],
        versions={"segutils": "0.1.0", "duckdb": "1.5.6"},
    )


def test_it_says_what_the_tables_say(card):
    what = card.table.set_index("topic")["what"]
    assert card.headline.startswith(
        "The segmentation puts 5 customers into 2 segments by 1 feature of buying behav"
    )
    assert "from 2024-01-01 to 2024-12-31" in what["What it is"]
    assert what["Features"].startswith(
        "Orders. Nothing else decides. The features were chosen after looking at"
    )
    assert any("about 20 lists" in limit and "optimistic" in limit for limit in card.limits)
    assert what["Transactions"] == "100 rows read, 97 used and 3 set aside."
    assert what["Customers"] == "4 rows read, 4 used, 0 set aside and 2 added from the other tables."
    assert "Campaigns" not in what
    assert what["Groups"].startswith("Customers by segment: Frequent 2 (33 %), Occasional 3 (50 %)")
    assert (
        "agree to 0.87" in what["How it was judged"]
        and "would draw nearly the same borders." in what["How it was judged"]
    )
    assert what["Borderline customers"].startswith("20 % of the customers")  # one of the five in a segment
    assert what["Not covered"] == "1 customer without a purchase in the window is in no segment."
    assert "marital status and age" in what["Personal attributes"]
    assert "segutils 0.1.0 and duckdb 1.5.6" in what["Version"]


def test_it_has_the_sections_of_a_model_card_and_names_forbidden_uses(card):
    assert card.table["section"].unique().tolist() == [
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Evaluation data",
        "Training data",
        "Quantitative analyses",
        "Ethical considerations",
        "Caveats",
    ]  # Mitchell et al. 2019, figure 1
    for use in ("credit", "employment", "insurance", "housing"):
        assert use in card.limits[0]


def test_versions_are_those_installed():
    assert list_versions(["pandas", "no-such-package"]) == {"pandas": pd.__version__}
