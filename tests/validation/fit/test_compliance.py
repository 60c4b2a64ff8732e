"""Proxies, selection and what adjusting costs: planted truth, hand-made customers, and none at all."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.statistics.segment_model import Scaling, SegmentModel
from segutils.validation.fit import law
from segutils.validation.fit.adjusted import fit_adjusted
from segutils.validation.fit.compliance import check_law, decide_compliance, find_drops
from segutils.validation.fit.protected import build_people, score_impact, score_proxies
from segutils.validation.fit.screening import ADJUST, ESCALATE, KEEP

N = 400  # customers of each of two segments


def make_people(*, tells: float, chosen: float, seed: int = 1):
    """Two segments, S1 and S2, far apart on ``size``; ``hobby`` forms segments too.

    `tells` is how far apart the hobby of those with the attribute is, in standard deviations; `chosen` the
    share with the attribute in S1 (0.3 in S2).
    """
    rng = np.random.default_rng(seed)
    segment = np.repeat(["S1", "S2"], N)
    member = rng.random(2 * N) < np.where(segment == "S1", chosen, 0.3)
    ids = [f"c{n:04d}" for n in range(2 * N)]
    features = pd.DataFrame(
        {
            "customer_id": ids,
            "has_purchases": True,
            "size": np.where(segment == "S1", 0.0, 10.0) + rng.standard_normal(2 * N),
            "hobby": rng.standard_normal(2 * N) + tells * member,
        }
    )
    model = SegmentModel(
        names=("S1", "S2"),
        scaling=Scaling(
            features=("size", "hobby"), transforms=("none", "none"), means=np.zeros(2), scales=np.ones(2)
        ),
        centres=np.array([[0.0, 0.3], [10.0, 0.3]]),
    )
    customers = ibis.memtable(
        pd.DataFrame({"customer_id": ids, "member": member, "town": rng.choice(list("xyz"), 2 * N)})
    )
    segments = pd.DataFrame({"customer_id": ids, "segment": segment})
    people = build_people(customers, features, segments, protected=["member"], used=model.scaling.features)
    return people, features, model


def decide(people, features, model, *, targets=("S1",), **kwargs):
    proxies = score_proxies(people, permutations=400, seed=1)
    impact = score_impact(people, targets)
    value = pd.Series(1.0, index=features.customer_id)
    drops = find_drops(proxies, people)
    adjusted = fit_adjusted(features, model, value, drop=drops, targets=targets, restarts=5)
    return decide_compliance(
        people, proxies, impact, adjusted, targets=targets, jurisdictions=["DE"], resamples=20, **kwargs
    )


class TestDecision:
    def test_nothing_to_find_is_kept(self):
        found = decide(*make_people(tells=0.0, chosen=0.3))
        assert found.decision.recommendation == KEEP and found.status == "pass"
        assert found.decision.robustness_share > 0.9

    def test_a_proxy_that_can_be_spared_is_left_out(self):
        """Two standard deviations apart: area 0.92 (Φ(2/√2)); the segments rest on size and stay the same."""
        found = decide(*make_people(tells=2.0, chosen=0.3))
        assert found.decision.recommendation == ADJUST
        adjusted = found.decision.options.set_index("option").loc[ADJUST]
        assert (
            adjusted.agreement > 0.99
            and "the field “hobby” tells whether a customer is “member”" in found.headline.lower()
        )

    def test_features_are_called_as_the_catalogue_calls_them(self):
        made = make_people(tells=2.0, chosen=0.3)
        found = decide(*made, labels={"hobby": "Hours of a hobby", "size": "Size of the firm"})
        said = " ".join([found.headline, *found.notes, found.decision.robustness, found.figures[0].title])
        assert "“hours of a hobby”" in found.headline and "Without hours of a hobby" in said
        assert found.table.feature[0].startswith("hours of a hobby (")
        assert found.decision.recommendation == ADJUST  # decided by column, whatever it is called

    def test_unequal_selection_without_a_proxy_goes_to_counsel(self):
        """0.12 against 0.3 with the attribute: a ratio of rates near 0.4, Fisher's p far below 0.05."""
        found = decide(*make_people(tells=0.0, chosen=0.12))
        assert found.decision.recommendation == ESCALATE and found.status == "caution"
        assert found.table.impact_ratio[0] < 0.6 and "counsel" in found.headline

    def test_a_protected_attribute_among_the_features_must_go(self):
        people, features, model = make_people(tells=0.0, chosen=0.3)
        table = people.table.assign(hobby=people.table.member.astype(float))
        direct = type(people)(
            table=table, attributes=("hobby",), forms=people.forms, describes=people.describes
        )
        found = decide(direct, features, model)
        assert found.decision.recommendation == ADJUST and found.status == "fail"

    def test_a_stated_mark_takes_the_place_of_four_fifths(self):
        limits = pd.DataFrame({"measure": ["impact_ratio"], "min": [0.2], "max": [np.nan]})
        found = decide(*make_people(tells=0.0, chosen=0.12), thresholds=limits)
        assert found.decision.recommendation == KEEP

    def test_without_targets_each_segment_is_looked_at_and_the_target_asked_for(self):
        found = decide(*make_people(tells=0.0, chosen=0.12), targets=())
        assert found.decision.recommendation == KEEP
        assert any(need.question.startswith("Which segments") for need in found.needs)
        assert found.table.impact_ratio.isna().all()
        assert any("if targeted alone" in note for note in found.notes)

    def test_not_run_without_declared_attributes(self):
        people, _, _ = make_people(tells=0.0, chosen=0.3)
        nobody = type(people)(table=people.table, attributes=(), forms=people.forms, describes=())
        found = decide_compliance(
            nobody, score_proxies(nobody), score_impact(nobody, ["S1"]), None, targets=["S1"]
        )
        assert found.status == "not_run" and found.needs[0].columns == ("protected_attributes",)

    def test_an_override_must_be_an_option(self):
        wrong = Override(choice="Ignore it", who="x", when="2026-01-01", why="y")
        with pytest.raises(InputError, match="Ignore it"):
            decide(*make_people(tells=0.0, chosen=0.3), override=wrong)

    def test_several_values_are_tested_one_by_one_and_small_ones_left_out(self):
        people, _, _ = make_people(tells=0.0, chosen=0.3)
        age = pd.Series(["young"] * 300 + ["old"] * 480 + ["unsaid"] * 20)
        many = type(people)(
            table=people.table.assign(age=age),
            attributes=("age",),
            forms=people.forms,
            describes=people.describes,
        )
        assert set(score_proxies(many, permutations=50).value) == {"young", "old"}
        impact = score_impact(many, ["S1"])
        assert set(impact[impact.scope == "targets"].group) == {"young", "old"}


class TestAdjusted:
    def test_cost_of_leaving_out_what_the_segments_rest_on(self):
        _, features, model = make_people(tells=0.0, chosen=0.3)
        value = pd.Series(np.repeat([100.0, 1.0], N), index=features.customer_id)
        found = fit_adjusted(features, model, value, drop=["size"], targets=["S1"], restarts=5)
        assert found.agreement < 0.1 and found.explained < 0.1 < found.explained_before
        assert found.value_told_before > 0.95 and found.value_told < 0.1
        assert found.target_value_before == pytest.approx(100, abs=1) and found.target_value < 70

    def test_refitted_by_the_algorithm_that_was_chosen(self):
        _, features, model = make_people(tells=0.0, chosen=0.3)
        value = pd.Series(1.0, index=features.customer_id)
        found = fit_adjusted(
            features, model, value, drop=["hobby"], targets=["S1"], algorithm="Gaussian mixture"
        )
        # left is size alone, two bell curves ten standard deviations apart
        assert found.agreement > 0.99 and found.targets == ("S1",) and found.algorithm == "Gaussian mixture"

    def test_nothing_is_left(self):
        _, features, model = make_people(tells=0.0, chosen=0.3)
        assert fit_adjusted(features, model, pd.Series(dtype=float), drop=["size", "hobby"]) is None


class TestPlantedProxy:
    @staticmethod
    def people_of(client):
        """The true segments, and no feature: fields of customers only."""
        groups = client.true_groups().rename(columns={"group": "segment"})
        features = groups[["customer_id"]].assign(has_purchases=True)
        table = client.table("customers")
        kept = table.select("customer_id", "women_owned", "association", "industry", "region")
        return build_people(kept, features, groups, protected=["women_owned"], used=())

    def test_the_association_is_found_and_as_strong_as_planted(self, halden):
        people = self.people_of(halden)
        proxies = score_proxies(people, permutations=400).set_index("field")
        given = halden.planted("protected")
        given = given[given.outcome.str.startswith("association")].pivot(
            index="outcome", columns="given", values="probability"
        )
        with_it, without = given["women_owned"].to_numpy(), given["not women_owned"].to_numpy()
        odds = with_it / without
        order = np.sign(odds[:, None] - odds[None]) / 2 + 0.5
        expected = (with_it[:, None] * without[None] * order).sum()
        assert proxies.auc["association"] == pytest.approx(expected, abs=0.03)
        assert proxies.reading["association"] == "proxy" and proxies.auc.idxmax() == "association"
        assert (
            proxies.reading["region"] == "no" and 0.55 < proxies.auc["industry"] < proxies.auc["association"]
        )

    def test_segments_differ_through_industry_only(self, halden):
        """The laboratories hold more of them; among customers of the same industry nothing is left."""
        people = self.people_of(halden)
        proxies = score_proxies(people, permutations=200)
        impact = score_impact(people, ["labs"])
        found = decide_compliance(
            people,
            proxies,
            impact,
            None,
            targets=["labs"],
            jurisdictions=["DE"],
            strata="industry",
            resamples=20,
        )
        assert found.decision.recommendation == ESCALATE
        note = next(note for note in found.notes if note.startswith("Among customers of the same industry"))
        assert "which chance explains" in note

    def test_the_null_client_has_no_proxy(self, null_halden):
        proxies = score_proxies(self.people_of(null_halden), permutations=400)
        assert (proxies.reading == "no").all()


class TestLaw:
    def test_a_member_state_brings_eu_law_along_and_a_part_its_country(self):
        assert set(law.list_rules(["DE"]).jurisdiction) == {"DE", "EU"}
        assert set(law.list_rules(["US-CA"]).jurisdiction) == {"US-CA", "US"}
        assert law.list_rules(["GB"]).jurisdiction.to_list() == ["GB"]

    def test_every_rule_is_dated_has_its_source_and_says_against_what_it_was_read(self):
        for rule in law.RULES:
            assert rule.source and rule.copy and rule.rule.endswith(".")
            assert pd.Timestamp(rule.read_on)
            if rule.reading == "not read":  # then nothing may be claimed of it, not even a date
                assert rule.in_force_from == "" and "text not found" in rule.checked
            else:
                assert pd.Timestamp(rule.in_force_from) and rule.read_on in rule.checked
            assert set(rule.grounds) <= set(law.GROUND_WORDS)

    @pytest.mark.parametrize(
        ("source", "named", "unnamed"),
        [
            # Read on 2026-11-26 in the copies that the table names.
            ("section 51 (Unruh", {"sex", "family", "orientation"}, {"age"}),  # marital status; not age
            ("Equality Act 2010", {"age", "sex"}, {"family"}),  # section 28(1)(b): not marriage
            ("29 CFR 1607.4 D", {"sex", "origin"}, {"religion"}),  # "any race, sex, or ethnic group"
            ("sections 19 and 20", {"age", "origin"}, {"family"}),  # AGG, section 1
            ("Ley 15/2022", {"wealth", "age"}, {"family"}),  # "situación socioeconómica"
            ("articles 225-1", {"family", "wealth", "age"}, set()),  # "vulnérabilité ... économique"
            ("articles 5(1)(b)", {"age", "disability", "wealth"}, {"sex"}),  # AI Act
            ("articles 26(3) and 28(2)", {"religion", "age"}, {"sex"}),  # special categories; minors
        ],
    )
    def test_grounds_are_those_of_the_text(self, source, named, unnamed):
        rule = next(rule for rule in law.RULES if source in rule.source)
        assert named <= set(rule.grounds) and not unnamed & set(rule.grounds)

    def test_grounds_select_rules_and_are_read_from_names(self):
        assert [law.read_ground(name) for name in ("women_owned", "age", "kids_count", "stage", "tier")] == [
            *("sex", "age", "family", "", ""),
        ]
        found = law.list_rules(["PL", "EU"], grounds=["age"])
        assert "PL" not in set(found.jurisdiction)  # its Act names sex and origin
        assert found.source.str.contains("GDPR").any()  # use of data concerns every ground

    def test_finding_says_how_far_each_rule_was_read(self):
        found = check_law(["EU", "US-CA", "BR"], ["women_owned"])
        rules = law.list_rules(["EU", "US-CA"], grounds=["sex"])
        assert found.status == "info" and list(found.table.columns) == list(law.COLUMNS)
        assert f"{(rules.reading == 'quoted').sum()} as others quote them" in found.headline
        assert found.table.checked.str.contains("2026-11-26").all()
        assert any("2027-01-01" in note for note in found.notes)
        assert any("BR" in note for note in found.notes)
        assert check_law([], ["women_owned"]).status == "not_run"

    def test_what_was_not_found_is_said(self):
        found = check_law(["US-NY"], ["women_owned"])
        assert "1 not at all" in found.headline
        assert any(note.startswith("Not read in any text") for note in found.notes)
        assert not any("In force only from" in note for note in found.notes)  # no date is made up for it
