"""The same customers get the same segment, row for row, in every engine and in plain Python."""

import json
import os
import shutil
import subprocess
import sys

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.methodology.features.catalogue import build_catalogue
from segutils.methodology.features.customers import build_features
from segutils.methodology.features.rfm import build_rfm
from segutils.methodology.profiles.first_contact import build_contact, find_contact_tool
from segutils.methodology.profiles.nearest_centre import count_near_border
from segutils.methodology.profiles.rules import assign_by_rule
from segutils.methodology.profiles.scoring_files import Scoring, split_queries, write_python, write_sql
from segutils.methodology.profiles.scoring_sql import DIALECTS, assign_by_rule_sql
from segutils.methodology.profiles.typing_candidates import RULES, fit_candidates
from segutils.samples import client
from segutils.samples.making import AS_OF, open_making
from segutils.statistics import kmeans
from segutils.statistics.segment_model import SegmentModel, assign_customers, fit_scaling, select_buyers

USED = ["frequency", "monetary_value", "discount_share", "breadth", "private_label_share"]
KNOWN = ["industry", "employees", "annual_revenue", "country", "sales_segment"]


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    with open_making(accounts=1500, seed=11) as making:
        for step in client.FIRST:
            step(making)
        names = ("draft.accounts", "client.transactions", "client.products")
        return {name: making.ask(f"select * from {name}") for name in names}


@pytest.fixture(scope="module")
def features(made) -> pd.DataFrame:
    lines = made["client.transactions"]
    lines = lines.assign(ordered_on=lines["ordered_at"].dt.date)
    lines = ibis.memtable(lines.astype({"net_revenue": float, "discount": float}))
    known = ibis.memtable(made["draft.accounts"][["customer_id", "signup_date"]])
    products = ibis.memtable(made["client.products"])
    rfm = build_rfm(lines, known, products, as_of=AS_OF, window_days=1095, own_brand="Halden")
    return build_features(rfm, window_days=1095)


@pytest.fixture(scope="module")
def customers(made) -> pd.DataFrame:
    """What is known of every customer; some of it missing, one value with a quotation mark."""
    known = build_contact(ibis.memtable(made["draft.accounts"]), fields=KNOWN)
    known.loc[::7, "employees"] = np.nan
    known.loc[::11, "industry"] = None
    known["industry"] = known["industry"].replace("Machinery", "Builder's trade")
    return known


@pytest.fixture(scope="module")
def scoring(features, customers) -> Scoring:
    catalogue = build_catalogue(features, wanted=USED, max_correlation=0.99)
    buyers = select_buyers(features)
    scaling = fit_scaling(buyers, catalogue)
    fitted = kmeans.fit_solution(scaling.apply(buyers), k=4, restarts=5, seed=3)
    model = SegmentModel(names=("S1", "S2", "S3", "S4"), scaling=scaling, centres=fitted.centres)
    segments = assign_customers(features, model)
    known = features.merge(segments[["customer_id", "segment"]], on="customer_id")
    candidates = fit_candidates(known[known["segment"] != "none"], model, contact=customers)
    longest = candidates.table.loc[candidates.table["family"] == RULES, "option"].iloc[-1]
    return Scoring(
        tool=candidates.tools[longest],
        model=model,
        contact=find_contact_tool(candidates),
        names={"S1": "One", "S2": 'Two "quoted"', "S3": "Three", "S4": "Four"},
        source="a test",
    )


@pytest.fixture(scope="module")
def odd(features) -> pd.DataFrame:
    """All customers, and further ones whose values are unknown, not a number, or out of all bounds."""
    strange = features[features["has_purchases"]].head(40).copy()
    strange["customer_id"] = [f"X{n:03d}" for n in range(len(strange))]
    for n, name in enumerate(USED):
        strange.iloc[n * 4, strange.columns.get_loc(name)] = np.nan
        strange.iloc[n * 4 + 1, strange.columns.get_loc(name)] = 1e12
        strange.iloc[n * 4 + 2, strange.columns.get_loc(name)] = -5.0
    columns = ["customer_id", "has_purchases", *USED]
    return pd.concat([features, strange])[columns].reset_index(drop=True)


@pytest.fixture(scope="module")
def expected(odd, customers, scoring) -> dict[str, pd.Series]:
    """By pandas: the rule, the nearest centre (unknown where it cannot be computed), first contact."""
    rule = assign_by_rule(odd, scoring.tool).where(odd["has_purchases"], "none")
    scaling = scoring.model.scaling
    logs = [name for name, how in zip(scaling.features, scaling.transforms, strict=True) if how == "log1p"]
    unknown = odd["has_purchases"] & (odd[USED].isna().any(axis=1) | (odd[logs] <= -1).any(axis=1))
    nearest = assign_customers(odd[~unknown], scoring.model).set_index("customer_id")["segment"]
    odd_ones = odd["customer_id"].map(nearest)
    contact = assign_by_rule(customers, scoring.contact)
    return {
        "rule": pd.Series(rule.to_numpy(), index=odd["customer_id"]),
        "nearest": pd.Series(odd_ones.to_numpy(), index=odd["customer_id"]),
        "contact": pd.Series(contact.to_numpy(), index=customers["customer_id"]),
    }


def check(answers: dict[str, dict[str, str | None]], expected: dict[str, pd.Series]) -> None:
    """Every customer, one by one."""
    for what, wanted in expected.items():
        given = pd.Series(answers[what], dtype="object").reindex(wanted.index)
        assert len(answers[what]) == len(wanted)
        different = given.fillna("unknown") != wanted.astype("object").fillna("unknown")
        assert not different.any(), f"{what}: {given[different].head()} instead of {wanted[different].head()}"


def test_the_comparison_is_worth_something(expected, scoring, features):
    assert expected["rule"].nunique() == 5 and expected["nearest"].nunique() == 5  # four segments and none
    assert expected["nearest"].isna().sum() >= len(USED) and expected["contact"].nunique() >= 3
    assert (expected["rule"] != expected["nearest"]).any()
    # nobody stands so near to a border that rounding could decide
    assert count_near_border(select_buyers(features), scoring.model) == 0


def test_python_without_any_package(odd, customers, scoring, expected, tmp_path):
    (tmp_path / "scoring.py").write_text(write_python(scoring), encoding="utf-8")
    people = odd.astype("object").where(odd.notna(), None).to_dict("records")
    known = customers.astype("object").where(customers.notna(), None).to_dict("records")
    (tmp_path / "customers.json").write_text(json.dumps([people, known]), encoding="utf-8")
    script = (
        "import json, sys\n"
        "space = {}\n"
        "exec(compile(open(sys.argv[1]).read(), 'scoring.py', 'exec'), space)\n"
        "people, known = json.load(open(sys.argv[2]))\n"
        "by = lambda name, rows: {c['customer_id']: space[name](c) for c in rows}\n"
        "print(json.dumps({'rule': by('assign', people), 'nearest': by('assign_nearest', people),"
        " 'contact': by('assign_at_contact', known)}))\n"
    )
    files = [str(tmp_path / "scoring.py"), str(tmp_path / "customers.json")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, *files], capture_output=True, text=True, check=True
    )
    check(json.loads(done.stdout), expected)


def test_duckdb(odd, customers, scoring, expected):
    with duckdb.connect() as connection:
        connection.register("features", odd)
        connection.register("customers", customers)
        queries = split_queries(write_sql(scoring, dialect="duckdb"))
        answers = [dict(connection.sql(query).fetchall()) for query in queries]
    check(dict(zip(("rule", "nearest", "contact"), answers, strict=True)), expected)


def test_the_expression_on_the_runs_engine(odd, scoring, expected):
    table = ibis.memtable(odd)
    found = assign_by_rule_sql(table, scoring.tool, buyers_only=True).to_pandas()
    check({"rule": found.set_index("customer_id")["segment"].to_dict()}, {"rule": expected["rule"]})


def test_postgresql(odd, customers, scoring, expected, postgres):
    import psycopg

    with psycopg.connect(postgres) as connection, connection.cursor() as cursor:
        numbers = ", ".join(f"{name} double precision" for name in USED)
        cursor.execute(f"create table features (customer_id text, has_purchases boolean, {numbers})")
        known = ", ".join(
            f"{name} {'double precision' if pd.api.types.is_numeric_dtype(customers[name]) else 'text'}"
            for name in KNOWN
        )
        cursor.execute(f"create table customers (customer_id text, {known})")
        for table, frame in (("features", odd), ("customers", customers)):
            with cursor.copy(f"copy {table} from stdin") as copy:
                for row in frame.astype("object").where(frame.notna(), None).itertuples(index=False):
                    copy.write_row(row)
        answers = []
        for query in split_queries(write_sql(scoring, dialect="postgresql")):
            answers.append(dict(cursor.execute(query).fetchall()))
    check(dict(zip(("rule", "nearest", "contact"), answers, strict=True)), expected)


def test_spark(odd, customers, scoring, expected, tmp_path, monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="pyspark (.ci/spark.lock) is not installed")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java 17, and there is no java on the path")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    for name, frame in (("features", odd), ("customers", customers)):
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(tmp_path / "warehouse"),
    }
    builder = sql.SparkSession.builder.master("local[1]").appName("segutils")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    try:
        for name in ("features", "customers"):
            session.read.parquet(str(tmp_path / f"{name}.parquet")).createOrReplaceTempView(name)
        queries = split_queries(write_sql(scoring, dialect="spark"))
        answers = [{row[0]: row[1] for row in session.sql(query).collect()} for query in queries]
    finally:
        session.stop()
    check(dict(zip(("rule", "nearest", "contact"), answers, strict=True)), expected)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_read_back_and_quotes_no_plain_name(scoring, dialect):
    import sqlglot

    text = write_sql(scoring, dialect=dialect)
    reader = "postgres" if dialect == "postgresql" else dialect
    assert len(split_queries(text)) == 3
    for query in split_queries(text):
        sqlglot.parse_one(query, read=reader)
        # Snowflake takes a quoted small name literally, and its own tables have capital ones
        assert '"' not in query.replace("'Builder''s trade'", "") and "`" not in query
        assert "/" not in query.replace("'Builder\\'s trade'", "")  # no division that could be an integer one


def test_texts_are_exported_whole_and_under_plain_names(small_run):
    written = small_run.export_text("scoring_duckdb.sql", "select 1;\nselect 2;\n")
    path = small_run.folder / "exports" / "scoring_duckdb.sql"
    assert path.read_text(encoding="utf-8") == "select 1;\nselect 2;\n"
    assert repr(written) == "scoring_duckdb: 2 lines written to exports/scoring_duckdb.sql of the run"
    assert not list(path.parent.glob("*.part"))
    for bad in ("../out.sql", "Scoring.sql", "scoring.exe", "scoring"):
        with pytest.raises(ValueError, match="a text's name"):
            small_run.export_text(bad, "x")
