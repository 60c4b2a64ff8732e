"""Prohibited bases and duties by jurisdiction, dated: what to ask counsel about. A list, not legal advice.

Rules change; each line says when, how far and in which copy its text was read. Copies were stored ones of
varying age, so what was amended after a copy was taken isn't seen: counsel confirms each line before it
is relied on. Grounds are named alike across jurisdictions, so that a protected attribute can be looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

READ_ON = "2026-11-26"
Reading = Literal["text", "part", "quoted", "not read"]
READINGS: dict[Reading, str] = {
    "text": "text read",
    "part": "text read in part",
    "quoted": "read as quoted by others",
    "not read": "text not found",
}
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
WITHOUT_FAMILY = ("sex", "age", "origin", "religion", "disability", "orientation")
COLUMNS = ("jurisdiction", "rule", "grounds", "source", "in_force_from", "checked", "note")


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
        Text and article.
    in_force_from : str
        ISO date (of a directive: when it had to be national law), as precise as it could be confirmed;
        empty where it could not.
    reading : {"text", "part", "quoted", "not read"}
        How far the text was read on `read_on`.
    copy : str
        Which articles, and in which copy.
    note : str
    read_on : str
        ISO date.
    """

    jurisdiction: str
    rule: str
    grounds: tuple[str, ...] = ()
    source: str
    in_force_from: str
    reading: Reading
    copy: str
    note: str = ""
    read_on: str = READ_ON

    @property
    def checked(self) -> str:
        """Whether and against what the rule was read, such as ``text read 2026-11-26 (...)``."""
        return f"{READINGS[self.reading]} {self.read_on} ({self.copy})"


RULES = (
    Rule(
        jurisdiction="EU",
        rule="Personal data need a purpose and a basis; data that reveal origin, religion, health, "
        "orientation and other special categories need an exception besides; whoever objects to direct "
        "marketing is no longer profiled for it; decisions of weight are not left to a machine alone.",
        source="Regulation (EU) 2016/679 (GDPR), articles 5, 6, 9, 21, 22 and 99",
        in_force_from="2018-05-25",
        reading="part",
        copy="articles 5(1), 9(1), 21, 22, 99 and recital 14, copies at gdprhub.eu, overview.legal, "
        "gdprbeetle.eu and others; article 6 not read again",
        note="People, sole traders among them; not companies as such (recital 14). Amendments were proposed "
        "on 2025-11-19 (Digital Omnibus).",
    ),
    Rule(
        jurisdiction="EU",
        rule="Women and men are treated alike in access to and supply of goods and services offered to the "
        "public.",
        grounds=("sex",),
        source="Directive 2004/113/EC, articles 3, 4 and 17",
        in_force_from="2007-12-21",
        reading="part",
        copy="articles 1 to 3, copies at nomothesia.isotita.gr and EUR-Lex; of article 17 the Commission's "
        "page says the end of 2007, the day is from notes",
        note="The content of media and advertising is outside (article 3(3)); services for one sex may be "
        "justified by a legitimate aim.",
    ),
    Rule(
        jurisdiction="EU",
        rule="No discrimination by racial or ethnic origin, direct or indirect, in access to and supply of "
        "goods and services offered to the public.",
        grounds=("origin",),
        source="Directive 2000/43/EC, articles 2, 3(1)(h) and 16",
        in_force_from="2003-07-19",
        reading="part",
        copy="articles 1 and 2, scan of OJ L 180 at minorityforum.info; articles 3(1)(h) and 16 as the "
        "EU's own reports and handbook describe them",
    ),
    Rule(
        jurisdiction="EU",
        rule="No other conditions of access by a customer's nationality, residence or place of "
        "establishment, for goods delivered to where the trader delivers or collected, electronic services, "
        "and services rendered where the trader is.",
        grounds=("origin",),
        source="Regulation (EU) 2018/302 (geo-blocking), articles 3 to 5 and 11",
        in_force_from="2018-12-03",
        reading="quoted",
        copy="article 4(1) and (2) as quoted in an analysis on GitHub; articles 3 to 5 as tabulated at "
        "loyal.nl; of the Regulation itself title and recitals at eurlexa.com",
        note="Consumers, and firms as end users. Prices may differ between member states as long as it "
        "isn't by who the customer is (article 4(2)).",
    ),
    Rule(
        jurisdiction="EU",
        rule="A consumer is told before the contract when a price was personalised by an automated decision.",
        source="Directive 2011/83/EU, article 6(1)(ea), by Directive (EU) 2019/2161",
        in_force_from="2022-05-28",
        reading="quoted",
        copy="point (ea) and recital 45 as quoted in several analyses; of the Directive itself the title at "
        "EUR-Lex",
        note="Distance and off-premises contracts of consumers; not prices that move without regard to the "
        "person (recital 45).",
    ),
    Rule(
        jurisdiction="EU",
        rule="Online platforms show no advertising that rests on profiling with special categories of data, "
        "and none by profiling to people whom they know to be minors.",
        grounds=("origin", "religion", "disability", "orientation", "age"),
        source="Regulation (EU) 2022/2065 (Digital Services Act), articles 26(3) and 28(2)",
        in_force_from="2024-02-17",
        reading="text",
        copy="articles 26 and 28, copies at overview.legal and hannessnellman.com; the date as reported on "
        "that day",
        note="Binds the platform; consent doesn't lift it, says the European Data Protection Board. Age: "
        "minors.",
    ),
    Rule(
        jurisdiction="EU",
        rule="No AI system that exploits vulnerabilities of age, disability or social or economic situation "
        "so as to distort behaviour with significant harm, or that scores people socially to their "
        "detriment.",
        grounds=("age", "disability", "wealth"),
        source="Regulation (EU) 2024/1689 (AI Act), articles 5(1)(b), 5(1)(c) and 113",
        in_force_from="2025-02-02",
        reading="quoted",
        copy="article 5(1)(b) as quoted at itlawfirm.it, article 113 as quoted at botcorpus.com; article "
        "5(1)(c) as described by several",
    ),
    Rule(
        jurisdiction="DE",
        rule="No disadvantage in contracts that are made with everybody on comparable terms and in private "
        "insurance; an objective reason may justify a difference, except by race or ethnic origin, which is "
        "barred in all supply to the public.",
        grounds=WITHOUT_FAMILY,
        source="Allgemeines Gleichbehandlungsgesetz (AGG), sections 19 and 20",
        in_force_from="2006-08-18",
        reading="text",
        copy="sections 1, 2, 19 and 20, copies at haufe.de, buzer.de and gesetze-in-app.de",
    ),
    Rule(
        jurisdiction="FR",
        rule="Refusing goods or services, or tying them to a condition, on a listed ground is a criminal "
        "offence; indirect discrimination in access to them is barred too, unless justified, and by origin "
        "never.",
        grounds=(*WITHOUT_FAMILY, "family", "wealth"),
        source="Code pénal, articles 225-1 and 225-2; loi n° 2008-496, articles 1 and 2",
        in_force_from="1994-03-01",
        reading="text",
        copy="articles 225-1 and 225-2 at code-penal.fr and doctrine.fr, loi n° 2008-496 at Légifrance "
        "(version of 2024-11-02) and doctrine.fr; the date at olir.it",
        note="Legal persons are protected through their members. Residence is listed, and vulnerability "
        "from one's economic situation. The civil rule covers all listed grounds since 2016-11-20.",
    ),
    Rule(
        jurisdiction="ES",
        rule="Equal treatment in goods and services offered to the public; the Act counts artificial "
        "intelligence and mass handling of data to its scope.",
        grounds=(*WITHOUT_FAMILY, "wealth"),
        source="Ley 15/2022, de 12 de julio, articles 2, 3, 17 and 23",
        in_force_from="2022-07-14",
        reading="part",
        copy="article 2 at aprendered.es and studylib.es, article 23(1) and (2) at diariolaley.laleynext.es; "
        "article 17 not found, described by several; the date in several reports",
        note="Family isn't named but any other personal circumstance is. Article 23 on automated decisions "
        "speaks to public administrations first.",
    ),
    Rule(
        jurisdiction="PL",
        rule="Natural persons are treated alike in services, goods and rights offered to the public, by sex, "
        "race, ethnic origin and nationality.",
        grounds=("sex", "origin"),
        source="Act of 3 December 2010 implementing EU provisions on equal treatment, articles 5 and 6 "
        "(Dz. U. 2025 item 1452)",
        in_force_from="2011-01-01",
        reading="text",
        copy="articles 5 and 6 as enacted, in English at legislationline.org; articles 1 to 3 of the "
        "consolidated text of 2025 at infor.pl; the date at mrog.org",
        note="By sex, the content of media and advertising is outside (article 5).",
    ),
    Rule(
        jurisdiction="GB",
        rule="A provider of services to the public does not discriminate by a protected characteristic, in "
        "whom it serves and on what terms.",
        grounds=WITHOUT_FAMILY,
        source="Equality Act 2010, sections 28 and 29",
        in_force_from="2010-10-01",
        reading="text",
        copy="sections 28 and 29 as of 2024-01-01 and their commencement, legislation.gov.uk; section 4, "
        "which lists the characteristics, from notes",
        note="Age: adults only, since 2012-10-01. Marriage and civil partnership are outside this part.",
    ),
    Rule(
        jurisdiction="US",
        rule="Everybody has the same right to make and enforce contracts as white citizens; private "
        "discrimination is covered.",
        grounds=("origin",),
        source="42 U.S.C. 1981",
        in_force_from="1866-04",
        reading="text",
        copy="the section as of 2008-01-08 at trac.syr.edu; the month by the Congressional Research Service",
        note="Re-enacted in 1870, widened on 1991-11-21. It says all persons; whether a firm may claim is "
        "for counsel.",
    ),
    Rule(
        jurisdiction="US",
        rule="Credit is granted whatever the applicant's race, religion, sex, marital status or age, or "
        "income from public assistance; intent and proxies applied with intent count, effects alone no "
        "longer do under the federal regulation.",
        grounds=("sex", "age", "family", "origin", "religion"),
        source="15 U.S.C. 1691(a) (ECOA); Regulation B, 12 CFR 1002.6, by the rule published 2026-04-22",
        in_force_from="2026-07-21",
        reading="part",
        copy="the statute as quoted at banking27.com and papertrell.com; the rule's comment as quoted at "
        "compliancealliance.com, its date in several reports",
        note="Credit only. The date is that of the rule of 2026; the Act is of 1974. The rule is reported "
        "to be challenged in court; state law remains.",
    ),
    Rule(
        jurisdiction="US",
        rule="A selection rate under four fifths of the highest is generally taken by federal agencies as a "
        "sign of adverse impact.",
        grounds=("sex", "origin"),
        source="29 CFR 1607.4 D",
        in_force_from="1978",
        reading="quoted",
        copy="paragraph D as quoted from Cornell's and the eCFR's copy in several files on GitHub; "
        "paragraphs A to C at law.cornell.edu",
        note="Hiring, borrowed here as a screen. The EEOC has announced to rescind it (agenda RIN "
        "3046-AB43, final rule stage as of 2026-07-05); a published rescission was not found.",
    ),
    Rule(
        jurisdiction="US-CA",
        rule="Business establishments of every kind give all persons full and equal services, whatever "
        "their listed ground.",
        grounds=("sex", "family", "origin", "religion", "disability", "orientation"),
        source="California Civil Code, section 51 (Unruh Civil Rights Act)",
        in_force_from="1959",
        reading="part",
        copy="an older wording at jhmlawoffice.com; the present list of grounds at californiaglobe.com "
        "(2023)",
        note="Citizenship, language and immigration status are listed too. Age isn't, but courts call the "
        "list illustrative.",
    ),
    Rule(
        jurisdiction="US-CA",
        rule="Notice, opt-out and access where automated technology takes decisions on lending, housing, "
        "education, work or health care; advertising to a consumer is none of them.",
        source="CCPA regulations, 11 CCR 7001(ddd), 7200 and 7220 to 7222",
        in_force_from="2027-01-01",
        reading="quoted",
        copy="sections 7001(ddd) and 7200 as quoted in several files on GitHub and at getprivisy.com",
        note="The regulations took effect on 2026-01-01; this article has to be met from the date given.",
    ),
    Rule(
        jurisdiction="US-NY",
        rule="A price that an algorithm set with a consumer's personal data is marked as such, in the words "
        "of the statute, wherever it is shown.",
        source="New York General Business Law, section 349-a (Laws of 2025, chapter 58, part X)",
        in_force_from="2025-07-08",
        reading="part",
        copy="subdivision 1 and the beginning of 2 at lexace.ai and counselstack.com; subdivision 2 as "
        "quoted from the court's opinion",
        note="Consumers only, not firms. Enforced since 2025-11-10; an appeal was pending in 2026-09. A "
        "ban (A.9349) passed the legislature in 2026-06; whether it was signed was not found.",
    ),
    Rule(
        jurisdiction="US-NY",
        rule="Data that tell a protected class may not make a price differ, commentators report.",
        grounds=WITHOUT_FAMILY,
        source="New York, laws of 2025; the provision itself was not found",
        in_force_from="",
        reading="not read",
        copy="two commentaries report it; the bill S.7033, which was not enacted, would have put it into "
        "General Business Law, section 396; section 349-a as far as read doesn't hold it",
        note="Ask counsel whether and where it is law.",
    ),
)


def list_rules(jurisdictions: Sequence[str], *, grounds: Sequence[str] = ()) -> pd.DataFrame:
    """Which rules hold there, and against what was each checked?

    Parameters
    ----------
    jurisdictions : sequence of str
        EU, ISO 3166 countries or parts of them; a member state brings EU law along, a part its country's.
    grounds : sequence of str
        Only rules that name one of these or concern all use of data; empty: all.

    Returns
    -------
    pandas.DataFrame
        ``jurisdiction, rule, grounds, source, in_force_from, checked, note, reading, read_on``.
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
    rows = [asdict(rule) | {"checked": rule.checked} for rule in found]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "reading", "read_on"])
    return table.assign(grounds=[", ".join(named) for named in table.grounds])


def find_missing(jurisdictions: Sequence[str]) -> list[str]:
    """Jurisdictions of which this list holds no rule of their own."""
    held = {rule.jurisdiction for rule in RULES}
    return [code for code in jurisdictions if code not in held]


def read_ground(attribute: str) -> str:
    """The ground that an attribute's name points to, such as sex for ``women_owned``; empty if to none."""
    words = attribute.lower().replace("-", "_").split("_")
    return next((ground for ground, of in GROUND_WORDS.items() if set(words) & set(of)), "")
