"""Prohibited bases and duties by jurisdiction, dated: what to ask counsel about. A list, not legal advice.

Rules change; each line says as of when it is known. The texts themselves were not read again for
this list: counsel confirms each line before it is relied on.
Grounds are named alike across jurisdictions, so that a protected attribute can be looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

AS_KNOWN = "2026-11"
EU_MEMBERS = frozenset(
    [
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT"),
        *("LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    ]
)
# Words in a column's name by which its ground is looked up; a reading that counsel confirms.
GROUND_WORDS = {
    "sex": ("sex", "gender", "women", "woman", "female", "male"),
    "age": ("age", "birth", "born"),
    "family": ("marital", "married", "family", "household", "kids", "child", "children", "parent"),
    "origin": ("ethnic", "ethnicity", "race", "origin", "nationality", "minority", "migrant"),
    "religion": ("religion", "faith", "belief", "church"),
    "disability": ("disability", "disabled", "health", "handicap"),
    "orientation": ("orientation", "lgbt", "gay"),
    "wealth": ("income", "wealth", "ownership"),
}
ALL = ("sex", "age", "family", "origin", "religion", "disability", "orientation")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Parameters
    ----------
    jurisdiction : str
        EU, an ISO 3166 country or a part of one.
    rule : str
        What it asks, in a sentence.
    grounds : tuple of str
        Prohibited bases it names; empty where it concerns how data are used.
    source : str
    in_force_from : str
        ISO date (of a directive: when it had to be national law).
    note : str
    as_known : str
    """

    jurisdiction: str
    rule: str
    grounds: tuple[str, ...] = ()
    source: str
    in_force_from: str
    note: str = ""
    as_known: str = AS_KNOWN


RULES = (
    Rule(
        jurisdiction="EU",
        rule="Personal data need a purpose and a basis; special categories may not be inferred or used "
        "without "
        "an exception; whoever objects to direct marketing is no longer profiled for it.",
        source="Regulation (EU) 2016/679 (GDPR), articles 5, 6, 9, 21, 22",
        in_force_from="2018-05-25",
        note="People, and firms that are one person; not companies as such.",
    ),
    Rule(
        jurisdiction="EU",
        rule="Women and men are treated alike in access to and supply of goods and services.",
        grounds=("sex",),
        source="Directive 2004/113/EC",
        in_force_from="2007-12-21",
    ),
    Rule(
        jurisdiction="EU",
        rule="No discrimination by racial or ethnic origin in access to and supply of goods and services.",
        grounds=("origin",),
        source="Directive 2000/43/EC",
        in_force_from="2003-07-19",
    ),
    Rule(
        jurisdiction="EU",
        rule="No other conditions of access by nationality or place of residence within the internal market.",
        grounds=("origin",),
        source="Regulation (EU) 2018/302 (geo-blocking)",
        in_force_from="2018-12-03",
        note="Consumers, and firms as end users.",
    ),
    Rule(
        jurisdiction="EU",
        rule="A consumer is told when a price was personalised by an automated decision.",
        source="Directive 2011/83/EU, article 6(1)(ea), by Directive (EU) 2019/2161",
        in_force_from="2022-05-28",
    ),
    Rule(
        jurisdiction="EU",
        rule="Online platforms show no advertising that rests on profiling with special categories of data.",
        grounds=("origin", "religion", "disability", "orientation"),
        source="Regulation (EU) 2022/2065 (Digital Services Act), article 26(3)",
        in_force_from="2024-02-17",
    ),
    Rule(
        jurisdiction="EU",
        rule="No AI system that exploits vulnerabilities of age, disability or social situation, or scores "
        "people "
        "socially.",
        grounds=("age", "disability"),
        source="Regulation (EU) 2024/1689 (AI Act), article 5(1)",
        in_force_from="2025-02-02",
    ),
    Rule(
        jurisdiction="DE",
        rule="No disadvantage in contracts that are made with everybody on the same terms; reasons are "
        "allowed "
        "for except by origin.",
        grounds=ALL[:2] + ALL[3:],
        source="Allgemeines Gleichbehandlungsgesetz (AGG), sections 19 to 21",
        in_force_from="2006-08-18",
    ),
    Rule(
        jurisdiction="FR",
        rule="Refusing goods or services, or tying them to a condition, on a listed ground is a criminal "
        "offence.",
        grounds=ALL,
        source="Code pénal, articles 225-1 and 225-2; loi n° 2008-496",
        in_force_from="1994-03-01",
        note="Legal persons are protected through their members; place of residence is listed too.",
    ),
    Rule(
        jurisdiction="ES",
        rule="Equal treatment in the supply of goods and services open to the public, automated decisions "
        "included.",
        grounds=ALL,
        source="Ley 15/2022, de 12 de julio, articles 2, 17 and 23",
        in_force_from="2022-07-14",
    ),
    Rule(
        jurisdiction="PL",
        rule="Equal treatment in publicly offered services, by sex, race, ethnic origin and nationality.",
        grounds=("sex", "origin"),
        source="Act of 3 December 2010 implementing EU provisions on equal treatment, article 6",
        in_force_from="2011-01-01",
    ),
    Rule(
        jurisdiction="GB",
        rule="A provider of services to the public does not discriminate by a protected characteristic.",
        grounds=ALL[:2] + ALL[3:],
        source="Equality Act 2010, section 29",
        in_force_from="2010-10-01",
        note="Age: adults only, since 2012-10-01.",
    ),
    Rule(
        jurisdiction="US",
        rule="Everybody has the same right to make and enforce contracts, whatever their race.",
        grounds=("origin",),
        source="42 U.S.C. 1981",
        in_force_from="1866-04-09",
        note="Contracts between firms too.",
    ),
    Rule(
        jurisdiction="US",
        rule="Credit is granted whatever the applicant's race, religion, sex, marital status or age; intent "
        "and "
        "proxies count, effects alone no longer do under federal rules.",
        grounds=("sex", "age", "family", "origin", "religion"),
        source="15 U.S.C. 1691 (ECOA); Regulation B as amended in 2026",
        in_force_from="2026-07-21",
        note="Credit only, firms as applicants too; state law remains.",
    ),
    Rule(
        jurisdiction="US",
        rule="The four-fifths rule takes a selection rate under four fifths of the highest as a sign of "
        "adverse "
        "impact.",
        grounds=("sex", "origin", "religion"),
        source="29 CFR 1607.4 D",
        in_force_from="1978-09-25",
        note="Hiring, borrowed here as a screen; it is being rescinded.",
    ),
    Rule(
        jurisdiction="US-CA",
        rule="Business establishments treat all persons alike, whatever their listed ground.",
        grounds=ALL,
        source="California Civil Code, section 51 (Unruh Civil Rights Act)",
        in_force_from="1959-09-18",
    ),
    Rule(
        jurisdiction="US-CA",
        rule="Notice, opt-out and access where automated technology takes significant decisions about "
        "people.",
        source="CCPA regulations on automated decision-making technology",
        in_force_from="2027-01-01",
    ),
    Rule(
        jurisdiction="US-NY",
        rule="A price that was set with a consumer's personal data is marked as such; protected classes may "
        "not "
        "be used.",
        grounds=ALL,
        source="New York General Business Law, section 349-a",
        in_force_from="2025-11-10",
    ),
)


def list_rules(jurisdictions: Sequence[str], *, grounds: Sequence[str] = ()) -> pd.DataFrame:
    """Which rules hold there, and as of when?

    Parameters
    ----------
    jurisdictions : sequence of str
        EU, ISO 3166 countries or parts of them; a member state brings EU law along, a part its country's.
    grounds : sequence of str
        Only rules that name one of these or concern all use of data; empty: all.

    Returns
    -------
    pandas.DataFrame
        ``jurisdiction, rule, grounds, source, in_force_from, as_known, note``.
    """
    wanted = set(jurisdictions)
    wanted |= {code.partition("-")[0] for code in jurisdictions}
    if wanted & EU_MEMBERS:
        wanted.add("EU")
    found = [
        rule
        for rule in RULES
        if rule.jurisdiction in wanted
        and (not grounds or not rule.grounds or set(rule.grounds) & set(grounds))
    ]
    columns = ["jurisdiction", "rule", "grounds", "source", "in_force_from", "as_known", "note"]
    table = pd.DataFrame([asdict(rule) for rule in found], columns=columns)
    return table.assign(grounds=[", ".join(named) for named in table.grounds])


def find_missing(jurisdictions: Sequence[str]) -> list[str]:
    """Jurisdictions of which this list holds no rule of their own."""
    held = {rule.jurisdiction for rule in RULES}
    return [code for code in jurisdictions if code not in held]


def read_ground(attribute: str) -> str:
    """The ground that an attribute's name points to, such as sex for ``women_owned``; empty if to none."""
    words = attribute.lower().replace("-", "_").split("_")
    return next((ground for ground, of in GROUND_WORDS.items() if set(words) & set(of)), "")
