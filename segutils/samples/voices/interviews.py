"""Interviews with customers of the simulated manufacturer, cut into passages and coded by two people.

What somebody speaks of depends on the true segment; how the two coders agree is planted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.samples.customers.accounts import choose
from segutils.samples.making import DAYS, Making
from segutils.samples.voices.phrases import list_templates, spell_out
from segutils.samples.voices.quotes import OPENINGS, THEMES

THEME_NAMES = tuple(theme.name for theme in THEMES)
FEWEST, MOST, ACCOUNTS_EACH = 30, 120, 100  # interviews: one for so many accounts, within these limits
PASSAGES = (6, 9)  # of an interview, fewest and most
SILENT = "projects"  # the segment that nobody interviewed
# shares of passages: uptime fear, price pressure, speed of delivery, proof and paperwork, measurement
# confidence, tied to the old system, digital convenience, advice; the first of a segment is well ahead
THEME_SHARES: Mapping[str, Sequence[float]] = {
    "majors": (0.46, 0.06, 0.05, 0.14, 0.14, 0.02, 0.04, 0.09),
    "maintenance": (0.14, 0.07, 0.44, 0.03, 0.03, 0.03, 0.22, 0.04),
    "labs": (0.03, 0.06, 0.04, 0.24, 0.45, 0.02, 0.09, 0.07),
    "builders": (0.05, 0.46, 0.18, 0.06, 0.05, 0.02, 0.08, 0.1),
    "legacy": (0.1, 0.18, 0.1, 0.03, 0.03, 0.46, 0.02, 0.08),
    "everyone": (0.16, 0.16, 0.15, 0.1, 0.13, 0.1, 0.1, 0.1),
}
MISFILED = "Aftermarket"  # the strategic taxonomy's home of the legacy segment, which it does not know …
MISFIT = "tied to the old system"  # … and what those customers speak of instead of spare parts
CODERS = ("A", "B")
ACCURACY = 0.9  # probability that a coder names the theme that was meant; otherwise any other one
OPENED, CONTINUED, TWICE = (
    0.6,
    0.62,
    0.3,
)  # share of passages with an opening, an afterthought, a second saying


def build_interviews(making: Making) -> None:
    """What do customers say when they are asked at length?

    Leaves ``client.interviews`` (a row per passage and coder) and, in the truth, ``passages``, ``themes`` and
    ``coding``.
    """
    rng = making.rng("interviews")
    accounts = _choose_accounts(making, rng)
    passages = accounts.loc[accounts.index.repeat(rng.integers(PASSAGES[0], PASSAGES[1] + 1, len(accounts)))]
    passages = passages.assign(passage=passages.groupby("interview_id").cumcount() + 1).reset_index(drop=True)
    said = choose(rng, passages.segment, THEME_SHARES)
    passages = passages.assign(theme=np.array(THEME_NAMES)[said], text=_speak(said, rng))
    making.draft("interviews", pd.concat([_code(passages, said, coder, rng) for coder in CODERS]))
    making.emit(
        "interviews",
        "select interview_id, text, customer_id, coded as theme, coder, passage from draft.interviews",
        order="interview_id, passage, coder",
    )
    making.truth("passages", passages[["interview_id", "passage", "customer_id", "segment", "theme"]])
    making.truth("themes", _list_themes(passages))
    making.truth("coding", plan_coding(passages.segment).to_frame().T)
    _note_plants(making, passages)


def plan_coding(segments: pd.Series) -> pd.Series:
    """How well do the two coders agree, by design, over passages of these segments?

    Returns a coder's accuracy, the expected agreement, that by chance, and Cohen's kappa of the two, which
    Krippendorff's alpha equals in large samples.
    """
    others = len(THEME_NAMES) - 1
    shares = np.array([THEME_SHARES[segment] for segment in segments]).mean(axis=0)
    coded = ACCURACY * shares + (1 - ACCURACY) * (1 - shares) / others
    agreement = ACCURACY**2 + (1 - ACCURACY) ** 2 / others
    by_chance = float((coded**2).sum())
    return pd.Series(
        {
            "accuracy": ACCURACY,
            "agreement": agreement,
            "agreement_by_chance": by_chance,
            "kappa": (agreement - by_chance) / (1 - by_chance),
        }
    )


def _choose_accounts(making: Making, rng: np.random.Generator) -> pd.DataFrame:
    """Who is interviewed: accounts that buy to the last day, equally many of each segment but one."""
    alive = making.ask(f"""
        select customer_id, segment from draft.accounts
        where segment = segment_before and not never_buys and ends = {DAYS} order by account""")
    alive = alive[alive.segment != SILENT].take(rng.permutation((alive.segment != SILENT).sum()))
    wanted = min(MOST, max(FEWEST, making.accounts // ACCOUNTS_EACH))
    each = -(-wanted // alive.segment.nunique())
    chosen = alive.groupby("segment").head(each).sort_values("customer_id", ignore_index=True)
    return chosen.assign(interview_id=[f"I{number + 1:03d}" for number in range(len(chosen))])


def _speak(said: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Passages of these themes; a theme's sayings come in turn, so that few are heard twice."""
    openings = list_templates(OPENINGS)
    texts = [""] * len(said)
    for number, theme in enumerate(THEMES):
        sayings = [spell_out(template) for template in list_templates(theme.said)]
        thens = [wording for template in list_templates(theme.then) for wording in spell_out(template)]
        order = rng.permutation(len(sayings))
        for turn, place in enumerate(np.flatnonzero(said == number)):
            saying = sayings[order[turn % len(sayings)]]
            words = saying[rng.integers(len(saying))]
            if rng.random() < OPENED:
                words = f"{openings[rng.integers(len(openings))]} {words}"
            spoken = [words]
            if rng.random() < TWICE:
                more = sayings[order[(turn + rng.integers(1, len(sayings))) % len(sayings)]]
                spoken.append(more[rng.integers(len(more))])
            if rng.random() < CONTINUED:
                spoken.append(thens[rng.integers(len(thens))])
            texts[place] = " ".join(sentence[0].upper() + sentence[1:] for sentence in spoken)
    return texts


def _code(passages: pd.DataFrame, said: np.ndarray, coder: str, rng: np.random.Generator) -> pd.DataFrame:
    """The passages as this coder reads them."""
    shift = np.where(rng.random(len(said)) < ACCURACY, 0, rng.integers(1, len(THEME_NAMES), len(said)))
    coded = np.array(THEME_NAMES)[(said + shift) % len(THEME_NAMES)]
    return passages.assign(coder=coder, coded=coded)


def _list_themes(passages: pd.DataFrame) -> pd.DataFrame:
    """Planned shares of themes by segment, in how many passages they came, and the number of interviews."""
    heard = passages.groupby("segment").interview_id.nunique()
    counts = passages.groupby(["segment", "theme"]).size()
    names = [name for name in THEME_SHARES if (name == "everyone") == ("everyone" in heard.index)]
    names += [] if "everyone" in heard.index else [SILENT]
    rows = [
        {
            "segment": name,
            "theme": theme,
            "share": THEME_SHARES[name][number] if name in THEME_SHARES else np.nan,
            "passages": int(counts.get((name, theme), 0)),
            "interviews": int(heard.get(name, 0)),
        }
        for name in names
        for number, theme in enumerate(THEME_NAMES)
    ]
    return pd.DataFrame(rows)


def _note_plants(making: Making, passages: pd.DataFrame) -> None:
    interviews = passages.interview_id.nunique()
    kappa = plan_coding(passages.segment).kappa
    if making.null:
        making.plant(
            title="Interviews that say the same everywhere",
            text=f"{interviews} interviews, {len(passages)} passages. What people speak of has nothing to "
            "do with who they are; two coders agree as in the other client (expected kappa "
            f"{kappa:.2f}).",
            tables="interviews",
            truth="passages themes coding",
            capabilities="qualitative",
        )
        return
    making.plant(
        title="Interview themes that follow the true segments",
        text=f"{interviews} interviews, {len(passages)} passages, each coded by two people on their own. "
        "Every segment has a theme that fills 44 to 46% of its passages. Nobody of the segment "
        "Project engineers was interviewed, so it has no support. A coder names the right theme "
        f"with probability {ACCURACY}, so the expected kappa (and alpha) is {kappa:.2f}.",
        tables="interviews customers",
        truth="passages themes coding",
        capabilities="qualitative",
    )
    making.plant(
        title="Interviews that contradict the strategic taxonomy",
        text=f"The strategic taxonomy files Legacy pneumatics as {MISFILED}. In the interviews "
        f"{THEME_SHARES['legacy'][THEME_NAMES.index(MISFIT)]:.0%} of what these customers say is "
        f"about being {MISFIT}, which the Maintenance crews filed beside them hardly mention.",
        tables="interviews customers",
        truth="passages themes",
        capabilities="qualitative taxonomy-conflict",
    )
