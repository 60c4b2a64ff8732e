"""The engagement file: what is refused, where the message points, and what never leaves the environment."""

import json
import subprocess
import sys

import pytest

from segutils import engagement
from segutils.errors import InputError
from segutils.tables import DEMO


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refused(path) -> InputError:
    with pytest.raises(InputError) as caught:
        engagement.load_engagement(path)
    return caught.value


def test_the_demo_engagement_loads_and_says_what_it_is():
    demo = engagement.load_engagement(DEMO)
    assert demo.slug == "complete-journey-grocery"
    assert demo.simulated and "simulated" in demo.data_note
    assert demo.logo.read_bytes().startswith(b"<svg")


def test_an_unknown_key_names_its_line_and_the_nearest_key(small_engagement):
    edit(small_engagement, "timezone: Europe/Berlin", "timzone: Europe/Berlin")
    error = refused(small_engagement)
    # the unknown key and the missing one are reported together
    assert "engagement.yml, line 4 (timzone): unknown key 'timzone'" in str(error)
    assert "did you mean 'timezone'?" in str(error)
    assert "the key 'timezone' is missing" in str(error)


def test_unknown_keys_are_found_at_every_depth(small_engagement):
    edit(small_engagement, "    path: customers.csv", "    path: customers.csv\n    delimeter: ';'")
    error = refused(small_engagement)
    assert error.where == "engagement.yml, line 10 (tables.customers.delimeter)"
    assert error.fix.startswith("did you mean 'delimiter'?")


def test_a_key_written_twice_is_refused(small_engagement):
    edit(small_engagement, "currency: EUR", "currency: EUR\ncurrency: USD")
    error = refused(small_engagement)
    assert error.what == "the key 'currency' is written twice"
    assert error.where == "engagement.yml, line 2 (currency)" and error.fix == "keep one of lines 2 and 3"


@pytest.mark.parametrize(
    ("old", "new", "what", "fix"),
    [
        ("currency: EUR", "currency: Euro", "currency 'Euro' is not known", "ISO 4217"),
        ("currency: EUR", "currency: usd", "currency 'usd' is not known", "did you mean 'USD'?"),
        (
            "Europe/Berlin\nsim",
            "Europe/Berln\nsim",
            "time zone 'Europe/Berln'",
            "did you mean 'Europe/Berlin'?",
        ),
        ("as_of: 2024-12-31", "as_of: 2024-12-31 10:00:00", "a day is wanted", "2025-12-31"),
        ("as_of: 2024-12-31", "as_of: 31.12.2024", "'as_of': '31.12.2024' is no day", "2025-12-31"),
        ("  customers:\n", "  custmers:\n", "unknown table 'custmers'", "did you mean 'customers'?"),
        ("region: area", "regoin: area", "looks like a misspelt 'region'", "did you mean 'region'?"),
        ("quantity: pieces", "quantty: pieces", "not a column of transactions", "did you mean 'quantity'?"),
        ("path: lines.csv", "paths: lines.csv", "unknown key 'paths'", "did you mean 'path'?"),
        ("path: lines.csv", "path: lines.csv\n    table: x", "one source, not both", "keep one"),
        ("[household]", "[houshold]", "unknown column 'houshold'", "did you mean 'household'?"),
        ("simulated: true", "brand: {logo: logo.svg}", "the logo 'logo.svg' cannot be used", ".png"),
        ("simulated: true", "brand: {primary: blue}", "'primary': string should match", "#rrggbb"),
        ("simulated: true", "engine: postgresql://me:pass@host/db", "the URL carries a secret", "env:NAME"),
        (
            "simulated: true",
            "rules: [{table: products, column: brand, treatment: flag, why: x}]",
            "min nor",
            "add",
        ),
        ("currency: EUR", "currency: EUR\n  as_of: 1", "not valid YAML", "indentation"),
    ],
)
def test_each_mistake_has_its_message(small_engagement, old, new, what, fix):
    edit(small_engagement, old, new)
    error = refused(small_engagement)
    assert what in str(error) and fix in str(error)
    assert "engagement.yml, line " in str(error)


def test_a_table_that_every_run_needs(small_engagement):
    text = small_engagement.read_text(encoding="utf-8")
    start, end = text.index("  transactions:"), text.index("  products:")
    small_engagement.write_text(text[:start] + text[end:], encoding="utf-8")
    assert refused(small_engagement).what == "the table 'transactions' is missing"


def test_a_missing_file_names_its_neighbours(small_engagement):
    error = refused(small_engagement.with_name("engagment.yml"))
    assert error.fix == "the folder has: engagement.yml"


def test_an_engagement_survives_its_json(small_engagement):
    loaded = engagement.load_engagement(small_engagement)
    again = engagement.read_json(json.loads(json.dumps(engagement.to_json(loaded))), small_engagement.parent)
    assert engagement.to_json(again) == engagement.to_json(loaded)


def test_the_fingerprint_ignores_comments_and_sees_content(small_engagement):
    before = engagement.fingerprint(engagement.load_engagement(small_engagement))
    edit(small_engagement, "currency: EUR", "currency:   EUR   # the client's books")
    assert engagement.fingerprint(engagement.load_engagement(small_engagement)) == before
    edit(small_engagement, "path: lines.csv", "path: other.csv")
    assert engagement.fingerprint(engagement.load_engagement(small_engagement)) != before


def test_secrets_stay_references(small_engagement, monkeypatch):
    monkeypatch.setenv("CLIENT_DB", "postgresql://reader:s3cret@db/sales")
    edit(small_engagement, "simulated: true", "engine: env:CLIENT_DB")
    loaded = engagement.load_engagement(small_engagement)
    assert "s3cret" not in json.dumps(engagement.to_json(loaded)) + repr(loaded)
    assert engagement.resolve_secret(loaded.engine, where="x").endswith("s3cret@db/sales")


def test_a_missing_secret_is_named(monkeypatch):
    monkeypatch.delenv("CLIENT_DB", raising=False)
    with pytest.raises(InputError, match="the environment variable CLIENT_DB is not set"):
        engagement.resolve_secret("env:CLIENT_DB", where="engagement.yml, line 5 (engine)")


def test_loading_pulls_in_neither_pandas_nor_ibis():
    code = (
        "import sys; from segutils import engagement, tables; from segutils.inputs import sources;"
        "sources.hash_data(engagement.load_engagement(tables.DEMO));"
        "print([m for m in ('pandas', 'ibis', 'numpy', 'duckdb') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_two_columns_from_one_are_refused(small_engagement):
    edit(small_engagement, "quantity: pieces", "quantity: amount")
    error = refused(small_engagement)
    assert error.what == "'net_revenue' and 'quantity' are both mapped to 'amount'"
    assert error.where == "engagement.yml, line 20 (tables.transactions.columns.quantity)"


def test_an_override_names_a_decision(small_engagement):
    choice = "{choice: '4', who: Jane Doe, when: 2024-12-31, why: Four teams.}"
    with small_engagement.open("a", encoding="utf-8") as stream:
        stream.write(f"overrides:\n  segment-coun: {choice}\n")
    error = refused(small_engagement)
    assert (
        error.what == "there is no decision 'segment-coun'" and "did you mean 'segment-count'?" in error.fix
    )
    edit(small_engagement, "segment-coun:", "segment-count:")
    assert engagement.load_engagement(small_engagement).overrides["segment-count"].choice == "4"


def test_a_wrong_item_of_a_list_is_named_by_its_list(small_engagement):
    with small_engagement.open("a", encoding="utf-8") as stream:
        stream.write("packs: {executive: [doc]}\n")
    assert refused(small_engagement).what == "'executive': 'doc' is not known here"


@pytest.mark.parametrize("name", ["logo.svg", "logo.png"])
def test_a_logo_is_what_its_name_says(small_engagement, name):
    (small_engagement.parent / name).write_text("no picture at all")
    with small_engagement.open("a", encoding="utf-8") as stream:
        stream.write(f"brand: {{logo: {name}, logo_alt: A mark}}\n")
    assert refused(small_engagement).what == f"the logo '{name}' cannot be used"


@pytest.mark.parametrize(
    ("old", "new", "what", "where", "fix"),
    [
        ("Small Shop", "Small\u200b Shop", "U+200B, zero width space", "line 1, column 14", "delete it"),
        ("Small Shop", "Small\x07Shop", "U+0007, a control character", "line 1, column 14", "delete it"),
        ("Small Shop", "Small\u202eShop", "U+202E, right-to-left override", "line 1", "delete it"),
        ("as_of: 2024-12-31", "as_of: 2024-02-30", "'2024-02-30' is no day", "line 3 (as_of)", "2025-12-31"),
        (
            "client: Small Shop",
            "client: &a [*a]",
            "an alias names what it stands in",
            "line 1",
            "write the value",
        ),
        (
            "client: Small Shop",
            "{aliases}client: *f",
            "more than 100,000 values",
            "line ",
            "aliases of aliases",
        ),
        (
            "simulated: true",
            "brand: {<<: {font: x}}",
            "unknown key '<<'",
            "line 5 (brand.<<)",
            "a single value",
        ),
        (
            "simulated: true",
            "simulated: maybe",
            "'maybe' is neither true nor false",
            "line 5",
            "true or false",
        ),
        (
            "client: Small Shop",
            "client: [a]",
            "a text is wanted, not a list",
            "line 1 (client)",
            "the client's",
        ),
        ("[household]", "household", "a list is wanted, not 'household'", "protected_attributes", "columns"),
    ],
)
def test_what_nobody_sees_or_yaml_alone_allows(small_engagement, old, new, what, where, fix):
    doubling = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n" + "".join(
        f"{this}: &{this} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, this in zip("abcde", "bcdef", strict=True)
    )
    edit(small_engagement, old, new.replace("{aliases}", doubling))
    error = refused(small_engagement)
    assert what in error.what and where in error.where and fix in error.fix


def test_a_value_may_be_written_once_and_named_again(small_engagement):
    text = small_engagement.read_text(encoding="utf-8")
    text = "\ufeff" + text.replace("client: Small Shop", "client: &shop Ünal 😀").replace(
        "data_note: Simulated data for tests.", "data_note: *shop"
    )
    small_engagement.write_text(text, encoding="utf-8")
    found = engagement.load_engagement(small_engagement)
    assert found.client == found.data_note == "Ünal 😀"
