"""What was planted in the tickets stands in them, and nothing stands in the null client's."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score

from segutils.samples.customers import accounts
from segutils.samples.customers.profiles import SEGMENTS
from segutils.samples.making import AS_OF, Making, open_making
from segutils.samples.orders import assortment, orders
from segutils.samples.voices import ticket_plans, tickets
from segutils.samples.voices.ticket_texts import ABOUT_MONEY, MONEY_TOPIC, SECOND_MATTER, VAGUE

# words of feeling that anybody would list, without a look at the generator
NEGATIVE = """
absurd alarming angry annoyed annoying awful bad bitter bug chaotic complain complains confusing contradictory
disappointed disappointing disaster disgrace disgusted dissatisfied embarrassing fed frustrated frustrating
furious hate hopeless horrible infuriating insulting joke lousy mess miserable mistake nightmare offensive
outrageous pain pathetic poor regret ridiculous rip shame shameful sick slap sloppy stupid terrible tired
unacceptable unbelievable unfair unhappy unreliable upset useless waste wasted worrying worse worst
"""
POSITIVE = """
amazing appreciate appreciated brilliant delighted enjoy excellent fair fantastic friendly generous glad
grateful great happy helpful impressed impressive improvement kind love nice perfect pleasant pleased pleasure
praised satisfied superb thank thanked thanks well wonderful wonderfully remarkably impressively
"""
REDACTED = re.compile(r"[\w.]+@[\w.]+|[A-Z]{2}\d\d[ \d]{12,}|\+?\d[\d ()./-]{6,}\d")


def read_tickets(making: Making) -> pd.DataFrame:
    """The client's tickets beside who wrote them, what they are truly about, and who that is."""
    return making.ask("""
        select k.* exclude (customer_id), k.customer_id as known, t.* exclude (ticket_id), a.region,
          a.strategy_segment, a.sales_segment, s.segment as last_segment, s.segment_before,
          case when k.opened_at < s.switches_on then s.segment_before else s.segment end as segment
        from client.tickets as k join truth.tickets as t using (ticket_id)
          join draft.accounts as a on a.customer_id = t.customer_id
          join truth.accounts as s on s.customer_id = t.customer_id
        order by ticket_id""")


def read_writers(making: Making) -> pd.DataFrame:
    """A row per account that orders: years from the day after its first order to its last, known tickets."""
    return making.ask(f"""
        with bought as (
          select customer_id, min(ordered_at)::date as first_order from client.transactions
          where quantity > 0 group by customer_id
        ), written as (
          select customer_id, count(*) as tickets from client.tickets where product_id is not null
          group by customer_id
        )
        select customer_id, s.segment, s.segment_before, a.region, a.strategy_segment,
          coalesce(tickets, 0) as tickets,
          greatest(0, date_diff('day', first_order, coalesce(churned_on, date '{AS_OF}' + 1)) - 1) / 365.25
            as years
        from bought join truth.accounts as s using (customer_id) join draft.accounts as a using (customer_id)
          left join written using (customer_id)""")


def estimate_rate(writers: pd.DataFrame) -> pd.Series:
    """Known tickets a year, and the standard error of this ratio over accounts."""
    rate = writers.tickets.sum() / writers.years.sum()
    error = np.sqrt(((writers.tickets - rate * writers.years) ** 2).sum()) / writers.years.sum()
    return pd.Series({"rate": rate, "error": error})


def share_error(share: float, count: int) -> float:
    return np.sqrt(share * (1 - share) / count)


def strip_personal(texts: pd.Series) -> list[str]:
    return [REDACTED.sub(" ", text) for text in texts]


def fit_topics(texts: list[str]) -> np.ndarray:
    """The topic of each text: the largest of six NMF components of its TF-IDF weights."""
    words = TfidfVectorizer(
        stop_words="english", min_df=5, max_df=0.3, sublinear_tf=True, token_pattern=r"(?u)\b[a-zA-Z]{3,}\b"
    )
    weights = words.fit_transform(texts)
    return NMF(6, init="nndsvda", max_iter=1000, random_state=1).fit_transform(weights).argmax(axis=1)


def agree_between_halves(texts: list[str]) -> float:
    """Adjusted Rand index of the topics that two random halves of the words give, each for itself.

    Where words come together by topic, either half tells the topic; where they don't, the halves have
    nothing in common.
    """
    rng = np.random.default_rng(3)
    halves = [[], []]
    for text in texts:
        words = np.array(text.split(), dtype=object)
        first = rng.random(len(words)) < 0.5
        halves[0].append(" ".join(words[first]))
        halves[1].append(" ".join(words[~first]))
    return adjusted_rand_score(fit_topics(halves[0]), fit_topics(halves[1]))


def feel(text: str) -> str:
    """The tone by counting words of feeling."""
    words = re.findall("[a-z]+", text.lower())
    score = sum(word in POSITIVE.split() for word in words) - sum(word in NEGATIVE.split() for word in words)
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"


def chi_square(first: pd.Series, second: pd.Series) -> float:
    """The p-value of independence."""
    return stats.chi2_contingency(pd.crosstab(first, second)).pvalue


@pytest.fixture(scope="module")
def written(made):
    return read_tickets(made)


@pytest.fixture(scope="module")
def null_written(null):
    return read_tickets(null)


@pytest.fixture(scope="module")
def undisturbed(written):
    """Tickets of accounts that bought, outside the region and time of the early warning."""
    risen = (written.region == ticket_plans.RISE_REGION) & (
        written.opened_at >= pd.Timestamp(ticket_plans.RISE_DAY)
    )
    return written[written.product_id.notna() & ~risen]


def test_tickets_come_at_the_planted_rates(made, within):
    writers = read_writers(made)
    writers = writers[
        (writers.segment == writers.segment_before) & (writers.region != ticket_plans.RISE_REGION)
    ]
    for segment, group in writers.groupby("segment"):
        found = estimate_rate(group)
        planned = ticket_plans.RATES[segment] * (1 - ticket_plans.ANONYMOUS)
        within(found.rate, planned, found.error, 4, segment)


def test_about_one_and_a_third_tickets_an_account(made, written):
    assert 1.1 < len(written) / made.accounts < 1.5
    by_segment = read_writers(made).groupby("segment").tickets.mean()
    assert set(by_segment.nlargest(2).index) == {"legacy", "majors"}


def test_topic_shares_are_as_planted(made, undisturbed, within):
    for row in made.ask("from truth.ticket_rates").itertuples():
        topics = undisturbed.topic[undisturbed.segment == row.segment]
        error = share_error(row.topic_share, len(topics))
        within((topics == row.topic).mean(), row.topic_share, error, 4, f"{row.segment}, {row.topic}")


def test_tone_shares_are_as_planted(made, undisturbed, within):
    for row in made.ask("from truth.ticket_rates").itertuples():
        tones = undisturbed.tone[(undisturbed.segment == row.segment) & (undisturbed.topic == row.topic)]
        for tone in ticket_plans.TONES:
            planned = getattr(row, tone)
            error = share_error(planned, len(tones))
            within((tones == tone).mean(), planned, error, 4.5, f"{row.segment}, {row.topic}, {tone}")


def test_topics_can_be_read_from_the_words(written):
    sample = written.sample(4000, random_state=1)
    found = fit_topics(strip_personal(sample.text))
    assert adjusted_rand_score(sample.topic, found) > 0.7
    told = ~sample.vague & sample.second_topic.isna()
    assert adjusted_rand_score(sample.topic[told], found[told]) > 0.95


def test_some_texts_are_vague_or_about_two_topics(undisturbed, within):
    vague = undisturbed.vague
    within(vague.mean(), VAGUE, share_error(VAGUE, len(vague)), 4, "vague")
    second = undisturbed.second_topic[~vague]
    within(second.notna().mean(), SECOND_MATTER, share_error(SECOND_MATTER, len(second)), 4, "second topic")
    assert not (undisturbed.second_topic == undisturbed.topic).any()


def test_tone_can_be_read_from_the_words(written):
    sample = written.sample(2000, random_state=2)
    found = sample.text.map(feel)
    right = (found == sample.tone).groupby(sample.tone).mean()
    assert right.min() > 0.85, right


def test_a_topic_rises_in_one_region(made, written, within):
    """Tickets about the topic against others, after the day against before, there against elsewhere."""
    rise = made.ask("from truth.ticket_rises").iloc[0]
    after = written.opened_at >= rise.starts_on
    for there, planned in ((True, np.log(rise.factor)), (False, 0.0)):
        here = written[(written.region == rise.region) == there]
        counts = pd.crosstab(here.topic == rise.topic, after[here.index]).to_numpy()
        found = np.log(counts[1, 1] * counts[0, 0] / counts[1, 0] / counts[0, 1])
        within(found, planned, np.sqrt((1 / counts).sum()), 4, f"log of the rise, {there}")


def test_first_responses_are_within_the_target_as_planted(made, written, within):
    old = written[written.opened_at < pd.Timestamp(AS_OF) - pd.Timedelta(days=40)]
    for row in made.ask("from truth.service_times").itertuples():
        group = old[(old.segment == row.segment) & (old.priority == row.priority)]
        hours = (group.first_response_at - group.opened_at).dt.total_seconds() / 3600
        error = share_error(row.attainment, len(group))
        within((hours <= row.target_hours).mean(), row.attainment, error, 4, f"{row.segment}, {row.priority}")


def test_service_times_are_as_planted(made, written, within):
    old = written[written.opened_at < pd.Timestamp(AS_OF) - pd.Timedelta(days=200)]
    for row in made.ask("from truth.service_times").itertuples():
        group = old[(old.segment == row.segment) & (old.priority == row.priority)]
        response = np.log((group.first_response_at - group.opened_at).dt.total_seconds() / 3600)
        within(response.mean(), np.log(row.response_median), response.sem(), 4, f"response, {row.segment}")
        solved = (group.resolved_at - group.first_response_at).dropna().dt.total_seconds() / 3600
        solution = np.log(solved)
        within(solution.mean(), np.log(row.resolution_median), solution.sem(), 4, f"solution, {row.segment}")
        everyone = written[(written.segment == row.segment)]
        within(
            (everyone.priority == row.priority).mean(),
            row.share,
            share_error(row.share, len(everyone)),
            4,
            f"{row.segment}, {row.priority}",
        )
    unsolved = old.resolved_at.isna()
    planned = ticket_plans.NEVER_RESOLVED
    within(unsolved.mean(), planned, share_error(planned, len(old)), 4, "never resolved")


def test_times_are_in_order_and_within_the_history(made, written, null_written):
    for table in (written, null_written):
        assert (table.first_response_at.dropna() > table.opened_at[table.first_response_at.notna()]).all()
        solved = table.resolved_at.notna()
        assert (table.resolved_at[solved] > table.first_response_at[solved]).all()
        assert table[["opened_at", "first_response_at", "resolved_at"]].max().max() < pd.Timestamp(
            AS_OF
        ) + pd.Timedelta(days=1)
        assert table.opened_at.is_monotonic_increasing
    recent = written.opened_at > pd.Timestamp(AS_OF) - pd.Timedelta(days=3)
    assert written.resolved_at[recent].isna().mean() > 0.4
    outside = made.ask("""
        select count(*) as n from truth.tickets join client.tickets using (ticket_id)
          join truth.accounts as a on a.customer_id = truth.tickets.customer_id
        where opened_at < starts_on or opened_at >= churned_on""")
    assert outside.n.item() == 0


def test_the_product_was_bought_before(made, null):
    for making in (made, null):
        unknown = making.ask("""
            select count(*) as n from client.tickets as k join truth.tickets as t using (ticket_id)
            where product_id is not null and not exists (
              select 1 from client.transactions as x where x.customer_id = t.customer_id
                and x.product_id = k.product_id and x.ordered_at < k.opened_at and x.quantity > 0)""")
        assert unknown.n.item() == 0
        without = making.ask("""
            select count(*) as n, count(x.customer_id) as bought
            from client.tickets as k join truth.tickets as t using (ticket_id)
              left join (select distinct customer_id from client.transactions) as x
                on x.customer_id = t.customer_id
            where product_id is null""")
        tickets_made = making.ask("select count(*) as n from client.tickets").n.item()
        assert without.bought.item() == 0
        assert 0 < without.n.item() < 0.08 * tickets_made


def test_a_share_of_tickets_is_anonymous(written, within):
    planned = ticket_plans.ANONYMOUS
    within(written.known.isna().mean(), planned, share_error(planned, len(written)), 4, "anonymous")
    known = written[written.known.notna()]
    assert (known.known == known.customer_id).all()


def test_personal_data_stand_where_the_truth_says(made, null):
    for making in (made, null):
        found = making.ask("""
            select p.ticket_id, p.kind, p.text as datum, p.starts, p.stops, k.text
            from truth.personal_data as p join client.tickets as k using (ticket_id)""")
        cut = [row.text[row.starts : row.stops] for row in found.itertuples()]
        assert cut == found.datum.tolist()
        assert all(row.text.count(row.datum) == 1 for row in found.itertuples())
        assert not found.duplicated(["ticket_id", "kind"]).any()


def test_personal_data_come_in_planted_shares(made, null, within):
    for making in (made, null):
        tickets_made = making.ask(
            "select k.text, t.topic from client.tickets k join truth.tickets t using (ticket_id)"
        )
        found = making.ask("from truth.personal_data")
        for row in making.ask("from truth.personal_data_shares").itertuples():
            among = len(tickets_made) if row.topic == "all" else (tickets_made.topic == row.topic).sum()
            assert row.topic == ("all" if making.null or row.kind not in ABOUT_MONEY else MONEY_TOPIC)
            share = (found.kind == row.kind).sum() / among
            within(share, row.share, share_error(row.share, among), 4, row.kind)
        # what a pattern finds in the texts is what the truth knows
        for kind, pattern in (("email", r"[\w.]+@[\w.]+\w"), ("iban", r"\b(?:DE|FR|ES|PL)\d\d[ \d]{16,}")):
            seen = sum(len(re.findall(pattern, text)) for text in tickets_made.text)
            assert seen == (found.kind == kind).sum()


def test_personal_data_are_plainly_fictitious(made):
    found = made.ask("select kind, text from truth.personal_data").groupby("kind").text.unique()
    hosts = {address.split("@")[1] for address in found["email"]}
    assert all(re.search(r"(^|\.)example(\.(com|org|net))?$", host) for host in hosts)
    free = (
        r"(\+49|0)(0?30231250?|2214710|0?4066969|8999998|0?6990009)|(\+33|0)(19900|63998|46571|35301|26191)|"
    )
    free += r"(\+44|0044)(0?1632960|0?2079460|1614960|1134960)"
    for number in found["phone"]:
        assert re.match(free, re.sub(r"[^\d+]", "", number)), number
    assert all(
        re.search("Muster|Beispiel|xemple|Modèle|Fictiv|Ejemplo|Ficticia|Muestra|zykład|zorcow", s)
        for s in found["street"]
    )
    for number in found["iban"]:
        plain = number.replace(" ", "")
        moved = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
        assert int(moved) % 97 == 1, number
        assert plain[4:12] == "00000000", number


def test_texts_are_complete_and_various(made, written, null_written):
    for table in (written, null_written):
        assert table.text.str.len().between(20, 1500).all()
        assert not table.text.str.contains(r"[{}|\[\]]|  | \.|\.\.|\bnan\b|None").any()
        names = [word for s in SEGMENTS for word in (s.name, s.words)]
        assert not table.text.str.contains(rf"\b(?:{'|'.join(names)})\b", case=False).any()
        assert table.text.nunique() > 0.998 * len(table)
    bare = written.text.str.replace(r"\d+", "0", regex=True)
    assert bare.nunique() > 0.99 * len(written)
    opening = bare.str.slice(0, 60)
    assert opening.value_counts(normalize=True).iloc[0] < 0.02


def test_null_words_tell_no_topic(null_written, written):
    texts = strip_personal(null_written.text)
    assert abs(agree_between_halves(texts)) < 0.01
    assert agree_between_halves(strip_personal(written.sample(len(texts), random_state=3).text)) > 0.4


def test_null_tickets_are_the_same_for_everyone(null, null_written):
    writers = read_writers(null)
    overall = estimate_rate(writers).rate
    assert overall == pytest.approx(ticket_plans.RATES["everyone"] * (1 - ticket_plans.ANONYMOUS), rel=0.12)
    for by in ("strategy_segment", "region"):
        for name, group in writers.groupby(by):
            found = estimate_rate(group)
            assert abs(found.rate - overall) < 4 * found.error, name
    on_time = null_written.first_response_at - null_written.opened_at < pd.Timedelta(hours=24)
    usual = null_written.priority == "normal"
    recent = null_written.opened_at >= pd.Timestamp(ticket_plans.RISE_DAY)
    for by in (null_written.strategy_segment, null_written.sales_segment, null_written.region):
        assert chi_square(null_written.tone, by) > 1e-4
        assert chi_square(on_time[usual], by[usual]) > 1e-4
        assert chi_square(recent, by) > 1e-4
    assert null.ask("from truth.ticket_rises").empty


def test_the_client_differs_where_the_null_client_does_not(made, written):
    """The estimators of the null test are sharp enough to find what is planted."""
    writers = read_writers(made)
    by_label = writers.groupby("strategy_segment").apply(estimate_rate)
    assert by_label.rate.max() - by_label.rate.min() > 8 * by_label.error.max()
    assert chi_square(written.tone, written.strategy_segment) < 1e-6
    usual = written.priority == "normal"
    on_time = written.first_response_at - written.opened_at < pd.Timedelta(hours=24)
    assert chi_square(on_time[usual], written.strategy_segment[usual]) < 1e-6


@pytest.mark.parametrize("null", [False, True])
def test_small_clients_and_one_thread_give_the_same(null):
    """The smallest client has tickets too, and threads change nothing."""
    seen = []
    for threads in (1, 2):
        with open_making(accounts=200, seed=11, null=null, threads=threads) as making:
            assortment.build_products(making)
            accounts.build_accounts(making)
            orders.open_extra_orders(making)
            orders.build_orders(making)
            tickets.build_tickets(making)
            seen.append(making.ask("from client.tickets"))
    pd.testing.assert_frame_equal(*seen)
    assert 100 < len(seen[0]) < 500
