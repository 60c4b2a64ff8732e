"""The accounts: what was planted about who they are holds in the client's customers."""

import numpy as np
import pytest
from scipy import stats

from segutils.samples.customers import accounts, profiles

SEGMENTS = [segment.name for segment in profiles.SEGMENTS]


def share_error(share: float, rows: int) -> float:
    return float(np.sqrt(share * (1 - share) / rows))


@pytest.fixture(scope="module")
def known(made):
    """Accounts with their truth beside what the client knows."""
    return made.ask("select * from client.customers join truth.accounts using (customer_id)")


def test_segments_have_their_shares(made):
    found = made.ask("select segment_before, count(*) as n from draft.accounts group by all").set_index(
        "segment_before"
    )
    for segment in profiles.SEGMENTS:
        # exact but for second accounts, which take the segment of their first: 4 % change segment at most
        share = found.n[segment.name] / made.accounts
        moved = share_error(segment.share, round(made.accounts * accounts.SECOND_ACCOUNTS)) * 0.04
        assert abs(share - segment.share) <= 4 * moved + 1 / made.accounts


@pytest.mark.parametrize(
    ("column", "labels", "shares"),
    [
        ("sales_segment", accounts.SALES_LABELS, accounts.SALES_SHARES),
        ("strategy_segment", accounts.STRATEGY_LABELS, accounts.STRATEGY_SHARES),
        ("industry", accounts.INDUSTRIES, accounts.INDUSTRY_WEIGHTS),
        ("acquisition_channel", accounts.ACQUIRED_THROUGH, accounts.ACQUIRED_SHARES),
    ],
)
def test_labels_follow_the_true_segment_as_planted(known, within, column, labels, shares):
    for segment in SEGMENTS:
        rows = known[known.segment_before == segment]
        for label, share in zip(labels, np.divide(shares[segment], sum(shares[segment])), strict=True):
            error = share_error(share, len(rows)) * np.sqrt(1.08)  # second accounts repeat their firm's label
            within((rows[column] == label).mean(), share, error, what=f"{column} {label} of {segment}")


def test_the_protected_attribute_has_its_proxy(known, within):
    for industry in accounts.INDUSTRIES:
        rows = known[known.industry == industry]
        share = accounts.WOMEN_OWNED.get(industry, accounts.WOMEN_OWNED_ELSEWHERE)
        within(rows.women_owned.mean(), share, share_error(share, len(rows)) * 1.04, what=industry)
    for owned, shares in ((True, accounts.ASSOCIATION_IF_WOMEN_OWNED), (False, accounts.ASSOCIATION_ELSE)):
        rows = known[known.women_owned == owned]
        for name, share in zip(accounts.ASSOCIATION, shares, strict=True):
            error = share_error(share, len(rows)) * 1.04
            within((rows.association == name).mean(), share, error, what=f"{name}, {owned}")


def test_the_null_client_has_no_proxy_and_no_base(null):
    known = null.ask("select * from client.customers")
    pairs = [
        ("women_owned", "association"),
        ("women_owned", "industry"),
        ("sales_segment", "strategy_segment"),
        ("sales_segment", "industry"),
        ("strategy_segment", "region"),
    ]
    for one, other in pairs:
        table = known.groupby([one, other]).size().unstack(fill_value=0)
        assert stats.chi2_contingency(table).pvalue > 1e-4, (one, other)


def test_churn_is_the_segments_hazard(made, within):
    lives = made.ask("select segment_before, churned, ends - starts as days from draft.accounts")
    for segment in profiles.SEGMENTS:
        rows = lives[(lives.segment_before == segment.name) & (lives.days > 0)]
        years = rows.days.sum() / 365.25
        deaths = rows.churned.sum()
        within(deaths / years, segment.churn, np.sqrt(deaths) / years, what=segment.name)


def test_a_share_of_accounts_never_orders(made, within):
    found = made.ask("select segment_before, never_buys from draft.accounts")
    for segment in profiles.SEGMENTS:
        rows = found[found.segment_before == segment.name]
        within(
            rows.never_buys.mean(),
            segment.never,
            share_error(segment.never, len(rows)) * 1.04,
            what=segment.name,
        )
    silent = made.ask("""
        select count(*) as n from client.transactions join truth.accounts using (customer_id)
        where never_buys""")
    assert silent.n.item() == 0


def test_drift_and_exception_are_where_they_were_planted(made, within):
    found = made.ask("""
        select region, segment_before, segment, count(*) as n from draft.accounts
        where segment <> segment_before group by all""")
    assert set(found.region) == {profiles.DRIFT_REGION}
    assert set(found.segment_before) == {profiles.DRIFT_SEGMENT} and set(found.segment) == {
        profiles.DRIFT_INTO
    }
    truth = made.ask("select * from truth.drift").iloc[0]
    error = share_error(profiles.DRIFT_SHARE, truth.accounts_eligible)
    within(truth.accounts_drifted / truth.accounts_eligible, profiles.DRIFT_SHARE, error)
    exception = made.ask(
        "select distinct region, segment from truth.accounts join client.customers "
        "using (customer_id) where profile = 'consolidated'"
    )
    assert exception.to_numpy().tolist() == [[profiles.EXCEPTION_REGION, "maintenance"]]


def test_second_accounts(made, null):
    found = made.ask("select count(*) as n, count(distinct entity) as firms from truth.accounts")
    assert found.n.item() - found.firms.item() == round(made.accounts * accounts.SECOND_ACCOUNTS)
    assert made.ask("select count(*) as n from truth.second_accounts").n.item() == round(
        made.accounts * accounts.SECOND_ACCOUNTS
    )
    assert null.ask("select count(*) as n from truth.second_accounts").n.item() == 0


def test_nothing_gives_a_segment_away(made):
    """No cell of any client table names a true segment."""
    words = {segment.words for segment in profiles.SEGMENTS} - {"Laboratories"}  # an industry, too
    names = {*SEGMENTS, *words, "consolidated", "everyone"}
    for table in made.list_tables("client"):
        columns = made.ask(f"describe client.{table}")
        for column in columns[columns.column_type == "VARCHAR"].column_name:
            if column in ("text", "comment", "product_line", "category"):
                continue
            found = made.ask(
                f"select distinct {column} as value from client.{table} limit 50000"
            ).value.dropna()
            assert not set(found) & names, f"{table}.{column}"
