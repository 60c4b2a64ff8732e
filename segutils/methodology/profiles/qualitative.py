"""Slug ``qualitative``: which segments do customers' own words support?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.formats import format_value
from segutils.methodology.profiles import qualitative_words as words
from segutils.methodology.profiles.coding_agreement import ALPHA, TENTATIVE, measure_agreement
from segutils.methodology.profiles.quotes import CONTRADICTS, SUPPORTS, find_quotes
from segutils.methodology.profiles.theme_evidence import (
    ThemeEvidence,
    measure_themes,
    standardise,
)
from segutils.statistics.decisions import (
    check_override,
    flip_weight,
    noise_robustness,
    scale_between,
    score_options,
    weight_robustness,
)

SLUG = "qualitative"
WEIGHTS: Mapping[str, float] = {"backed": 0.5, "reach": 0.3, "effort": 0.2}
ALL, SOME, NONE = (
    "Brief all segments from the interviews",
    "Brief the supported ones, interview the others first",
    "Brief none, interview anew",
)
SUPPORTED, LIKE_ANOTHER, NO_OWN, TOO_FEW, NOBODY = (
    "supported",
    "speaks like another",
    "no theme of its own",
    "too few interviews",
    "nobody interviewed",
)
NEED = Need(
    question="Do customers say what the segments suggest?",
    table="interviews",
    columns=("interview_id", "passage", "customer_id", "theme", "coder"),
)


def decide_qualitative(
    codings: pd.DataFrame | None,
    names: pd.DataFrame,
    sizes: pd.DataFrame,
    *,
    currency: str = "",
    costs: pd.DataFrame | None = None,
    taxonomy: pd.DataFrame | None = None,
    weights: Mapping[str, float] = WEIGHTS,
    min_interviews: int = 5,
    wanted_interviews: int = 12,
    min_alpha: float = TENTATIVE,
    max_p: float = 0.05,
    permutations: int = 4000,
    draws: int = 500,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Which segments may be briefed from what customers say, and whom to interview first?

    A segment is supported if it has a theme of its own: one that comes up in its interviews more than chance
    would give, all themes and segments being looked at. Options are scored by ``backed`` (share of the
    customers briefed whose segment is supported; half is worth nothing), ``reach`` (share of all customers
    who are briefed about and whose segment is supported) and ``effort`` (interviews still to be made, against
    making all).

    Parameters
    ----------
    codings : pandas.DataFrame, optional
        From :func:`segutils.methodology.profiles.theme_evidence.build_codings`.
    names : pandas.DataFrame
        ``segment, name``.
    sizes : pandas.DataFrame
        ``segment, customers``.
    currency : str
    costs : pandas.DataFrame, optional
        ``item, amount, per, owner``; the line per interview prices those still to be made.
    taxonomy : pandas.DataFrame, optional
        ``interview_id, group``: where the company files the customer today.
    weights : mapping of str to float
    min_interviews : int
        With fewer, nothing is concluded about a segment.
    wanted_interviews : int
        Interviews per segment after which few new themes come up (Guest, Bunce and Johnson 2006).
    min_alpha : float
        Smallest agreement of coders from which anything is concluded.
    max_p : float
        Largest adjusted p-value of a segment's own theme.
    permutations, draws : int
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        Table by segment: interviews, its theme, shares, passages for and against, verdict. Not run without
        interviews.

    Raises
    ------
    InputError
        Weights or numbers that cannot be used, or an override that is not an option.
    """
    if min_interviews < 1 or wanted_interviews < min_interviews:
        raise InputError(
            f"{wanted_interviews} interviews are wanted and {min_interviews} needed",
            where="interviews per segment",
            fix="want at least as many as are needed, and at least one",
        )
    if codings is None or codings.empty:
        return _not_run()
    codes = names["segment"].tolist()
    if len(codes) < 2:
        return words.say_nothing_to_support(SLUG)
    if codings.loc[codings["segment"].notna(), "interview_id"].nunique() < 2:
        return _not_run()
    agreement = measure_agreement(codings, draws=draws, seed=seed)
    found = agreement.loc[agreement["measure"] == ALPHA]
    alpha = float(found["value"].iloc[0]) if len(found) else float("nan")
    reliable = not alpha < min_alpha
    evidence = measure_themes(codings, codes, max_p=max_p, permutations=permutations, seed=seed)
    own = evidence.cells[evidence.cells["p"] <= max_p]
    own = own[own["segment"].map(evidence.interviews) >= min_interviews]
    quotes = find_quotes(codings, own)
    table = _build_table(evidence, own, quotes, names, min_interviews=min_interviews, reliable=reliable)
    customers = sizes.set_index("segment")["customers"].reindex(codes).to_numpy(dtype=float)
    supported = (table["verdict"] == SUPPORTED).to_numpy()
    heard = table["interviews"].to_numpy()
    plan = {"heard": heard, "wanted": wanted_interviews}
    scores = _score(supported, customers, **plan)
    options = score_options(scores, weights)
    best = str(options["option"].iloc[0])
    drawn = [
        _score(row & reliable, customers, **plan).reindex(scores.index).fillna(0.0)
        for row in _redraw(evidence, codes, min_interviews=min_interviews, draws=draws, seed=seed)
    ]
    by_weights = weight_robustness(scores, weights, draws=draws, seed=seed).set_index("option")["first_share"]
    by_chance = noise_robustness(drawn, weights).set_index("option")["first_share"]
    needed = {option: _count_needed(option, supported, **plan) for option in scores.index}
    priced, assumptions = _price(costs, needed, currency)
    options.insert(1, "interviews_needed", [needed[option] for option in options["option"]])
    decision = Decision(
        question="Which segments may be briefed from what customers say?",
        options=options,
        recommendation=best,
        robustness=words.say_robustness(
            best, by_weights[best], by_chance[best], flip_weight(scores, weights)
        ),
        robustness_share=float(min(by_weights[best], by_chance[best])),
        override=check_override(override, options["option"].tolist(), slug=SLUG),
        formats={"interviews_needed": "count"}
        | {column: "number:2" for column in (*scores.columns, "score")},
    )
    return Finding(
        slug=SLUG,
        status="pass" if supported.all() and reliable else "caution",
        headline=words.say_headline(table, alpha, reliable=reliable),
        table=table,
        formats=words.FORMATS,
        labels=words.LABELS,
        figures=(words.plot_themes(evidence.cells, own, names),),
        decision=decision,
        notes=(
            *words.say_agreement(agreement),
            *words.say_taxonomy(codings, own, names, taxonomy, min_interviews=3),
            *words.say_contradictions(quotes, names),
            *priced,
            *(
                [f"{evidence.set_aside} interviews are with customers in no segment and are left out."]
                if evidence.set_aside > 1
                else []
            ),
        ),
        assumptions=assumptions,
        limits=(
            "Interviews say what occupies customers, not how many of them; shares are of passages.",
            "A theme of its own makes a segment plausible. It does not prove its borders.",
        ),
        needs=()
        if len(found)
        else (Need(question="Do coders agree?", table="interviews", columns=("coder", "passage")),),
    )


def _not_run() -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="No coded interviews with customers of the segments were given, so no segment is backed by "
        "what customers say",
        table=pd.DataFrame({"segment": []}),
        needs=(NEED,),
    )


def find_own_quotes(codings: pd.DataFrame, names: pd.DataFrame, finding: Finding) -> pd.DataFrame:
    """The passages for and against the supported segments of a finding of :func:`decide_qualitative`."""
    codes = names.set_index("name")["segment"]
    table = finding.table
    if "verdict" not in table or table.empty:
        return find_quotes(codings.head(0), pd.DataFrame({"segment": [], "theme": []}))
    kept = table[table["verdict"] == SUPPORTED]
    own = pd.DataFrame({"segment": kept["segment"].map(codes), "theme": kept["theme"]})
    return find_quotes(codings, own)


def _build_table(
    evidence: ThemeEvidence,
    own: pd.DataFrame,
    quotes: pd.DataFrame,
    names: pd.DataFrame,
    *,
    min_interviews: int,
    reliable: bool,
) -> pd.DataFrame:
    stances = quotes.groupby(["segment", "stance"]).size()
    rows = []
    for segment, name in zip(names["segment"], names["name"], strict=True):
        cells = evidence.cells[evidence.cells["segment"] == segment]
        heard = int(evidence.interviews[segment])
        if cells.empty:
            rows.append({"segment": name, "interviews": 0, "verdict": NOBODY})
            continue
        top = cells.loc[cells["z"].idxmax()]
        most = cells.loc[cells["shrunk"].idxmax()]
        if heard < min_interviews:
            verdict = TOO_FEW
        elif reliable and top["p"] <= own["p"].max() and segment in set(own["segment"]):
            verdict = SUPPORTED
        elif most["theme"] in set(own["theme"]):
            verdict = LIKE_ANOTHER
        else:
            verdict = NO_OWN
        rows.append(
            {
                "segment": name,
                "interviews": heard,
                "theme": top["theme"],
                "share": top["shrunk"],
                "elsewhere": top["elsewhere"],
                "p": top["p"],
                "for": int(stances.get((segment, SUPPORTS), 0)),
                "against": int(stances.get((segment, CONTRADICTS), 0)),
                "verdict": verdict,
            }
        )
    columns = ["segment", "interviews", "theme", "share", "elsewhere", "p", "for", "against", "verdict"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _score(supported: np.ndarray, customers: np.ndarray, *, heard: np.ndarray, wanted: int) -> pd.DataFrame:
    """Scores of the options that differ from each other."""
    share = customers[supported].sum() / customers.sum()
    most = wanted * len(supported)
    rows = {ALL: (share, share)}
    if supported.any() and not supported.all():
        rows[SOME] = (1.0, share)
    rows[NONE] = (1.0, 0.0)
    return pd.DataFrame(
        [
            {
                "backed": float(scale_between(backed, worst=0.5, best=1.0)),
                "reach": reach,
                "effort": 1 - _count_needed(option, supported, heard=heard, wanted=wanted) / most,
            }
            for option, (backed, reach) in rows.items()
        ],
        index=pd.Index(rows, name="option"),
    )


def _count_needed(option: str, supported: np.ndarray, *, heard: np.ndarray, wanted: int) -> int:
    """Interviews still to be made: up to the wanted number, or as many again where it was reached."""
    if option == ALL:
        return 0
    if option == NONE:
        return wanted * len(supported)
    open_ones = heard[~supported]
    return int(np.where(open_ones < wanted, wanted - open_ones, wanted).sum())


def _redraw(
    evidence: ThemeEvidence, codes: list[str], *, min_interviews: int, draws: int, seed: int
) -> list[np.ndarray]:
    """Which segments would be supported by other interviews: each segment's own drawn again."""
    rng = np.random.default_rng(seed)
    spoken = [code for code in codes if evidence.interviews[code] > 0]
    places = [np.flatnonzero(evidence.owners == n) for n in range(len(spoken))]
    enough = np.array([evidence.interviews[code] >= min_interviews for code in spoken])
    rows = []
    for _ in range(draws):
        picked = np.concatenate([rng.choice(place, len(place)) for place in places])
        z = standardise(evidence.weights[picked], evidence.owners[picked], len(spoken))
        held = dict(zip(spoken, (z.max(axis=1) >= evidence.critical) & enough, strict=True))
        rows.append(np.array([bool(held.get(code, False)) for code in codes]))
    return rows


def _price(
    costs: pd.DataFrame | None, needed: Mapping[str, int], currency: str
) -> tuple[list[str], tuple[Assumption, ...]]:
    lines = costs[costs["per"] == "interview"] if costs is not None else pd.DataFrame()
    if lines.empty:
        return [], ()
    line = lines.iloc[0]
    each = format_value(line["amount"], "money", currency=currency)
    parts = [
        f"“{option}” takes {count} interviews, "
        f"{format_value(count * line['amount'], 'money', currency=currency)}"
        for option, count in needed.items()
        if count
    ]
    return (
        [f"{'; '.join(parts)}."],
        (Assumption(text=f"An interview costs {each}.", owner=str(line["owner"])),),
    )
