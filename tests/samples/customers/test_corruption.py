"""The corrupting expressions, one by one."""

import duckdb
import pytest

from segutils.samples.customers import corruption


@pytest.fixture(scope="module")
def db():
    with duckdb.connect() as connection:
        connection.execute(corruption.MACROS)
        yield connection


def value(db, expression):
    return db.execute(f"select {expression}").fetchone()[0]


@pytest.mark.parametrize(
    ("place", "kind", "expected"),
    [
        (0.0, 0.0, "Hooffmann"),  # a letter doubled
        (0.0, 0.3, "Hpffmann"),  # the key beside it
        (0.0, 0.6, "Hfofmann"),  # two letters exchanged
        (0.0, 0.9, "Hffmann"),  # a letter left out
        (0.999, 0.9, "Hoffman"),
    ],
)
def test_a_typing_error(db, place, kind, expected):
    assert value(db, f"typo('Hoffmann', {place}, {kind})") == expected


def test_a_typing_error_always_changes_the_text_and_by_one_key(db):
    words = ["Müller", "Łódź", "Aa", "Wiśniewski & Bąk", "Rey", "aabb", "C/ Mayor", "mueller", "Ööö"]
    same, longest = db.execute(f"""
        select count(*) filter (typo(word, place, kind) = word),
          max(abs(length(typo(word, place, kind)) - length(word)))
        from (select unnest({words}) as word), (select i / 32 as place from range(32) as r(i)),
          (select i / 32 as kind from range(32) as r(i))""").fetchone()
    assert same == 0
    assert longest == 1


@pytest.mark.parametrize(
    ("country", "u", "text", "expected"),
    [
        ("Germany", 0.1, "Müller Straße Äpfel", "Mueller Strasse Aepfel"),
        ("Germany", 0.9, "Müller", "Muller"),
        ("Poland", 0.1, "Łódź Śląsk żółw", "Lodz Slask zolw"),
        ("Spain", 0.1, "Muñoz Íñigo", "Munoz Inigo"),
        ("France", 0.1, "Évry-Lefèvre", "Evry-Lefevre"),
    ],
)
def test_transliteration(db, country, u, text, expected):
    assert value(db, f"romanised('{country}', '{text}', {u})") == expected


def test_native_letters_are_noticed(db):
    assert value(db, "native('Łódź')") and not value(db, "native('Lodz 1-2, C/')")


@pytest.mark.parametrize(
    ("u", "expected"),
    [
        (0.1, "0049 40 1234567"),
        (0.3, "040/1234567"),
        (0.6, "+49401234567"),
        (0.9, "(040) 123 4567"),
    ],
)
def test_phones_are_written_in_many_ways(db, u, expected):
    assert value(db, f"respelled_phone('49', '0', '40', '1234567', {u})") == expected


def test_another_value_is_never_the_same(db):
    for name in ("a", "b", "c"):
        drawn = {value(db, f"another(['a', 'b', 'c'], '{name}', {n / 10})") for n in range(10)}
        assert drawn == {"a", "b", "c"} - {name}


def test_another_number_of_employees_is_never_the_same(db):
    assert value(db, "restaffed(1, 0.4)") == 2
    assert value(db, "restaffed(100, 100.2)") == 101
    assert value(db, "restaffed(100, 81.7)") == 82
    assert abs(value(db, "resized(100.0, 0.0, 0.1)") - 110.517) < 0.001


def test_no_record_can_lose_everything():
    for kinds in (corruption.DAMAGE, corruption.SLIPS):
        for place in range(len(corruption.GROUPS)):
            assert sum(rates[place] for rates in kinds.values()) < 0.8
    customer_columns = ("missing_email", "missing_phone", "missing_address", "swapped_address")
    for kind in customer_columns:  # the ERP's records are the customer master, which is clean
        assert {**corruption.DAMAGE, **corruption.SLIPS}[kind][:2] == (0.0, 0.0)


def test_one_number_picks_one_kind_at_its_rate(db):
    sql = corruption.kind_sql(corruption.DAMAGE, "u")
    query = f"""
        select grp, kind, count(*) / 10000 as share from (
          select grp, {sql} as kind from (select unnest({list(corruption.GROUPS)}) as grp),
            (select (i + 0.5) / 10000 as u from range(10000) as r(i)))
        where kind is not null group by grp, kind"""
    shares = {(grp, kind): share for grp, kind, share in db.execute(query).fetchall()}
    for kind, rates in corruption.DAMAGE.items():
        for group, rate in zip(corruption.GROUPS, rates, strict=True):
            assert shares.get((group, kind), 0.0) == pytest.approx(rate, abs=2e-4)
