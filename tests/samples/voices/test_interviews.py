"""What was planted in the interviews stands in them, and nothing stands in the null client's."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from segutils.samples.customers import accounts
from segutils.samples.making import Making, open_making
from segutils.samples.voices import interviews

SPOKEN = r"\b\w+'(?:s|t|re|ve|m|ll|d)\b|\b(?:[Yy]ou know|Look|Well|I mean|[Hh]onestly|I|[Ww]e|[Yy]ou)\b"


def read_passages(making: Making) -> pd.DataFrame:
    """A row per passage: what it is truly about, both coders' themes, and who said it."""
    coded = making.ask("from client.interviews").pivot(
        index=["interview_id", "passage", "text", "customer_id"], columns="coder", values="theme"
    )
    people = making.ask("select customer_id, strategy_segment, sales_segment, industry from draft.accounts")
    truth = making.ask("select interview_id, passage, segment, theme from truth.passages")
    return (
        coded.reset_index()
        .merge(people, on="customer_id", validate="many_to_one")
        .merge(truth, on=["interview_id", "passage"], validate="one_to_one")
    )


def expect_coded(share: float) -> float:
    """The share of passages that a coder gives a theme of this true share."""
    return interviews.ACCURACY * share + (1 - interviews.ACCURACY) * (1 - share) / (
        len(interviews.THEME_NAMES) - 1
    )


def alpha(first: pd.Series, second: pd.Series) -> float:
    """Krippendorff's alpha of two coders, nominal, nothing missing."""
    counts = pd.concat([first, second]).value_counts()
    total = counts.sum()
    by_chance = 1 - (counts * (counts - 1)).sum() / (total * (total - 1))
    return 1 - (first != second).mean() / by_chance


@pytest.fixture(scope="module")
def passages(made):
    return read_passages(made)


@pytest.fixture(scope="module")
def null_passages(null):
    return read_passages(null)


def test_every_passage_is_coded_by_two(made, passages):
    rows = made.ask("from client.interviews")
    assert list(rows) == ["interview_id", "text", "customer_id", "theme", "coder", "passage"]
    assert (rows.groupby(["interview_id", "passage"]).coder.nunique() == 2).all()
    assert passages[["A", "B"]].notna().all().all()
    by_interview = passages.groupby("interview_id")
    assert by_interview.ngroups == 60
    assert by_interview.size().between(6, 9).all()
    assert (by_interview.customer_id.nunique() == 1).all()
    assert passages.customer_id.nunique() == 60


def test_theme_mix_follows_the_segment(made, passages, within):
    for row in made.ask("from truth.themes where interviews > 0").itertuples():
        group = passages[passages.segment == row.segment]
        for coder in ("A", "B"):
            expected = expect_coded(row.share)
            error = np.sqrt(expected * (1 - expected) / len(group))
            within((group[coder] == row.theme).mean(), expected, error, 4, f"{row.segment}, {row.theme}")
        assert (group.theme == row.theme).sum() == row.passages


def test_every_segment_that_speaks_has_its_own_main_theme(passages):
    main = passages.groupby("segment").A.agg(lambda themes: themes.mode().iloc[0])
    assert main.nunique() == len(main) == 5


def test_coders_agree_as_planted(made, null, passages, null_passages, within):
    for making, table in ((made, passages), (null, null_passages)):
        planned = making.ask("from truth.coding").iloc[0]
        # Cohen (1960): standard error of kappa from the variance of the observed agreement
        error = np.sqrt(planned.agreement * (1 - planned.agreement) / len(table)) / (
            1 - planned.agreement_by_chance
        )
        within(cohen_kappa_score(table.A, table.B), planned.kappa, error, 4, "kappa")
        within(alpha(table.A, table.B), planned.kappa, error, 4, "alpha")
        for coder in ("A", "B"):
            right = (table[coder] == table.theme).mean()
            spread = np.sqrt(planned.accuracy * (1 - planned.accuracy) / len(table))
            within(right, planned.accuracy, spread, 4, coder)


def test_one_segment_was_not_interviewed(made, passages):
    assert interviews.SILENT not in set(passages.segment)
    silent = made.ask("from truth.themes where interviews = 0")
    assert set(silent.segment) == {interviews.SILENT}


def test_the_taxonomy_is_contradicted(passages, within):
    """Those whom the client files as Aftermarket speak of the old system, as their true segments say."""
    misfit = interviews.THEME_NAMES.index(interviews.MISFIT)
    misfiled = passages[passages.strategy_segment == interviews.MISFILED]
    others = passages[passages.strategy_segment != interviews.MISFILED]
    planned = misfiled.segment.map(lambda name: interviews.THEME_SHARES[name][misfit]).map(expect_coded)
    said = (misfiled.A == interviews.MISFIT).mean()
    within(said, planned.mean(), np.sqrt((planned * (1 - planned)).sum()) / len(planned), 4, "the misfit")
    assert set(misfiled.segment) >= {"legacy", "maintenance"}
    assert said > (others.A == interviews.MISFIT).mean() + 0.1


def test_passages_are_spoken_language(passages, null_passages):
    for table in (passages, null_passages):
        words = table.text.str.split().str.len()
        assert words.between(4, 90).all()
        assert 14 < words.median() < 40
        assert not table.text.str.contains(r"[{}|\[\]]|  | \.|\d{5}").any()
        assert table.text.str.contains(SPOKEN).mean() > 0.85
        assert table.text.nunique() > 0.95 * len(table)
        assert table.text.str[0].str.isupper().all()


def test_null_themes_have_nothing_to_do_with_anything(passages, null_passages):
    for by in ("strategy_segment", "sales_segment", "industry"):
        table = pd.crosstab(null_passages.theme, null_passages[by])
        assert stats.chi2_contingency(table).pvalue > 1e-3, by
    assert stats.chi2_contingency(pd.crosstab(passages.theme, passages.strategy_segment)).pvalue < 1e-9


@pytest.mark.parametrize(("size", "expected"), [(200, 30), (20_000, 120)])
def test_interviews_are_few_at_any_size(size, expected):
    with open_making(accounts=size, seed=5) as making:
        accounts.build_accounts(making)
        interviews.build_interviews(making)
        assert (
            making.ask("select count(distinct interview_id) as n from client.interviews").n.item() == expected
        )
