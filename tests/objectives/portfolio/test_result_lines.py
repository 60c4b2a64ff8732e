"""How lines of a result count: names as six countries' statements have them, and what is stated instead."""

import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.objectives.portfolio.result_lines import (
    COST,
    GUESSED,
    INCOMES,
    LEFT_OUT,
    REVENUE,
    SUM,
    count_lines,
    find_goods,
    find_revenue,
    plain_name,
    read_kinds,
)

# names as in § 275 HGB, the French PCG, the Spanish PGC, art. 2425 of the Italian civil code and the Polish
# accounting act; below EBITDA is what its name says: depreciation, interest, taxes on income
NAMES = {
    COST: (
        *(
            "Cost of goods",
            "Sales and marketing",
            "Finance and administration",
            "Property taxes",
            "Staff costs",
        ),
        *("Wareneinsatz", "Löhne und Gehälter", "Gemeinkosten", "Vertrieb", "Kfz-Steuer", "Steuerberatung"),
        *("Mietzins", "Abschreibungen auf Forderungen", "Sonstige betriebliche Aufwendungen"),
        *("Charges de personnel", "Impôts, taxes et versements assimilés", "Achats consommés", "Loyers"),
        *("Gastos de personal", "Aprovisionamientos", "Tributos"),
        *("Costi per servizi", "Salari e stipendi", "Svalutazione dei crediti"),
        *("Wynagrodzenia", "Zużycie materiałów i energii", "Usługi obce", "Podatki i opłaty"),
    ),
    LEFT_OUT: (
        *(
            "Depreciation and amortisation",
            "Interest",
            "Income taxes",
            "Finance costs",
            "Impairment of goodwill",
        ),
        *("Abschreibungen", "AfA", "Zinsen", "Zinserträge", "Steuern vom Einkommen und vom Ertrag"),
        *("Finanzergebnis", "Gewerbesteuer", "Außerordentliche Erträge"),
        *("Dotations aux amortissements", "Charges financières", "Impôts sur les bénéfices"),
        *("Amortización del inmovilizado", "Gastos financieros", "Impuesto sobre beneficios"),
        *("Ammortamenti e svalutazioni", "Interessi e altri oneri finanziari", "Imposte sul reddito"),
        *("Amortyzacja", "Odsetki", "Koszty finansowe", "Podatek dochodowy"),
    ),
    SUM: (
        *(
            "Gross margin",
            "EBITDA",
            "EBIT",
            "Operating income",
            "Net income",
            "Income before tax",
            "Subtotal",
        ),
        *("Rohertrag", "Betriebsergebnis", "Ergebnis vor Steuern", "Jahresüberschuss", "Deckungsbeitrag I"),
        *("Excédent brut d'exploitation", "Valeur ajoutée", "Résultat d'exploitation"),
        *("Resultado de explotación", "Margen bruto", "Margine operativo lordo", "Utile netto"),
        *("Zysk brutto ze sprzedaży", "Wynik finansowy netto"),
    ),
    INCOMES: (
        *("Other operating income", "Grants", "Sonstige betriebliche Erträge", "Autres produits"),
        *("Subventions d'exploitation", "Otros ingresos de explotación", "Altri ricavi e proventi"),
        "Pozostałe przychody operacyjne",
    ),
    GUESSED: ("Widgets", "Diverses", "4711"),
}


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, own in NAMES.items() for line in own])
def test_a_line_counts_as_its_name_says(kind, line):
    assert count_lines(["Umsatz", line], {}) == [REVENUE, kind]
    assert count_lines(["Umsatz", line.upper()], {})[1] == kind


def test_what_is_stated_holds_against_the_name():
    stated = read_kinds(["Zinsen: cost", "Sparte: Nord: BELOW", "umlage : subtotal"])
    assert stated == {"zinsen": COST, "sparte nord": LEFT_OUT, "umlage": SUM}
    lines = ["Umsatz", "ZINSEN", "Sparte: Nord", "Umlage"]
    assert count_lines(lines, stated) == [REVENUE, COST, LEFT_OUT, SUM]


@pytest.mark.parametrize("wrong", ["Zinsen", "Zinsen: unten", ": cost"])
def test_what_cannot_be_read_is_refused(wrong):
    with pytest.raises(InputError) as error:
        read_kinds([wrong])
    assert 'parameters: {1_3_portfolio: {pnl_lines: ["Interest: below"]}}' in error.value.fix


def test_a_kind_of_a_line_that_there_is_not():
    with pytest.raises(InputError, match="zinsen") as error:
        count_lines(["Umsatz", "Zins"], read_kinds(["Zinsen: below"]))
    assert "Umsatz, Zins" in error.value.fix


def test_signs_and_accents_do_not_matter():
    assert plain_name("  Erträge (übrige) – Łódź ") == "ertrage ubrige lodz"


@pytest.mark.parametrize(
    ("lines", "top"),
    [
        (["sales", "net revenue"], "net revenue"),  # sales is what sales costs there
        (["Sales", "Cost of sales"], "Sales"),
        (["Wareneinsatz", "Umsatzerlöse"], "Umsatzerlöse"),
        (["Chiffre d'affaires net", "Achats"], "Chiffre d'affaires net"),
        (["Importe neto de la cifra de negocios"], "Importe neto de la cifra de negocios"),
        (["Ricavi delle vendite", "Altri ricavi e proventi"], "Ricavi delle vendite"),
        (["Przychody netto ze sprzedaży"], "Przychody netto ze sprzedaży"),
    ],
)
def test_revenue_is_found_by_its_name(lines, top):
    assert find_revenue(lines) == top


def test_several_lines_may_be_revenue():
    stated = read_kinds(["Erlöse Nord: revenue", "Erlöse Süd: revenue"])
    assert count_lines(["Erlöse Nord", "Erlöse Süd", "Miete"], stated) == [REVENUE, REVENUE, COST]
    with pytest.raises(InputError) as error:
        count_lines(["Erlöse Nord", "Erlöse Süd"], {})
    assert 'pnl_lines: ["Erlöse Nord: revenue"]' in error.value.fix


def test_revenue_that_is_not_told():
    with pytest.raises(InputError) as error:
        find_revenue(["Erlöse Nord", "Erlöse Süd"])
    assert "parameters: {1_3_portfolio: {revenue_line: Umsatz}}" in error.value.fix
    assert "Erlöse Nord, Erlöse Süd" in error.value.fix
    with pytest.raises(InputError, match="several"):
        find_revenue(["Umsatz", "Erlöse"])
    assert find_revenue(["Umsatz", "Erlöse"], "erlöse") == "Erlöse"


def test_goods_are_costs_called_so():
    table = pd.DataFrame(
        {"line": ["Umsatz", "Wareneinsatz", "Miete"], "counted_as": [REVENUE, COST, COST]},
    )
    assert find_goods(table) == ["Wareneinsatz"] and find_goods(table, "miete") == ["Miete"]
    with pytest.raises(InputError) as error:
        find_goods(table, "Material")
    assert "parameters: {1_3_portfolio: {goods_line: Wareneinsatz}}" in error.value.fix
