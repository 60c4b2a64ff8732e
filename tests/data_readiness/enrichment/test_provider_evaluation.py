"""Data providers: six customers by hand, the planted providers found, and nothing found in the null."""

from collections.abc import Iterator
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.enrichment import explanatory_power as power
from segutils.data_readiness.enrichment import provider_answers as answers
from segutils.data_readiness.enrichment.provider_evaluation import decide_provider_evaluation
from segutils.data_readiness.enrichment.provider_options import MIX, NONE
from segutils.engagement_terms import Weighting
from segutils.errors import InputError
from segutils.findings import Override
from segutils.samples import client as sample_client
from segutils.samples.customers import identities, records
from segutils.samples.making import AS_OF, Making, open_making
from segutils.samples.money import providers

DAY = date(2025, 12, 31)
RECORD = ["provider", "customer_id", "field", "value", "cost"]
TERMS = pd.DataFrame(
    [("Good", "contract", "EU", True, "A. Law"), ("Bad", "contract", "US", True, "A. Law")],
    columns=["name", "basis", "hosted_in", "agreement", "owner"],
)
HAND = pd.DataFrame(
    [("correcting a record", 4.0, "record", None, "B. Data")],
    columns=["item", "amount", "per", "every", "owner"],
)


def six(own_industries: list[str | None] | None = None) -> answers.Answers:
    """Good knows five of six and is right but once; Bad knows all and has every number twice as high."""
    ids = list("abcdef")
    truth = [(c, "industry", "Food") for c in ids] + [(c, "employees", "100") for c in ids]
    said = [("Good", c, "industry", "food ", 1.0) for c in ids[:4]] + [("Good", "e", "industry", "Oil", 1.0)]
    said += [("Good", c, "employees", "110", 1.0) for c in ids[:5]]
    said += [("Bad", c, "industry", "Oil", 0.5) for c in ids] + [
        ("Bad", c, "employees", "200", 0.5) for c in ids
    ]
    lines = [(c, date(2025, 6, 1), 10.0) for c in ids[:5]] + [("f", date(2025, 6, 1), 50.0)]
    lines += [("a", date(2024, 1, 1), 999.0)]  # too long ago to count
    return answers.build_answers(
        ibis.memtable(pd.DataFrame(said, columns=RECORD)),
        ibis.memtable(pd.DataFrame(truth, columns=RECORD[1:4])),
        ibis.memtable(pd.DataFrame({"customer_id": ids, "industry": own_industries or ["Oil"] * 6})),
        ibis.memtable(pd.DataFrame(lines, columns=["customer_id", "ordered_on", "net_revenue"])),
        as_of=DAY,
        max_relative_error=0.3,
    )


def test_match_accuracy_bias_and_cost_by_hand():
    table = answers.measure_answers(six()).set_index(["source", "field"])
    good = table.loc["Good", "industry"]
    assert good.match_rate == pytest.approx(5 / 6) and good.right_share == pytest.approx(4 / 5)
    assert good.revenue_match_rate == pytest.approx(50 / 100)  # the sixth customer has half of the revenue
    assert good.cost_per_usable == pytest.approx(5 * 1.0 / 4)  # five paid, four right
    # Wilson, 4 of 5, z = 1.96: (4 + 1.9207) / 8.8415 ± 1.96 / 8.8415 · √(4·1/5 + 0.9604)
    assert [good.right_low, good.right_high] == pytest.approx([0.3755, 0.9638], abs=1e-3)
    numbers = table.loc["Good", "employees"]
    assert numbers.right_share == 1 and numbers.median_error == pytest.approx(0.1)  # 110 for 100
    bad = table.loc["Bad", "employees"]
    assert bad.bias == pytest.approx(1.0) and bad.right_share == 0 and np.isnan(bad.cost_per_usable)
    assert table.loc["own data", "industry"].right_share == 0
    assert table.loc["own data", "employees"].match_rate == 0  # the client has no such column


def test_codes_in_digits_are_no_numbers():
    truth = ibis.memtable(pd.DataFrame([("a", "trade_code", "0110")], columns=RECORD[1:4]))
    said = ibis.memtable(pd.DataFrame([("P", "a", "trade_code", "0111", 1.0)], columns=RECORD))
    customers = ibis.memtable(pd.DataFrame({"customer_id": ["a"]}))
    lines = ibis.memtable(
        pd.DataFrame([("a", DAY, 1.0)], columns=["customer_id", "ordered_on", "net_revenue"])
    )
    as_number = answers.build_answers(said, truth, customers, lines, as_of=DAY)
    as_code = answers.build_answers(said, truth, customers, lines, as_of=DAY, codes=["trade_code"])
    assert answers.measure_answers(as_number).right_share.iloc[1] == 1  # 111 is near 110
    assert answers.measure_answers(as_code).right_share.iloc[1] == 0


def decide(found: answers.Answers | None = None, **options):
    stated = {"customers": 600, "currency": "EUR", "terms": TERMS, "costs": HAND, "draws": 50, **options}
    return decide_provider_evaluation(found or six(), None, **stated)


def test_scores_by_hand():
    """Weights 0.25, 0.3, 0.25, 0.2 of coverage, accuracy, added power, cost; two fields, a hand costs 4."""
    options = decide().decision.options.set_index("option")
    # own: industry known of all and wrong, employees unknown: coverage ½, accuracy 0, nothing spent
    assert options.score[NONE] == pytest.approx(0.25 * 0.5 + 0.2)
    # Good: coverage 5/6, accuracy (.8 + 1)/2, cost 1.25 and 1 of 4: (1 − .3125 + 1 − .25)/2
    good = options.loc["everything from Good"]
    assert good.accuracy == pytest.approx(0.9) and good.coverage == pytest.approx(5 / 6)
    assert good.cost == pytest.approx(0.71875)
    assert good.score == pytest.approx(0.25 * 5 / 6 + 0.3 * 0.9 + 0.2 * 0.71875)
    assert good.for_all_customers == pytest.approx(2 * 5 / 6 * 600)
    assert MIX not in options.index  # the best source of either field is Good: the same thing


def test_the_good_provider_is_bought_and_the_headline_says_so():
    finding = decide()
    assert finding.decision.recommendation == "everything from Good"
    assert finding.headline == (
        "Every field should come from Good: it knows 83 % of the customers, at EUR 1.00 a value."
    )
    assert finding.table.set_index(["provider", "field"]).verdict["Bad", "employees"] == "too often wrong"
    assert [(a.text[:13], a.owner) for a in finding.assumptions[:2]] == [
        ("Values are us", "playbook default"),
        ("A usable valu", "B. Data"),
    ]


def test_where_the_client_knows_better_only_the_other_field_is_bought():
    finding = decide(six(own_industries=["Food"] * 6))
    assert finding.decision.recommendation == MIX
    assert finding.headline == (
        "Only Good's employees is worth buying: 100 % of it is right, at EUR 1.00 a value; industry stays "
        "the client's own."
    )


def test_gaps_are_counted():
    finding = decide(six(own_industries=["Food"] * 4 + [None, None]))
    # of e and f, Good knows e, and has it wrong
    assert any(
        note
        == "Of 2 checked customers for whom the client has no value of industry, Good has it right for 0."
        for note in finding.notes
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"agreement": [False, True]}, "no processing agreement is signed (A. Law)"),
        ({"basis": ["none", "contract"]}, "there is no legal basis (A. Law)"),
        ({"name": ["Another", "Bad"]}, "no terms are stated"),
    ],
)
def test_who_may_not_be_used_is_out_before_scoring(change, reason):
    finding = decide(terms=TERMS.assign(**change))
    assert "everything from Good" not in finding.decision.options.option.tolist()
    assert f"Good is left out before scoring: {reason}." in finding.notes
    verdict = finding.table.set_index(["provider", "field"]).verdict["Good", "industry"]
    assert verdict.startswith("out: ")


def test_without_any_terms_nobody_is_out_but_it_is_said():
    finding = decide(terms=None)
    assert finding.status == "caution" and "Nobody stated the terms" in finding.limits[0]
    assert finding.needs[0].columns == ("providers",)


def test_without_a_price_limit_cost_does_not_count():
    finding = decide(costs=None)
    assert "cost" not in finding.decision.options.columns
    assert any("what may a usable one cost" in need.question for need in finding.needs)


def test_a_threshold_replaces_the_default():
    stated = pd.DataFrame(
        [("right_share", 0.95, np.nan, "B. Data"), ("cost_per_usable", np.nan, 1.1, "C. Money")],
        columns=["measure", "min", "max", "owner"],
    )
    finding = decide(thresholds=stated)
    verdicts = finding.table.set_index(["provider", "field"]).verdict
    assert verdicts["Good", "industry"] == "too often wrong"  # 0.8 is less than 0.95
    assert {a.owner for a in finding.assumptions[:2]} == {"B. Data", "C. Money"}
    wrong = stated.assign(measure=["accuracy", "cost_per_usable"])
    with pytest.raises(InputError, match="state right_share with min"):
        decide(thresholds=wrong)


def test_the_raters_weights_decide_and_their_difference_is_said():
    criteria = {name: {"means": name} for name in ("coverage", "accuracy", "added_power", "cost")}
    thrifty = {"coverage": 0.0, "accuracy": 0.05, "added_power": 0.0, "cost": 0.95}
    keen = {"coverage": 0.3, "accuracy": 0.5, "added_power": 0.1, "cost": 0.1}
    raters = [{"name": "Thrifty", "weights": thrifty}, {"name": "Keen", "weights": keen}]
    both = Weighting.model_validate({"criteria": criteria, "raters": raters})
    said = [note for note in decide(weighting=both).notes if "geometric mean" in note]
    assert "cost: 10 % for Keen, 95 % for Thrifty" in said[0]
    assert "they would choose differently: buy nothing for Thrifty; everything from Good for Keen" in said[0]
    alone = Weighting.model_validate({"criteria": criteria, "raters": raters[:1]})
    assert decide(weighting=alone).decision.recommendation == NONE
    del criteria["cost"]
    other = {"criteria": criteria, "raters": [{"name": "A", "weights": dict.fromkeys(criteria, 1 / 3)}]}
    with pytest.raises(InputError, match="name exactly these: coverage, accuracy, added_power, cost"):
        decide(weighting=Weighting.model_validate(other))


def test_the_clients_own_choice():
    own = Override(choice=NONE, who="A. Boss", when="2026-01-05", why="no budget")
    finding = decide(override=own)
    assert finding.decision.choice == NONE
    assert "The client's choice is “buy nothing”" in finding.headline
    with pytest.raises(InputError, match="not an option"):
        decide(override=Override(choice="Nobody", who="A", when="2026-01-05", why="b"))


def test_without_checked_values_nothing_is_assessed():
    finding = decide_provider_evaluation(None, None, customers=10, currency="EUR")
    assert finding.status == "not_run"
    assert {need.table for need in finding.needs} == {"provider_records", "provider_truth"}


def _make(accounts: int, *, null: bool) -> Iterator[Making]:
    """Orders and providers only; all accounts are asked for, so that a small client tells enough."""
    steps = (
        *sample_client.FIRST,
        identities.build_identities,
        records.build_records,
        providers.build_providers,
    )
    with (
        pytest.MonkeyPatch.context() as patched,
        open_making(accounts=accounts, seed=23, null=null) as making,
    ):
        patched.setattr(providers, "SHARE", 1.0)
        patched.setattr(providers, "MOST_CHECKED", 1000)
        for step in steps:
            step(making)
        yield making


@pytest.fixture(scope="module")
def planted() -> Iterator[Making]:
    yield from _make(2500, null=False)


@pytest.fixture(scope="module")
def nothing_planted() -> Iterator[Making]:
    yield from _make(1500, null=True)


def read(making: Making, name: str) -> ibis.Table:
    table = ibis.duckdb.from_connection(making.db).table(name, database="client")
    return table.mutate(ordered_on=table.ordered_at.date()) if name == "transactions" else table


def build(making: Making) -> answers.Answers:
    names = ("provider_records", "provider_truth", "customers", "transactions")
    return answers.build_answers(*(read(making, name) for name in names), as_of=AS_OF)


def measure(making: Making) -> pd.DataFrame:
    history = power.build_history(read(making, "customers"), read(making, "transactions"), as_of=AS_OF)
    return power.measure_power(read(making, "provider_records"), history)


@pytest.fixture(scope="module")
def planted_power(planted) -> pd.DataFrame:
    return measure(planted)


def test_planted_match_rates_accuracy_and_bias_lie_within_their_intervals(planted):
    table = answers.measure_answers(build(planted), level=0.9999).set_index(["source", "field"])
    truth = planted.ask("from truth.providers").set_index(["provider", "field"])
    for key, row in truth.iterrows():
        found = table.loc[key]
        assert found.match_low <= row.match_realised <= found.match_high
        assert found.cost == pytest.approx(row.cost)
        if key[1] == "industry":
            assert found.right_low <= row.right <= found.right_high
        elif key[1] != "credit_class":
            assert np.log1p(found.bias_low) - 0.01 <= row.log_bias <= np.log1p(found.bias_high) + 0.01


def test_planted_selection_by_size(planted):
    table = answers.measure_selection(build(planted), level=0.9999).set_index("provider")
    for provider in providers.PROVIDERS:
        found = table.loc[provider.name]
        assert found.slope_low <= provider.size_slope <= found.slope_high
    assert table.slope_low["Dunmere"] > 0
    rates = answers.measure_answers(build(planted)).set_index(["source", "field"]).loc["Dunmere", "industry"]
    assert rates.revenue_match_rate > rates.match_rate  # it knows those who buy much


def test_only_the_planted_credit_class_tells_anything_new(planted_power):
    found = planted_power[planted_power.adds]
    assert found[["source", "field"]].to_numpy().tolist() == [["Dunmere", "credit_class"]]
    row = found.iloc[0]
    assert row.gain_low > 0 and row.cross_validated > 0 and row.odds_low > 1
    assert row.classes == "A to E"


def test_the_planted_slope_is_found_where_the_true_churn_is_known(planted):
    """Classes were drawn so that each adds 0.8 to the log odds of having left, whatever else is known."""
    history = power.build_history(read(planted, "customers"), read(planted, "transactions"), as_of=AS_OF)
    gone = planted.ask("select customer_id, churned_on is not null as gone from truth.accounts")
    history["stopped"] = history.customer_id.map(gone.set_index("customer_id").gone).astype(bool)
    table = power.measure_power(read(planted, "provider_records"), history, level=0.9999)
    table = table[table.field == "credit_class"].set_index("source")
    for provider in providers.PROVIDERS:
        row = table.loc[provider.name]
        assert row.odds_low <= np.exp(provider.churn_slope) <= row.odds_high
        assert row.adds == (provider.churn_slope > 0)


def test_the_planted_class_is_what_should_be_bought(planted, planted_power):
    finding = decide_provider_evaluation(
        build(planted), planted_power, customers=2500, currency="EUR", costs=HAND, draws=100
    )
    assert finding.decision.recommendation == MIX
    assert finding.headline.startswith("Only Dunmere's credit class is worth buying: it removes ")
    assert any(note.startswith("Dunmere knows ") for note in finding.notes)
    assert any("Ostrik puts annual revenue" in note and "too high" in note for note in finding.notes)


def test_in_the_null_client_nothing_is_bought(nothing_planted):
    told = measure(nothing_planted)
    assert not told.adds.any()
    finding = decide_provider_evaluation(
        build(nothing_planted), told, customers=1500, currency="EUR", costs=HAND, draws=100
    )
    assert finding.decision.recommendation == NONE
    assert finding.headline.startswith("Nothing should be bought")
    assert finding.figures[1].title == "None of 12 fields tells anything new about who stops buying"


def test_too_few_customers_are_not_tested():
    history = pd.DataFrame(
        {"customer_id": list("abcdefghij"), "stopped": [True, False] * 5, "orders": range(10)}
    )
    said = [("P", c, "grade", "A") for c in "abcdefghij"]
    table = power.measure_power(ibis.memtable(pd.DataFrame(said, columns=RECORD[:4])), history)
    assert np.isnan(table.gain[0]) and not table.adds[0] and table.customers[0] == 10


def test_history_by_hand():
    """A year back from the end of 2025: a stopped, b stayed, c is new and not judged."""
    lines = [("a", "1", date(2024, 1, 1), 5.0), ("a", "2", date(2024, 1, 31), 5.0)]
    lines += [("b", "3", date(2024, 12, 1), 7.0), ("b", "4", date(2025, 5, 1), 7.0)]
    lines += [("c", "5", date(2025, 5, 1), 7.0)]
    table = ibis.memtable(
        pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_on", "net_revenue"])
    )
    customers = ibis.memtable(pd.DataFrame({"customer_id": list("abc"), "region": ["n", None, "s"]}))
    history = power.build_history(customers, table, as_of=DAY, horizon_days=365)
    assert history.customer_id.tolist() == ["a", "b"] and history.stopped.tolist() == [True, False]
    assert history.orders.tolist() == [2, 1] and history.days_between_orders.tolist() == [30, 365]
    # the last day that counts as before is 2024-12-31: 335 days after a's last order
    assert history.days_since_order.tolist() == [335, 30]
    assert history.silence[0] == pytest.approx(335 / (30 + power.GAP_ADDED))
