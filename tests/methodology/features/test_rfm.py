"""Features and scores against a table worked out by hand, and the same on two engines."""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.methodology.features.customers import build_features
from segutils.methodology.features.measures import rank_values
from segutils.methodology.features.periods import build_periods
from segutils.methodology.features.rfm import build_rfm, check_rfm, look_back, score_ranks
from segutils.statistics.order_histories import count_orders

AS_OF, WINDOW_DAYS = date(2024, 3, 31), 91  # 2024-01-01 to 2024-03-31
SHARES = {"categories": ["Fruit", "Fish"], "own_brand": "House"}

LINE_TYPES = {
    "customer_id": "string",
    "order_id": "string",
    "ordered_at": "timestamp",
    "ordered_on": "date",
    "product_id": "string",
    "net_revenue": "decimal(18, 4)",
    "discount": "decimal(18, 4)",
    "store_id": "string",
}
# customer, order, moment in UTC, day in New York, product, net revenue, discount, store
LINES = [
    ("A", "o1", "2024-01-01 15:00", "2024-01-01", "p1", "30.00", "0", "x"),
    ("A", "o2", "2024-01-31 15:00", "2024-01-31", "p2", "10.00", "0", "y"),
    ("A", "o3", "2024-04-01 03:30", "2024-03-31", "p1", "20.00", "0", "x"),  # still the last day in New York
    ("B", "o4", "2024-02-10 15:00", "2024-02-10", "p1", "5.05", "2.50", "x"),
    ("B", "o4", "2024-02-10 15:00", "2024-02-10", "p3", "4.95", None, "x"),
    ("C", "o5", "2024-03-01 15:00", "2024-03-01", "p1", "40.00", "0", "x"),
    ("C", "o6", "2024-03-21 15:00", "2024-03-21", "p1", "-15.00", "0", "x"),  # a return
    ("D", "o7", "2024-01-01 04:30", "2023-12-31", "p2", "100.00", "0", "y"),  # before the window in New York
    (
        "D",
        "o8",
        "2024-03-30 15:00",
        "2024-03-30",
        None,
        "10.00",
        "0",
        None,
    ),  # neither product nor store known
    ("E", "o9", "2024-03-15 15:00", "2024-03-15", "p2", "-8.00", "0", "y"),  # only a return
]
PRODUCTS = [("p1", "Fruit", "Maker"), ("p2", "Fish", "Maker"), ("p3", "Fruit", "House")]
NO = None
BY_HAND = pd.DataFrame(
    [
        # recency, orders, per order, revenue, tenure, spacing, breadth, discount, own, stores, main, shares
        ("A", 0, 3, 20.0, 60.0, 90, 45.0, 2, 0.0, 0.0, 2, 2 / 3, 50 / 60, 10 / 60),
        ("B", 50, 1, 10.0, 10.0, 50, NO, 1, 0.2, 0.495, 1, 1.0, 1.0, 0.0),
        ("C", 30, 1, 25.0, 25.0, 30, NO, 1, 0.0, 0.0, 1, 1.0, 1.0, 0.0),
        ("D", 1, 1, 10.0, 10.0, 91, NO, 0, 0.0, 0.0, NO, NO, 0.0, 0.0),
        ("E", NO, 0, NO, -8.0, 16, NO, NO, NO, NO, NO, NO, NO, NO),
        ("F", NO, 0, NO, 0.0, NO, NO, NO, NO, NO, NO, NO, NO, NO),
    ],
    columns=[
        *("customer_id", "recency", "frequency", "monetary_value", "revenue", "tenure", "spacing", "breadth"),
        *("discount_share", "private_label_share", "stores", "main_store_share", "share_fruit", "share_fish"),
    ],
)
# four buyers; B, C, D hold places 1 to 3 in frequency, the middle is 2: 5 (2 - 1/2) / 4 = 1.875, second fifth
SCORES_BY_HAND = {
    "recency_score": [5, 1, 2, 4, NO, NO],
    "frequency_score": [5, 2, 2, 2, NO, NO],
    "monetary_score": [4, 2, 5, 2, NO, NO],  # B and D tie at 10.00: middle of places 1 and 2 is 1.5 -> 1.25
}


def lines_frame() -> pd.DataFrame:
    frame = pd.DataFrame(LINES, columns=list(LINE_TYPES))
    for column in ("net_revenue", "discount"):
        frame[column] = [None if text is None else Decimal(text) for text in frame[column]]
    frame["ordered_on"] = pd.to_datetime(frame["ordered_on"]).dt.date
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"]))


def load(con: ibis.BaseBackend, lines: pd.DataFrame, customers: list[str], products: pd.DataFrame) -> list:
    return [
        con.create_table("transactions", lines, schema=LINE_TYPES, overwrite=True),
        con.create_table("customers", pd.DataFrame({"customer_id": customers}), overwrite=True),
        con.create_table("products", products, overwrite=True),
    ]


@pytest.fixture
def rfm() -> pd.DataFrame:
    products = pd.DataFrame(PRODUCTS, columns=["product_id", "category", "brand"])
    tables = load(ibis.duckdb.connect(), lines_frame(), list("ABCDEF"), products)
    return build_rfm(*tables, as_of=AS_OF, window_days=WINDOW_DAYS, **SHARES)


def test_six_customers_worked_by_hand(rfm):
    pd.testing.assert_frame_equal(rfm[BY_HAND.columns], BY_HAND, check_dtype=False, check_exact=False)
    for name, scores in SCORES_BY_HAND.items():
        assert [None if pd.isna(score) else score for score in rfm[name]] == scores


def test_features_have_no_gap_for_buyers(rfm):
    features = build_features(rfm, window_days=WINDOW_DAYS).set_index("customer_id")
    assert features["has_purchases"].tolist() == [True, True, True, True, False, False]
    assert features[features["has_purchases"]].notna().all(axis=None)
    assert features.loc["B", "spacing"] == WINDOW_DAYS  # one order: no second one for at least the window
    assert features.loc["D", "main_store_share"] == 1.0  # unknown store: median of 2/3, 1, 1
    assert features.loc["F", "frequency"] == 0


def test_a_table_without_optional_columns_gives_the_core_features():
    lines = lines_frame().drop(columns=["product_id", "discount", "store_id"])
    rfm = build_rfm(
        ibis.memtable(lines),
        ibis.memtable({"customer_id": list("ABCDEF")}),
        as_of=AS_OF,
        window_days=WINDOW_DAYS,
    )
    core = ["customer_id", "recency", "frequency", "monetary_value", "revenue", "tenure", "spacing"]
    assert rfm.columns[:7].tolist() == core and rfm.shape[1] == 12
    asked = check_rfm(rfm, as_of=AS_OF, window_days=WINDOW_DAYS, currency="USD").needs
    assert {column for need in asked for column in need.columns} == {
        "category",
        "discount",
        "store_id",
        "channel",
    }


def test_equal_values_get_equal_scores_whatever_the_order_of_rows():
    values = pd.Series(np.random.default_rng(7).poisson(1.2, 500))
    scores = score_ranks(values)
    shuffled = score_ranks(values.sample(frac=1, random_state=1)).sort_index()
    assert scores.equals(shuffled)
    assert scores.groupby(values).nunique().eq(1).all()
    assert scores.groupby(values).first().is_monotonic_increasing
    untied = score_ranks(pd.Series(range(100)))
    assert untied.value_counts().eq(20).all() and untied.is_monotonic_increasing


def test_a_window_longer_than_the_history_is_said(rfm):
    short = check_rfm(rfm.assign(tenure=91), as_of=AS_OF, window_days=365, currency="USD")
    assert any("longer than 92 days: the window of 365 days is not filled" in text for text in short.limits)
    filled = check_rfm(rfm.assign(tenure=364), as_of=AS_OF, window_days=365, currency="USD")
    assert not any("not filled" in text for text in filled.limits)


def test_finding_states_the_concentration(rfm):
    finding = check_rfm(rfm, as_of=AS_OF, window_days=WINDOW_DAYS, currency="USD")
    # 105.00 from four buyers, 60.00 from the largest: a fifth of four buyers is 0.8 of the largest's revenue
    assert finding.headline.startswith("The most valuable fifth of buyers brings 46 % of net revenue; ")
    assert finding.figures[0].data["share_of_revenue"].sum() == pytest.approx(1.0)
    by_measure = finding.table.groupby("measure")["customers"].sum()
    assert by_measure.tolist() == [4, 4, 4]
    assert "returned more than they bought" in " ".join(finding.notes)
    assert "$" not in " ".join([finding.headline, *finding.notes])


def test_channels_by_share_of_orders():
    lines = pd.DataFrame(
        {
            "customer_id": ["A", "A", "A", "B"],
            "order_id": ["1", "2", "3", "4"],
            "ordered_on": pd.to_datetime(["2024-03-01"] * 4).date,
            "net_revenue": [Decimal(5), Decimal(5), Decimal(5), Decimal(40)],
            "channel": ["Web", "Web", "Shop", "Shop"],
        }
    )
    window = look_back(as_of=AS_OF, window_days=WINDOW_DAYS)
    table = ibis.memtable(lines)
    channels = rank_values(table, None, "channel", window=window, max_values=5)
    assert channels == ["Shop", "Web"]  # 45 against 10
    people = ibis.memtable({"customer_id": ["A", "B"]})
    rfm = build_rfm(table, people, as_of=AS_OF, window_days=WINDOW_DAYS, channels=channels)
    assert rfm["orders_web"].tolist() == pytest.approx([2 / 3, 0]) and rfm["orders_shop"].tolist() == [
        1 / 3,
        1,
    ]


def test_a_window_without_orders_is_refused():
    with pytest.raises(InputError, match="no order with revenue between 2020-01-01 and 2020-01-10"):
        build_rfm(
            ibis.memtable(lines_frame()),
            ibis.memtable({"customer_id": ["A"]}),
            as_of=date(2020, 1, 10),
            window_days=10,
        )


def many_lines() -> pd.DataFrame:
    draw = np.random.default_rng(11)
    n = 4000
    orders = draw.integers(0, 900, n)
    days = draw.integers(0, 150, 900)[orders]
    cents = draw.integers(-300, 5000, n)
    return pd.DataFrame(
        {
            "customer_id": (orders % 120).astype(str),
            "order_id": orders.astype(str),
            "ordered_at": pd.Timestamp("2023-11-20") + pd.to_timedelta(days, unit="D"),
            "ordered_on": (pd.Timestamp("2023-11-20") + pd.to_timedelta(days, unit="D")).date,
            "product_id": draw.integers(0, 60, n).astype(str),
            "net_revenue": [Decimal(int(c)) / 100 for c in cents],
            "discount": [Decimal(int(c)) / 100 for c in draw.integers(0, 90, n)],
            "store_id": draw.integers(0, 4, 900)[orders].astype(str),
        }
    )


@pytest.fixture(scope="module")
def postgres():
    """A throw-away PostgreSQL server that listens on a socket in a temporary folder only."""
    pytest.importorskip("psycopg")
    accounts = pytest.importorskip("pwd", reason="needs a POSIX system")
    if not (shutil.which("initdb") and shutil.which("postgres") and shutil.which("pg_ctl")):
        pytest.skip("no PostgreSQL server on the path (initdb, pg_ctl)")
    user = None
    if os.geteuid() == 0:  # the server refuses to run as root
        user = next((entry.pw_name for entry in accounts.getpwall() if entry.pw_name == "postgres"), None)
        if user is None:
            pytest.skip("PostgreSQL does not start as root, and there is no user 'postgres'")
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        data, log = folder / "data", folder / "log"
        run = {"check": True, "user": user, "cwd": folder, "capture_output": True}
        subprocess.run(["initdb", "-D", data, "-A", "trust", "-U", "test", "--no-sync"], **run)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        start = ["pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"]
        subprocess.run(start, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            con = ibis.postgres.connect(host=str(folder), user="test", database="postgres")
            yield con
            con.disconnect()
        finally:
            subprocess.run(["pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)


def many_products() -> pd.DataFrame:
    numbers = np.arange(60)
    return pd.DataFrame(
        {
            "product_id": numbers.astype(str),
            "category": np.where(numbers % 3 == 0, "Fruit", "Fish"),
            "product_line": (numbers % 20).astype(str),
            "brand": np.where(numbers % 4 == 0, "House", "Maker"),
        }
    )


def compare_engines(ours: list, theirs: list, *, check_dtype: bool = True) -> None:
    """The same numbers to the last bit, whichever engine counted."""
    cuts = [date(2024, 1, 31), date(2024, 2, 29), AS_OF]
    exact = {"check_exact": True, "check_dtype": check_dtype}
    one, other = (
        build_rfm(*given, as_of=AS_OF, window_days=WINDOW_DAYS, **SHARES) for given in (ours, theirs)
    )
    assert len(one) == 130 and (one["frequency"] > 0).sum() > 100
    pd.testing.assert_frame_equal(one, other, **exact)
    one, other = (build_periods(*given, as_of=AS_OF, period_days=40, **SHARES) for given in (ours, theirs))
    assert one["period"].nunique() == 2
    pd.testing.assert_frame_equal(one, other, **exact)
    one, other = (count_orders(*given[:2], cuts=cuts) for given in (ours, theirs))
    pd.testing.assert_frame_equal(one, other, **exact)


def test_duckdb_and_postgresql_give_identical_features(postgres):
    people = [str(i) for i in range(130)]
    ours, theirs = (
        load(con, many_lines(), people, many_products()) for con in (ibis.duckdb.connect(), postgres)
    )
    compare_engines(ours, theirs)


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning", "ignore::FutureWarning:pyspark")
def test_duckdb_and_spark_give_identical_features(tmp_path, monkeypatch):
    sql = pytest.importorskip(
        "pyspark.sql", reason="pyspark is not installed (.ci/spark.lock has the version)"
    )
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java 17, and there is no java on the path")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    ours = load(ibis.duckdb.connect(), many_lines(), [str(i) for i in range(130)], many_products())
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
        con, theirs = ibis.pyspark.connect(session), []
        for name, table in zip(("transactions", "customers", "products"), ours, strict=True):
            table.to_parquet(tmp_path / f"{name}.parquet")
            theirs.append(con.read_parquet(tmp_path / f"{name}.parquet", table_name=name))
        compare_engines(
            ours, theirs, check_dtype=False
        )  # it hands dates and whole numbers over by other types
    finally:
        session.stop()


def test_breadth_counts_groups_beyond_the_bits_of_one_number():
    """149 groups need three numbers; A buys 130 of them, B the first and the last, C one and one without."""
    groups = [*((f"p{n}", "A", 5.0) for n in range(130)), ("p0", "B", 5.0), ("p149", "B", 5.0)]
    rows = [*groups, ("p7", "B", -5.0), ("p9", "C", 5.0), ("p140", "C", 1.0)]
    lines = pd.DataFrame(rows, columns=["product_id", "customer_id", "net_revenue"])
    lines = lines.assign(order_id=lines["customer_id"], ordered_on=AS_OF)
    products = pd.DataFrame({"product_id": [f"p{n}" for n in range(150)]})
    products["category"] = products["product_id"].where(products["product_id"] != "p140")  # one of no group
    rfm = build_rfm(
        ibis.memtable(lines),
        ibis.memtable({"customer_id": ["A", "B", "C"]}),
        ibis.memtable(products),
        as_of=AS_OF,
        window_days=WINDOW_DAYS,
    )
    assert rfm["breadth"].tolist() == [130, 2, 1]
