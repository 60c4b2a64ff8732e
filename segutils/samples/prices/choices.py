"""What customers choose when they must: choice-based conjoint with part-worths that are the segment's.

One instrument, five attributes, ten tasks of three offers and "none of these". Choices follow a multinomial
logit of scale 1, linear in price, the same for everyone in a segment.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.samples.customers.profiles import list_segments
from segutils.samples.making import Making

SHARE = 0.08  # of accounts; of the survey's respondents who have an account and answer carefully
RESPONDENTS = (60, 1_500)  # at least, at most
TASKS, OFFERS = 10, 3
LEVELS: Mapping[str, tuple[str, ...]] = {  # the first level of each is the reference, with part-worth 0
    "accuracy": ("standard", "high", "reference"),
    "delivery": ("20 days", "10 days", "2 days"),
    "service": ("none", "basic", "premium"),
    "brand": ("competitor", "Halden"),
}
PRICES = (600, 750, 900, 1050, 1200)  # EUR
NONE = "none"  # the alternative of choosing nothing: utility of its own, no attributes, no price
PER = 100  # EUR, the unit of the price's part-worth
TERMS = ("high", "reference", "10 days", "2 days", "basic", "premium", "Halden", "price", NONE)
PART_WORTHS: Mapping[str, tuple[float, ...]] = {  # in the order of TERMS; price per 100 EUR
    "majors": (0.6, 1.2, 0.3, 0.5, 0.7, 1.4, 0.6, -0.3, -1.6),
    "projects": (0.4, 0.5, 0.2, 0.4, 0.3, 0.6, 0.3, -0.4, -2.6),
    "maintenance": (0.1, 0.2, 0.9, 1.7, 0.3, 0.5, 0.4, -0.5, -3.6),
    "labs": (0.9, 1.8, 0.2, 0.3, 0.4, 0.8, 0.5, -0.35, -1.8),
    "builders": (0.2, 0.2, 0.5, 0.8, 0.1, 0.1, 0.1, -0.75, -6.0),
    "legacy": (0.1, 0.1, 0.5, 1.0, 0.2, 0.3, 0.2, -0.8, -6.4),
    "everyone": (0.3, 0.5, 0.4, 0.7, 0.3, 0.6, 0.3, -0.45, -3.2),
}


def build_choices(making: Making) -> None:
    """What would customers choose, and what is each feature worth to them?

    Leaves ``client.choice_tasks`` and the truth ``part_worths`` and ``willingness_to_pay``.
    """
    rng = making.rng("choices")
    panel = _draw_panel(making, rng)
    offers = _design_offers(len(panel), rng)
    chosen = _choose(panel, offers, rng)
    tasks = np.repeat(np.arange(len(panel) * TASKS), OFFERS + 1)
    person = tasks // TASKS
    letters = np.array([*"ABC"[:OFFERS], NONE])
    frame = pd.DataFrame(
        {
            "respondent_id": panel.respondent_id.to_numpy()[person],
            "task": np.char.zfill((1 + tasks % TASKS).astype(str), 2),
            "alternative": np.tile(letters, len(panel) * TASKS),
            "chosen": chosen.ravel(),
            "customer_id": panel.customer_id.to_numpy()[person],
            "price": _name_levels(offers["price"], PRICES),
            **{name: _name_levels(offers[name], levels) for name, levels in LEVELS.items()},
        }
    )
    making.draft("choice_tasks", frame)
    making.emit(
        "choice_tasks",
        f"""select respondent_id, task, alternative, chosen, euros(price) as price, customer_id,
        {", ".join(LEVELS)} from draft.choice_tasks""",
        order="respondent_id, task, alternative",
    )
    making.run("drop table draft.choice_tasks")
    _keep_truth(making, len(panel))


def _draw_panel(making: Making, rng: np.random.Generator) -> pd.DataFrame:
    known = making.ask("""
        select respondent_id, customer_id, segment from draft.respondents
        where customer_id is not null and style = 'careful' order by respondent_id""")
    count = min(int(np.clip(round(SHARE * making.accounts), *RESPONDENTS)), len(known))
    return known.iloc[np.sort(rng.permutation(len(known))[:count])].reset_index(drop=True)


def _design_offers(people: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The level number of each attribute: respondents × tasks × offers.

    In each task the three offers show the three levels of an attribute in random order, so that no two offers
    are alike and no offer differs from another by its price only. Over a respondent's tasks every level of
    brand and price stands equally often.
    """
    shape = (people, TASKS, OFFERS)
    offers = {
        name: np.argsort(rng.random(shape), axis=2)
        for name, levels in LEVELS.items()
        if len(levels) == OFFERS
    }
    for name, count in [("brand", len(LEVELS["brand"])), ("price", len(PRICES))]:
        order = np.argsort(rng.random((people, TASKS * OFFERS)), axis=1)
        offers[name] = (order % count).reshape(shape)
    return offers


def _choose(panel: pd.DataFrame, offers: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Which of the offers, or none of them last, each respondent takes in each task."""
    worths = np.array([PART_WORTHS[segment] for segment in panel.segment])
    worth = {term: worths[:, number][:, None, None] for number, term in enumerate(TERMS)}
    utility = worth["price"] * np.array(PRICES)[offers["price"]] / PER
    for name, levels in LEVELS.items():
        for number, level in enumerate(levels[1:], start=1):
            utility = utility + worth[level] * (offers[name] == number)
    nothing = np.broadcast_to(worth[NONE], (len(panel), TASKS, 1))
    utility = np.concatenate([utility, nothing], axis=2)
    best = np.argmax(utility + rng.gumbel(size=utility.shape), axis=2)
    return best[:, :, None] == np.arange(OFFERS + 1)


def _name_levels(numbers: np.ndarray, levels: tuple) -> np.ndarray:
    """Words of the level numbers, with an empty last alternative in each task."""
    words = np.full((*numbers.shape[:2], OFFERS + 1), None, dtype=object)
    words[:, :, :OFFERS] = np.array(levels, dtype=object)[numbers]
    return words.ravel()


def _keep_truth(making: Making, people: int) -> None:
    segments = [profile.name for profile in list_segments(null=making.null)]
    attribute_of = {level: name for name, levels in LEVELS.items() for level in levels[1:]}
    rows = [
        {"segment": segment, "attribute": attribute_of.get(term, term), "level": term, "part_worth": worth}
        for segment in segments
        for term, worth in zip(TERMS, PART_WORTHS[segment], strict=True)
    ]
    worths = pd.DataFrame(rows)
    worths["level"] = worths.level.replace({"price": f"per {PER} EUR"})
    making.truth("part_worths", worths)
    price = worths[worths.attribute == "price"].set_index("segment").part_worth
    features = worths[worths.attribute.isin(list(LEVELS))]
    euros = -features.part_worth / features.segment.map(price) * PER
    making.truth(
        "willingness_to_pay", features.drop(columns="part_worth").assign(willingness_to_pay=euros.round(2))
    )
    making.plant(
        "Part-worths and willingness to pay",
        _tell(people, null=making.null),
        tables="choice_tasks survey",
        truth="part_worths willingness_to_pay",
        capabilities="willingness-to-pay tiers bundles",
    )


def _tell(people: int, *, null: bool) -> str:
    design = (
        f"{people:,} careful respondents of the survey did {TASKS} tasks of {OFFERS} offers and none of "
        "these, by a multinomial logit of scale 1, linear in price. "
    )
    if null:
        return design + (
            "Everyone has the same modest part-worths: there is a willingness to pay, but nothing that "
            "differs by segment, region, industry or any other group."
        )
    return design + (
        "Part-worths are the segment's, the same for everyone in it: Laboratories pay for accuracy, Process "
        "majors for accuracy and service, Maintenance crews for delivery, Machine builders and Legacy "
        "pneumatics for little. A conditional logit per segment gives them back; willingness to pay is minus "
        "the part-worth over that of price. Maintenance crews and Legacy pneumatics, alike in their needs, "
        "differ in price."
    )
