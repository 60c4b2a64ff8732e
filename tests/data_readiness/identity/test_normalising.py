"""Spellings that mean the same become the same, and others stay apart."""

import ibis
import pandas as pd
import pytest

from segutils.data_readiness.identity.normalising import (
    normalise_company,
    normalise_phone,
    normalise_records,
    normalise_site,
    normalise_street,
    normalise_words,
)


def apply(function, texts, *more):
    frame = pd.DataFrame({"text": texts})
    table = ibis.memtable(frame, schema={"text": "string"})
    found = table.select(out=function(table.text, *more)).to_pandas()["out"]
    return [None if pd.isna(value) else value for value in found]


@pytest.mark.parametrize(
    "spellings",
    [
        ["Müller Chemie GmbH", "MUELLER CHEMIE G.m.b.H.", "Muller  Chemie", "Müller Chemie Gesellschaft mbH"],
        ["Weiß & Söhne GmbH & Co. KG", "Weiss Soehne GmbH + Co KG", "Weiß & Söhne GmbH u. Co. KG"],
        ["Mécanique Ulrodon SARL", "Mecanique Ulrodon S.A.R.L.", "Mécanique Ulrodon S.à r.l."],
        [
            "Saneamiento Núñez S.L.U.",
            "Saneamiento Nuñez SLU",
            "Saneamiento Núñez Sociedad Limitada Unipersonal",
        ],
        ["Farma Łódź Sp. z o.o.", "Farma Lodz SP Z O O", "Farma Łódź Spółka z o.o."],
    ],
)
def test_a_firm_is_one_in_all_spellings(spellings):
    assert len(set(apply(normalise_company, spellings))) == 1


def test_firms_of_another_name_stay_apart():
    assert len(set(apply(normalise_company, ["Nord Chemie GmbH", "Nord Chem GmbH", "Chemie Nord AG"]))) == 3


def test_a_name_that_is_nothing_but_a_legal_form_stays():
    assert apply(normalise_company, ["AG", "", None, " . "]) == ["ag", None, None, None]


@pytest.mark.parametrize(
    ("country", "spellings", "number"),
    [
        ("germany", ["+49 5251 779020", "0049 5251 779020", "(05251) 779 020", "05251/779020"], "5251779020"),
        ("de", ["+49 (0)5251 779020"], "5251779020"),
        ("france", ["+33 1 85987829", "(01) 859 87829", "0033185987829"], "185987829"),
        ("spain", ["+34 93 2578665", "93/2578665", "0034 93 2578665"], "932578665"),
        ("poland", ["+48 58 8079768", "588079768"], "588079768"),
    ],
)
def test_a_phone_is_one_in_all_spellings(country, spellings, number):
    assert apply(normalise_phone, spellings, ibis.literal(country)) == [number] * len(spellings)


def test_a_phone_of_an_unknown_country_keeps_its_digits():
    assert apply(normalise_phone, ["+999 12 34", "", "none"], ibis.literal("atlantis")) == [
        "9991234",
        None,
        None,
    ]


@pytest.mark.parametrize(
    "spellings",
    [
        ["Liebigstraße 184", "Liebigstr. 184", "Liebig-Strasse 184", "LIEBIGSTRASSE 184"],
        ["24 avenue Denis Papin", "24 av. Denis Papin", "24 Av Denis Papin"],
        ["Calle del Río, 100", "C/ del Rio 100"],
        ["ul. Łódzka 125a", "ulica Lodzka 125a"],
        ["12 Main Street", "12 Main St.", "12 main st"],
    ],
)
def test_a_street_is_one_in_all_spellings(spellings):
    assert len(set(apply(normalise_street, spellings))) == 1


def test_another_house_is_another_street():
    assert len(set(apply(normalise_street, ["Liebigstraße 184", "Liebigstraße 18", "Liebigweg 184b"]))) == 3


def test_words_and_sites():
    assert apply(normalise_words, ["  Élodie  O'Connor-Smith "]) == ["elodie oconnor smith"]
    sites = ["https://www.Acme.example/shop?x=1", "acme.example", "WWW.acme.example:8080", ""]
    assert apply(normalise_site, sites) == ["acme.example"] * 3 + [None]


def test_records_with_few_columns_are_complete_afterwards():
    found = normalise_records(
        ibis.memtable(pd.DataFrame({"source": ["a"], "record_id": ["1"], "email": ["X+News@Y.example"]}))
    )
    row = found.to_pandas().iloc[0]
    assert (row["email"], row["mailbox"], row["domain"]) == ("x@y.example", "x", "y.example")
    assert row[["name", "phone", "company", "street", "postcode", "site"]].isna().all()


@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_it_compiles_for_other_engines(dialect):
    schema = {
        name: "string" for name in ("source", "record_id", "name", "email", "phone", "company", "street")
    }
    sql = ibis.to_sql(normalise_records(ibis.table(schema, name="source_records")), dialect=dialect)
    assert "source_records" in sql
