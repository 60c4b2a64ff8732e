"""Response by segment: planted lifts covered, false lifts never reported, nothing found where nothing is."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.statistics import campaign_arms
from segutils.statistics.rates import Counts, stratified_difference, weigh_strata
from segutils.validation.response import (
    ab_response,
    campaign_cells,
    effects,
    needed_sample,
    observed_campaigns,
    response_words,
)
from segutils.validation.response.policies import (
    ALL,
    BY_SEGMENT,
    TEST,
    choose_policy,
    find_interaction,
    read_evidence,
    score_policies,
)

REDRAWS = 200
UNMOVED = "legacy"  # TRUTH.md: nothing moves it


def six_rows() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two segments of 100 treated and 100 controls each; 50 against 30 respond in A, 40 against 40 in B."""
    rows = []
    for segment, treated, control in (("A", 50, 30), ("B", 40, 40)):
        for arm, hits in (("treated", treated), ("Control", control)):
            for n in range(100):
                rows.append((f"{segment}{arm[0]}{n}", "K1", arm, True, n < hits, 10.0 * (n < hits)))
    for n in range(40):  # a campaign that only the eager were chosen for
        rows.append((f"At{n}", "K2", "treated", False, n < 36, 10.0))
        rows.append((f"AC{n}", "K2", "untreated", False, n < 4, 10.0))
    names = ["customer_id", "campaign_id", "arm", "randomised", "responded", "outcome_value"]
    exposures = pd.DataFrame(rows, columns=names)
    members = pd.DataFrame({"customer_id": exposures["customer_id"].unique()})
    members["segment"] = members["customer_id"].str[0]
    return exposures, campaign_cells.build_members(members)


def build(exposures: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    return campaign_cells.build_cells(ibis.memtable(exposures), members)


def find_effects(cells: pd.DataFrame, segments: list[str]) -> pd.DataFrame:
    return effects.score_effects(campaign_arms.select_experiments(cells), segments)


def test_counts_and_lift_by_hand():
    cells = build(*six_rows())
    assert cells["customers"].sum() == 480 and cells[~cells["randomised"]]["customers"].sum() == 80
    found = find_effects(cells, ["A", "B"]).set_index("segment")
    assert found.loc["A", "lift"] == pytest.approx(0.2) and found.loc["B", "lift"] == pytest.approx(0.0)
    # Wilson (1927) for 50 of 100: (0.5 + 3.8415/200 ± ...) is symmetric about one half
    assert found.loc["A", "treated_low"] + found.loc["A", "treated_high"] == pytest.approx(1.0)
    # 20 more of 100 responded, each worth 10: 2 per contact
    assert found.loc["A", "value_lift"] == pytest.approx(2.0)
    assert found.loc["A", "p_holm"] == pytest.approx(2 * found.loc["A", "p_value"])


def test_break_even_and_gain_by_hand():
    cells = build(*six_rows())
    worth = pd.DataFrame({"segment": ["A", "B"], "margin_per_order": [50.0, 20.0], "order_se": 0.0})
    costs = pd.DataFrame({"campaign_id": ["K1", "K2"], "cost_per_contact": [2.0, 9.0]})
    found = effects.score_effects(
        campaign_arms.select_experiments(cells), ["A", "B"], worth=worth, contact_costs=costs
    ).set_index("segment")
    assert found["break_even"].tolist() == [0.04, 0.1]  # 2 / 50 and 2 / 20
    assert found.loc["A", "gain"] == pytest.approx(0.2 * 50 - 2)
    assert found.loc["B", "gain"] == pytest.approx(-2.0)
    assert found.loc["A", "verdict"] == effects.PAYS and found.loc["B", "verdict"] == effects.OPEN


def test_cost_per_contact_is_booked_or_stated():
    cells = build(*six_rows())
    campaigns = ibis.memtable(
        pd.DataFrame({"campaign_id": ["K1", "K2"], "channel": ["post", "email"], "cost": [500.0, None]})
    )
    stated = pd.DataFrame(
        [("e-mail", 0.05, "message", "email", "CMO")], columns=["item", "amount", "per", "channel", "owner"]
    )
    found = campaign_cells.build_contact_costs(cells, campaigns, stated).set_index("campaign_id")
    assert found.loc["K1", "cost_per_contact"] == pytest.approx(500 / 200)  # 200 were contacted
    assert found.loc["K2", "cost_per_contact"] == 0.05 and found.loc["K2", "owner"] == "CMO"


def test_observational_campaigns_never_become_an_effect():
    exposures, members = six_rows()
    alone = exposures[~exposures["randomised"]]
    cells = build(alone, members)
    assert find_effects(cells, ["A", "B"]).empty
    finding = ab_response.decide_ab_response(
        cells, members, find_effects(cells, ["A"]), currency="EUR", seed=1
    )
    assert finding.status == "caution" and finding.decision.recommendation == TEST
    assert not {"lift", "difference", "effect"} & set(finding.table.columns)
    assert finding.needs and "not known" in finding.headline
    # with the experiment beside it, the figures are those of the experiment alone
    with_both, without = (
        find_effects(build(exposures, members), ["A"]),
        find_effects(build(exposures[exposures["randomised"]], members), ["A"]),
    )
    pd.testing.assert_frame_equal(with_both, without)


def test_one_arm_is_no_experiment_though_called_randomised():
    exposures, members = six_rows()
    cells = build(exposures[exposures["arm"] == "treated"].assign(randomised=True), members)
    assert campaign_arms.select_experiments(cells).empty
    observed = observed_campaigns.build_observed(cells, None)
    finding = observed_campaigns.check_observed(cells, observed)
    assert any("one arm only" in note for note in finding.notes)


def test_planted_lifts_are_found(campaigner):
    cells, segments = campaigner.cells, campaigner.segments
    found = find_effects(cells, segments)
    counts = campaign_arms.count_arms(campaign_arms.select_experiments(cells), segments)
    # the effect planted in each cell, weighted as the estimate weights campaigns
    planted = campaigner.lifts[campaigner.lifts["picks"] == "chance"]
    effect = planted.pivot(index="segment", columns="campaign_id", values="effect").fillna(0.0)
    weights = np.nan_to_num(weigh_strata(counts))
    true = (weights * effect.loc[segments, sorted(effect.columns)].to_numpy()).sum(axis=1)
    covered = (found["low"] <= true) & (true <= found["high"])
    assert covered.sum() >= 5  # six intervals of 95 %
    assert found.set_index("segment").loc["labs", "p_holm"] < 0.001
    assert found.set_index("segment").loc[UNMOVED, "p_holm"] > 0.05
    assert find_interaction(counts).p_value < 0.001
    finding = ab_response.decide_ab_response(
        cells, campaigner.members, found, currency="EUR", seed=1, draws=50
    )
    assert finding.decision.recommendation == BY_SEGMENT
    gains = finding.decision.options.set_index("option")["gain"]
    dearer = gains[ALL] > gains[BY_SEGMENT]  # caution has a price, and that is said first
    assert finding.status == ("caution" if dearer else "pass")
    assert finding.notes[0].startswith("Contacting everybody has the higher point estimate") == dearer
    assert finding.table["p_holm"].map(lambda text: isinstance(text, str)).all()
    assert "<0.001" in finding.table["p_holm"].tolist() and "4_1" in finding.notes[-1]
    assert "observational" in " ".join(finding.notes)


def redraw(campaigner, *, null: bool, seed: int) -> tuple[Counts, np.ndarray]:
    """One more run of the client's experiments, from the planned chances: counts, and the true lifts."""
    chance = set(campaigner.lifts.loc[campaigner.lifts["picks"] == "chance", "campaign_id"])
    rows = campaigner.planted[campaigner.planted["campaign_id"].isin(chance)]
    segments, names = campaigner.segments, sorted(chance)
    own, campaign = (
        pd.Categorical(rows[c], k).codes for c, k in (("segment", segments), ("campaign_id", names))
    )
    base = rows.groupby(["campaign_id", "segment"])["y0"].transform("mean").to_numpy(dtype=float)
    moved = 0.0 if null else rows["planned"].to_numpy(dtype=float)
    rng = np.random.default_rng(seed)
    treated = rng.random(len(rows)) < rows["chance"].to_numpy(dtype=float)
    anyway, caused = rng.random((2, len(rows))) < np.stack([base, np.broadcast_to(moved, base.shape)])
    responded = anyway | (caused & treated)
    cell, shape = own * len(names) + campaign, (len(segments), len(names))

    def count(mask: np.ndarray) -> np.ndarray:
        return np.bincount(cell[mask], minlength=len(segments) * len(names)).reshape(shape).astype(float)

    counts = Counts(
        hits=count(treated & responded),
        of=count(treated),
        control_hits=count(~treated & responded),
        control_of=count(~treated),
    )
    effect = np.bincount(cell, weights=(1 - base) * moved, minlength=counts.of.size).reshape(shape)
    everybody = np.maximum(np.bincount(cell, minlength=counts.of.size).reshape(shape), 1)
    return counts, (np.nan_to_num(weigh_strata(counts)) * effect / everybody).sum(axis=1)


def test_intervals_cover_the_planted_lifts_at_their_level(campaigner):
    covered = []
    found = 0
    for seed in range(REDRAWS):
        counts, true = redraw(campaigner, null=False, seed=seed)
        lift = stratified_difference(counts)
        covered.append((lift.low <= true) & (true <= lift.high))
        found += find_interaction(counts).p_value < 0.05
    # 200 draws of six segments: 0.95 ± 3 standard errors (0.0063)
    assert 0.93 < np.mean(covered) < 0.97
    assert (np.mean(covered, axis=0) > 0.90).all()  # each segment: 0.95 less 3 of its own (0.0154)
    assert found >= 0.95 * REDRAWS


def test_no_interaction_is_found_where_there_is_none(campaigner):
    points, odds = [], []
    for seed in range(REDRAWS):
        counts, _ = redraw(campaigner, null=True, seed=1000 + seed)
        points.append(find_interaction(counts).p_value < 0.05)
        odds.append(find_interaction(counts, odds=True).p_value < 0.05)
    assert np.mean(points) < 0.097 and np.mean(odds) < 0.097  # 0.05 + 3 standard errors


def test_null_client_has_nothing_to_tell(null_campaigner):
    cells = null_campaigner.cells
    found = find_effects(cells, null_campaigner.segments)
    assert (found["p_holm"] > 0.05).all() and (found["verdict"] != effects.PAYS).all()
    finding = ab_response.decide_ab_response(
        cells, null_campaigner.members, found, currency="EUR", seed=1, draws=30
    )
    assert finding.decision.recommendation == TEST and finding.status == "caution"


def test_policy_follows_the_evidence():
    def evidence(hits, control):
        exposures, members = six_rows()
        cells = build(exposures, members)
        found = find_effects(cells, ["A", "B"])
        base = read_evidence(campaign_arms.select_experiments(cells), found, pd.Series({"A": 100, "B": 100}))
        of = np.full((2, 1), 400.0)
        counts = Counts(
            hits=np.array(hits, dtype=float)[:, None],
            of=of,
            control_hits=np.array(control, dtype=float)[:, None],
            control_of=of,
        )
        return base.__class__(**{**base.__dict__, "counts": counts})

    assert choose_policy(evidence([200, 120], [120, 120])) == BY_SEGMENT
    assert choose_policy(evidence([200, 200], [120, 120])) == ALL
    assert choose_policy(evidence([120, 120], [120, 120])) == TEST
    table = score_policies(evidence([200, 120], [120, 120]), draws=40, repeats=4, seed=1).set_index("option")
    assert table.loc[BY_SEGMENT, "gain"] == pytest.approx(0.2 * 100)  # 20 of A's 100 customers
    assert table["score"].sum() == pytest.approx(1.0) and table.loc[BY_SEGMENT, "score"] > 0.9


def test_needed_sample_by_segment(campaigner):
    cells = campaigner.cells
    experiments, found = campaign_arms.select_experiments(cells), find_effects(cells, campaigner.segments)
    customers = campaigner.members["segment"].value_counts()
    samples = needed_sample.score_samples(experiments, found, customers)
    assert (samples["rounds"] * samples["customers"] <= samples["needed"]).all()
    finding = needed_sample.check_samples(samples)
    assert finding.slug == "ab-response" and len(finding.table) == 6
    assert (samples["basis"] == needed_sample.POOLED).all() and "no plan made beforehand" in finding.limits[0]


def test_the_lift_looked_for_is_that_at_which_a_contact_pays():
    """2 / 50 = 4 points in A, 2 / 20 = 10 points in B, whatever the experiments showed (20 and 0 points)."""
    cells = build(*six_rows())
    worth = pd.DataFrame({"segment": ["A", "B"], "margin_per_order": [50.0, 20.0], "order_se": 0.0})
    costs = pd.DataFrame({"campaign_id": ["K1", "K2"], "cost_per_contact": [2.0, 9.0]})
    experiments = campaign_arms.select_experiments(cells)
    found = effects.score_effects(experiments, ["A", "B"], worth=worth, contact_costs=costs)
    samples = needed_sample.score_samples(experiments, found, pd.Series({"A": 200, "B": 200}))
    assert samples["sought"].tolist() == pytest.approx([0.04, 0.1])
    finding = needed_sample.check_samples(samples)
    # A is settled; B could not have shown 10 points on 100 of each arm
    assert [note[:2] for note in finding.notes] == ["B:"] and "pays for itself" in finding.limits[0]
    assert not needed_sample.check_samples(samples.assign(rounds=50.0)).needs  # not asked for in vain
    enough = needed_sample.check_samples(samples.assign(detectable=0.01))
    assert enough.status == "pass" and not enough.notes


def test_the_price_of_caution_by_hand():
    options = pd.DataFrame({"option": [BY_SEGMENT, ALL, TEST], "gain": [100.0, 130.0, 0.0]})
    settings = {"money": True, "currency": "EUR"}
    assert "by EUR 30 a round" in response_words.say_caution(options, BY_SEGMENT, **settings)[0]
    assert response_words.say_caution(options.assign(gain=[130.0, 100.0, 0.0]), BY_SEGMENT, **settings) == []
    assert response_words.say_caution(options, ALL, **settings) == []
    assert [response_words.write_p(p) for p in (0.0002, 0.034, np.nan)] == ["<0.001", "0.034", ""]


def test_past_orders_unmask_aimed_campaigns(campaigner):
    tables = campaigner.tables
    past = observed_campaigns.build_past_orders(
        tables["exposures"], tables["campaigns"], tables["transactions"]
    )
    observed = observed_campaigns.build_observed(campaigner.cells, past).set_index("campaign")
    aimed = set(campaigner.lifts.loc[campaigner.lifts["picks"] == "orders", "campaign_id"])
    assert set(observed.index[~observed["experiment"]]) > aimed
    assert (observed.loc[sorted(aimed), "unlike"] > 0.4).all()
    assert (observed.loc[observed["experiment"], "unlike"].abs() < 0.2).all()
    finding = observed_campaigns.check_observed(campaigner.cells, observed.reset_index())
    assert not {"lift", "difference"} & set(finding.table.columns)


def test_without_campaigns_it_is_not_run():
    members = campaign_cells.build_members(pd.DataFrame({"customer_id": ["1"], "segment": ["S1"]}))
    cells = campaign_cells.build_cells(None, members)
    found = find_effects(cells, ["S1"])
    finding = ab_response.decide_ab_response(cells, members, found, currency="EUR", seed=1)
    assert finding.status == "not_run" and finding.needs[0].table == "exposures"
    assert (
        needed_sample.check_samples(needed_sample.score_samples(cells, found, pd.Series())).status
        == "not_run"
    )
    assert effects.build_response(found, members).empty
    campaigns = ibis.memtable(pd.DataFrame({"campaign_id": ["K1"], "channel": ["post"], "cost": [500.0]}))
    for given in (None, campaigns):
        contacts = campaign_cells.build_contact_costs(cells, given, None)
        assert contacts.empty
        observed = observed_campaigns.build_observed(cells, None, contacts)
    assert observed_campaigns.check_observed(cells, observed).status == "not_run"


def test_first_experiment_is_planned_from_observed_rates():
    exposures, members = six_rows()
    cells = build(exposures[exposures["arm"] == "treated"].assign(randomised=False), members)
    plan = needed_sample.score_first_samples(cells, ["A", "B"], pd.Series({"A": 100, "B": 90}), min_lift=0.05)
    finding = needed_sample.check_samples(plan)
    assert finding.status == "caution" and "first experiment" in finding.headline
    assert finding.assumptions[0].owner


def test_customers_without_purchases_are_left_out_and_said():
    exposures, members = six_rows()
    members = pd.concat(
        [members, pd.DataFrame({"customer_id": ["x"], "segment": ["No purchases"], "code": ["none"]})]
    )
    assert campaign_cells.sort_names(members) == ["A", "B"]
    cells = build(exposures, members)
    finding = ab_response.decide_ab_response(
        cells, members, find_effects(cells, ["A", "B"]), currency="EUR", seed=1, draws=20
    )
    assert any("without purchases" in limit for limit in finding.limits)


def test_wrong_input_is_refused():
    exposures, members = six_rows()
    with pytest.raises(InputError, match="who responded"):
        build(exposures.drop(columns="responded"), members)
    cells = build(exposures, members)
    found = find_effects(cells, ["A", "B"])
    with pytest.raises(InputError, match="confidence"):
        ab_response.decide_ab_response(cells, members, found, confidence=95, currency="EUR", seed=1)
    wrong = Override(choice="Nobody", who="CMO", when="2026-01-01", why="So.")
    with pytest.raises(InputError, match="not an option"):
        ab_response.decide_ab_response(cells, members, found, currency="EUR", seed=1, override=wrong)
