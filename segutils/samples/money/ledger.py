"""The order lines in sums: what was sold per month, channel and kind of customer; how finance books it."""

from __future__ import annotations

from datetime import date

from segutils.samples.making import Making

# What finance does differently order by order; what it does to whole groups stands in finance.py.
TIMING_DAYS, TIMING_SHARE = 2, 0.4  # this share of orders of a month's last days is booked in the next month
DUPLICATES_MONTH, DUPLICATES_SHARE = date(2024, 5, 1), 0.08  # in this month this share of orders counts twice


def build_ledger(making: Making) -> None:
    """What was sold in each month, to whom, through which channel, and how does finance book it?

    Reads ``client.transactions`` and ``draft.bookings``; leaves

    - ``draft.ledger``: one row per month, channel, region, industry, customer group (`label`, the strategic
      taxonomy), true segment (of the last day) and way of booking. Returns (`returned`) are rows of their own
      with the month of the return, and `sold`, that of the sale, which for sales is the month itself. `lines`
      counts order lines without returns, `cost` is the cost of goods;
    - ``draft.order_counts``: orders per month, channel, label and true segment;
    - ``draft.buyers``: customers who ordered in the last year, per label and true segment.
    """
    timing, share = (0.0, 0.0) if making.null else (TIMING_SHARE, DUPLICATES_SHARE)
    # lines are grouped by one number for their kind of customer: five times as fast as by its names
    making.run("""
        create table draft.cells as
        select row_number() over (order by region, industry, label, segment)::int as cell, * from (
          select distinct region, industry, strategy_segment as label, segment from draft.accounts);
        create table draft.account_cells as
        select account, customer_id, cell from draft.accounts as a
          join draft.cells as c on a.region = c.region and a.industry = c.industry and a.segment = c.segment
            and a.strategy_segment = c.label""")
    making.run(f"""
        create table draft.ledger as
        with sales as (
          select {_month("ordered_at")} as month, channel, cell,
            case when ordered_at::date > last_day(ordered_at::date) - {TIMING_DAYS}
              then u1(draw('booked late', order_id)) < {timing} else false end as late,
            case when {_month("ordered_at")} = {_month(f"date '{DUPLICATES_MONTH}'")}
              then u1(draw('booked twice', order_id)) < {share} else false end as twice,
            count(*) as lines, sum(net_revenue) as revenue, sum(net_revenue - contribution_margin) as cost
          from client.transactions join draft.account_cells using (customer_id)
          where quantity > 0 group by all
        ), returns as (
          select {_month("t.ordered_at")} as month, {_month("b.ordered_at")} as sold, t.channel, cell,
            sum(net_revenue) as revenue, sum(net_revenue - contribution_margin) as cost
          from client.transactions as t join draft.account_cells using (customer_id)
            join draft.bookings as b using (order_id)
          where quantity < 0 group by all
        ), booked as (
          select *, month as sold, false as returned from sales
          union all by name
          select *, 0 as lines, true as returned, false as late, false as twice from returns
        )
        select {_first_day("month")} as month, {_first_day("sold")} as sold, returned, late, twice, channel,
          region, industry, label, segment, lines::bigint as lines, revenue::decimal(18, 2) as revenue,
          cost::decimal(18, 2) as cost
        from booked join draft.cells using (cell)""")
    making.run(f"""
        create table draft.order_counts as
        with counts as (
          select {_month("ordered_at")} as month, channel, cell, count(*) as orders
          from draft.bookings join draft.account_cells using (account) group by all
        )
        select {_first_day("month")} as month, channel, label, segment, sum(orders)::bigint as orders
        from counts join draft.cells using (cell) group by all;
        create table draft.buyers as
        with buyers as (
          select distinct account from draft.bookings where ordered_at >= timestamp '2025-01-01'
        )
        select label, segment, count(*) as buyers
        from buyers join draft.account_cells using (account) join draft.cells using (cell) group by all""")
    making.run("drop table draft.account_cells; drop table draft.cells")


def _month(moment: str) -> str:
    """SQL: the number of a moment's month."""
    return f"(12 * year({moment}) + month({moment}) - 1)"


def _first_day(month: str) -> str:
    """SQL: the first day of a numbered month."""
    return f"make_date({month} // 12, {month} % 12 + 1, 1)"
