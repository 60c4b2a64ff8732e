"""Explained out of sample: by hand, of nothing, of what was planted, and with honest intervals."""

import numpy as np
import pytest

from segutils.statistics.explained_share import (
    draw_weights,
    explain_best,
    explain_share,
    join_samples,
    permute_best,
    resample_best,
    split_folds,
    sum_cells,
)

# two groups, two folds; group 0: 1, 3 | 2; group 1: 10 | 12, 8
LABELS = np.array([0, 0, 0, 1, 1, 1])
VALUES = np.array([1.0, 3.0, 2.0, 10.0, 12.0, 8.0])
FOLD = np.array([0, 0, 1, 0, 1, 1])


class TestByHand:
    def test_six_customers(self):
        """Fold 0 against means 2 and 10: 1 + 1 + 0; fold 1 against 2 and 10: 0 + 4 + 4; together 10.

        Without groups: fold 0 against 22/3: 40.1111 + 18.7778 + 7.1111 = 66; fold 1 against 14/3: 7.1111 +
        53.7778 + 11.1111 = 72; together 138. So 1 − 10/138.
        """
        found = sum_cells(LABELS, VALUES, FOLD, groups=2).explained()
        assert found == pytest.approx([1 - 10 / 138])

    def test_a_customer_without_group_or_value_does_not_count(self):
        labels, fold = np.append(LABELS, [-1, 1]), np.append(FOLD, [0, 1])
        values = np.append(VALUES, [99.0, np.nan])
        assert sum_cells(labels, values, fold, groups=2).explained() == pytest.approx([1 - 10 / 138])

    def test_a_group_that_is_in_one_fold_only_is_told_the_mean_of_the_others(self):
        """Fold 1 alone has the third group, worth 5: its error is that against the mean 14/3 of fold 0."""
        labels, fold, values = np.append(LABELS, 2), np.append(FOLD, 1), np.append(VALUES, 5.0)
        sums = sum_cells(labels, values, fold, groups=3)
        third = sums.errors()[2].sum() + 25.0
        assert third == pytest.approx((5 - 14 / 3) ** 2)

    def test_several_columns_are_told_together(self):
        """A second column that is constant adds no errors and no variance."""
        both = np.column_stack([VALUES, np.ones(6)])
        assert sum_cells(LABELS, both, FOLD, groups=2).explained() == pytest.approx([1 - 10 / 138])

    def test_weights_are_copies(self):
        weights = np.array([[1.0], [2.0], [1.0], [1.0], [3.0], [1.0]])
        copies = weights[:, 0].astype(int)
        there = sum_cells(LABELS, VALUES, FOLD, groups=2, weights=weights).explained()
        again = sum_cells(*(np.repeat(v, copies) for v in (LABELS, VALUES, FOLD)), groups=2).explained()
        assert there == pytest.approx(again)

    def test_nothing_varies(self):
        assert np.isnan(sum_cells(LABELS, np.ones(6), FOLD, groups=2).explained()).all()


class TestMerging:
    def test_merging_is_relabelling(self):
        rng = np.random.default_rng(0)
        labels, values = rng.integers(0, 5, 200), rng.normal(size=(200, 2))
        fold = split_folds(200, rng=rng)
        sums = sum_cells(labels, values, fold, groups=5)
        relabelled = np.array([0, 1, 2, 1, 3])[labels]  # 3 joins 1, the last moves up
        merged = sums.merge(1, 3)
        assert merged.explained() == pytest.approx(sum_cells(relabelled, values, fold, groups=4).explained())
        pair = sums.pair_errors(1, np.array([3]))[0].sum()
        assert pair == pytest.approx(merged.errors()[1].sum())

    def test_samples_side_by_side(self):
        rng = np.random.default_rng(1)
        parts = [sum_cells(LABELS, VALUES, split_folds(6, folds=2, rng=rng), groups=2) for _ in range(3)]
        assert join_samples(parts).explained() == pytest.approx([part.explained()[0] for part in parts])


class TestNull:
    def test_many_groups_at_random_explain_in_sample_and_nothing_out_of_sample(self):
        """In sample 100 groups of 2,000 explain 99/1999 = 5 %; out of sample each mean costs its variance.

        Learned on four fifths, k means cost k / 0.8n = 0.0625 of the variance, less what the mean of all
        costs.
        """
        rng, inside, outside = np.random.default_rng(2), [], []
        for seed in range(40):
            labels, values = rng.integers(0, 100, 2000), rng.normal(size=2000)
            means = np.bincount(labels, values, 100) / np.bincount(labels, minlength=100)
            inside.append(1 - ((values - means[labels]) ** 2).sum() / ((values - values.mean()) ** 2).sum())
            outside.append(explain_share(labels, values, repeats=2, seed=seed))
        assert np.mean(inside) == pytest.approx(99 / 1999, abs=0.005)
        assert np.mean(outside) == pytest.approx(-99 / 1600, abs=0.01)
        assert max(outside) < 0.0

    def test_the_best_of_many_groupings_at_random_is_still_nothing(self):
        rng, found, naive = np.random.default_rng(3), [], []
        for _ in range(20):
            candidates = [rng.integers(0, 4, 400) for _ in range(40)]
            values = rng.normal(size=400)
            found.append(explain_best(candidates, [values], split_folds(400, rng=rng))[0, 0])
            naive.append(max(explain_share(labels, values, repeats=1) for labels in candidates))
        # picking the winner by its own score would have claimed something
        assert np.mean(found) < 0.0 < np.mean(naive)

    def test_p_values_are_honest(self):
        rng, chances = np.random.default_rng(4), []
        for _ in range(60):
            labels, values = rng.integers(0, 6, 150), rng.normal(size=150)
            told = explain_best([labels], [values], split_folds(150, rng=rng))[:, 0]
            chances.append(permute_best([labels], [values], told, permutations=99, rng=rng)[0])
        assert 0.01 <= np.mean(np.array(chances) <= 0.1) <= 0.22  # 0.1, give or take three standard errors

    def test_what_does_not_vary_is_never_significant(self):
        labels = np.arange(100) % 4
        chance = permute_best(
            [labels], [np.ones(100)], np.zeros(1), permutations=9, rng=np.random.default_rng(0)
        )
        assert chance.tolist() == [1.0]


class TestPlanted:
    def test_the_share_planted_is_found(self):
        """Means −1 and 1, noise 1: half of the variance lies between the groups."""
        rng = np.random.default_rng(5)
        labels = rng.integers(0, 2, 4000)
        values = 2.0 * labels - 1 + rng.normal(size=4000)
        assert explain_share(labels, values) == pytest.approx(0.5, abs=0.03)

    def test_intervals_cover_the_share_planted(self):
        """100 samples of 300; the 95 % interval holds 0.5 about 95 times (88 to 100)."""
        rng, held = np.random.default_rng(6), 0
        for _ in range(100):
            labels = rng.integers(0, 2, 300)
            values = 2.0 * labels - 1 + rng.normal(size=300)
            told = explain_best([labels], [values], split_folds(300, rng=rng))[:, 0]
            drawn = resample_best([labels], [values], told, draw_weights(300, 100, rng=rng), rng=rng)
            low, high = np.quantile(drawn[0], [0.025, 0.975])
            held += low <= 0.5 <= high
        assert 88 <= held <= 100

    def test_the_better_grouping_is_chosen_and_one_that_knows_few_is_not(self):
        rng = np.random.default_rng(7)
        good = rng.integers(0, 3, 900)
        values = 3.0 * good + rng.normal(size=900)
        noise, few = rng.integers(0, 3, 900), np.where(rng.random(900) < 0.05, good, -1)
        fold = split_folds(900, rng=rng)
        alone = explain_best([good], [values], fold)
        assert explain_best([noise, good, few], [values], fold) == pytest.approx(alone)
