"""How a line of a profit and loss statement counts towards EBITDA: as stated, else by the words of its name.

Words are those of English, German, French, Spanish, Italian and Polish statements. A line that none of them
fits is counted as a cost and named, so that a reader can say what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import pandas as pd

from segutils.errors import InputError

REVENUE, INCOMES, COST, LEFT_OUT, SUM = "revenue", "other income", "cost", "below EBITDA", "subtotal"
GUESSED = "cost, as nothing in its name tells"
STATED: Mapping[str, str] = {
    "revenue": REVENUE,
    "income": INCOMES,
    "cost": COST,
    "below": LEFT_OUT,
    "subtotal": SUM,
}
PARAMETER = "pnl_lines"

# patterns of names without case and accents; the first kind that fits holds
_OPERATING = (  # costs whose names hold a word of what stands below EBITDA
    r"(property|payroll|real estate|vehicle|road|land) tax|tax (advi|consult)|(rates|duties) and tax",
    r"steuerberat|kfz|grundsteuer|(miet|pacht)zins|abschreibung\w* auf (\w+ )?(forderung|umlauf)|steuerung",
    r"impots?(,| et) tax|tributos|imposte e tasse|svalutazion\w* (dei )?crediti|podatki i oplaty",
)
_SUM = (
    r"\bebit(da)?\b|\bmargin\b|\bprofit\b(?! shar)|(?<!financial )\bresult\b|\b(sub ?)?total\b|\bearnings\b",
    r"((?<!other )operating|net|gross|pre ?tax) income|income before|gross (sales|revenue|turnover)",
    r"roh(ertrag|gewinn|ergebnis)|deckungsbeitrag|(?<!finanz)(?<!beteiligungs)ergebnis(?!abf)|gesamtleistung",
    r"jahres(uberschuss|uebers|fehlbetrag)|summe|\bgewinn|brutto(umsatz|erlos)|gesamt(kosten|aufwand)|marge\b",
    r"valeur ajoutee|excedent brut|\bebe\b|^benefice|resultat(?! financ)",
    r"margen\b|^beneficio|resultado(?! financ)|margine|^utile\b|valore (aggiunto|della produzione)|totale",
    r"risultato(?! finanz)|\bzysk|\bstrata\b|\bwynik|\bmarza|\brazem\b|\bsuma\b|\bogolem\b",
)
_BELOW = (
    r"depreciation|amorti[sz]ation|impairment|\bd ?& ?a\b|\binterests?\b|\btax(es)?\b|extraordinary",
    r"\bfinanc(e|ial|ing) (income|result|cost|expense|charge|gain|loss)",
    r"abschreibung|\bafa\b|zins|steuern?(aufwand|aufwendungen)?\b|wertminderung|ausserordentlich",
    r"finanz(ergebnis|auf|ertr|kosten)|beteiligungs(ergebnis|ertr)|ergebnisabf",
    r"amortissement|interets?\b|(charge|produit|frais|resultat)s? financ|impots? sur|exceptionnel",
    r"amortizacion|depreciacion|deterioro|intereses|(gasto|ingreso|resultado)s? financ|impuestos?( sobre|$)",
    r"ammortament|svalutazion|interessi|(oneri|proventi|gestione) finanz|imposte|straordinari",
    r"amortyzacj|odsetk|(koszty|przychody) finansow|podatek dochodow|nadzwyczajn",
)
_INCOME = (
    r"\bincome\b|\bgrants?\b|subsid(y|ies)\b|ertr(a|ae)ge?\b|zusch(u|ue)ss|autres produits|subvention",
    r"otros ingresos|subvencion|altri ricavi|\bproventi\b|pozostale przychody|dotacj",
)
_COST = (
    r"\bcosts?\b|\bcogs\b|expens|goods|material|personnel|\bstaff|payroll|wages|salar|\bsales\b|selling|market",
    r"advertis|logisti|freight|shipping|distribut|administ|overhead|\brents?\b|research|develop|energy|\bit\b",
    r"service|commission|production|manufactur|purchas|procure|insuranc|travel|mainten|licen[cs]e|consult",
    r"aufwand|aufwendung|kosten|einsatz|personal|l(o|oe)hne|geh(a|ae)lter|fracht|vertrieb|verwaltung|miete",
    r"werbung|energie|einkauf|produktion|fertigung|entwicklung|versicherung|reise|instandhaltung|provision",
    r"charges|achats|couts?\b|\bfrais\b|salaires|loyers?|gastos?|costes?\b|compras|aprovision|sueldos|alquiler",
    r"\bcost[oi]\b|spese|acquisti|salari|affitt|servizi|koszt|zuzycie|wynagrodzen|uslugi|materialow|towar",
)
_KINDS = (
    *((COST, re.compile("|".join(_OPERATING))), (SUM, re.compile("|".join(_SUM)))),
    *((LEFT_OUT, re.compile("|".join(_BELOW))), (INCOMES, re.compile("|".join(_INCOME)))),
    (COST, re.compile("|".join(_COST))),
)
_TOP = tuple(  # the first of them that a line has as its whole name is revenue
    re.compile(pattern)
    for pattern in (
        r"net (revenues?|sales|turnover)|netto(umsatz|umsatze|erlose?|umsatzerlose)",
        r"(chiffre d.affaires|ventas|ricavi|fatturato|przychody)( hors taxes)? (ht|nett?[aeoi]?s?)",
        r"(importe neto de la )?cifra de negocios|przychody (netto )?ze sprzedazy|ricavi delle vendite",
        r"revenues?|turnover|umsatz|umsatze|umsatzerlos(e|en)?|umsatzerloese|erlose|chiffre d.affaires",
        r"ventas|ricavi|fatturato|przychody|sales",
    )
)
_GOODS = re.compile(
    r"cost of (goods|sales|revenue|material)|\bcogs\b|wareneinsatz|waren(aufwand|kosten)|materialeinsatz"
    r"|materialaufwand|herstell(ungs)?kosten|achats (consommes|de marchandises)|couts? des ventes"
    r"|costes? de (las )?ventas|aprovisionamientos|costo del venduto|koszt wlasny|sprzedanych"
)


def plain_name(line: str) -> str:
    """A name without case, accents and signs: ``Erträge (übrige)`` as ertrage ubrige."""
    folded = unicodedata.normalize("NFKD", line.casefold().replace("ł", "l"))
    letters = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^\w&,']+", " ", letters).split())


def read_kinds(stated: Sequence[str]) -> dict[str, str]:
    """How lines count, as somebody states it: ``"Zinsen: below"``.

    Returns
    -------
    dict of str to str
        Plain name of the line to what it counts as.

    Raises
    ------
    InputError
        A line has no colon, or its kind is not revenue, income, cost, below or subtotal.
    """
    found = {}
    for text in stated:
        line, _, kind = text.rpartition(":")
        if not line.strip() or kind.strip().lower() not in STATED:
            raise InputError(
                f"'{text}' does not say how a line of the result counts",
                where=f"parameter {PARAMETER} of 1_3_portfolio",
                fix=f"write a line of the table pnl, a colon and one of {', '.join(STATED)}, such as: "
                f"{write_fix('Interest', 'below')}",
            )
        found[plain_name(line)] = STATED[kind.strip().lower()]
    return found


def write_fix(line: str, kind: str) -> str:
    """What to write in the engagement file."""
    return f'parameters: {{1_3_portfolio: {{{PARAMETER}: ["{line}: {kind}"]}}}}'


def count_lines(lines: Sequence[str], stated: Mapping[str, str], revenue_line: str = "") -> list[str]:
    """What does each line of a result count as?

    Parameters
    ----------
    lines : sequence of str
    stated : mapping of str to str
        From :func:`read_kinds`.
    revenue_line : str
        The line of revenue; empty: those stated to be, else the one called so (see :func:`find_revenue`).

    Returns
    -------
    list of str
        ``revenue, other income, cost, below EBITDA, subtotal``, or a cost as nothing in its name tells.

    Raises
    ------
    InputError
        A kind is stated of a line that there is not, or no line is revenue.
    """
    known = {plain_name(line) for line in lines}
    for name in stated:
        if name not in known:
            raise InputError(
                f"the table pnl has no line '{name}'",
                where=f"parameter {PARAMETER} of 1_3_portfolio",
                fix=f"there are: {', '.join(lines)}",
            )
    told = REVENUE in stated.values() and not revenue_line
    top = "" if told else find_revenue(lines, revenue_line)
    return [REVENUE if line == top else stated.get(plain_name(line)) or _name_kind(line) for line in lines]


def _name_kind(line: str) -> str:
    name = plain_name(line)
    return next((kind for kind, pattern in _KINDS if pattern.search(name)), GUESSED)


def find_revenue(lines: Sequence[str], wanted: str = "") -> str:
    """Which line is revenue: the one that is named, else the one called so?

    Raises
    ------
    InputError
        There is none, or there are several.
    """
    names = {line: plain_name(line) for line in lines}
    if wanted:
        found, patterns = [line for line, name in names.items() if name == plain_name(wanted)], ()
    else:
        found, patterns = [], _TOP
    for pattern in patterns:
        if found := [line for line, name in names.items() if pattern.fullmatch(name)]:
            break
    if len(found) == 1:
        return found[0]
    what = f"has no line '{wanted}'" if wanted else "does not tell which line is revenue"
    if len(found) > 1:
        what = f"has several lines that may be revenue: {', '.join(found)}"
    raise InputError(
        f"the table pnl {what}",
        where="table pnl, column line",
        fix="name it in the engagement file, such as parameters: {1_3_portfolio: {revenue_line: "
        f"{found[0] if found else 'Umsatz'}}}}}, or several of them: {write_fix(lines[0], 'revenue')}; "
        f"there are: {', '.join(lines)}",
    )


def find_goods(table: pd.DataFrame, wanted: str = "") -> list[str]:
    """Which lines grow with what is sold: the one that is named, else the costs called so?

    Parameters
    ----------
    table : pandas.DataFrame
        ``line, counted_as``.
    wanted : str

    Raises
    ------
    InputError
        There is no line of that name.
    """
    if wanted:
        found = [line for line in table.line if plain_name(line) == plain_name(wanted)]
        if not found:
            raise InputError(
                f"the table pnl has no line '{wanted}'",
                where="table pnl, column line",
                fix="name the line that grows with what is sold: parameters: {1_3_portfolio: {goods_line: "
                f"Wareneinsatz}}}}; there are: {', '.join(table.line)}",
            )
        return found
    return [line for line in table.line[table.counted_as == COST] if _GOODS.search(plain_name(line))]
