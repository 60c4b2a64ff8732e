"""Do segments respond differently to campaigns, so that they should be treated differently?"""

from __future__ import annotations

import pandas as pd

from segutils.errors import InputError
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.formats import format_value, join_words, plural
from segutils.statistics.campaign_arms import select_experiments
from segutils.statistics.contact_costs import STATED
from segutils.statistics.decisions import check_override
from segutils.statistics.intervals import wilson_interval
from segutils.validation.response import response_words as words
from segutils.validation.response.campaign_cells import NO_BUYERS, select_observed
from segutils.validation.response.effects import OPEN, p_arms_spread
from segutils.validation.response.policies import (
    OPTIONS,
    TEST,
    choose_policy,
    find_interaction,
    has_money,
    read_evidence,
    score_policies,
)

SLUG = "ab-response"
QUESTION = "Should segments be treated differently in campaigns?"
COLUMNS = ["segment", "treated", "control", "treated_rate", "control_rate", "lift", "low", "high", "p_holm"]
FORMATS = {
    "treated": "count",
    "control": "count",
    "treated_rate": "share",
    "control_rate": "share",
    "lift": "points",
    "low": "points",
    "high": "points",
    "p_holm": "text",
}
LABELS = {
    "treated": "Contacted",
    "control": "Control",
    "treated_rate": "Response, contacted",
    "control_rate": "Response, control",
    "lift": "Lift",
    "low": "From",
    "high": "To",
    "p_holm": "p, for all segments",
}
EXPERIMENT = Need(
    question="What do campaigns cause (keep a tenth or more of each campaign's customers uncontacted, by "
    "lot)?",
    table="exposures",
    columns=("customer_id", "campaign_id", "arm", "randomised", "responded", "outcome_value"),
)


def decide_ab_response(
    cells: pd.DataFrame,
    members: pd.DataFrame,
    effects: pd.DataFrame,
    *,
    contact_costs: pd.DataFrame | None = None,
    confidence: float = 0.95,
    draws: int = 300,
    currency: str,
    seed: int,
    override: Override | None = None,
) -> Finding:
    """Do segments respond differently to campaigns, and should they be treated differently?

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`~segutils.validation.response.campaign_cells.build_cells`; no row without campaign data.
    members : pandas.DataFrame
        customer_id, segment.
    effects : pandas.DataFrame
        From :func:`~segutils.validation.response.effects.score_effects` on the experiments among the cells;
        no row where there is none.
    contact_costs : pandas.DataFrame, optional
        campaign_id, cost_per_contact, basis, owner, of all campaigns.
    confidence : float
        Of intervals, and one less the chance of any false claim over all segments (Holm).
    draws : int
        Bootstrap samples behind the decision's robustness.
    currency : str
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table ``segment, treated, control, treated_rate, control_rate, lift, low, high, p_holm``; without an
        experiment ``segment, contacted, response, low, high`` and no effect of any kind.

    Raises
    ------
    InputError
        The confidence is not between 0.5 and 1; the override is not an option.
    """
    if not 0.5 < confidence < 1:
        raise InputError(
            f"a confidence of {confidence:g} cannot be used",
            where="parameters of ab-response",
            fix="give 0.95",
        )
    check_override(override, OPTIONS, slug=SLUG)
    if not len(cells):
        return Finding(
            slug=SLUG,
            status="not_run",
            headline="Whether segments respond differently cannot be told: no campaign says who was in it.",
            table=pd.DataFrame(columns=COLUMNS),
            needs=(EXPERIMENT,),
        )
    if not len(effects):
        return _without_experiment(cells, members, override, confidence)
    return _with_experiments(
        cells,
        members,
        effects,
        contact_costs,
        override,
        confidence,
        draws=draws,
        currency=currency,
        seed=seed,
    )


def _with_experiments(
    cells: pd.DataFrame,
    members: pd.DataFrame,
    effects: pd.DataFrame,
    contact_costs: pd.DataFrame | None,
    override: Override | None,
    confidence: float,
    *,
    draws: int,
    currency: str,
    seed: int,
) -> Finding:
    experiments = select_experiments(cells)
    evidence = read_evidence(experiments, effects, members["segment"].value_counts(), confidence=confidence)
    options = score_policies(evidence, draws=draws, seed=seed)
    choice = choose_policy(evidence)
    options = options.sort_values(
        "option", key=lambda names: names != choice, kind="stable", ignore_index=True
    )
    money = has_money(effects)
    share = float(options.loc[options["option"] == choice, "score"].iloc[0])
    interaction, in_odds = find_interaction(evidence.counts), find_interaction(evidence.counts, odds=True)
    spread, forgone = p_arms_spread(experiments), words.find_forgone(options, choice)
    settings = {"money": money, "currency": currency}
    return Finding(
        slug=SLUG,
        status="pass" if choice != TEST and not spread < 0.001 and not forgone > 0 else "caution",
        headline=words.write_headline(effects, choice, interaction, confidence),
        table=effects[COLUMNS].assign(p_holm=[words.write_p(p) for p in effects["p_holm"]]),
        formats=FORMATS,
        labels=LABELS,
        figures=words.draw_effects(effects, experiments, confidence, choice, interaction),
        decision=Decision(
            question=QUESTION,
            options=options,
            recommendation=choice,
            robustness=words.say_robustness(options, choice, share, draws, **settings),
            robustness_share=share,
            override=override,
            formats=_option_formats(money),
        ),
        notes=(
            *words.say_caution(options, choice, **settings),
            words.say_interaction(interaction, in_odds, effects),
            *words.say_many_tests(effects, confidence),
            *words.say_money(effects, options, **settings),
            *words.say_left_out(select_observed(cells)),
            words.POINTER,
        ),
        assumptions=_list_assumptions(experiments, contact_costs, currency),
        limits=words.list_limits(spread, members, confidence),
        needs=_list_needs(effects, money),
    )


def _option_formats(money: bool) -> dict[str, str]:
    amounts = ("gain", "gain_low", "gain_high", "gain_checked")
    return {
        "segments": "count",
        "contacts": "count",
        **dict.fromkeys(amounts, "money" if money else "count"),
        "score": "number:2",
    }


def _list_assumptions(
    experiments: pd.DataFrame, contact_costs: pd.DataFrame | None, currency: str
) -> tuple[Assumption, ...]:
    if contact_costs is None:
        return ()
    used = contact_costs[contact_costs["campaign_id"].isin(experiments["campaign_id"])]
    stated = used[used["basis"] == STATED].drop_duplicates("channel")
    return tuple(
        Assumption(
            text=f"A message by {row.channel} costs "
            f"{format_value(row.cost_per_contact, 'money:2', currency=currency)}.",
            owner=row.owner,
        )
        for row in stated.itertuples()
    )


def _list_needs(effects: pd.DataFrame, money: bool) -> tuple[Need, ...]:
    found = []
    if not money and effects["margin_per_order"].isna().any():
        found.append(
            Need(
                question="What is a response worth (contribution margin of order lines)?",
                table="transactions",
                columns=("contribution_margin",),
            )
        )
    if not money and effects["cost"].isna().any():
        found.append(
            Need(question="What does a contact cost?", table="campaigns", columns=("cost", "channel"))
        )
    if (effects["verdict"] == OPEN).any():
        open_ones = effects.loc[effects["verdict"] == OPEN, "segment"].tolist()
        found.append(
            Need(
                question=f"Do contacts pay in {join_words(open_ones)} (more customers with a control group)?",
                table="exposures",
                columns=("customer_id", "campaign_id", "arm", "randomised", "responded"),
            )
        )
    return tuple(found)


def _without_experiment(
    cells: pd.DataFrame, members: pd.DataFrame, override: Override | None, confidence: float
) -> Finding:
    """What was observed, and that it is no effect."""
    buyers = cells[cells["treated"] & (cells["segment"] != NO_BUYERS)]
    table = buyers.groupby("segment", as_index=False)[["customers", "responders"]].sum()
    table = table.sort_values("customers", ascending=False, ignore_index=True)
    ends = wilson_interval(table["responders"].to_numpy(), table["customers"].to_numpy(), level=confidence)
    table = table.assign(response=table["responders"] / table["customers"], low=ends[:, 0], high=ends[:, 1])
    table = table.rename(columns={"customers": "contacts"}).drop(columns="responders")
    campaigns = cells["campaign_id"].nunique()
    nobody = cells["treated"].all()
    why = "left anybody uncontacted" if nobody else "chose by lot whom to leave uncontacted"
    shown = {"contacts": "count", "response": "share", "low": "share", "high": "share"}
    best = table.loc[table["response"].idxmax()]
    options = pd.DataFrame({"option": OPTIONS, "evidence": "none", "score": [0.0, 0.0, 1.0]})
    options = options.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    return Finding(
        slug=SLUG,
        status="caution",
        headline=f"What campaigns cause in any segment is not known: none of "
        f"{plural(campaigns, 'campaign')} {why}. {best['segment']} responds most often, contacted or not "
        "being no part of it."
        if not nobody
        else f"What campaigns cause in any segment is not known: none of {plural(campaigns, 'campaign')} "
        f"{why}. "
        "Who responds most often need not be who is moved most.",
        table=table,
        formats=shown,
        labels={"contacts": "Customers contacted, all campaigns", "low": "From", "high": "To"},
        figures=(words.draw_observed(table, confidence),),
        decision=Decision(
            question=QUESTION,
            options=options,
            recommendation=TEST,
            robustness="No sample and no weights change this: without a control group there is no effect to "
            "judge. One campaign with a control group by lot would.",
            override=override,
            formats={"score": "number:2"},
        ),
        notes=(
            "These are rates of response, observed and not compared: customers who were contacted are not "
            "like those who were not, and would have bought without being asked to an unknown degree.",
            "What to do: in the next campaign leave a part of each segment uncontacted, by lot, and book its "
            "purchases in the same way. Until then, comparing like with like (matched controls) is second "
            "best; it needs customers who were not contacted and what both had bought before.",
        ),
        limits=("A difference of response rates between segments is no difference of effects.",),
        needs=(EXPERIMENT,),
    )
