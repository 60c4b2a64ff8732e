"""How much of what customers spend in the category do they spend here?"""

import ibis.expr.types as ir
import pandas as pd

from segutils.impact.value.periods import join_segments, sort_segments


def build_wallet_shares(
    transactions: ir.Table,
    survey: ir.Table | None,
    segments: pd.DataFrame,
    quarter: pd.Series,
    *,
    wallet_item: str,
    min_respondents: int = 30,
) -> pd.DataFrame:
    """Which share of their stated spending in the category do the surveyed customers of a segment spend here?

    Parameters
    ----------
    transactions : ibis table
        customer_id, ordered_on, net_revenue.
    survey : ibis table, optional
        customer_id, item, answer: what the customer says to spend in the category in a quarter, with all
        suppliers. Without it the result is empty.
    segments : pandas.DataFrame
        customer_id, segment.
    quarter : pandas.Series
        period_start and period_end of the quarter, a row of
        :func:`~segutils.impact.value.periods.build_quarters`.
    wallet_item : str
        The survey item that asks for this spending.
    min_respondents : int
        A segment with fewer usable answers has no share.

    Returns
    -------
    pandas.DataFrame
        segment, respondents, stated_spend, net_revenue (both of the respondents, in the engagement's
        currency), share_of_wallet (share 0–1; missing below `min_respondents`). An answer below what the
        customer was invoiced cannot be all suppliers' total: it counts as the invoiced amount.
    """
    if survey is None:
        return pd.DataFrame(
            columns=["segment", "respondents", "stated_spend", "net_revenue", "share_of_wallet"]
        )
    first, last = quarter["period_start"].date(), quarter["period_end"].date()
    asked = survey.filter((survey.item == wallet_item) & survey.customer_id.notnull())
    answers = asked.select("customer_id", stated=asked.answer.cast("string").try_cast("float64"))
    answers = (
        answers.filter(answers.stated > 0).group_by("customer_id").aggregate(stated=answers.stated.mean())
    )
    bought = transactions.filter(transactions.ordered_on.between(first, last))
    bought = bought.group_by("customer_id").aggregate(own=bought.net_revenue.sum().cast("float64"))
    joined = answers.left_join(bought, "customer_id").drop("customer_id_right")
    people = join_segments(joined, segments).to_pandas().fillna({"own": 0.0})
    people["stated"] = people[["stated", "own"]].max(axis=1)
    shares = people.groupby("segment").agg(
        respondents=("stated", "size"), stated_spend=("stated", "sum"), net_revenue=("own", "sum")
    )
    shares = shares.loc[sort_segments(shares.index.tolist())].reset_index()
    share = shares["net_revenue"] / shares["stated_spend"]
    return shares.assign(share_of_wallet=share.where(shares["respondents"] >= min_respondents))
