"""What the accounts say they need: a survey of importance, recommendation, role and share of wallet.

Needs come from the true segment, and two segments share theirs: what customers say can't tell them apart,
what they do can. Some respondents answer carelessly, some questions stay open, and segments answer at rates
of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtr

from segutils.samples.customers.profiles import DRIFT_REGION, EXCEPTION_REGION, list_segments
from segutils.samples.making import Making

RESPONSE = 0.22  # of accounts, over all segments
KNOWN = (120, 6_000)  # at least, at most: respondents with a customer_id
UNKNOWN = 0.12  # further respondents without one, for each with one
RESPONSE_RATES: Mapping[str, float] = {  # relative to each other: who likes us answers more often
    "majors": 0.34,
    "projects": 0.2,
    "maintenance": 0.18,
    "labs": 0.33,
    "builders": 0.2,
    "legacy": 0.13,
    "everyone": 0.22,
}
SHARED_NEEDS: Mapping[str, str] = {"legacy": "maintenance"}  # these say what those say
NEED_ITEMS = (
    "uptime",
    "price",
    "delivery_time",
    "documentation",
    "accuracy",
    "technical_advice",
    "digital_ordering",
    "local_service",
    "standardisation",
    "custom_engineering",
    "supply_security",
    "sustainability",
)
NEEDS: Mapping[str, tuple[float, ...]] = {  # mean importance from 1 to 7 among careful answers, in that order
    "majors": (6.1, 3.2, 4.2, 5.7, 5.4, 4.8, 2.8, 5.6, 5.7, 3.8, 5.5, 4.9),
    "projects": (4.4, 4.4, 4.3, 5.6, 4.2, 5.8, 2.6, 3.2, 3.5, 6.0, 4.0, 3.9),
    "maintenance": (5.6, 5.0, 6.1, 2.8, 3.2, 3.0, 5.4, 4.7, 3.6, 2.4, 5.0, 2.8),
    "labs": (3.8, 3.4, 3.7, 5.9, 6.2, 5.0, 5.1, 4.4, 3.1, 3.0, 3.6, 4.4),
    "builders": (3.6, 6.1, 5.4, 3.6, 3.4, 3.4, 3.7, 2.5, 5.9, 5.1, 5.7, 2.7),
    "everyone": (4.8, 4.7, 4.9, 4.6, 4.5, 4.3, 4.0, 4.1, 4.3, 3.9, 4.7, 3.8),
}
GENERAL = 0.5  # standard deviation of a person's general level of importance
SPECIFIC = 1.05  # and of what is each answer's own
GENERAL_NULL = 0.8  # the null client's answers hang together by this factor alone
RECOMMENDATION: Mapping[
    str, float
] = {  # mean answer from 0 to 10; in this order satisfaction ends with legacy
    "majors": 7.6,
    "projects": 6.8,
    "maintenance": 7.2,
    "labs": 8.0,
    "builders": 6.4,
    "legacy": 5.6,
    "everyone": 7.0,
}
RECOMMENDATION_SPREAD = 1.8
WALLET: Mapping[str, float] = {  # share of what a buying account spends on instruments that it spends with us
    "majors": 0.38,
    "projects": 0.22,
    "maintenance": 0.3,
    "labs": 0.46,
    "builders": 0.26,
    "legacy": 0.54,
    "everyone": 0.35,
}
WALLET_EVENNESS = 14  # beta: alpha + beta
ROLES = {"purchasing": 0.3, "engineering": 0.27, "operations": 0.2, "quality": 0.13, "management": 0.1}
STYLES = {"careful": 0.88, "straight-lining": 0.07, "extremely positive": 0.05}  # of respondents
STRAIGHT_LINES = {3: 0.15, 4: 0.4, 5: 0.3, 6: 0.15}  # the answer that a straight-liner repeats
TOP_ANSWERS = 0.85  # share of 7 among the extremely positive; else 6
UNANSWERED = 0.03  # of items, at random


def build_survey(making: Making) -> None:
    """What do customers say they need, how content are they, and how much of their wallet do we have?

    Asked at the end of the history, so that the segment is that of the last day.
    Leaves ``client.survey``, ``draft.respondents`` (respondent_id, account, customer_id, segment, style) and
    the truth ``needs``, ``respondents``, ``survey_design`` and ``bases``.
    """
    rng = making.rng("survey")
    respondents = _draw_respondents(making, rng)
    making.draft("respondents", respondents)
    buyers = making.ask("""
        select distinct account from draft.orders
        where booked and account in (select account from draft.respondents)""").account
    bought = respondents.account.isin(buyers).to_numpy()
    answers = pd.concat(
        [
            _list_answers(respondents, NEED_ITEMS, _draw_needs(respondents, rng, null=making.null), "1-7"),
            _list_answers(respondents, ("recommendation",), _draw_recommendations(respondents, rng), "0-10"),
            _list_answers(respondents, ("role",), _draw_options(rng, ROLES, len(respondents)), "one of"),
            _list_answers(
                respondents, ("share_of_wallet",), _draw_wallet(respondents, bought, rng), "0-100 %"
            ),
        ],
        ignore_index=True,
    )
    making.draft("answers", answers[rng.random(len(answers)) >= UNANSWERED])
    making.emit(
        "survey",
        "select respondent_id, item, answer, customer_id, scale, position from draft.answers",
        order="respondent_id, position",
        hide="position",
    )
    making.run("drop table draft.answers")
    _keep_truth(making, respondents.assign(bought=bought))


def expect_answers(location: np.ndarray, spread: float, low: int, high: int) -> np.ndarray:
    """Mean of a normal variable that is answered in whole numbers from `low` to `high`."""
    steps = np.arange(low, high) + 0.5
    return low + ndtr((np.asarray(location)[..., None] - steps) / spread).sum(axis=-1)


def _find_locations(means: np.ndarray, spread: float, low: int, high: int) -> np.ndarray:
    """Where a normal variable must lie for its whole-number answers to have these means."""
    grid = np.linspace(low - 3 * spread, high + 3 * spread, 4001)
    return np.interp(means, expect_answers(grid, spread, low, high), grid)


def _draw_respondents(making: Making, rng: np.random.Generator) -> pd.DataFrame:
    accounts = making.ask("select account, customer_id, segment from draft.accounts order by account")
    count = int(np.clip(round(RESPONSE * making.accounts), *KNOWN))
    rates = accounts.segment.map(RESPONSE_RATES).to_numpy(float)
    rates = rates * count / rates.sum()
    # systematic sampling in random order: the number is exact, and so is each account's chance
    order = rng.permutation(len(accounts))
    marks = np.floor(np.cumsum(rates[order]) + rng.random())
    known = order[np.diff(np.concatenate([[0.0], marks])) > 0]
    # people whom no record names are as people in the accounts are: each has an account that stays untold
    unknown = rng.choice(len(accounts), size=round(UNKNOWN * count), p=rates / rates.sum())
    chosen = accounts.iloc[np.concatenate([known, unknown])]
    told = np.arange(len(chosen)) < len(known)
    chosen = chosen.assign(
        customer_id=chosen.customer_id.where(told, None),
        style="careful" if making.null else _draw_options(rng, STYLES, len(chosen)),
    )
    chosen = chosen.iloc[rng.permutation(len(chosen))].reset_index(drop=True)
    chosen.insert(0, "respondent_id", [f"Q{number:05d}" for number in range(1, len(chosen) + 1)])
    return chosen


def _draw_options(rng: np.random.Generator, shares: Mapping, count: int) -> np.ndarray:
    return rng.choice(list(shares), size=count, p=list(shares.values()))


def _draw_needs(respondents: pd.DataFrame, rng: np.random.Generator, *, null: bool) -> np.ndarray:
    """Importance of every item to every respondent, the careless ones as their style has it."""
    count, items = len(respondents), len(NEED_ITEMS)
    general = GENERAL_NULL if null else GENERAL
    means = np.array([NEEDS[SHARED_NEEDS.get(segment, segment)] for segment in respondents.segment])
    location = _find_locations(means, float(np.hypot(general, SPECIFIC)), 1, 7)
    felt = (
        location + general * rng.standard_normal((count, 1)) + SPECIFIC * rng.standard_normal((count, items))
    )
    careful = np.clip(np.rint(felt), 1, 7).astype(int)
    straight = np.repeat(_draw_options(rng, STRAIGHT_LINES, count)[:, None], items, axis=1)
    positive = 6 + (rng.random((count, items)) < TOP_ANSWERS)
    style = respondents["style"].to_numpy(str)[:, None]
    return np.select(
        [style == "straight-lining", style == "extremely positive"], [straight, positive], careful
    )


def _draw_recommendations(respondents: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    means = respondents.segment.map(RECOMMENDATION).to_numpy(float)
    location = _find_locations(means, RECOMMENDATION_SPREAD, 0, 10)
    felt = location + RECOMMENDATION_SPREAD * rng.standard_normal(len(respondents))
    delighted = respondents["style"].to_numpy(str) == "extremely positive"
    return np.where(delighted, 10, np.clip(np.rint(felt), 0, 10)).astype(int)


def _draw_wallet(respondents: pd.DataFrame, bought: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Share of wallet in percent; an account that never ordered says so."""
    mean = respondents.segment.map(WALLET).to_numpy(float)
    share = rng.beta(mean * WALLET_EVENNESS, (1 - mean) * WALLET_EVENNESS)
    return np.where(bought, np.rint(100 * share), 0).astype(int)


def _list_answers(
    respondents: pd.DataFrame, items: tuple[str, ...], answers: np.ndarray, scale: str
) -> pd.DataFrame:
    count = len(items)
    return pd.DataFrame(
        {
            "respondent_id": respondents.respondent_id.repeat(count),
            "item": np.tile(items, len(respondents)),
            "answer": answers.ravel().astype(str),
            "customer_id": respondents.customer_id.repeat(count),
            "scale": scale,
            "position": np.tile(np.arange(count), len(respondents)) + (0 if count > 1 else len(NEED_ITEMS)),
        }
    )


def _keep_truth(making: Making, respondents: pd.DataFrame) -> None:
    segments = [profile.name for profile in list_segments(null=making.null)]
    making.truth(
        "needs",
        pd.DataFrame(
            [
                {"segment": segment, "item": item, "mean": mean}
                for segment in segments
                for item, mean in zip(NEED_ITEMS, NEEDS[SHARED_NEEDS.get(segment, segment)], strict=True)
            ]
        ),
    )
    making.truth("respondents", respondents.drop(columns="account"))
    accounts = making.ask("select segment, count(*) as accounts from draft.accounts group by segment")
    rates = accounts.set_index("segment").accounts * pd.Series({s: RESPONSE_RATES[s] for s in segments})
    known = respondents.customer_id.notna()
    scaled = known.sum() / rates.sum()
    making.truth(
        "survey_design",
        pd.DataFrame(
            {
                "segment": segments,
                "needs_group": [SHARED_NEEDS.get(segment, segment) for segment in segments],
                "response_rate": [RESPONSE_RATES[segment] * scaled for segment in segments],
                "respondents_known": [int((known & (respondents.segment == s)).sum()) for s in segments],
                "recommendation": [RECOMMENDATION[segment] for segment in segments],
                "share_of_wallet_of_buyers": [WALLET[segment] for segment in segments],
            }
        ),
    )
    making.truth("bases", _describe_bases(null=making.null))
    making.plant(
        "Who can be told apart by which base",
        _tell_bases(null=making.null),
        tables="customers transactions survey",
        truth="bases needs respondents",
        capabilities="base-choice approach-choice sufficiency algorithm-choice segment-count",
    )
    making.plant(
        "Needs, contentment and share of wallet",
        _tell_survey(respondents, null=making.null),
        tables="survey",
        truth="needs respondents survey_design",
        capabilities="approach-choice typing-tool kpis objective-choice",
    )


def _describe_bases(*, null: bool) -> pd.DataFrame:
    """Which segments a base can see: ``base, groups, sees, misses``.

    A base sees a segment when the best rule from it, with segments weighted alike, finds more than half of
    it; what it doesn't see is one further group.
    """
    if null:
        rows = [
            (base, 1, "nothing: there is one population", "")
            for base in ("region", "firmographics", "behaviour", "needs")
        ]
        return pd.DataFrame(rows, columns=["base", "groups", "sees", "misses"])
    rows = [
        (
            "region",
            1,
            f"no segment: they live in all regions alike (exceptions in behaviour: {EXCEPTION_REGION}, "
            f"and {DRIFT_REGION} since the drift)",
            "all six from each other",
        ),
        (
            "firmographics",
            4,
            "Process majors by size, Laboratories and Machine builders by industry, all with much overlap",
            "Project engineers, Maintenance crews and Legacy pneumatics from each other",
        ),
        (
            "behaviour",
            6,
            "all six, by what, how often, how much and through whom they order",
            "accounts that never ordered",
        ),
        (
            "needs",
            5,
            "Process majors, Project engineers, Laboratories, Machine builders, and one group of the others",
            "Maintenance crews from Legacy pneumatics, who say the same; accounts that did not answer",
        ),
    ]
    return pd.DataFrame(rows, columns=["base", "groups", "sees", "misses"])


def _tell_bases(*, null: bool) -> str:
    if null:
        return "One population: no base can tell groups apart, because there are none."
    return (
        "Behaviour sees all six segments. Needs see five groups: Maintenance crews and Legacy pneumatics "
        "give the same answers, so that no method can part them by the twelve importance items. Industry and "
        "size see three (Process majors, Laboratories, Machine builders; more than half of each), and "
        "the rest as one group; region sees none."
    )


def _tell_survey(respondents: pd.DataFrame, *, null: bool) -> str:
    if null:
        return (
            f"{len(respondents):,} respondents from one population: the same item means for all, correlated "
            "by one general factor only. A cluster found in them is an invention. Everyone answers equally "
            "likely and carefully; share of wallet and recommendation have one mean."
        )
    careless = (respondents["style"] != "careful").mean()
    return (
        f"{len(respondents):,} respondents, of whom {respondents.customer_id.isna().sum():,} cannot be "
        "joined to an account. Means of the twelve importance items hold for careful answers; "
        f"{careless:.1%} answer carelessly (the same answer to all twelve, or 6 and 7 only) and should be "
        "found and set aside. Segments answer at different rates, so totals need weights; "
        f"{UNANSWERED:.0%} of answers are missing at random. Share of wallet is planted among accounts that "
        "have ever ordered; the others answer 0. The role says nothing about the segment."
    )
