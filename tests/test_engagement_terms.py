"""What the client wants and allows: read as it is meant; each mistake refused at its line, with its fix."""

import json
from datetime import date

import pytest

from segutils import engagement, schemas
from segutils.errors import InputError
from segutils.tables import DEMO

MANUFACTURER = DEMO.parents[1] / "manufacturer" / "engagement.yml"

# stands at the end of the small client's file: lines 26 to 67
TERMS = """\
objectives:
  - {goal: Up, kind: growth, measure: revenue_growth, target: 0.05, by: 2025-12-31, capacity: 0.5, owner: Ann}
targets:
  - {measure: net_revenue, target: 1000, owner: Ann}
weights:
  attractiveness:
    criteria:
      growth: {means: of the market}
      cost: {means: to serve, better: lower}
    raters:
      - name: Ann
        weights: {growth: 0.7, cost: 0.3}
      - name: Bob
        comparisons: [[1, 1/3], [3, 1]]
thresholds:
  - {question: size, measure: customers, min: 100, periods: 2, owner: Bob}
costs:
  - {item: running it, amount: 900, per: segment, every: year, owner: Ann}
  - {item: serving, amount: 12.5, per: order, channel: shop, owner: Ann}
margin_ladder:
  - {level: CM1, means: after goods, deducts: [unit_cost]}
  - {level: CM2, means: after sales, deducts: [sales, freight]}
budgets:
  - {item: Media, amount: 5000, horizon: "2025", questions: [media-mix], owner: Bob}
organisation: {max_messages: 4, headcount: {sales: 6.5}, owner: Bob}
definitions:
  active_customer:
    Sales: days_since(transactions.ordered_at) <= 365
    Finance: sum(transactions.net_revenue, days=365) > 0 and region != "test"
owners:
  Ann: {role: finance, answers_for: [money]}
  Bob: {role: sales, answers_for: [customers]}
governance:
  roles: {finance: counts, sales: sells}
  minimum_count: 5
  access:
    - {role: finance, detail: customers, regions: [all], product_lines: [all]}
    - {role: sales, detail: segments, regions: [north], product_lines: [wine]}
  approvals:
    - {change: price, segments: [B], above: 0.05, approvers: [finance, sales], regulated: true}
  council: {members: [finance, sales], chair: sales, quorum: 2, meets: quarter, escalates_to: finance}
jurisdictions: [EU, DE, US-CA]
"""


@pytest.fixture
def terms(small_engagement):
    with small_engagement.open("a", encoding="utf-8") as stream:
        stream.write(TERMS)
    return small_engagement


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refused(path) -> InputError:
    with pytest.raises(InputError) as caught:
        engagement.load_engagement(path)
    return caught.value


def test_every_section_is_read_as_it_is_meant(terms):
    found = engagement.load_engagement(terms)
    (goal,) = found.objectives
    assert (goal.kind, goal.perspective) == ("growth", "financial")
    assert (goal.target, goal.by) == (0.05, date(2025, 12, 31))
    weighting = found.weights["attractiveness"]
    assert [criterion.better for criterion in weighting.criteria.values()] == ["higher", "lower"]
    assert weighting.raters[0].weights == {"growth": 0.7, "cost": 0.3}
    assert weighting.raters[1].comparisons == [[1, pytest.approx(1 / 3)], [3, 1]]
    (size,) = found.thresholds
    assert (size.min, size.max, size.periods) == (100, None, 2)
    assert [(c.amount, c.per, c.every, c.channel) for c in found.costs] == [
        (900, "segment", "year", ""),
        (12.5, "order", None, "shop"),
    ]
    assert [line.deducts for line in found.margin_ladder] == [["unit_cost"], ["sales", "freight"]]
    assert found.budgets[0].questions == ["media-mix"] and found.budgets[0].horizon == "2025"
    assert found.organisation.max_messages == 4 and found.organisation.headcount == {"sales": 6.5}
    assert list(found.definitions["active_customer"]) == ["Sales", "Finance"]
    assert found.owners["Bob"].role == "sales"
    governance = found.governance
    assert governance.minimum_count == 5 and governance.access[1].regions == ["north"]
    (approval,) = governance.approvals
    assert approval.regulated and approval.approvers == ["finance", "sales"] and approval.above == 0.05
    assert governance.council.quorum == 2 and governance.council.escalates_after_days == 30
    assert found.jurisdictions == ["EU", "DE", "US-CA"]


def test_a_file_without_any_of_it_has_nothing_and_hides_small_cells(small_engagement):
    found = engagement.load_engagement(small_engagement)
    assert not (found.objectives or found.weights or found.costs or found.definitions or found.owners)
    assert found.organisation is None and found.governance.council is None
    assert found.governance.minimum_count == 10


def test_it_survives_its_json_and_counts_in_the_fingerprint(terms):
    found = engagement.load_engagement(terms)
    again = engagement.read_json(json.loads(json.dumps(engagement.to_json(found))), terms.parent)
    assert engagement.to_json(again) == engagement.to_json(found)
    before = engagement.fingerprint(found)
    edit(terms, "amount: 900", "amount: 901")
    assert engagement.fingerprint(engagement.load_engagement(terms)) != before


# what is written → what instead | line | what the message says | what its fix says
MISTAKES = """
kind: growth → kind: grow | 27 | 'kind': 'grow' is not known here | write growth, share
measure: revenue_growth,  → | 27 | the key 'measure' is missing | such as net_revenue
capacity: 0.5 → capacity: 5 | 27 | 'capacity': 5 is above 1 | from 0 (not at all) to 1
amount: 900 → amount: -1 | 43 | 'amount': -1 is below 0 | 0 or more
amount: 900 → amount: .inf | 43 | 'amount': inf is no number to count with | 0 or more
per: order → per: orders | 44 | 'per': 'orders' is not known here | customer, order, campaign
channel: shop, owner: Ann → channel: shop | 44 | the key 'owner' is missing | who answers for it
periods: 2, owner: Bob → owner: B, CFO | 41 | unknown key 'CFO' | stands in quotes
better: lower → beter: lower | 34 | unknown key 'beter' | did you mean 'better'?
[1, 1/3] → [1, 12] | 39 | a comparison of 12 is outside of 1/9 to 9 | use 1 (equal), 3, 5
[1, 1/3] → [1, often] | 39 | 'comparisons': 'often' is no number | one row per criterion
weights: {growth: 0.7, cost: 0.3} → weights: {} | 36 | 'Ann' gives neither weights nor comparisons | give one
level: CM2 → level: CM4 | 47 | 'level': 'CM4' is not known here | write CM1, CM2 or CM3
regions: [all] → regions: all | 62 | 'regions': a list is wanted, not 'all' | or [all]
regions: [north] → regions: [all, north] | 63 | 'all' stands beside other names | names only
detail: segments → detail: all | 63 | 'detail': 'all' is not known here | single ones too
change: price → change: prices | 65 | 'change': 'prices' is not known here | write price, discount
quorum: 2,  → | 66 | the key 'quorum' is missing | add 'quorum:', how many members
[EU, DE → [UK, DE | 67 | jurisdiction 'UK' is not known | did you mean 'GB'?
[EU, DE → [NO, DE | 67 | NO without quotes means false | write "NO"
Ann: {role: finance, answers_for: [money]} → Ann: me | 56 | keys with values | {role, answers_for}
at) <= 365 → at) = 365 | 53 | the condition cannot be read at '= 365' | compare with '=='
region != "test" → [h for h in x] | 54 | '[h for h in x]' (character | use column names
attractiveness: → atractiveness: | 31 | there is no question 'atractiveness' | did you mean 'attractiveness'
question: size → question: sise | 41 | there is no question 'sise' | did you mean 'size'?
[media-mix] → [media-mx] | 49 | there is no question 'media-mx' | did you mean 'media-mix'?
growth: 0.7 → growth: 0.6 | 37 | the weights of 'Ann' add up to 0.9, not 1 | change them by +0.1 in all
cost: 0.3} → costs: 0.3} | 37 | unknown criterion 'costs' | did you mean 'cost'? criteria: growth, cost
growth: 0.7, cost: 0.3 → growth: 1 | 37 | 'Ann' gives no weight to cost | 0 says that it does not
[[1, 1/3], [3, 1]] → [[1, 3]] | 39 | are not 2 rows of 2 numbers | in this order: growth, cost
[3, 1]] → [3, 2]] | 39 | 'cost' is compared with itself as 2 | write 1
[3, 1]] → [2, 1]] | 39 | 'growth' over 'cost' is 1/3, but 'cost' over 'growth' is 2 | write 3 for the second
name: Bob → name: Ann | 38 | 'Ann' is given twice | keep one of them
min: 100,  → | 41 | the threshold for 'customers' has neither min nor max | add one of them
min: 100 → min: 100, max: 9 | 41 | nothing passes the threshold for 'customers' | correct them
serving, amount: 12.5, per: order, channel: shop → running it, amount: 1, per: segment | 44 | twice | keep one
level: CM1 → level: CM3 | 45 | the levels of the ladder are CM3, CM2 | in the order CM1, CM2, CM3
[sales, freight] → [unit_cost] | 47 | 'unit_cost' is taken off at CM1 and again at CM2 | keep it at one level
6.5}, owner: Bob → 6.5}, owner: Bo | 50 | unknown owner 'Bo' | did you mean 'Bob'?
1000, owner: Ann → 1000, owner: An | 29 | unknown owner 'An' | add it under owners, which has: Ann, Bob
transactions.ordered_at → transaction.ordered_at | 53 | there is no table 'transaction' | 'transactions'?
transactions.ordered_at → tickets.opened_at | 53 | 'tickets' is not given | this file gives: customers
transactions.ordered_at → transactions.orderd_at | 53 | unknown column of transactions | 'ordered_at'?
region != → regoin != | 54 | unknown column of customers 'regoin' | did you mean 'region'?
region != → household != | 54 | 'household' of 'customers' may not be used to segment | its owner decides
region != "test" → email != "x" | 54 | 'email' of 'customers' may not be used to segment | under privacy
region != "test" → region > 5 | 54 | region | text
Ann: {role: finance → Ann: {role: finanse | 56 | unknown role 'finanse' | did you mean 'finance'?
- {role: sales, detail → - {role: sale, detail | 63 | unknown role 'sale' | governance.roles, which has
approvers: [finance → approvers: [legal | 65 | unknown role 'legal' | add it under governance.roles
escalates_to: finance → escalates_to: board | 66 | unknown role 'board' | finance, sales
chair: sales → chair: board | 66 | unknown member 'board' | one of the members: finance, sales
members: [finance, → members: [finance, finance, | 66 | 'finance' is given twice | keep one of them
quorum: 2 → quorum: 3 | 66 | a quorum of 3 cannot be reached by 2 members | lower it
[EU, DE, US-CA] → [EU, DE, EU] | 67 | 'EU' is given twice | keep one of them
"""


@pytest.mark.parametrize("mistake", MISTAKES.strip().splitlines())
def test_each_mistake_is_refused_at_its_line(terms, mistake):
    change, line, what, fix = mistake.split(" | ")
    old, _, new = change.partition(" →")
    edit(terms, old, new.strip())
    error = refused(terms)
    assert what in error.what and fix in error.fix
    assert error.where.startswith(f"engagement.yml, line {line} (")


def test_without_a_list_of_owners_anybody_may_own(terms):
    text = terms.read_text(encoding="utf-8")
    start, end = text.index("owners:\n"), text.index("governance:\n")
    terms.write_text(text[:start] + text[end:], encoding="utf-8")
    assert not engagement.load_engagement(terms).owners


def test_several_mistakes_are_told_together(terms):
    edit(terms, "growth: 0.7", "growth: 0.9")
    edit(terms, "quorum: 2", "quorum: 4")
    error = refused(terms)
    assert error.what.startswith("2 problems in the engagement file")
    assert "line 37 (weights.attractiveness.raters.0.weights)" in error.what
    assert "line 66 (governance.council.quorum)" in error.what


def test_protected_attributes_do_not_hide_that_customers_are_missing(small_engagement):
    text = small_engagement.read_text(encoding="utf-8")
    start, end = text.index("  customers:"), text.index("  transactions:")
    small_engagement.write_text(text[:start] + text[end:], encoding="utf-8")
    assert "the table 'customers' is missing" in refused(small_engagement).what


@pytest.mark.parametrize("giver", ["customers", "products"])
def test_customers_are_completed_from_a_table_that_names_them(small_engagement, giver):
    edit(small_engagement, "path: customers.csv", f"path: customers.csv\n    add_missing_from: {giver}")
    assert refused(small_engagement).what == "add_missing_from cannot work here"


class TestManufacturer:
    """The simulated client's file, which needs no data to be read."""

    found = engagement.load_engagement(MANUFACTURER)

    def test_it_says_that_it_is_simulated(self):
        assert self.found.simulated and "no such company exists" in self.found.data_note
        assert self.found.slug == "halden-instruments" and self.found.logo.is_file()

    def test_it_gives_every_table_that_a_first_run_can_have(self):
        assert set(self.found.tables) == set(schemas.TABLES) - {"previous_segments"}
        for name, source in self.found.tables.items():
            assert source.path == f"tables/{name}.parquet"
            assert not set(source.columns) & set(schemas.TABLES[name].by_name), "found by themselves"
            has_times = any(column.type == "timestamp" for column in schemas.TABLES[name].columns)
            assert source.timezone == ("Europe/Berlin" if has_times else None), name

    def test_it_states_what_a_partner_asks_for(self):
        for section in ("objectives", "targets", "thresholds", "costs", "margin_ladder", "budgets", "owners"):
            assert getattr(self.found, section), section
        assert {goal.kind for goal in self.found.objectives} >= {"growth", "share", "retention"}
        assert self.found.jurisdictions == ["EU", "DE", "FR", "ES", "PL"]
        assert self.found.protected_attributes == ["women_owned"]
        for departments in (self.found.definitions["active_customer"], self.found.definitions["high_value"]):
            assert list(departments) == ["Sales", "Finance", "Marketing", "Service"]
            assert len(set(departments.values())) == 4
        for weighting in self.found.weights.values():
            assert len({str(rater.weights or rater.comparisons) for rater in weighting.raters}) == 3

    def test_every_role_is_granted_something_and_every_region_is_somebodys(self):
        governance = self.found.governance
        assert {grant.role for grant in governance.access} == set(governance.roles)
        regions = [region for grant in governance.access for region in grant.regions if region != "all"]
        assert len(regions) == len(set(regions)) == 12
