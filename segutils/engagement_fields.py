"""What a single value of the engagement file may be: checked types, and the refusals that they share."""

from __future__ import annotations

import re
from datetime import date, datetime
from difflib import get_close_matches
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from segutils import expressions, schemas

CURRENCIES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK
LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG
XOF XPF YER ZAR ZMW ZWG
"""

COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""


def refuse(what: str, fix: str) -> PydanticCustomError:
    """The error that a validator raises: what is wrong, and how to fix it."""
    return PydanticCustomError("engagement", "{what}", {"what": what, "fix": fix})


def suggest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """``did you mean 'x'? `` where a known word is like this one, else nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'? " if near else ""


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from zoneinfo import available_timezones

        hint = suggest(name, sorted(available_timezones()))
        fix = f"{hint}use an IANA name such as Europe/Berlin or America/New_York"
        raise refuse(f"time zone '{name}' is not known", fix) from None
    return name


def _check_currency(code: str) -> str:
    if code not in CURRENCIES.split():
        hint = suggest(code.upper(), CURRENCIES.split())
        fix = f"{hint}use an ISO 4217 code such as EUR, USD or GBP"
        raise refuse(f"currency '{code}' is not known", fix)
    return code


def _check_table_name(name: str) -> str:
    if name not in schemas.TABLES:
        hint = suggest(name, tuple(schemas.TABLES))
        raise refuse(f"unknown table '{name}'", f"{hint}tables are: {', '.join(schemas.TABLES)}")
    return name


def _check_url(url: str) -> str:
    if url.startswith("env:"):
        if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", url):
            raise refuse(f"'{url}' is not a reference to a variable", "write env:NAME")
        return url
    if url != "duckdb" and "://" not in url:
        fix = "write duckdb, a URL such as postgresql://host/database, or env:NAME"
        raise refuse("this is not a database URL", fix)
    if url != "duckdb" and (urlsplit(url).password or "password=" in url.lower() or "token=" in url.lower()):
        fix = "put the whole URL into an environment variable and write env:NAME here; change that password"
        raise refuse("the URL carries a secret", fix)
    return url


def _check_day(value: Any) -> Any:
    if isinstance(value, datetime):
        raise refuse("a day is wanted, not a moment", "write it as 2025-12-31")
    return value


def _quoted_no(value: Any) -> Any:
    if value is False:
        raise refuse("NO without quotes means false in YAML", 'write "NO" for Norway')
    return value


def _check_jurisdiction(code: str) -> str:
    country, dash, part = code.partition("-")
    is_part = re.fullmatch(r"[A-Z0-9]{1,3}", part) if dash else True
    if country not in ("EU", *COUNTRIES.split()) or not is_part:
        hint = "did you mean 'GB'? " if code == "UK" else suggest(code.upper(), ["EU", *COUNTRIES.split()])
        fix = f"{hint}use EU, an ISO 3166 country such as DE, or a part of one such as US-CA"
        raise refuse(f"jurisdiction '{code}' is not known", fix)
    return code


def _read_ratio(value: Any) -> Any:
    """``1/3`` as it is written on paper."""
    written = re.fullmatch(r"\s*(\d+)\s*/\s*([1-9]\d*)\s*", value) if isinstance(value, str) else None
    return int(written[1]) / int(written[2]) if written else value


def _check_ratio(value: float) -> float:
    if not 1 / 9 - 0.002 <= value <= 9:
        fix = "use 1 (equal), 3, 5, 7 or 9 (far more important), and 1/3, 1/5, 1/7, 1/9 the other way round"
        raise refuse(f"a comparison of {value:g} is outside of 1/9 to 9", fix)
    return value


def _check_scope(names: list[str]) -> list[str]:
    if "all" in names and len(names) > 1:
        raise refuse("'all' stands beside other names", "write [all], or the names only")
    return names


def _check_condition(text: str) -> str:
    try:
        return expressions.read_condition(text).text
    except expressions.ExpressionError as error:
        raise refuse(error.what, error.fix) from None


def _no_flag(value: Any) -> Any:
    """``yes`` is true in YAML, and true would count as 1."""
    if isinstance(value, bool):
        raise refuse(f"a number is wanted, not {'yes' if value else 'no'}", "write the number")
    return value


def _year_as_text(value: Any) -> Any:
    """``2026`` without quotes is a number in YAML, and means the year."""
    return str(value) if type(value) is int else value


def _check_years(text: str) -> str:
    years = re.findall(r"(?<!\d)\d{4}(?!\d)", text)
    if len(years) not in (1, 2) or years != sorted(years):
        raise refuse(f"'{text}' is no year and no span of years", "write 2026, or 2026-2028")
    return text


Zone = Annotated[str, AfterValidator(_check_zone)]
Url = Annotated[str, AfterValidator(_check_url)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Day = Annotated[date, BeforeValidator(_check_day)]
TableName = Annotated[str, AfterValidator(_check_table_name)]
Years = Annotated[str, BeforeValidator(_year_as_text), AfterValidator(_check_years)]
Currency = Annotated[str, AfterValidator(_check_currency)]
Jurisdiction = Annotated[str, BeforeValidator(_quoted_no), AfterValidator(_check_jurisdiction)]
Number = Annotated[float, BeforeValidator(_no_flag)]
Amount = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Ratio = Annotated[float, BeforeValidator(_read_ratio), AfterValidator(_check_ratio)]
Scope = Annotated[list[str], Field(min_length=1), AfterValidator(_check_scope)]
Condition = Annotated[str, AfterValidator(_check_condition)]
Owner = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A section of the engagement file: unknown keys are refused, every number is a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)
