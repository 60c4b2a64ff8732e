"""One coherent simulated client: every table of the data contract, and the truth that was planted in it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from segutils.samples.customers import accounts, identities, population, record_truth, records
from segutils.samples.making import Making
from segutils.samples.marketing import campaigns, download_bursts, geo, journeys, sessions
from segutils.samples.money import acquisitions, budgets, costs, finance, ledger, market, providers
from segutils.samples.orders import assortment, bookings, orders
from segutils.samples.prices import choices, competitors, price_tests
from segutils.samples.sales import opportunities, requests, salesforce
from segutils.samples.voices import interviews, survey, tickets

Step = Callable[[Making], None]

# In this order: a generator reads what earlier ones left.
FIRST: tuple[Step, ...] = (
    assortment.build_products,
    accounts.build_accounts,
    # opportunities and campaigns cause orders, so their plans come first
    orders.open_extra_orders,
    opportunities.plan_opportunities,
    campaigns.plan_campaigns,
    orders.build_orders,
    population.tell_population,
    bookings.build_bookings,
)
# Then these, in lanes that read nothing of each other: they are drawn side by side.
LANES: tuple[tuple[Step, ...], ...] = (
    # who the customers are
    (identities.build_identities, records.build_records, record_truth.tell_records),
    # what marketing did
    (
        campaigns.build_campaigns,
        geo.build_geo,
        journeys.build_journeys,
        download_bursts.plan_bursts,
        sessions.build_sessions,
    ),
    # what customers say, and what they would pay
    (survey.build_survey, choices.build_choices, interviews.build_interviews, tickets.build_tickets),
    (price_tests.build_price_tests, competitors.build_competitor_prices),
    # what sales sees, and what the product should do
    (opportunities.build_opportunities, salesforce.build_salesforce, requests.build_requests),
    # the market, and the money
    (
        ledger.build_ledger,
        market.build_market,
        providers.build_providers,
        costs.build_costs,
        acquisitions.build_acquisitions,
        finance.build_pnl,
        budgets.build_budgets,
    ),
)
SIDE_BY_SIDE = 2


def build_tables(making: Making) -> None:
    """Draws all tables, clean, into the schemas ``client`` and ``truth``."""
    for step in FIRST:
        step(making)
    besides = [making.open_beside() for _ in LANES]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as lanes:
        for _ in lanes.map(_run_lane, LANES, besides):
            pass
    making.plants += [plant for beside in besides for plant in beside.plants]


def _run_lane(steps: tuple[Step, ...], beside: Making) -> None:
    for step in steps:
        step(beside)
