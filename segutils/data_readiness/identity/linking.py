"""With which weight does each pair of records belong together, by a model that learns without labels?

Fellegi and Sunter's model (1969), fitted by splink: how often each degree of agreement occurs among pairs
drawn at random (u) and, by expectation maximisation, among pairs that belong together (m). A degree's weight
is log2(m / u) in bits, and the weights of a pair add up.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from segutils.data_readiness.identity import blocking, certain_links, comparisons
from segutils.data_readiness.identity.normalising import normalise_records, normalise_street

TABLE = "identity_compared"
TRAINED_ON: Sequence[tuple[str, ...]] = (
    ("phone",),
    ("firm_domain",),
    ("identifier",),
    ("birth_date",),
    ("postcode", "house"),
    ("own_email",),
    ("person",),
)
LEAVES_OUT = {
    "phone": "phone",
    "firm_domain": "firm",
    "identifier": "identifier",
    "birth_date": "birth",
    "postcode": "place",
    "own_email": "contact",
    "person": "contact",
}
FEWEST_LINKS = 30  # certain links from which a model can learn
DEFAULT_M = 0.95  # where there is nothing to learn from: how often records of one customer agree
FLOOR = -10.0  # bits; pairs below are not kept
PAIRS_A_RECORD = 20
FEWEST_PAIRS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Linkage:
    """What linking found; see :func:`fit_linkage`.

    Parameters
    ----------
    ids : pandas.DataFrame
        ``row, source, record_id, certain`` (the certain group as a row number), one row per record.
    pairs : pandas.DataFrame
        ``row, first, weight`` (bits), ``probability, rule, elsewhere`` (phone and address both speak
        against), one row per compared pair above the floor.
    weights : pandas.DataFrame
        ``comparison, degree, m, u, weight, learned``, one row per degree of agreement.
    blocking : pandas.DataFrame
        The candidate rules; see :func:`~segutils.data_readiness.identity.blocking.choose_blocking`.
    prior : float
        Probability that two records drawn at random belong together.
    learned : bool
        Whether there were certain links enough to learn from.
    """

    ids: pd.DataFrame
    pairs: pd.DataFrame
    weights: pd.DataFrame
    blocking: pd.DataFrame
    prior: float
    learned: bool


def fit_linkage(
    records: ir.Table,
    *,
    max_per_record: float = 10,
    rules_recall: float = 0.8,
    max_shared: int = certain_links.MAX_SHARED,
    random_pairs: int | None = None,
    seed: int = 20221,
) -> Linkage:
    """Which records may belong together, and with which weight of evidence?

    Parameters
    ----------
    records : ibis.Table
        ``source, record_id`` and identifying columns; see
        :func:`~segutils.data_readiness.identity.normalising.normalise_records`. Spellings are levelled on
        the engine where the records are. On DuckDB the comparison runs there, too; from any other engine (and
        from a DuckDB file that may only be read) the levelled columns are copied into a DuckDB in memory.
    max_per_record : float
        Comparisons a record, over all blocking rules.
    rules_recall : float
        Stated share (0-1) of true links that the certain rules find; it sets the prior.
    max_shared : int
        Records that may share a certain key.
    random_pairs : int, optional
        Pairs drawn to learn how often strangers agree; default 20 a record, and a million at least.
    seed : int

    Returns
    -------
    Linkage
    """
    normalised = certain_links.number_records(normalise_records(records))
    table = _place(normalised)
    compared = table.get_backend().create_table(TABLE, _prepare(table), temp=True, overwrite=True)
    ids = compared.select("row", "source", "record_id").order_by("row").to_pandas()
    certain = certain_links.find_certain_pairs(table, max_shared=max_shared)
    ids["certain"] = certain_links.close_pairs(certain, records=len(ids))
    rules = blocking.choose_blocking(
        blocking.count_comparisons(compared, ids.certain.to_numpy()),
        records=len(ids),
        max_per_record=max_per_record,
    )
    links = _count_pairs(ids.certain)
    model = _Model(compared, rules, learned=links >= FEWEST_LINKS)
    prior = min(0.5, max(links, 1) / rules_recall / (len(ids) * (len(ids) - 1) / 2))
    model.train(prior, random_pairs or max(FEWEST_PAIRS, PAIRS_A_RECORD * len(ids)), seed)
    pairs, counted = model.predict()
    model.close()
    for name in (TABLE, f"{TABLE}_records"):
        table.get_backend().drop_table(name)
    used = rules.index[rules.used]
    compared_by = counted.reindex(range(len(used)), fill_value=0).set_axis(used)
    rules["new_comparisons"] = compared_by.reindex(rules.index).astype("Int64")
    pairs["rule"] = rules.rule[used].to_numpy()[pairs.rule] if len(pairs) else pairs.rule
    return Linkage(
        ids=ids, pairs=pairs, weights=model.weights(), blocking=rules, prior=prior, learned=model.learned
    )


def _place(normalised: ir.Table) -> ir.Table:
    """The records on a DuckDB that may be written to: their own, or one in memory."""
    own = normalised.get_backend()
    if own.name == "duckdb":
        state = "select readonly from duckdb_databases() where database_name = current_database()"
        if not own.con.execute(state).fetchone()[0]:
            return own.create_table(f"{TABLE}_records", normalised, temp=True, overwrite=True)
    local = ibis.duckdb.connect()
    return local.create_table(f"{TABLE}_records", normalised.to_pyarrow())


def _prepare(table: ir.Table) -> ir.Table:
    """What is compared: beside the levelled columns what says whether a mailbox or domain is one's own."""
    firms = table.group_by("domain").agg(firms=table.company.nunique())
    hosts = table.group_by("mailbox").agg(hosts=table.domain.nunique())
    joined = table.left_join(firms, "domain").left_join(hosts, "mailbox")
    names = joined.name.split(" ").unique().sort()
    places = normalise_street(joined.street.fill_null("") + " " + joined.city.fill_null(""))
    words = places.split(" ").unique().sort()
    return joined.select(
        "row",
        "source",
        "record_id",
        *("phone", "company", "house", "city", "postcode", "birth_date", "identifier"),
        unique_id=joined.row,
        names=names,
        person=names.join(" "),
        first_word=names[0],
        last_word=names[names.length() - 1],
        # a domain of many firms is a provider's, a mailbox at many domains (info, sales) is nobody's own
        firm_domain=joined.site.coalesce((joined.firms < 5).ifelse(joined.domain, ibis.null("string"))),
        own_email=(joined.hosts < 10).ifelse(joined.email, ibis.null("string")),
        company_start=joined.company.re_replace(" ", "").substr(0, 8),
        places=words,
        place=words.join(" "),
    )


def _count_pairs(groups: pd.Series) -> int:
    sizes = groups.value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


class _Model:
    """splink's linker, from settings to predictions; the degrees' m and u are read from its settings."""

    def __init__(self, compared: ir.Table, rules: pd.DataFrame, *, learned: bool) -> None:
        self.learned = learned
        logging.getLogger("splink").setLevel(logging.ERROR)  # its progress would stand in the notebook
        self.con = compared.get_backend().con
        self.api = DuckDBAPI(self.con)
        self.table = self.api.register(TABLE)
        self.rules = rules[rules.used]
        counts = compared.agg(**{c: compared[c].count() for c in compared.columns}).to_pandas().iloc[0]
        filled = [column for column in compared.columns if counts[column]]
        filled += ["name"] * ("person" in filled)
        self.keys = comparisons.choose_comparisons(filled)
        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="unique_id",
            comparisons=comparisons.build_comparisons(self.keys),
            blocking_rules_to_generate_predictions=[block_on(*columns) for columns in self.rules["columns"]],
            retain_matching_columns=False,
            retain_intermediate_calculation_columns=True,
        )
        self.linker = Linker(self.table, settings, log_level=None)
        self.model: dict[str, Any] = {}
        self.seen: set[int] = set()

    def train(self, prior: float, random_pairs: int, seed: int) -> None:
        self.linker.training.estimate_u_using_random_sampling(max_pairs=random_pairs, seed=seed)
        if self.learned:
            for columns in self._sessions():
                self.linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(*columns), fix_probability_two_random_records_match=False
                )
        model = self.linker.misc.save_model_to_json()
        model["probability_two_random_records_match"] = prior
        for comparison in model["comparisons"]:
            degrees = comparison["comparison_levels"]
            self.seen |= {id(level) for level in degrees if "m_probability" in level}
            _fill_unseen(degrees, rarest=0.5 / random_pairs)
        self.model = model

    def _sessions(self) -> list[tuple[str, ...]]:
        """Blocking for training: each leaves out another comparison, so that all are learned."""
        affordable = {tuple(columns): n for columns, n in self.rules[["columns", "comparisons"]].to_numpy()}
        chosen: dict[str, tuple[str, ...]] = {}
        for columns in TRAINED_ON:
            if affordable.get(columns, 0) >= FEWEST_LINKS:
                chosen.setdefault(LEAVES_OUT[columns[0]], columns)
        return list(chosen.values())[:3]

    def predict(self) -> tuple[pd.DataFrame, pd.Series]:
        """Pairs above the floor, and comparisons by the number of the rule that made them."""
        linker = Linker(self.table, self.model, log_level=None)
        predicted = linker.inference.predict()
        name = predicted.physical_name
        counted = self.con.execute(
            f"select match_key::int as rule, count(*) as n from {name} group by 1"
        ).df()
        elsewhere = " and ".join(f"mw_{key} < 0" for key in ("phone", "place") if key in self.keys)
        both = elsewhere if {"phone", "place"} <= set(self.keys) else "false"
        pairs = self.con.execute(
            f"""select unique_id_l::bigint as "row", unique_id_r::bigint as "first",
            round(match_weight, 6) as weight, match_probability as probability, match_key::int as rule,
            {both} as elsewhere from {name} where match_weight >= {FLOOR} order by 1, 2"""
        ).df()
        return pairs, counted.set_index("rule").n

    def close(self) -> None:
        self.api.delete_tables_created_by_splink_from_db()

    def weights(self) -> pd.DataFrame:
        rows = []
        for comparison in self.model["comparisons"]:
            for level in comparison["comparison_levels"]:
                if level.get("is_null_level"):
                    continue
                m, u = level["m_probability"], level["u_probability"]
                name = comparisons.EVIDENCE[comparison["output_column_name"]].name
                rows.append((name, level["label_for_charts"], m, u, np.log2(m / u), id(level) in self.seen))
        return pd.DataFrame(rows, columns=["comparison", "degree", "m", "u", "weight", "learned"])


def _fill_unseen(levels: list[dict[str, Any]], *, rarest: float) -> None:
    """Degrees that training saw too seldom: a weaker degree never weighs more than a stronger one.

    One not seen among links weighs as much as the next weaker one; one not seen among strangers counts as
    seen half a time. Where nothing was learned, records of one customer agree with the default m.
    """
    known = [level for level in levels if not level.get("is_null_level")]
    for level in known:
        level["u_probability"] = max(level.get("u_probability", 0.0), rarest)
    if not any("m_probability" in level for level in known):
        for level in known:
            level.update(m_probability=DEFAULT_M / (len(known) - 1))
        known[-1]["m_probability"] = 1 - DEFAULT_M
    weaker = known[-1]
    weaker.setdefault("m_probability", 1e-3)
    for level in reversed(known[:-1]):
        if "m_probability" not in level:
            ratio = weaker["m_probability"] / weaker["u_probability"]
            level.update(m_probability=min(0.999, ratio * level["u_probability"]))
        weaker = level
    for stronger, level in pairwise(known):
        most = stronger["m_probability"] / stronger["u_probability"]
        level["u_probability"] = max(level["u_probability"], level["m_probability"] / most)
