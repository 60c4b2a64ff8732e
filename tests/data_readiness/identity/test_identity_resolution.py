"""The finding as a whole: on the simulated client against its truth, on the null client, and without data."""

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity import clusters, linking, review
from segutils.data_readiness.identity.identity_resolution import check_identity
from segutils.data_readiness.identity.resolution import build_links, build_resolution
from segutils.findings import read_finding


def build_orders(drawn):
    """One order of the same amount per account."""
    ids = drawn.customers.select("customer_id").order_by("customer_id").to_pandas()["customer_id"]
    day = date(2025, 6, 1)
    return ibis.memtable(
        pd.DataFrame({"customer_id": ids, "order_id": ids, "ordered_on": day, "net_revenue": 100.0})
    )


def resolve(drawn, records):
    return build_resolution(records, drawn.customers, build_orders(drawn), as_of=date(2025, 12, 31))


@pytest.fixture(scope="module")
def resolution(drawn):
    return resolve(drawn, drawn.records)


def test_precision_and_recall_on_all_records(drawn, entities, share_right):
    precision, recall = share_right(entities, drawn.truth)
    assert precision >= 0.98 and recall >= 0.95


def test_precision_and_recall_of_another_client(other_seed, share_right):
    found = clusters.assign_entities(linking.fit_linkage(other_seed.records, random_pairs=400_000))
    precision, recall = share_right(found, other_seed.truth)
    assert precision >= 0.98 and recall >= 0.95


def test_the_labelled_sample_tells_what_the_truth_says(resolution, entities, drawn, share_right):
    final = resolution.quality.iloc[-1]
    _, recall = share_right(entities, drawn.truth)
    assert final["recall_low"] <= recall <= final["recall_high"]
    assert final["recall"] > resolution.quality["recall"][0] + 0.05  # the model finds what rules do not


def test_sister_firms_are_not_linked(drawn, entities):
    """Among wrongly linked pairs, sister firms are few: most of the 4 % of firms that have one stay apart."""
    both = entities.merge(drawn.truth, on=["source", "record_id"])
    mixed = both.groupby("entity_id")["entity"].nunique()
    assert (mixed > 1).mean() < 0.005


def test_the_finding(resolution):
    finding = check_identity(resolution, currency="EUR")
    assert finding.status == "pass"
    records = f"{len(resolution.entities):,} records of 3 systems are "
    assert finding.headline.startswith(records)
    assert "of 6,000 accounts are second accounts of a firm" in finding.headline
    assert [figure.kind for figure in finding.figures] == ["bar", "line"]
    assert finding.table["measure"][0] == "Customers"
    assert [need.table for need in finding.needs] == ["events"]
    assert read_finding(finding.to_json()).headline == finding.headline


def test_without_labels_it_asks_for_them(resolution):
    judged = ["labelled_links", "right_links", "true_links", "precision", "recall", "links_to_unlabelled"]
    unknown = replace(resolution, quality=resolution.quality.assign(**dict.fromkeys(judged, np.nan)))
    finding = check_identity(unknown, currency="EUR", has_events=True)
    assert finding.status == "caution"
    assert finding.headline.endswith("is unknown until a sample has been looked up.")
    assert [(need.table, need.columns) for need in finding.needs] == [
        ("source_records", ("true_entity",)),
        ("customers", ("consent_profiling",)),
    ]


@pytest.mark.parametrize(
    ("precision", "recall", "status"),
    [(0.99, 0.96, "pass"), (0.97, 0.99, "caution"), (0.99, 0.94, "caution"), (0.85, 0.99, "fail")],
)
def test_the_status_follows_from_the_labels(resolution, precision, recall, status):
    quality = resolution.quality.assign(precision=precision, recall=recall)
    assert check_identity(replace(resolution, quality=quality), currency="EUR").status == status


def test_the_null_client_has_no_customer_twice(nothing):
    found = resolve(nothing, nothing.records)
    finding = check_identity(found, currency="EUR")
    assert "none of 2,000 accounts is a second account" in finding.headline
    assert finding.status == "pass" and np.allclose(found.effect["before"][:10], found.effect["after"][:10])
    assert found.reasons.empty


def test_without_records_it_says_what_to_ask_for(drawn):
    found = resolve(drawn, None)
    finding = check_identity(found, currency="EUR")
    assert finding.status == "not_run" and not finding.figures
    assert [need.table for need in finding.needs] == ["source_records", "events"]
    links = build_links(found)  # every customer stands for itself
    assert (links["customer_id"] == links["entity_id"]).all() and links["record_id"].isna().all()
    assert review.build_review(None, None, found.reasons).empty
    assert review.build_sample_to_label(None, None).empty


def test_links_hold_every_record_and_customer_once(resolution):
    links = build_links(resolution)
    assert len(links) == len(resolution.entities) and links["customer_id"].notna().sum() == 6000
    erp = links[links["source"] == "erp"]
    assert (erp["record_id"] == erp["customer_id"]).all()
    assert links.loc[links["source"] != "erp", "customer_id"].isna().all()
    assert not {"name", "email", "phone", "company"} & set(links.columns)


def test_a_customer_without_a_record_is_in_the_links(resolution):
    one = pd.DataFrame({"customer_id": ["new"], "entity_id": ["new"], "source": ["erp"]})
    links = build_links(replace(resolution, mapped=pd.concat([resolution.mapped, one])))
    row = links[links["customer_id"] == "new"]
    assert row["entity_id"].tolist() == ["new"] and row[["source", "record_id"]].isna().all(axis=None)
