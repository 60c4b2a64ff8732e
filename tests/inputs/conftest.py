"""The small client with personal fields, and other privacy lines for it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from segutils import tables
from segutils.engagement import load_engagement

MARK = "zqxjk"  # stands in forbidden cells only
PRIVACY = """
privacy:
  - {table: customers, fields: [email], purposes: [identity], basis: contract, owner: DPO}
  - {table: customers, fields: [diagnosis], purposes: [], basis: none, owner: DPO}
  - {table: customers, fields: [income], purposes: [segmentation], basis: consent, consent: agrees,
     owner: DPO}
  - {table: events, fields: [all], purposes: [segmentation], basis: consent, consent: agrees, keep_days: 90,
     owner: DPO}
  - {table: tickets, fields: [all], purposes: [enrichment], basis: legitimate interest, owner: DPO}
"""


@pytest.fixture
def client(small_engagement: Path) -> Path:
    """The small client with personal fields; customers C0001 to C0100 agree to profiling, no others."""
    folder = small_engagement.parent
    customers = pd.read_csv(folder / "customers.csv")
    number = customers.index
    customers["email"] = [f"{MARK}mail{n}@shop.example" for n in number]
    customers["diagnosis"] = [f"{MARK}illness{n}" for n in number]
    customers["income"] = 1000.0 + number
    customers["agrees"] = ["yes" if n < 100 else "no" for n in number]
    customers.loc[len(customers)] = [None, "north", "single", f"{MARK}lost@x.example", f"{MARK}lost", 1, "no"]
    customers.to_csv(folder / "customers.csv", index=False)
    events = ["event_id,occurred_at,event_type,customer_id"]
    events += [f"E{n},2024-12-{1 + n % 28:02d} 10:00:00,visit,C{n + 1:04d}" for n in range(200)]
    events += ["E900,2024-06-01 10:00:00,visit,C0001", "E901,2024-12-01 10:00:00,visit,"]
    (folder / "events.csv").write_text("\n".join(events) + "\n")
    rows = [f"T{n},2024-11-{1 + n:02d} 09:00:00,C{n + 1:04d},{MARK}words {n}" for n in range(20)]
    (folder / "tickets.csv").write_text("\n".join(["ticket_id,opened_at,customer_id,text", *rows]) + "\n")
    text = small_engagement.read_text(encoding="utf-8")
    text = text.replace(
        "{customer_id: client, region: area, household: household}",
        "{customer_id: client, region: area, household: household, email: email, diagnosis: diagnosis, "
        "income: income, agrees: agrees}",
    ).replace("tables:\n", "tables:\n  events: {path: events.csv}\n  tickets: {path: tickets.csv}\n", 1)
    small_engagement.write_text(text + PRIVACY, encoding="utf-8")
    return small_engagement


@pytest.fixture
def ingest_with(client: Path, tmp_path: Path) -> Callable[..., tables.Run]:
    """Ingests the client, with these lines of privacy instead of its own if there are any."""

    def ingest(*lines: str, folder: str = "run") -> tables.Run:
        if lines:
            stated = "".join(f"  - {{{line}, owner: DPO}}\n" for line in lines)
            text = client.read_text(encoding="utf-8").split("privacy:")[0]
            client.write_text(f"{text}privacy:\n{stated}", encoding="utf-8")
        tables.ingest(load_engagement(client), tmp_path / folder)
        return tables.open_run(tmp_path / folder)

    return ingest


@pytest.fixture
def change_customers(client: Path) -> Callable[..., None]:
    """Gives the client's customers other columns: a value, or one per row (301)."""
    file = client.parent / "customers.csv"

    def change(**columns: object) -> None:
        pd.read_csv(file).assign(**columns).to_csv(file, index=False)

    return change
