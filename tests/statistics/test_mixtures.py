"""Likelihoods of mixtures against published values: R's mclust (iris, Old Faithful) and poLCA (carcinoma)."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.datasets import load_iris
from stepmix.stepmix import StepMix

from segutils.statistics import mixtures

# R's data set faithful (Härdle 1991): eruptions in thousandths of a minute, and waiting time in minutes
ERUPTIONS = """
3600 1800 3333 2283 4533 2883 4700 3600 1950 4350 1833 3917 4200 1750 4700 2167 1750 4800 1600 4250 1800
1750 3450 3067 4533 3600 1967 4083 3850 4433 4300 4467 3367 4033 3833 2017 1867 4833 1833 4783 4350 1883
4567 1750 4533 3317 3833 2100 4633 2000 4800 4716 1833 4833 1733 4883 3717 1667 4567 4317 2233 4500 1750
4800 1817 4400 4167 4700 2067 4700 4033 1967 4500 4000 1983 5067 2017 4567 3883 3600 4133 4333 4100 2633
4067 4933 3950 4517 2167 4000 2200 4333 1867 4817 1833 4300 4667 3750 1867 4900 2483 4367 2100 4500 4050
1867 4700 1783 4850 3683 4733 2300 4900 4417 1700 4633 2317 4600 1817 4417 2617 4067 4250 1967 4600 3767
1917 4500 2267 4650 1867 4167 2800 4333 1833 4383 1883 4933 2033 3733 4233 2233 4533 4817 4333 1983 4633
2017 5100 1800 5033 4000 2400 4600 3567 4000 4500 4083 1800 3967 2200 4150 2000 3833 3500 4583 2367 5000
1933 4617 1917 2083 4583 3333 4167 4333 4500 2417 4000 4167 1883 4583 4250 3767 2033 4433 4083 1833 4417
2183 4800 1833 4800 4100 3966 4233 3500 4366 2250 4667 2100 4350 4133 1867 4600 1783 4367 3850 1933 4500
2383 4700 1867 3833 3417 4233 2400 4800 2000 4150 1867 4267 1750 4483 4000 4117 4083 4267 3917 4550 4083
2417 4183 2217 4450 1883 1850 4283 3950 2333 4150 2350 4933 2900 4583 3833 2083 4367 2133 4350 2200 4450
3567 4500 4150 3817 3917 4450 2000 4283 4767 4533 1850 4250 1983 2250 4750 4117 2150 4417 1817 4467
"""
WAITING = """
79 54 74 62 85 55 88 85 51 85 54 84 78 47 83 52 62 84 52 79 51 47 78 69 74 83 55 76 78 79 73 77 66 80 74
52 48 80 59 90 80 58 84 58 73 83 64 53 82 59 75 90 54 80 54 83 71 64 77 81 59 84 48 82 60 92 78 78 65 73
82 56 79 71 62 76 60 78 76 83 75 82 70 65 73 88 76 80 48 86 60 90 50 78 63 72 84 75 51 82 62 88 49 83 81
47 84 52 86 81 75 59 89 79 59 81 50 85 59 87 53 69 77 56 88 81 45 82 55 90 45 83 56 89 46 82 51 86 53 79
81 60 82 77 76 59 80 49 96 53 77 77 65 81 71 70 81 93 53 89 45 86 58 78 66 76 63 88 52 93 49 57 77 68 81
81 73 50 85 74 55 77 83 83 51 78 84 46 83 55 81 57 76 84 77 81 87 77 51 78 60 82 91 53 78 46 77 84 49 83
71 80 49 75 64 76 53 94 55 76 50 82 54 75 78 79 78 78 70 79 70 54 86 50 90 54 54 77 79 64 75 47 86 63 85
82 57 82 67 74 54 83 73 73 88 80 71 83 56 79 78 84 58 83 43 60 75 81 46 90 46 74
"""
# Landis and Koch 1977: 118 slides judged by seven pathologists (1: carcinoma), slides with each pattern
CARCINOMA = {
    "0000000": 34,
    "0000100": 2,
    "0100000": 6,
    "0100001": 1,
    "0100100": 4,
    "0100101": 5,
    "1000000": 2,
    "1010101": 1,
    "1100000": 2,
    "1100001": 1,
    "1100100": 2,
    "1100101": 7,
    "1100111": 1,
    "1101001": 1,
    "1101101": 2,
    "1101111": 3,
    "1110101": 13,
    "1110111": 5,
    "1111101": 10,
    "1111111": 16,
}


def read_faithful():
    return np.column_stack([np.array(ERUPTIONS.split(), float) / 1000, np.array(WAITING.split(), float)])


def test_old_faithful_as_in_mclust():
    points = read_faithful()
    assert points.shape == (272, 2)
    found = mixtures.score_mixtures(points, counts=range(1, 5), starts=5, seed=0)
    best = found.loc[found["bic"].idxmin()]
    # mclust: EEE with 3 components, BIC -2314.316 (its sign is the opposite one); EEE is called tied here
    assert best["k"] == 3 and best["shape"] == "tied"
    assert best["bic"] == pytest.approx(2314.316, abs=0.01)


def test_iris_as_in_mclust():
    # mclust: among components of any shape (VVV) 2 are best with BIC -574.0178; its overall best
    # (VEV, -561.7285) ties the shapes of components together, which scikit-learn does not offer
    found = mixtures.score_mixtures(load_iris().data, counts=[1, 2, 3], shapes=["full"], starts=5)
    assert found["bic"].idxmin() == 1
    assert found["bic"].iloc[1] == pytest.approx(574.0178, abs=0.01)
    assert (found["icl"] >= found["bic"]).all()


def test_entropy_by_hand():
    # one certain customer, one that may be either: ln 2
    assert mixtures.membership_entropy(np.array([[1.0, 0.0], [0.5, 0.5]])) == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("classes", "log_likelihood", "bic"), [(2, -317.2568, 706.074), (3, -293.705, 697.136)]
)
def test_carcinoma_as_in_polca(classes, log_likelihood, bic):
    # the latent classes that algorithm-choice fits are StepMix's; poLCA's manual has the figures
    patterns = [[int(answer) for answer in pattern] for pattern in CARCINOMA]
    slides = np.repeat(patterns, list(CARCINOMA.values()), axis=0)
    assert slides.shape == (118, 7)
    model = StepMix(
        classes,
        measurement="categorical",
        n_init=10,
        abs_tol=1e-9,
        rel_tol=1e-9,
        max_iter=3000,
        random_state=0,
        verbose=0,
        progress_bar=0,
    ).fit(slides)
    found = model.score(slides) * len(slides)
    assert found == pytest.approx(log_likelihood, abs=0.01)
    parameters = classes * 7 + classes - 1
    assert -2 * found + parameters * np.log(118) == pytest.approx(bic, abs=0.02)


@pytest.mark.parametrize("apart", [2.0, 3.0])
def test_mistakes_of_two_round_curves_in_closed_form(apart):
    """Two equal round curves `apart` standard deviations: each is mistaken in Φ(-apart/2) of cases."""
    rng = np.random.default_rng(3)
    group = np.repeat([0, 1], 4000)
    points = rng.normal(size=(8000, 2)) + apart * np.column_stack([group, np.zeros(8000)])
    cut = (points[:, 0] > apart / 2).astype(int)  # what k-means would do: borders half way, tails hidden
    found = mixtures.fit_at_groups(points, cut)
    expected = norm.cdf(-apart / 2)
    mistaken = mixtures.pair_mistakes(found.memberships)
    # 4 standard errors of a share of 4,000
    margin = 4 * np.sqrt(expected * (1 - expected) / 4000)
    assert mistaken[0, 1] == pytest.approx(expected, abs=margin)
    assert mistaken[1, 0] == pytest.approx(expected, abs=margin)
    assert 1 - found.memberships.max(axis=1).mean() == pytest.approx(expected, abs=margin)
    assert found.kept.min() > 0.9 and mistaken.sum(axis=1) == pytest.approx(1)


def test_mistakes_of_planted_curves_by_simulation():
    """Three curves of unlike size, width and direction: mistakes as the true curves make them."""
    weights, means = [0.5, 0.3, 0.2], np.array([[0.0, 0], [3, 0], [0, 4]])
    spreads = [np.array([[1.0, 0.6], [0.6, 1]]), 0.5 * np.eye(2), np.array([[2.0, 0], [0, 0.5]])]

    def draw(count, seed):
        rng = np.random.default_rng(seed)
        group = rng.choice(3, size=count, p=weights)
        noise = np.stack([rng.multivariate_normal(np.zeros(2), spread, size=count) for spread in spreads])
        return group, means[group] + noise[group, np.arange(count)]

    group, points = draw(200_000, seed=1)
    curves = [
        weight * multivariate_normal(mean, spread).pdf(points)
        for weight, mean, spread in zip(weights, means, spreads, strict=True)
    ]
    taken = np.argmax(curves, axis=0)
    truth = np.stack([np.bincount(taken[group == g], minlength=3) / (group == g).sum() for g in range(3)])
    _, sample = draw(6000, seed=2)
    nearest = ((sample[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    found = mixtures.fit_at_groups(sample, nearest)
    assert found.shape == "full"
    # the smallest group has 1,200: 4 standard errors of a share near 0.05 there
    assert mixtures.pair_mistakes(found.memberships) == pytest.approx(truth, abs=0.025)
