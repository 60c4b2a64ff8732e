"""What stands in tickets: sentences of a topic, a feeling, and personal data, in letters, forms and notes.

A text is put together in the engine from templates (:mod:`segutils.samples.voices.phrases`). The null
client's texts are words of all topics at random between words that say nothing.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Mapping, Sequence

import pandas as pd

from segutils.samples.making import Making
from segutils.samples.voices import manners
from segutils.samples.voices.phrases import fill_wordings, list_templates, spell_out
from segutils.samples.voices.phrases_business import DELIVERY, INVOICE, SPARES
from segutils.samples.voices.phrases_technical import ADVICE, CALIBRATION, SOFTWARE

TOPICS = (DELIVERY, CALIBRATION, SPARES, INVOICE, SOFTWARE, ADVICE)
SLOTS, CONTACTS = 240, 48  # of a topic's wordings, one kind each; of a country's names, streets and phones
SENTENCES = ("problem", "detail", "request", "note", "wish", "negative", "positive")
NOTE, LETTER = (
    0.16,
    0.5,
)  # share of texts that the service desk wrote down, that are letters; others are forms
HEADED = 0.6  # share of the notes that say how they came about
SECOND_FEELING = 0.5  # share, of texts with a feeling about the topic, with a second one about the firm
MOST = 9  # wordings of a template that are used, of greetings, asides and the like
VAGUE = 0.04  # share of texts that do not say what they are about
SECOND_MATTER = 0.2  # share, of the other texts, that also ask for something of another topic
ASIDE, DECOY = (
    0.3,
    0.12,
)  # share with a sentence that says little, with a number that looks personal and is not
SIGNED = 0.6  # share of letters in which name, e-mail address and phone stand below, if they are in it at all
# share of texts with a datum of this kind; bank account and card only where money is the topic
PERSONAL: Mapping[str, float] = {
    "name": 0.34,
    "email": 0.15,
    "phone": 0.17,
    "street": 0.05,
    "customer number": 0.08,
    "iban": 0.11,
    "card": 0.07,
}
ABOUT_MONEY = ("iban", "card")
MONEY_TOPIC = INVOICE.name
PERSONAL_NULL: Mapping[str, float] = {**PERSONAL, "iban": 0.02, "card": 0.01}  # there are no topics
TAGS = ("FT", "PT", "LT", "TT", "AT", "FIC", "PI", "TIC")  # what plants call their measuring points
FILLS = ("product", "article", "order", "days", "weeks", "weekday", "month", "tag", "site", "part", "value")
FILLS += ("version", "amount", "count")
PLAIN = str.maketrans("łŁøß", "lLos")


def name_personal(kind: str) -> str:
    """The column in ``draft.ticket_contacts`` and the name in braces of a kind of personal datum."""
    return kind.split()[0]


def build_contacts(making: Making) -> None:
    """Which personal data stand in which ticket?

    Reads ``draft.tickets``; leaves ``draft.ticket_contacts``: one row per ticket, a column per kind, empty
    where the text has no such datum.
    """
    making.draft("contact_slots", _list_contacts())
    shares = PERSONAL_NULL if making.null else PERSONAL
    kept = []
    for number, (kind, share) in enumerate(shares.items()):
        uniform = f"u{1 + number % 4}({'i' if number < 4 else 'j'})"
        about = f" and topic = '{MONEY_TOPIC}'" if kind in ABOUT_MONEY and not making.null else ""
        column = name_personal(kind)
        kept.append(f"case when {uniform} < {share}{about} then {column} end as {column}")
    # check digits of an account number are 98 less the number modulo 97; the zeros in front do not count
    making.run(f"""
        create table draft.ticket_contacts as
        with drawn as (
          select ticket_id, topic, customer_id, country, draw('contact-kinds', key) as i,
            draw('contact-more', key) as j, draw('contact', key) as c, draw('contact-digits', key) as d,
            draw('contact-account', key) as k
          from draft.tickets join draft.accounts using (account, customer_id)
        ), numbered as (
          select *, (floor(u1(k) * 1e8)::bigint * 100000000 + floor(u2(k) * 1e8)::bigint) as account,
            lpad(floor(u2(d) * 100)::int::varchar, 2, '0') as q,
            lpad(floor(u3(d) * 100)::int::varchar, 2, '0') as r,
            lpad(floor(u4(d) * 1000)::int::varchar, 3, '0') as p
          from drawn
        ), looked_up as (
          select n.* exclude (account), concat(f.first, ' ', l.last) as name, f.phone as phone_form,
            l.street as street_form, f.letters, f.digits, f.zeros, f.free, account % f.power as account,
            concat(case floor(u3(c) * 4) when 0 then f.plain_first || '.' || l.plain_last
                when 1 then f.plain_first[1] || '.' || l.plain_last when 2 then l.plain_last
                else f.plain_first || '_' || l.plain_last end,
              '@', {_pick(manners.HOSTS, "u4(c)")}) as email
          from numbered as n
            join draft.contact_slots as f on f.country = n.country and f.slot = floor(u1(c) * {CONTACTS})
            join draft.contact_slots as l on l.country = n.country and l.slot = floor(u2(c) * {CONTACTS})
        ), written as (
          select *, customer_id as customer, {_pick(manners.CARDS, "u4(j)")} as card,
            replace(replace(replace(phone_form, '{{p}}', p), '{{q}}', q), '{{r}}', r) as phone,
            replace(street_form, '{{n}}', (1 + floor(u1(d) * 96)::int)::varchar) as street,
            concat(letters, lpad((98 - (account % 97 * 27 + digits) % 97)::varchar, 2, '0'), zeros,
              lpad(account::varchar, free::int, '0')) as plain_iban
          from looked_up
        ), all_kinds as (
          select *, case when u3(k) < 0.3 then plain_iban
            else rtrim(regexp_replace(plain_iban, '(.{{4}})', '\\1 ', 'g')) end as iban from written
        )
        select ticket_id, {", ".join(kept)} from all_kinds order by ticket_id""")


def texts_sql(making: Making) -> str:
    """The query that gives ``draft.tickets`` with their ``text``.

    Every draw is keyed by the ticket, so that a part of the tickets gets the same texts as all of them.
    """
    return _mixed_sql() if making.null else _topical_sql()


def fill_topics(making: Making) -> None:
    """``draft.wordings``: of each topic as many wordings of each kind as there are slots."""
    frames = [
        pd.DataFrame({"topic": topic.name, "slot": range(SLOTS)}).assign(
            **{kind: _fill_slots(getattr(topic, kind), SLOTS) for kind in SENTENCES}
        )
        for topic in TOPICS
    ]
    making.draft("wordings", pd.concat(frames))


def _topical_sql() -> str:
    details, fills = len(list_templates(DELIVERY.detail)), _list_fills()
    return f"""
        with drawn as (
          select t.*, c.* exclude (ticket_id), draw('text', key) as a, draw('text-tone', key) as b,
            draw('text-form', key) as f, draw('text-place', key) as g,
            draw('text-carried', key) as p, draw('text-fill', key) as e, draw('text-second', key) as h
          from draft.tickets as t join draft.ticket_contacts as c using (ticket_id)
        ), worded as (
          select d.*, w.problem, w.note, {_pick_from(manners.ALSO, "u3(h)")} as also,
            q.request as other_request, q.wish as other_wish, x.detail, y.detail as detail_too,
            z.request, z.wish,
            case tone when 'negative' then v.negative when 'positive' then v.positive end as about_topic,
            case tone when 'negative' then {_pick_from(manners.NEGATIVE, "u1(b)")}
              when 'positive' then {_pick_from(manners.POSITIVE, "u1(b)")} end as about_firm,
            case when u2(b) < {ASIDE} then {_pick_from(manners.NEUTRAL, "u3(b)")} end as aside,
            case when u4(g) < {DECOY} then {_pick_from(manners.DECOYS, f"u4(g) / {DECOY}")} end as decoy
          from drawn as d
            join draft.wordings as w on w.topic = d.topic and w.slot = floor(u1(a) * {SLOTS})
            join draft.wordings as x on x.topic = d.topic and x.slot = floor(u2(a) * {SLOTS})
            join draft.wordings as y on y.topic = d.topic and y.slot =
              (floor(u2(a) * {SLOTS}) + 1 + floor(u3(a) * {details - 1})) % {SLOTS}
            join draft.wordings as z on z.topic = d.topic and z.slot = floor(u4(a) * {SLOTS})
            left join draft.wordings as q on q.topic = d.second_topic and q.slot = floor(u4(h) * {SLOTS})
            join draft.wordings as v on v.topic = d.topic and v.slot = floor(u3(b) * {SLOTS})
        ), felt as (
          select *, u1(f) >= {NOTE} and u1(f) < {NOTE + LETTER} as letter, u1(g) < {SIGNED} as signed,
            case when u4(b) < 0.5 then about_firm
              when u4(b) < {0.5 + SECOND_FEELING / 2} then about_topic || ' ' || about_firm
              else about_topic end as feeling
          from worded
        ), joined as (
          select *,
            case when vague then concat_ws(' ', {_pick_from(manners.VAGUE, "u1(a)")}, feeling)
              when u2(f) < 0.25 then concat_ws(' ', problem, detail, feeling, request, decoy, aside)
              when u2(f) < 0.4 then concat_ws(' ', feeling, problem, decoy, detail, request, aside)
              when u2(f) < 0.58 then concat_ws(' ', problem, decoy, request, feeling)
              when u2(f) < 0.8 then concat_ws(' ', problem, detail, detail_too, decoy, request, feeling)
              else concat_ws(' ', request, problem, detail, decoy, aside, feeling) end as main,
            also || ' ' || other_request as second,
            {_carried_sql(manners.CARRIERS, "letter and signed")} as carried
          from felt
        ), put as (
          select *, concat_ws(' ', main, second) as body from joined
        ), shaped as (
          select *, case
            when u1(f) < {NOTE} then concat_ws(' ',
              case when u3(f) < {HEADED} then {_pick_from(manners.NOTES, "u2(f)")} end,
              case when vague then {_pick_from(manners.NOTE_VAGUE, "u1(a)")} else note end,
              case tone when 'negative' then {_pick_from(manners.NOTE_NEGATIVE, "u1(b)")}
                when 'positive' then {_pick_from(manners.NOTE_POSITIVE, "u1(b)")}
                when 'neutral' then {_pick_from(manners.NOTE_NEUTRAL, "u1(b)")} end,
              case when not vague then concat_ws(' ', wish, other_wish) end,
              {_carried_sql(manners.NOTE_CARRIERS, "false")})
            when letter then concat_ws(chr(10), {_pick_from(manners.GREETINGS, "u3(f)")}, body, carried,
              {_pick_from(manners.CLOSINGS, "u4(f)")},
              case when signed and name is not null then name else {_pick_from(manners.ROLES, "u2(g)")} end,
              case when signed then 'Tel. ' || phone end, case when signed then email end)
            else concat_ws(' ', body, carried) end as text
          from put
        )
        select * replace (format(text, {", ".join(fills[name] for name in FILLS)}) as text) from shaped"""


def _list_fills() -> dict[str, str]:
    """What the names in braces stand for, in the order of FILLS; ten bits of the draw each."""
    days = tuple(calendar.day_name[:5])
    return {
        "product": "product",
        "article": "coalesce(product_id, '')",
        "order": "coalesce(order_id, '')",
        "days": f"(3 + {_bits(0)} % 19)::varchar",
        "weeks": f"(2 + {_bits(10)} % 8)::varchar",
        "weekday": _pick(days, f"{_bits(20)} / 1024"),
        "month": _pick(tuple(calendar.month_name[1:]), f"{_bits(30)} / 1024"),
        "tag": f"concat({_pick(TAGS, f'{_bits(40)} / 1024')}, '-', 101 + {_bits(50)} % 880)",
        "site": _pick(manners.SITES, f"{_bits(60)} / 1024"),
        "part": _pick(manners.PARTS, f"{_bits(70)} / 1024"),
        "value": f"printf('%.1f', 0.3 + {_bits(80)} % 36 / 10)",
        "version": f"concat(2 + {_bits(90)} % 5, '.', {_bits(90)} // 5 % 10, '.', {_bits(90)} // 50 % 6)",
        "amount": f"printf('%d.%02d', 40 + {_bits(100)} * 7, {_bits(90)} % 100)",
        "count": f"(2 + {_bits(110)} % 9)::varchar",
    }


def _bits(shift: int, draw: str = "e") -> str:
    return f"(({draw} >> {shift}) & 1023)::int"


def _mixed_sql() -> str:
    """Texts of the null client: every telling word is drawn for itself from the words of all topics."""
    words = [word for topic in TOPICS for word in topic.words.split()]
    frames = []
    for number in range(3):
        frame = _pick_from(manners.FRAMES, f"u{number + 1}(a)")
        for place in range(3):
            uniform = f"u{place + 1}({'xyz'[number]})"
            frame = f"replace({frame}, '{{w{place + 1}}}', {_pick(words, uniform)})"
        frames.append(frame if number < 2 else f"case when u4(a) < 0.6 then {frame} end")
    return f"""
        with drawn as (
          select t.*, c.* exclude (ticket_id), draw('text', key) as a, draw('text-tone', key) as b,
            draw('text-carried', key) as p, draw('words-1', key) as x, draw('words-2', key) as y,
            draw('words-3', key) as z
          from draft.tickets as t join draft.ticket_contacts as c using (ticket_id)
        )
        select *, concat_ws(' ', {", ".join(frames)},
          case tone when 'negative' then {_pick_from(manners.FRAME_NEGATIVE, "u1(b)")}
            when 'positive' then {_pick_from(manners.FRAME_POSITIVE, "u1(b)")} end,
          {_carried_sql(manners.NOTE_CARRIERS, "false")}) as text from drawn"""


def _carried_sql(carriers: Mapping[str, str], below: str) -> str:
    """The sentences that bring in personal data; name, e-mail address and phone not if they stand `below`."""
    sentences = []
    for number, (kind, block) in enumerate(carriers.items()):
        column = name_personal(kind)
        template = _pick_from(block, f"{_bits(10 * number, 'p')} / 1024")
        sentence = f"replace({template}, '{{{column}}}', {column})"
        if column in ("name", "email", "phone"):
            sentence = f"case when not ({below}) then {sentence} end"
        sentences.append(sentence)
    return f"nullif(concat_ws(' ', {', '.join(sentences)}), '')"


def _pick(options: Sequence[str], uniform: str) -> str:
    """SQL that picks one of these; the list stands in it once only, which the macro of this name can't do."""
    quoted = ", ".join("'" + option.replace("'", "''") + "'" for option in options)
    return f"list_extract([{quoted}], 1 + floor({uniform} * {len(options)})::int)"


def _pick_from(block: str, uniform: str) -> str:
    """SQL that picks one of the wordings of a block, each template as likely as another."""
    templates = list_templates(block)
    most = max(len(spell_out(template)) for template in templates)
    return _pick(_fill_slots(block, len(templates) * min(most, MOST)), uniform)


def _fill_slots(block: str, slots: int) -> list[str]:
    """Wordings of a block with numbers for names in braces, as the engine's ``format`` wants them."""
    wordings = fill_wordings(list_templates(block), slots)
    for number, name in enumerate(FILLS):
        wordings = [wording.replace(f"{{{name}}}", f"{{{number}}}") for wording in wordings]
    return wordings


def _list_contacts() -> pd.DataFrame:
    """Names, phone forms, street forms and how account numbers are written, by country and slot."""
    frames = []
    for country, bank in manners.ACCOUNTS.items():
        columns = {
            "first": manners.FIRST_NAMES[country].split(),
            "last": manners.LAST_NAMES[country].split(),
            "phone": list_templates(manners.PHONES[country]),
            "street": list_templates(manners.STREETS[country]),
        }
        filled = {name: fill_wordings(values, CONTACTS) for name, values in columns.items()}
        frame = pd.DataFrame({"country": country, "slot": range(CONTACTS), **filled})
        frames.append(
            frame.assign(
                letters=bank.letters,
                digits=int(bank.digits) * 100 % 97,
                zeros="0" * bank.zeros,
                free=bank.free,
                power=10**bank.free,
            )
        )
    contacts = pd.concat(frames, ignore_index=True)
    return contacts.assign(plain_first=contacts["first"].map(_plain), plain_last=contacts["last"].map(_plain))


def _plain(name: str) -> str:
    """A name as it stands in an e-mail address."""
    letters = unicodedata.normalize("NFKD", name.translate(PLAIN))
    return re.sub("[^a-z]", "", letters.lower())
