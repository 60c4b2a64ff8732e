"""An order or a contact just after midnight at a year's end is of the new year, whatever reads it."""

from datetime import date

import pandas as pd
import pytest

from segutils import tables
from segutils.data_readiness.enrichment.text_gain import build_behaviour
from segutils.data_readiness.identity.effects import build_effect
from segutils.engagement import load_engagement
from segutils.statistics.lot_trials import sum_tested_margins
from segutils.validation.response import campaign_cells, closeness, contact_rate, observed_campaigns

YAML = """\
client: Night Shop
currency: EUR
as_of: 2025-12-31
timezone: Europe/Berlin
simulated: true
data_note: Simulated data for tests.
tables:
  customers: {path: customers.csv}
  products: {path: products.csv}
  transactions: {path: transactions.csv}
  campaigns: {path: campaigns.csv}
  exposures: {path: exposures.csv}
"""
# half an hour before midnight in UTC is half past midnight in Berlin
FILES = {
    "customers": ["customer_id", "night", "early"],
    "products": ["product_id,category", "p,Pumps", "q,Labs"],
    "transactions": [
        "customer_id,order_id,ordered_at,product_id,net_revenue,contribution_margin",
        "night,1,2024-12-31T23:30:00Z,p,100,40",
        "early,2,2024-06-01T10:00:00Z,q,50,10",
    ],
    "campaigns": [
        "campaign_id,started_at",
        "C1,2024-12-31T23:30:00Z",
        "C2,2025-01-01T10:00:00Z",
    ],
    "exposures": [
        "customer_id,campaign_id,arm,assigned_at,responded",
        "night,C1,treated,2024-12-31T23:30:00Z,true",
        "night,C2,treated,2025-01-01T10:00:00Z,false",
    ],
}
MEMBERS = pd.DataFrame(
    {"customer_id": ["night", "early"], "segment": ["Night", "Early"], "code": ["S1", "S2"]}
)
OLD_YEAR, NEW_YEAR = date(2024, 12, 31), date(2025, 12, 31)
NEW_YEARS_DAY = date(2025, 1, 1)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("night")
    for name, lines in FILES.items():
        (folder / f"{name}.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (folder / "engagement.yml").write_text(YAML, encoding="utf-8")
    tables.ingest(load_engagement(folder / "engagement.yml"), folder / "run")
    return tables.open_run(folder / "run")


def test_an_order_after_midnight_is_of_the_new_year(run):
    lines, products = run.input("transactions"), run.input("products")
    for as_of, orders, margins, buyers in (
        (OLD_YEAR, {"Night": 0, "Early": 1}, {}, ["Early"]),
        (NEW_YEAR, {"Night": 1, "Early": 0}, {"night": 40.0}, ["Night"]),
    ):
        worth = campaign_cells.build_worth(lines, MEMBERS, as_of=as_of)
        assert worth.set_index("segment").orders.to_dict() == orders
        assert sum_tested_margins(lines, ["p"], as_of=as_of).to_dict() == margins
        shares = closeness.build_category_shares(lines, products, MEMBERS, as_of=as_of)
        assert shares.index.to_list() == buyers
    behaviour = build_behaviour(lines, cut=OLD_YEAR, until=NEW_YEAR).set_index("customer_id")
    assert behaviour.next_revenue.to_dict() == {"early": 0.0}  # the other one had not bought before
    alone = MEMBERS[MEMBERS.customer_id == "night"].assign(entity_id="night")
    effect = build_effect(alone, lines, as_of=NEW_YEARS_DAY).set_index("measure")
    assert effect.before["Days since last order (median)"] == 0


def test_a_contact_after_midnight_is_of_the_new_year(run):
    lines, campaigns, exposures = (run.input(name) for name in ("transactions", "campaigns", "exposures"))
    by_campaign = exposures.drop("assigned_at", "assigned_on")
    for given in (exposures, by_campaign):
        for as_of, contacts in ((OLD_YEAR, 0), (NEW_YEAR, 2)):
            found = contact_rate.count_contacts(given, campaigns, lines, MEMBERS, as_of=as_of)
            assert found.a_year.to_dict() == {"Night": contacts, "Early": 0}
        # the order was placed on the day of both contacts, not before it
        past = observed_campaigns.build_past_orders(given, campaigns, lines)
        assert past.orders.to_list() == [0.0, 0.0]
        audiences = pd.Series({"C1": "Night", "C2": "Early"}).rename_axis("campaign_id")
        met = closeness.count_collisions(given, campaigns, audiences, window_days=0)
        assert met.customers.to_list() == [1, 1]  # both on New Year's Day
    # without any day both contacts are divided by the years since New Year's Day 2025, two
    night = lines.filter(lines.customer_id == "night")
    told = contact_rate.count_contacts(by_campaign, None, night, MEMBERS, as_of=date(2026, 12, 31))
    assert told.a_year["Night"] == 1.0
    cells = campaign_cells.build_cells(exposures, MEMBERS)
    costs = campaign_cells.build_contact_costs(cells, campaigns, None)
    assert costs.started_on.to_list() == [NEW_YEARS_DAY] * 2
