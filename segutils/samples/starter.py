"""A first engagement: a commented file that runs as it is, with simulated data beside it to be replaced."""

import csv
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from segutils.errors import InputError

AS_OF = date(2025, 12, 31)
DAYS = 730  # of order history
CUSTOMERS = 200
SEED = 20251231
CATEGORIES = ("Equipment", "Supplies", "Service", "Spare parts")
REGIONS = ("North", "South", "West")
SOURCES = ("referral", "search", "trade fair", "partner")


@dataclass(frozen=True)
class Kind:
    """A planted kind of customer: share of all, orders a year, mean amount of a line, lines at most.

    `last_days` before the reference date they stop buying.
    """

    share: float
    orders: float
    amount: float
    lines: int
    categories: tuple[str, ...]
    last_days: int = 0


KINDS = (
    Kind(0.35, 30, 40, 2, ("Supplies",)),
    Kind(0.25, 5, 900, 3, ("Equipment", "Service", "Spare parts")),
    Kind(0.25, 12, 160, 2, ("Supplies", "Service")),
    Kind(0.15, 9, 120, 1, CATEGORIES, last_days=260),
)

ENGAGEMENT = """\
# One client, one file. It runs as it is, on simulated sample data; the comments say what to replace.
#   segutils check {file}     reads the data and says what is wrong, before anything is executed
#   segutils run {file}       executes the notebooks and makes the packs
# Unknown keys are refused, and every error names the line.

client: {client}      # as the packs print it
currency: EUR              # ISO 4217; every amount of every table is in it
as_of: {as_of}          # the last day of the data, inclusive; nothing reads today's date
timezone: Europe/Berlin    # the client's: days, weeks and quarters are counted in it

# Printed on every page of every pack. Remove both lines when the data are the client's own.
data_note: "Simulated sample data: these customers do not exist."
simulated: true

brand:                     # how the packs look; a logo is a path to an .svg or .png file
  primary: "#1f3a5f"
  accent: "#b4451f"
  # logo: logo.svg
  # logo_alt: what the logo shows, for readers who cannot see it

# Where each table is, and which of its columns is which: on the left the canonical name, on the right the
# file's own. A path (csv, parquet or xlsx) is relative to this file. A database: url (or env:NAME) with table
# or query. customers and transactions are needed; each further table answers further questions.
tables:
  customers:               # one row: a customer or account
    path: customers.csv
    columns:
      customer_id: account
      region: region
      signup_date: since
      acquisition_channel: won_through
      employees_band: size     # a column of your own: any other name, to describe segments with

  transactions:            # one row: an order line
    path: transactions.csv
    # delimiter: ";"       # only if it is not found by itself; so with encoding, decimal and date_format
    columns:
      customer_id: account
      order_id: order
      ordered_at: day
      net_revenue: amount      # after discounts, without tax
      product_id: article
      quantity: pieces

  products:                # one row: a product; leave the table out if you have none
    path: products.csv
    columns:
      product_id: article
      category: group

# Targets are set by people and never derived; the scorecard prints who set them. Shares are 0 to 1.
# targets:
#   - {{measure: net_revenue, target: 250000, owner: Head of Sales, note: one quarter, all customers}}

# Columns of customers that must neither shape nor name a segment:
# protected_attributes: [age, gender]

# A notebook's parameters, where a default does not fit (each notebook lists its own at the top):
# parameters:
#   3_2_segments: {{max_segments: 8}}

# The client's own choice where it differs from a recommendation; the recommendation stays visible:
# overrides:
#   segment-count: {{choice: "4", who: Jane Doe, when: {as_of}, why: Four teams will own the segments.}}

# What later questions ask the client. 'segutils describe SECTION' explains each, and the playbook's
# data/manufacturer/engagement.yml has an example:
# objectives, weights, thresholds, costs, margin_ladder, budgets, responses, scenarios, finance, key_results,
# organisation, definitions, owners, governance, jurisdictions. Inside {{ }} quote a text that has a comma.

# Packs and their formats; all of them if nothing is said:
# packs: {{executive: [html, pdf, pptx, xlsx], board: [pdf]}}
"""


def write_starter(folder: Path, *, seed: int = SEED) -> Path:
    """How does a first own engagement begin?

    Parameters
    ----------
    folder : pathlib.Path
        Named after the client; made if it does not exist.
    seed : int
        The sample data's: the same seed writes the same files.

    Returns
    -------
    pathlib.Path
        ``<folder>/engagement.yml``; beside it ``customers.csv``, ``transactions.csv`` and ``products.csv``.

    Raises
    ------
    InputError
        One of these files is there already.
    """
    path = folder / "engagement.yml"
    tables = {name: folder / f"{name}.csv" for name in ("customers", "transactions", "products")}
    present = [file.name for file in (path, *tables.values()) if file.exists()]
    if present:
        fix = "choose another name, or move these files away: nothing is overwritten"
        raise InputError(f"there is already {', '.join(present)}", where=str(folder), fix=fix)
    folder.mkdir(parents=True, exist_ok=True)
    random_numbers = random.Random(seed)
    customers = _draw_customers(random_numbers)
    _write(
        tables["customers"], ["account", "region", "since", "won_through", "size"], (c.row for c in customers)
    )
    heads = ["account", "order", "day", "amount", "article", "pieces"]
    _write(tables["transactions"], heads, _draw_lines(customers, random_numbers))
    _write(tables["products"], ["article", "group"], _list_products())
    client = folder.resolve().name.replace("-", " ").replace("_", " ").strip().title() or "Client"
    name = json.dumps(client, ensure_ascii=False)
    text = ENGAGEMENT.format(client=name, as_of=AS_OF.isoformat(), file=path.as_posix())
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class _Customer:
    kind: Kind
    row: tuple[str, ...]
    since: date


def _draw_customers(draw: random.Random) -> list[_Customer]:
    kinds = [kind for kind in KINDS for _ in range(round(kind.share * CUSTOMERS))]
    draw.shuffle(kinds)
    customers = []
    for number, kind in enumerate(kinds, 1):
        since = AS_OF - timedelta(days=draw.randrange(300, 2000))
        band = draw.choices(("1-9", "10-49", "50-249"), weights=(5, 3, 1 + kind.amount / 200))[0]
        row = (f"K{number:04}", draw.choice(REGIONS), since.isoformat(), draw.choice(SOURCES), band)
        customers.append(_Customer(kind, row, since))
    return customers


def _draw_lines(customers: Sequence[_Customer], draw: random.Random) -> Iterable[tuple[str, ...]]:
    """Order lines: orders at random (Poisson) times, amounts log-normal around the kind's own."""
    order = 0
    for customer in customers:
        kind = customer.kind
        day = max(customer.since, AS_OF - timedelta(days=DAYS))
        end = AS_OF - timedelta(days=kind.last_days)
        pace = kind.orders * draw.lognormvariate(0, 0.25) / 365
        while (day := day + timedelta(days=max(1, round(draw.expovariate(pace))))) <= end:
            order += 1
            for _ in range(draw.randint(1, kind.lines)):
                group = CATEGORIES.index(draw.choice(kind.categories))
                amount = kind.amount * draw.lognormvariate(-0.08, 0.4)
                pieces = draw.randint(1, 4)
                article = f"A{group + 1}{draw.randint(1, 3)}"
                yield (
                    customer.row[0],
                    f"B{order:05}",
                    day.isoformat(),
                    f"{amount:.2f}",
                    article,
                    str(pieces),
                )


def _list_products() -> Iterable[tuple[str, ...]]:
    for number, category in enumerate(CATEGORIES, 1):
        for article in range(1, 4):
            yield (f"A{number}{article}", category)


def _write(path: Path, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
