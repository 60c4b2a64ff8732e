"""The firms behind the accounts: as alike as real ones, and told apart all the same."""

import math
import re

import pytest

from segutils.samples.customers import accounts, identities, places, words
from segutils.samples.making import open_making

POSTCODE = {"Germany": r"\d{5}", "France": r"\d{5}", "Spain": r"\d{5}", "Poland": r"\d\d-\d{3}"}


@pytest.fixture(scope="module")
def firms(made):
    return made.ask("from truth.identities").set_index("entity")


def test_each_firm_has_one_identity_with_everything_but_perhaps_a_website(made, firms, within):
    assert len(firms) == made.ask("select count(distinct entity) from draft.accounts").iloc[0, 0]
    filled = firms.drop(columns=["website", "relation", "named_after"])
    assert filled.notna().all().all()
    share = firms.website.isna().mean()
    planned = identities.NO_DOMAIN
    within(share, planned, math.sqrt(planned * (1 - planned) / len(firms)), what="no website")


def test_sister_firms_and_namesakes_share_a_name_in_different_towns(firms, within):
    related = firms[firms.relation.notna()]
    heads = firms.loc[related.named_after]
    assert (related.company.to_numpy() == heads.company.to_numpy()).all()
    assert (related.city.to_numpy() != heads.city.to_numpy()).all()
    for relation, planned in (
        ("subsidiary", identities.SUBSIDIARIES),
        ("namesake", identities.NAMESAKES),
    ):
        # shares are exact but for the rounding in each of the four countries
        assert abs((firms.relation == relation).sum() - planned * len(firms)) <= 4
    sisters = (related.relation == "subsidiary").to_numpy()
    same_site = related.website.fillna("").to_numpy() == heads.website.fillna("").to_numpy()
    assert same_site[sisters].all()
    assert not (same_site & related.website.notna().to_numpy())[~sisters].any()
    same_contact = (related.email.to_numpy() == heads.email.to_numpy())[sisters]
    planned = identities.CENTRAL_BUYING
    error = math.sqrt(planned * (1 - planned) / sisters.sum())
    within(same_contact.mean(), planned, error, what="one contact for both")


def test_other_names_collide_seldom_even_in_a_large_client():
    with open_making(accounts=40_000, seed=3) as making:
        accounts.build_accounts(making)
        identities.build_identities(making)
        share = making.ask("""
            with named as (
              select company, country from draft.firms where relation is null
            ), counted as (select count(*) as n from named group by company, country)
            select sum(n) filter (n > 1) / sum(n) from counted""").iloc[0, 0]
        assert 0 < share < 0.05
        mails = making.ask("""
            select count(*) - count(distinct (email, street)) as twice,
              count(*) - count(distinct email) as mails
            from draft.identities""").iloc[0]
        assert mails.twice == 0
        assert mails.mails < 0.02 * 40_000


def test_no_two_firms_share_mailbox_and_street(made, null, firms):
    assert not firms.duplicated(["email", "street"]).any()
    assert not null.ask("from truth.identities").duplicated(["email", "street"]).any()
    shared = made.ask("""
        select email, street, postcode from client.source_records join truth.records using (source, record_id)
        where email is not null and street is not null
        group by email, street, postcode having count(distinct entity) > 1""")
    assert shared.empty


def test_postcodes_and_coordinates_belong_to_the_region(made):
    towns = places.list_places()
    limits = towns.groupby("region")[["centre_latitude", "centre_longitude"]].agg(["min", "max"])
    for table in ("customers", "source_records"):
        rows = made.ask(f"select * from client.{table} where postcode is not null")
        for country, pattern in POSTCODE.items():
            assert rows[rows.country == country].postcode.str.fullmatch(pattern).all(), (table, country)
        numbers = rows.postcode.str.replace("-", "").astype(int)
        ranges = [
            set().union(*(range(low, high + 1) for low, high in zip(part.low, part.high, strict=True)))
            for _, part in towns.groupby("region")
        ]
        allowed = dict(zip(sorted(towns.region.unique()), ranges, strict=True))
        for region, part in numbers.groupby(rows.region):
            assert set(part) <= allowed[region], (table, region)
            box, here = limits.loc[region], rows.loc[part.index]
            margin = 6 * identities.SPREAD
            for axis in ("latitude", "longitude"):
                low, high = box[(f"centre_{axis}", "min")], box[(f"centre_{axis}", "max")]
                assert here[axis].between(low - margin, high + margin).all(), (table, region, axis)


def test_towns_lie_in_the_accounts_own_district(made):
    towns = places.list_places().set_index("city").district
    rows = made.ask("select customer_id, city, district from client.customers")
    known = rows.city.map(towns)
    assert known.notna().mean() > 0.8  # the others are transliterated
    assert (known[known.notna()] == rows.district[known.notna()]).all()


def test_names_keep_the_letters_of_their_country(firms):
    letters = {"Germany": "äöüß", "France": "éèçâ", "Spain": "ñáíó", "Poland": "łśźńóą"}
    for country, wanted in letters.items():
        text = " ".join(firms[firms.country == country][["company", "name", "street", "city"]].stack())
        assert set(wanted) <= set(text), country
    assert firms.email.str.fullmatch(r"[a-z0-9._-]+@[a-z0-9-]+\.[a-z]+(\.[a-z]+)?").all()


def test_women_have_the_feminine_form_of_polish_names(made):
    rows = made.ask("select first_name, family_name from draft.identities where country = 'Poland'")
    women = rows.first_name.str.endswith("a")
    ska, ski = rows.family_name.str.endswith("ka"), rows.family_name.str.endswith("ki")
    assert ska.any() and women[ska].all()
    assert ski.any() and not women[ski].any()


def test_word_lists_are_full_and_without_repetition():
    for country in words.COUNTRIES:
        assert set(country.fields) == set(accounts.INDUSTRIES)
        assert sum(slots for slots, *_ in country.legal_forms.values()) == 20
        for name in ("first_names", "families", "family_starts", "family_ends", "street_names"):
            entries = getattr(country, name)
            assert len(entries) == len(set(entries)) <= 100, (country.name, name)
        assert all(re.fullmatch(r"[^:]+:[^:]+", name) for name in country.first_names)
    assert words.GERMANY.families[0] == "Müller"


@pytest.mark.parametrize(
    ("text", "german", "expected"),
    [
        ("Müller & Söhne", True, "mueller-soehne"),
        ("Müller", False, "muller"),
        ("Łódź", False, "lodz"),
        ("Weiß", True, "weiss"),
        ("L'Hospitalet", False, "l-hospitalet"),
        ("José María", False, "jose-maria"),
    ],
)
def test_web_names(text, german, expected):
    assert identities.slug(text, german=german) == expected


def test_null_client_has_no_sister_firms_and_knows_prospects_beside_accounts(null):
    firms = null.ask("from truth.identities")
    assert firms.relation.isna().all()
    assert len(firms) > null.accounts
