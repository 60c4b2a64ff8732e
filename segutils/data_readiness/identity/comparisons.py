"""How are two records compared: which evidence, in which degrees, from strong to weak?

The comparisons depend on which columns the records have, never on a client. A firm's name, its website and
the domain of its mailboxes are one comparison, since they come together: sister firms share all three, and
as three comparisons they would count thrice. For the same reason a person's name and mailbox are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink.internals.comparison_creator import ComparisonCreator

SIMILAR = 0.92  # Jaro-Winkler similarity of words that are the same but for a slip
OVERLAP = 0.6  # share of an address' words that two records have in common


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One comparison: its name for readers, the columns it needs, its degrees as SQL, strongest first."""

    name: str
    needs: tuple[str, ...]
    known: str
    degrees: Mapping[str, str]


EVIDENCE: Mapping[str, Evidence] = {
    "firm": Evidence(
        name="Firm",
        needs=("company",),
        known="company",
        degrees={
            "same name and domain": f"jaro_winkler_similarity(company_l, company_r) >= {SIMILAR} "
            "and firm_domain_l = firm_domain_r",
            "same name": "company_l = company_r",
            "same domain": "firm_domain_l = firm_domain_r",
            "similar name": f"jaro_winkler_similarity(company_l, company_r) >= {SIMILAR}",
        },
    ),
    "contact": Evidence(
        name="Person",
        needs=("name",),
        known="person",
        degrees={
            "same mailbox": "own_email_l = own_email_r",
            "same name": "person_l = person_r",
            "similar name": f"jaro_winkler_similarity(person_l, person_r) >= {SIMILAR}",
            "one name in common": "list_has_any(names_l, names_r)",
        },
    ),
    "phone": Evidence(
        name="Phone", needs=("phone",), known="phone", degrees={"same number": "phone_l = phone_r"}
    ),
    "place": Evidence(
        name="Address",
        needs=("street", "city", "postcode"),
        known="place",
        degrees={
            "same address": "place_l = place_r and postcode_l = postcode_r",
            # as many words without a shared town, postcode or house number are not worth the time
            "most words in common": "case when postcode_l = postcode_r or city_l = city_r "
            "or house_l = house_r then len(list_intersect(places_l, places_r)) >= "
            f"{OVERLAP} * greatest(len(places_l), len(places_r)) else false end",
            "same postcode": "postcode_l = postcode_r",
            "same town": "city_l = city_r",
        },
    ),
    "birth": Evidence(
        name="Date of birth",
        needs=("birth_date",),
        known="birth_date",
        degrees={
            "same date": "birth_date_l = birth_date_r",
            "one digit off": "damerau_levenshtein(birth_date_l, birth_date_r) = 1",
        },
    ),
    "identifier": Evidence(
        name="Identifier",
        needs=("identifier",),
        known="identifier",
        degrees={
            "same number": "identifier_l = identifier_r",
            "one digit off": "damerau_levenshtein(identifier_l, identifier_r) = 1",
        },
    ),
}
ELSE = "different"


def choose_comparisons(filled: Sequence[str]) -> list[str]:
    """Which evidence can be compared, given the columns that are filled?"""
    chosen = [key for key, evidence in EVIDENCE.items() if set(evidence.needs) & set(filled)]
    return chosen


def build_comparisons(keys: Sequence[str]) -> list[ComparisonCreator]:
    """The comparisons as splink takes them."""
    return [_build_comparison(key, EVIDENCE[key]) for key in keys]


def _build_comparison(key: str, evidence: Evidence) -> ComparisonCreator:
    known = evidence.known
    unknown = levels.CustomLevel(f"{known}_l is null or {known}_r is null", "unknown").configure(
        is_null_level=True
    )
    degrees = [levels.CustomLevel(sql, label) for label, sql in evidence.degrees.items()]
    return comparisons.CustomComparison(
        output_column_name=key,
        comparison_levels=[unknown, *degrees, levels.ElseLevel().configure(label_for_charts=ELSE)],
        comparison_description=evidence.name,
    )
