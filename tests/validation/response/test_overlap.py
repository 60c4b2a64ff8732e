"""Overlap: two clusters on a line, campaigns and baskets by hand, planted shares of the simulated client."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from segutils.statistics.segment_model import Scaling, SegmentModel
from segutils.validation.response import ambiguity, campaign_cells, closeness, overlap


def line_model(*centres: float) -> SegmentModel:
    """Segments S1, S2 ... on one axis."""
    scaling = Scaling(features=("x",), transforms=("none",), means=np.zeros(1), scales=np.ones(1))
    names = tuple(f"S{n + 1}" for n in range(len(centres)))
    return SegmentModel(names=names, scaling=scaling, centres=np.array(centres)[:, None])


def on_line(values: list[float], segments: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = [str(n) for n in range(len(values))]
    features = pd.DataFrame({"customer_id": ids, "has_purchases": True, "x": values})
    names = pd.DataFrame({"segment": ["S1", "S2"], "name": ["Near", "Far"]})
    return features, campaign_cells.build_members(
        pd.DataFrame({"customer_id": ids, "segment": segments}), names
    )


def test_shadow_is_zero_on_the_centre_and_one_on_the_border():
    features, members = on_line([0.0, 5.0, 10.0, 2.5], ["S1", "S1", "S2", "S1"])
    found = closeness.score_membership(features, line_model(0.0, 10.0), members)
    # 2 · 2.5 / (2.5 + 7.5) = 0.5 between
    assert found["shadow"].tolist() == [0.0, 1.0, 0.0, 0.5]
    assert found["segment"].tolist()[2] == "Far" and found["other"].tolist()[2] == "Near"


def test_overlap_matrix_by_hand():
    features, members = on_line([0.0, 5.0, 2.5, 10.0], ["S1", "S1", "S1", "S2"])
    membership = closeness.score_membership(features, line_model(0.0, 10.0), members)
    found = closeness.build_overlap(membership, ["Near", "Far"], border=0.8).set_index(["segment", "other"])
    assert found.loc[("Near", "Far"), "overlap"] == pytest.approx((0 + 1 + 0.5) / 3)
    assert found.loc[("Near", "Far"), "at_border"] == 1 and found.loc[("Far", "Near"), "overlap"] == 0
    pairs = overlap.build_pairs(found.reset_index(), ["Near", "Far"], pd.Series({"Near": 3, "Far": 1}))
    assert pairs.loc[0, "overlap"] == pytest.approx(0.5 * 3 / 4)  # weighted by customers
    finding = overlap.check_overlap(pairs, found.reset_index(), membership)
    assert finding.status == "caution" and "25 %" in finding.headline
    assert {need.table for need in finding.needs} == {"exposures", "products"}


def test_segments_far_apart_do_not_overlap_and_noise_does():
    rng = np.random.default_rng(1)
    apart = np.concatenate([rng.normal(0, 1, 200), rng.normal(40, 1, 200)])
    even = rng.uniform(0, 40, 400)
    shares = []
    for values in (apart, even):
        side = np.where(values < 20, "S1", "S2")
        features, members = on_line(list(values), list(side))
        membership = closeness.score_membership(
            features, line_model(*(values[side == name].mean() for name in ("S1", "S2"))), members
        )
        shares.append((membership["shadow"] >= 0.8).mean())
    # centres at 10 and 30: shadow ≥ 0.8 within 2 of the border at 20, 4 of 40; 3 standard errors of 400
    assert shares[0] == 0 and shares[1] == pytest.approx(0.1, abs=0.045)


def exposures() -> pd.DataFrame:
    """K1 is for Near (customers 0-3), K2 for Far (4-7) and one of Near; K3 comes much later."""
    rows = [(str(n), "K1", "treated", "2025-03-01") for n in range(4)]
    rows += [(str(n), "K2", "treated", "2025-03-20") for n in (0, 4, 5, 6, 7)]
    rows += [(str(n), "K2", "control", "2025-03-20") for n in (1, 2, 3)]
    rows += [(str(n), "K3", "treated", "2025-09-01") for n in (1, 4, 5, 6, 7)]
    frame = pd.DataFrame(rows, columns=["customer_id", "campaign_id", "arm", "assigned_on"])
    return frame.assign(assigned_on=pd.to_datetime(frame["assigned_on"]).dt.date)


def test_reach_audiences_and_collisions_by_hand():
    _, members = on_line([0.0] * 8, ["S1"] * 4 + ["S2"] * 4)
    given = ibis.memtable(exposures())
    reach = closeness.build_reach(given, members)
    by = reach.set_index(["campaign_id", "segment"])["reach"]
    assert by[("K1", "Near")] == 1 and by[("K1", "Far")] == 0 and by[("K2", "Near")] == 0.25
    # smaller shares 0 + 0.25 + 0.25 over larger ones 1 + 1 + 1
    assert closeness.score_shared_reach(reach, "Near", "Far") == pytest.approx(0.5 / 3)
    audiences = closeness.find_audiences(reach, members)
    assert audiences.to_dict() == {"K1": "Near", "K2": "Far", "K3": "Far"}
    met = closeness.count_collisions(given, None, audiences, window_days=30)
    assert met.set_index(["segment", "other"])["customers"].to_dict() == {
        ("Near", "Far"): 1,
        ("Far", "Near"): 1,
    }
    near = closeness.count_collisions(given, None, audiences, window_days=5)
    assert near.empty
    starts = ibis.memtable(
        pd.DataFrame({"campaign_id": ["K1", "K2", "K3"], "started_on": [date(2025, 3, 1)] * 3})
    )
    undated = ibis.memtable(exposures().drop(columns="assigned_on"))
    assert closeness.count_collisions(undated, starts, audiences, window_days=0)["customers"].tolist() == [
        2,
        2,
    ]


def test_cannibalisation_by_hand():
    shares = pd.DataFrame({"pumps": [0.8, 0.3], "labs": [0.2, 0.7]}, index=["Near", "Far"])
    core = closeness.find_core(shares, min_share=0.1, min_index=1.2)
    assert core.to_numpy().tolist() == [[True, False], [False, True]]  # 0.8 ≥ 1.2 · 0.55, 0.7 ≥ 1.2 · 0.45
    found = closeness.score_cannibalisation(shares, core).set_index(["segment", "other"])["share"]
    assert found[("Near", "Far")] == pytest.approx(0.2) and found[("Far", "Near")] == pytest.approx(0.3)
    none = closeness.score_cannibalisation(shares, core & False)
    assert none["share"].isna().all()


def test_planted_baskets_and_campaigns(campaigner):
    """With true segments: pneumatics is Legacy's core, and what others buy there is what was planted."""
    tables, segments = campaigner.tables, campaigner.segments
    shares = closeness.build_category_shares(
        tables["transactions"], tables["products"], campaigner.members, as_of=date(2025, 12, 31)
    )
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    core = closeness.find_core(shares)
    assert bool(core.loc["legacy", "Pneumatics"]) and not core.drop(index="legacy")["Pneumatics"].any()
    assert bool(core.loc["labs", "Laboratory"])
    found = closeness.score_cannibalisation(shares, core).set_index(["segment", "other"])["share"]
    assert found[("labs", "legacy")] < 0.05 and found[("legacy", "labs")] < 0.05
    reach = closeness.build_reach(tables["exposures"], campaigner.members)
    # C08 was aimed at the strategic segment Laboratory, in which nearly all are laboratories
    assert closeness.find_audiences(reach, campaigner.members)["C08"] == "labs"
    borders = pd.DataFrame(
        [(a, b, 0.1, 1) for a in segments for b in segments if a != b],
        columns=["segment", "other", "overlap", "at_border"],
    )
    pairs = overlap.build_pairs(borders, segments, campaigner.members["segment"].value_counts(), reach=reach)
    assert len(pairs) == 15 and pairs["shared_reach"].between(0, 1).all()


def test_what_is_missing_is_left_out():
    _, members = on_line([0.0, 1.0], ["S1", "S2"])
    assert closeness.build_reach(None, members) is None
    assert closeness.find_audiences(None, members) is None
    assert closeness.count_collisions(None, None, None, window_days=30) is None
    assert closeness.build_category_shares(None, None, members, as_of=date(2025, 1, 1)) is None
    assert closeness.score_cannibalisation(None, closeness.find_core(None)) is None


def test_one_segment_has_nothing_to_overlap_with():
    features, members = on_line([0.0, 1.0], ["S1", "S1"])
    membership = closeness.score_membership(features, line_model(0.0), members)
    borders = closeness.build_overlap(membership, ["Near"])
    pairs = overlap.build_pairs(borders, ["Near"], pd.Series({"Near": 2}))
    assert overlap.check_overlap(pairs, borders, membership).status == "info"


def test_codes_for_later_notebooks():
    _, members = on_line([0.0, 1.0], ["S1", "S2"])
    borders = pd.DataFrame(
        [("Near", "Far", 0.2, 1), ("Far", "Near", 0.0, 0)],
        columns=["segment", "other", "overlap", "at_border"],
    )
    pairs = overlap.build_pairs(borders, ["Near", "Far"], pd.Series({"Near": 1, "Far": 1}))
    found = overlap.build_codes(pairs, members)
    assert found.loc[0, ["segment", "other"]].tolist() == ["S1", "S2"]


def two_clouds(apart: float, *, second: float = 1.0, seed: int = 4):
    """3,000 customers of each of two bell curves on a line; segments are cut half way between the centres."""
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(0, 1, 3000), rng.normal(apart, second, 3000)])
    model = line_model(0.0, apart)
    features, members = on_line(list(values), list(np.where(values > apart / 2, "S2", "S1")))
    return features, model, members


def check(features, model, members, **settings):
    membership = closeness.score_membership(features, model, members)
    borders = closeness.build_overlap(membership, ["Near", "Far"])
    sure = ambiguity.score_ambiguity(features, model, members)
    pairs = overlap.build_pairs(borders, ["Near", "Far"], members["segment"].value_counts(), ambiguity=sure)
    return sure, pairs, overlap.check_overlap(pairs, borders, membership, ambiguity=sure, **settings)


def test_probabilities_tell_how_many_are_taken_for_the_other_segment():
    """Curves 3 standard deviations apart: Φ(-1.5) = 6.7 % of either; 4 standard errors of 3,000."""
    sure, pairs, found = check(*two_clouds(3.0))
    assert sure.told and pairs.loc[0, "mistaken"] == pytest.approx(norm.cdf(-1.5), abs=0.018)
    # below 80 % sure: where the log odds 3x - 4.5 lie within ±ln 4, so x within 0.4621 of 1.5, of N(0, 1)
    unsure = norm.cdf(1.5 + 0.4621) - norm.cdf(1.5 - 0.4621)
    assert sure.unsure(0.8).mean() == pytest.approx(unsure, abs=0.018)
    one_in = int(found.notes[0].split("one customer in ")[1].split(" ")[0])
    assert 12 <= one_in <= 20  # 1 over 6.7 % ± 1.8 points
    assert found.headline.endswith("most often between Near and Far.") and "at the border" in found.headline


def test_probabilities_lead_where_a_mixture_found_the_segments():
    _, _, found = check(*two_clouds(3.0), algorithm="Gaussian mixture")
    assert "less than 80 % sure" in found.headline and "by distance" in found.headline
    _, _, apart = check(*two_clouds(12.0), algorithm="Gaussian mixture")
    assert apart.status == "pass" and apart.headline.startswith("0.0 % of customers")


def test_a_wide_and_a_narrow_segment_are_told_apart_by_probability_only():
    """Standard deviations 1 and 0.2, 3 apart: by distance the border is at 1.5, by likelihood at 2.4."""
    _, pairs, _ = check(*two_clouds(3.0, second=0.2))
    # the densities are equal where x²/2 = (x-3)²/0.08 - ln 5
    low, high = np.sort(np.roots([12.5 - 0.5, -75, 112.5 - np.log(5)]))
    assert (low, high) == pytest.approx((2.4006, 3.8494), abs=1e-4)  # by hand
    mistaken = (norm.cdf(high) - norm.cdf(low) + norm.cdf(low, 3, 0.2) + norm.sf(high, 3, 0.2)) / 2
    assert pairs.loc[0, "mistaken"] == pytest.approx(mistaken, abs=0.003)
    assert mistaken < 0.01 < norm.cdf(-1.5)  # what equal widths would give


def test_no_probability_where_the_curves_leave_the_segments():
    """A narrow cloud inside a wide one, cut down the middle: the curves find the two clouds, not the cut."""
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(0, 0.2, 2000), rng.normal(0, 4, 2000)])
    features, members = on_line(list(values), list(np.where(values > 0, "S2", "S1")))
    sure, pairs, found = check(features, line_model(-1.6, 1.6), members)
    assert not sure.told and pairs["mistaken"].isna().all() and "mistaken" not in found.table
    assert found.notes[0].startswith("Probabilities are not told")


def test_ties_are_named_as_a_limit():
    features, model, members = two_clouds(6.0)
    both = SegmentModel(
        names=model.names,
        scaling=Scaling(
            features=("x", "share_labs"), transforms=("none", "none"), means=np.zeros(2), scales=np.ones(2)
        ),
        centres=np.column_stack([model.centres, [0.0, 0.4]]),
    )
    rng = np.random.default_rng(6)
    labs = np.where((features["x"] > 3) & (rng.random(6000) < 0.8), rng.random(6000), 0.0)
    _, _, found = check(features.assign(share_labs=labs), both, members)
    assert any("one and the same share labs" in limit for limit in found.limits)


def test_an_offer_replaces_purchases_only_where_it_meets_many():
    borders = pd.DataFrame(
        [("Near", "Far", 0.2, 1), ("Far", "Near", 0.0, 0)],
        columns=["segment", "other", "overlap", "at_border"],
    )
    features, members = on_line([0.0, 10.0], ["S1", "S2"])
    membership = closeness.score_membership(features, line_model(0.0, 10.0), members)
    notes = []
    for share in (0.3, 0.1):
        bought = pd.DataFrame(
            [("Near", "Far", share), ("Far", "Near", 0.0)], columns=["segment", "other", "share"]
        )
        pairs = overlap.build_pairs(
            borders, ["Near", "Far"], pd.Series({"Near": 1, "Far": 1}), cannibalisation=bought
        )
        notes.append(" ".join(overlap.check_overlap(pairs, borders, membership).notes))
    assert "meets 30 % of what Near buys: expect it to replace" in notes[0]
    assert "at most 10 %" in notes[1] and "expect it to replace" not in notes[1]


def test_at_most_eight_columns_are_shown():
    features, model, members = two_clouds(3.0)
    membership = closeness.score_membership(features, model, members)
    borders = closeness.build_overlap(membership, ["Near", "Far"])
    reach = pd.DataFrame({"campaign_id": "K", "segment": ["Near", "Far"], "reach": [0.5, 0.4]})
    met = pd.DataFrame({"segment": ["Near", "Far"], "other": ["Far", "Near"], "customers": 3})
    bought = pd.DataFrame([("Near", "Far", 0.3), ("Far", "Near", 0.1)], columns=["segment", "other", "share"])
    pairs = overlap.build_pairs(
        borders,
        ["Near", "Far"],
        members["segment"].value_counts(),
        reach=reach,
        collisions=met,
        cannibalisation=bought,
        ambiguity=ambiguity.score_ambiguity(features, model, members),
    )
    table = overlap.check_overlap(pairs, borders, membership).table
    assert table.shape[1] == 8 and {"overlap", "mistaken", "collisions"} <= set(table.columns)
    assert len(pairs.columns) == 9  # what later notebooks get has all
