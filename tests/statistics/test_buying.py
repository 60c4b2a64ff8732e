"""Models of buying against published figures (CDNOW), brute-force integrals and simulated customers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1

from segutils.errors import InputError
from segutils.statistics.buying import BetaGeometric, GammaPoisson, Histories, fit_bgnbd, fit_nbd
from segutils.statistics.pareto_nbd import ParetoNBD, fit_pareto_nbd, measure_leaving
from segutils.statistics.spending import fit_gamma_gamma, fit_log_normal

SAMPLE = Path(__file__).parent / "data" / "cdnow_sample.parquet"
END = pd.Timestamp("1997-09-30")  # of the 39 weeks that the papers calibrate on


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    """x, t_x and T in weeks, mean amount of repeat purchases, purchases of the next 39 weeks."""
    lines = pd.read_parquet(SAMPLE)
    days = lines.groupby(["customer_id", "ordered_on"], as_index=False)["amount"].sum()
    days["day"] = pd.to_datetime(days["ordered_on"])
    first = days.groupby("customer_id")["day"].min()
    before = days[days["day"] <= END]
    repeat = before[before["day"] > before["customer_id"].map(first)]
    return pd.DataFrame(
        {
            "x": before.groupby("customer_id").size() - 1,
            "t_x": (before.groupby("customer_id")["day"].max() - first).dt.days / 7,
            "T": (END - first).dt.days / 7,
            "spend": repeat.groupby("customer_id")["amount"].mean(),
            "later": days[days["day"] > END].groupby("customer_id").size(),
        }
    ).fillna({"later": 0})


@pytest.fixture(scope="module")
def histories(cdnow) -> Histories:
    return Histories(purchases=cdnow["x"], last=cdnow["t_x"], seen=cdnow["T"])


def one(x: float, t_x: float, seen: float, times: int = 1) -> Histories:
    return Histories(purchases=np.full(times, x), last=np.full(times, t_x), seen=np.full(times, seen))


def test_bgnbd_gives_the_published_figures(histories):
    """Fader, Hardie and Lee 2005, table 2 and the worked example of their note on Excel."""
    model = fit_bgnbd(histories)
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=0.0006)
    assert model.fitted.log_likelihood == pytest.approx(-9582.43, abs=0.006)
    assert model.expected_purchases(one(2, 30.43, 38.86), 39.0)[0] == pytest.approx(1.2259, abs=0.0001)


def test_pareto_nbd_gives_the_published_figures(histories, cdnow):
    """The same paper, table 2: r .553, alpha 10.578, s .606, beta 11.669, log likelihood -9594.98."""
    model = fit_pareto_nbd(histories)
    assert [model.r, model.alpha, model.s] == pytest.approx([0.553, 10.58, 0.606], abs=0.003)
    assert model.beta == pytest.approx(11.66, abs=0.02)
    assert model.fitted.log_likelihood == pytest.approx(-9594.98, abs=0.02)
    # neither model is far off in the 39 weeks that follow, the one without leaving is
    came = cdnow["later"].sum()
    assert model.expected_purchases(histories, 39.0).sum() == pytest.approx(came, rel=0.15)
    assert fit_nbd(histories).expected_purchases(histories, 39.0).sum() > 1.5 * came


def test_gamma_gamma_gives_the_published_figures(cdnow):
    """Fader, Hardie and Lee 2005b: 946 repeaters, p 6.25, q 3.74, v 15.44."""
    repeaters = cdnow[cdnow["x"] > 0]
    assert len(repeaters) == 946
    model = fit_gamma_gamma(repeaters["spend"], repeaters["x"])
    assert [model.p, model.q, model.v] == pytest.approx([6.25, 3.74, 15.44], rel=0.003)
    # nothing known: p v / (q - 1); much known: the customer's own mean
    assert model.expected_spend([0.0], [0])[0] == pytest.approx(model.p * model.v / (model.q - 1))
    assert model.expected_spend([80.0], [10_000])[0] == pytest.approx(80, rel=0.001)


def test_expected_purchases_of_bgnbd_are_those_of_equation_10():
    model = BetaGeometric(r=0.243, alpha=4.414, a=0.793, b=2.426)
    x, t_x, seen, t = 4.0, 20.0, 38.0, 39.0
    f = hyp2f1(model.r + x, model.b + x, model.a + model.b + x - 1, t / (model.alpha + seen + t))
    ratio = (model.alpha + seen) / (model.alpha + seen + t)
    top = (model.a + model.b + x - 1) / (model.a - 1) * (1 - ratio ** (model.r + x) * f)
    odds = model.a / (model.b + x - 1) * ((model.alpha + seen) / (model.alpha + t_x)) ** (model.r + x)
    assert model.expected_purchases(one(x, t_x, seen), t)[0] == pytest.approx(top / (1 + odds), rel=1e-9)


@pytest.mark.parametrize("x, t_x, seen", [(0, 0, 30), (3, 25, 30), (6, 8, 30), (40, 29.5, 30)])
@pytest.mark.parametrize("shapes", [(0.55, 10.6, 0.61, 11.7), (1.3, 2.0, 2.0, 30.0)])
def test_alive_by_pareto_nbd_is_the_integral_over_the_moment_of_leaving(x, t_x, seen, shapes):
    """Likelihood of staying against that of leaving at u, integrated by brute force."""
    r, alpha, s, beta = shapes
    stays = (alpha + seen) ** -(r + x) * (beta / (beta + seen)) ** s

    def leaves(u):
        return s * beta**s * (beta + u) ** -(s + 1) * (alpha + u) ** -(r + x)

    gone = quad(leaves, t_x, seen, epsabs=0, epsrel=1e-11, limit=200)[0]
    model = ParetoNBD(r=r, alpha=alpha, s=s, beta=beta)
    assert model.probability_alive(one(x, t_x, seen))[0] == pytest.approx(stays / (stays + gone), rel=1e-7)


def test_expected_purchases_of_pareto_nbd_are_rate_times_time_left():
    r, alpha, s, beta = 0.55, 10.6, 0.61, 11.7
    x, seen, t = 3, 30.0, 39.0
    # the mean rate times the mean time left, which is the integral of the chance to stay
    time = quad(lambda u: ((beta + seen) / (beta + seen + u)) ** s, 0, t)[0]
    expected = (r + x) / (alpha + seen) * time
    model, history = ParetoNBD(r=r, alpha=alpha, s=s, beta=beta), one(x, 25.0, seen)
    alive = model.probability_alive(history)[0]
    assert model.expected_purchases(history, t)[0] == pytest.approx(alive * expected, rel=1e-9)


@pytest.mark.parametrize(
    "model",
    [
        GammaPoisson(r=0.4, alpha=5.0),
        BetaGeometric(r=0.25, alpha=4.4, a=0.8, b=2.4),
        ParetoNBD(r=0.55, alpha=10.6, s=0.6, beta=11.7),
        ParetoNBD(r=1.4, alpha=8.0, s=1.0, beta=90.0, never=0.2),
    ],
    ids=["nbd", "bgnbd", "pareto", "inflated"],
)
@pytest.mark.parametrize("x, t_x", [(0, 0), (2, 30.0), (9, 12.0), (120, 38.0)])
def test_chances_add_up_to_one_and_to_the_expected_number(model, x, t_x):
    counts = np.arange(1500)
    chance = np.exp(model.log_chance(one(x, t_x, 39.0, 1500), counts, 26.0))
    assert chance.sum() == pytest.approx(1, abs=1e-6)
    expected = model.expected_purchases(one(x, t_x, 39.0), 26.0)[0]
    assert (chance * counts).sum() == pytest.approx(expected, rel=1e-4, abs=1e-9)


def simulate(rng, n, *, r, alpha, hazard, never):
    """Customers as the model has it: gamma rates, one hazard, some who never buy; seen for 1-3 years."""
    seen = rng.uniform(1, 3, n)
    rate = rng.gamma(r, 1 / alpha, n) * (rng.random(n) >= never)
    active = np.minimum(rng.exponential(1 / hazard, n), seen)
    x = rng.poisson(rate * active)
    # the last of x moments that are even over the active time
    last = np.where(x > 0, active * rng.random(n) ** (1 / np.maximum(x, 1)), 0.0)
    return Histories(purchases=x, last=last, seen=seen)


def test_planted_rates_hazards_and_never_buyers_lie_in_their_intervals():
    """r 1.4, 6 purchases a year, 10 % hazard, 9 % never; over 8 draws 95 % intervals miss few."""
    missed = {"rate": 0, "leaving": 0, "never": 0}
    for seed in range(8):
        found = fit_pareto_nbd(
            simulate(np.random.default_rng(seed), 1000, r=1.4, alpha=1.4 / 6, hazard=0.1, never=0.09),
            inflated=True,
        )
        unit = found.alpha * np.exp(found.fitted.point[1] - found.fitted.point[0])
        bounds = {
            "rate": (found.fitted.interval(lambda p, u=unit: np.exp(p[1]) / u), 6.0),
            "leaving": (
                found.fitted.interval(lambda p, u=unit: measure_leaving(p, time=1 / u)),
                1 - np.exp(-0.1),
            ),
            "never": (found.fitted.interval(lambda p: 1 / (1 + np.exp(-p[4]))), 0.09),
        }
        for name, ((_, low, high), truth) in bounds.items():
            missed[name] += not low <= truth <= high
    # binomial(8, 0.05): four or more have a chance of 0.04 %
    assert all(count <= 3 for count in missed.values()), missed


def test_a_silent_heavy_buyer_is_gone_and_a_silent_light_one_is_not():
    model = ParetoNBD(r=1.0, alpha=1.0, s=1.0, beta=5.0)
    alive = model.probability_alive(Histories(purchases=[30, 1], last=[1.0, 1.0], seen=[3.0, 3.0]))
    assert alive[0] < 0.01 < 0.4 < alive[1]


def test_shrunk_spend_on_the_logarithmic_scale_recovers_what_was_planted():
    rng = np.random.default_rng(5)
    x = rng.integers(1, 12, 6000)
    own = rng.normal(6, 1.1, 6000) + rng.normal(0, 0.7 / np.sqrt(x))
    model = fit_log_normal(np.exp(own), x)
    assert [model.level, model.between, model.within] == pytest.approx([6, 1.21, 0.49], rel=0.1)
    # one purchase: weight 1.21 / (1.21 + 0.49) = 0.71 of the distance to the usual level
    shrunk = np.log(model.expected_spend([np.exp(8)], [1])[0])
    assert shrunk == pytest.approx(6 + 2 * 1.21 / 1.70, abs=0.12)


def test_impossible_histories_are_refused():
    with pytest.raises(InputError, match="2 of 3 purchase histories are impossible"):
        Histories(purchases=[1, 0, 2], last=[5, 1, 1], seen=[4, 4, 4])
    with pytest.raises(InputError, match="amounts per purchase"):
        fit_gamma_gamma([1.0, 0.0, 2.0], [1, 1, 1])
