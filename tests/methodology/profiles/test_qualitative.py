"""Interviews against published agreement figures, hand-counted passages and the planted themes."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.methodology.profiles.coding_agreement import (
    AGREE,
    ALPHA,
    KAPPA,
    cohen_kappa,
    measure_agreement,
)
from segutils.methodology.profiles.profiles import build_sizes
from segutils.methodology.profiles.qualitative import ALL, NONE, SOME, decide_qualitative, find_own_quotes
from segutils.methodology.profiles.quotes import build_quotes, find_quotes, mask_text
from segutils.methodology.profiles.theme_evidence import build_codings, measure_themes, shrink_shares


def coded(*coders: str) -> pd.DataFrame:
    """One string per coder, a letter per passage, "." where that coder did not code it."""
    rows = [
        {"interview_id": f"I{n}", "passage": 1, "coder": f"coder {c}", "theme": letter}
        for c, letters in enumerate(coders)
        for n, letter in enumerate(letters.split())
        if letter != "."
    ]
    return pd.DataFrame(rows)


def test_kappa_of_a_published_table():
    # Fleiss, Levin and Paik 2003, table 18.1: observed 0.89, by chance 0.66, kappa 0.676
    table = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    assert cohen_kappa(table) == pytest.approx((0.89 - 0.66) / (1 - 0.66), abs=1e-12)


def test_alpha_of_published_examples():
    # Krippendorff 2011, Computing Krippendorff's Alpha-Reliability: B. nominal data, two observers: 0.692
    two = coded("a a b b d c c c e d d a", "b a b b b c c c e d d d")
    values = measure_agreement(two, draws=50).set_index("measure")["value"]
    assert values[ALPHA] == pytest.approx(0.692, abs=5e-4)
    assert values[AGREE] == pytest.approx(9 / 12)
    # C. nominal data, any number of observers, missing data: 0.743
    four = coded(
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    )
    table = measure_agreement(four, draws=50).set_index("measure")
    assert table.loc[ALPHA, "value"] == pytest.approx(0.743, abs=5e-4)
    assert KAPPA not in table.index and table.loc[ALPHA, "passages"] == 11  # one has a single code


def test_passages_coded_once_have_no_agreement():
    assert measure_agreement(coded("a b c")).empty


def test_shares_are_drawn_to_the_average_and_less_so_with_more_passages():
    counts = np.array([[8.0, 2.0], [80.0, 20.0], [20.0, 80.0]])
    shrunk = shrink_shares(counts)
    average = counts[:, 0].sum() / counts.sum()
    assert average < shrunk[0, 0] < 0.8 and shrunk[0, 0] < shrunk[1, 0] < 0.8
    assert shrunk.sum(axis=1) == pytest.approx([1, 1, 1])
    # rows that are all alike have nothing of their own
    alike = shrink_shares(np.array([[3.0, 7.0], [4.0, 6.0], [3.5, 6.5]]))
    assert alike[:, 0] == pytest.approx([0.35] * 3, abs=0.01)


def test_passages_counted_by_hand():
    # interview 1 (S1): x x y; interview 2 (S2): y, and one that the coders read differently
    codings = pd.DataFrame(
        [
            ("1", 1, "A", "x", "S1"), ("1", 1, "B", "x", "S1"), ("1", 2, "A", "x", "S1"),
            ("1", 3, "A", "y", "S1"), ("2", 1, "A", "y", "S2"), ("2", 2, "A", "x", "S2"),
            ("2", 2, "B", "y", "S2"),
        ],
        columns=["interview_id", "passage", "coder", "theme", "segment"],
    )  # fmt: skip
    evidence = measure_themes(codings, ["S1", "S2", "S3"], permutations=20)
    passages = evidence.cells.pivot(index="segment", columns="theme", values="passages")
    assert passages.loc["S1"].tolist() == [2, 1] and passages.loc["S2"].tolist() == [0.5, 1.5]
    assert evidence.interviews.tolist() == [1, 1, 0]
    quotes = find_quotes(codings, pd.DataFrame({"segment": ["S1"], "theme": ["x"]}))
    # passage 2 of interview 2 is no quote: its coders do not agree
    assert quotes[["segment", "stance", "interview_id", "passage"]].to_numpy().tolist() == [
        ["S1", "supports", "1", 1],
        ["S1", "supports", "1", 2],
    ]
    against = find_quotes(codings, pd.DataFrame({"segment": ["S2"], "theme": ["x"]}))
    assert set(against["stance"]) == {"contradicts"} and set(against["speaks_like"]) == {"S2"}


@pytest.mark.parametrize("seed", range(3))
def test_without_any_difference_the_permutation_test_keeps_its_level(seed):
    """Twenty null clients a seed: at most a few of a hundred adjusted p-values below 5 %."""
    found = 0
    for number in range(20):
        draw = np.random.default_rng(100 * seed + number)
        codings = pd.DataFrame(
            {
                "interview_id": np.repeat([f"I{n}" for n in range(40)], 6),
                "passage": np.tile(range(6), 40),
                "coder": "A",
                "theme": draw.choice(list("abcdefg"), 240),
                "segment": np.repeat(draw.choice(["S1", "S2", "S3", "S4"], 40), 6),
            }
        )
        cells = measure_themes(codings, ["S1", "S2", "S3", "S4"], permutations=199, seed=number).cells
        found += bool((cells["p"] <= 0.05).any())
    assert found <= 5  # of 20 with level 5 %: more than 5 has a probability of 0.0003


def decided(planted, **options):
    sizes = build_sizes(planted.segments, planted.rfm, planted.names)
    codings = build_codings(planted.interviews.drop(columns="text"), planted.segments)
    options = {"permutations": 1000, "draws": 200} | options
    return codings, decide_qualitative(codings, planted.names, sizes, currency="EUR", **options)


def test_planted_agreement_themes_and_silence_are_found(planted):
    codings, finding = decided(planted)
    agreement = measure_agreement(codings, draws=300).set_index("measure")
    for measure in (KAPPA, ALPHA):
        row = agreement.loc[measure]
        assert row["low"] <= planted.coding["kappa"] <= row["high"]
    table = finding.table.set_index("segment")
    # each segment's leading theme as planted (truth.themes: 44 to 46 % of its passages); projects is silent
    own = {
        "Majors": "uptime fear",
        "Maintenance": "speed of delivery",
        "Labs": "measurement confidence",
        "Builders": "price pressure",
        "Legacy": "tied to the old system",
    }
    supported = table[table["verdict"] == "supported"]
    assert len(supported) >= 4  # thirty interviews only
    for segment, row in supported.iterrows():
        assert row["theme"] == own[segment]
    assert table.loc["Projects", "verdict"] in ("nobody interviewed", "too few interviews")
    assert finding.status == "caution" and finding.decision.recommendation == SOME


def test_what_is_said_against_the_taxonomy_in_use_is_found(planted):
    heard = planted.interviews.drop_duplicates("interview_id")[["interview_id", "customer_id"]]
    group = heard.merge(planted.true, on="customer_id")
    group["group"] = group["segment"].replace({"legacy": "Aftermarket", "maintenance": "Aftermarket"})
    _, finding = decided(planted, taxonomy=group[["interview_id", "group"]])
    note = next(note for note in finding.notes if note.startswith("“Aftermarket”"))
    assert "speed of delivery" in note and "tied to the old system" in note


def test_the_null_clients_interviews_support_nothing(null_planted):
    names = pd.DataFrame({"segment": ["S1", "S2"], "name": ["Frequent", "Occasional"]})
    customers = null_planted.interviews["customer_id"].unique()
    draw = np.random.default_rng(2)
    halves = pd.DataFrame({"customer_id": customers, "segment": draw.choice(["S1", "S2"], len(customers))})
    codings = build_codings(null_planted.interviews.drop(columns="text"), halves)
    sizes = pd.DataFrame({"segment": ["S1", "S2"], "customers": [50, 50]})
    finding = decide_qualitative(codings, names, sizes, permutations=999, draws=50)
    assert set(finding.table["verdict"]) == {"no theme of its own"}
    assert finding.decision.options["option"].tolist() == [
        NONE,
        ALL,
    ]  # nothing is backed, so nothing is briefed
    assert "support none of the 2 segments" in finding.headline


def test_coders_who_guess_support_nothing(planted):
    draw = np.random.default_rng(4)
    noise = planted.interviews.drop(columns="text").copy()
    second = (noise["coder"] == "B").to_numpy()
    noise.loc[second, "theme"] = draw.permutation(noise.loc[second, "theme"].to_numpy())
    sizes = build_sizes(planted.segments, planted.rfm, planted.names)
    codings = build_codings(noise, planted.segments)
    finding = decide_qualitative(codings, planted.names, sizes, permutations=200, draws=50)
    assert "coders agree too little" in finding.headline
    assert "supported" not in set(finding.table["verdict"])


def test_one_coder_without_passages_is_enough_for_themes_but_not_for_agreement(planted):
    single = planted.interviews[planted.interviews["coder"] == "A"].drop(columns=["text", "coder", "passage"])
    sizes = build_sizes(planted.segments, planted.rfm, planted.names)
    finding = decide_qualitative(
        build_codings(single, planted.segments), planted.names, sizes, permutations=500, draws=50
    )
    assert (finding.table["verdict"] == "supported").sum() >= 3
    assert any("coded by one person" in note for note in finding.notes)
    assert finding.needs[0].columns == ("coder", "passage")


def test_costs_of_further_interviews_are_the_owners(planted):
    costs = pd.DataFrame(
        {"item": ["an interview"], "amount": [650.0], "per": ["interview"], "owner": ["CMO"]}
    )
    _, finding = decided(planted, costs=costs, wanted_interviews=12)
    needed = finding.decision.options.set_index("option")["interviews_needed"]
    assert needed[NONE] == 72 and needed[ALL] == 0
    assert any("72 interviews, EUR 46,800" in note for note in finding.notes)
    assert finding.assumptions[0].owner == "CMO"


def test_without_interviews_nothing_is_claimed(planted):
    sizes = build_sizes(planted.segments, planted.rfm, planted.names)
    finding = decide_qualitative(None, planted.names, sizes)
    assert finding.status == "not_run" and finding.needs[0].table == "interviews"
    one = decide_qualitative(
        build_codings(planted.interviews, planted.segments), planted.names.head(1), sizes
    )
    assert one.status == "info"


def test_what_cannot_be_used_is_refused(planted):
    with pytest.raises(InputError, match="interviews are wanted"):
        decided(planted, min_interviews=10, wanted_interviews=5)
    with pytest.raises(InputError, match="not an option"):
        decided(planted, override=Override(choice="Ask nobody", who="x", when="2026-01-01", why="y"))


def test_quotes_for_the_owner_are_masked_and_need_consent(planted):
    codings, finding = decided(planted)
    quotes = find_own_quotes(codings, planted.names, finding)
    texts = planted.interviews.copy()
    silent = texts["interview_id"].unique()[0]
    texts.loc[texts["interview_id"] == silent, "text"] = None
    found = build_quotes(quotes, texts, planted.names)
    assert len(found) and silent not in set(found["interview_id"])
    assert {"supports"} <= set(found["stance"])
    assert build_quotes(quotes, None, planted.names).empty
    assert mask_text("Write to jo.d@firm.example or +49 711 3747270, see www.firm.example/x") == (
        "Write to [e-mail] or [number], see [address]"
    )
