"""The booked orders as one row each: when, through which channel, for how much; marketing hangs on them."""

from __future__ import annotations

from segutils.samples.making import CHUNK, FIRST_DAY, Making


def build_bookings(making: Making) -> None:
    """Which orders stand in ``client.transactions``, and what was each worth when it was placed?

    Leaves ``draft.bookings``: ``account, customer_id, order_id, ordered_at, day, channel, revenue``. What
    comes back later is not taken off: nobody who counts responses or conversions knows of it on that day.
    """
    making.run("""
        create table draft.bookings (account int, customer_id varchar, order_id varchar, ordered_at timestamp,
          day int, channel varchar, revenue decimal(18, 2))""")
    for first in range(0, making.accounts, CHUNK):
        limits = making.ask(f"""
            select min(customer_id) as low, max(customer_id) as high from draft.accounts
            where account between {first} and {first + CHUNK - 1}""").iloc[0]
        # the range of ids lets the engine skip the other chunks' row groups; the numbers make it exact
        making.run(f"""
            insert into draft.bookings
            select account, customer_id, order_id, ordered_at,
              (ordered_at::date - date '{FIRST_DAY}')::int as day, channel, sum(net_revenue)
            from client.transactions join draft.accounts using (customer_id)
            where customer_id between '{limits.low}' and '{limits.high}'
              and account between {first} and {first + CHUNK - 1} and quantity > 0
            group by all""")
