"""The model: what it learns, that it learns the same twice, and public data that it was not made for."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity import clusters, linking


@pytest.mark.parametrize("number", [3, 4])
def test_public_data_are_linked_by_the_same_code(febrl, share_right, number):
    records = febrl(number)
    truth = records.select("source", "record_id", entity="true_entity").to_pandas()
    found = clusters.assign_entities(linking.fit_linkage(records, random_pairs=500_000))
    precision, recall = share_right(found, truth)
    assert 2 * precision * recall / (precision + recall) >= 0.97


def test_the_same_seed_gives_the_same_twice(other_seed):
    first, second = (linking.fit_linkage(other_seed.records, random_pairs=300_000, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.pairs, second.pairs)
    pd.testing.assert_frame_equal(first.blocking, second.blocking)
    assert np.allclose(first.weights["weight"], second.weights["weight"], atol=1e-9)


def test_weights_are_the_ratio_of_m_and_u(linkage):
    weights = linkage.weights
    assert np.allclose(weights["weight"], np.log2(weights["m"] / weights["u"]))
    assert (weights["weight"].groupby(weights["comparison"], sort=False).diff().fillna(0) <= 1e-9).all()
    assert weights.groupby("comparison")["m"].sum().between(0.99, 1.01).all()


def test_what_strangers_have_in_common_is_what_the_client_drew(linkage, drawn):
    """u of the same town: the chance that two records drawn at random name the same one, counted here."""
    city = drawn.records.select("city", "postcode").to_pandas()
    city = city["city"].dropna().str.casefold()
    expected = (city.value_counts() / len(city)).pow(2).sum()
    rows = linkage.weights.query("comparison == 'Address' and degree != 'different'")
    # all degrees but the last agree in the town, or in the postcode
    assert rows["u"].sum() == pytest.approx(expected, rel=0.35)


def test_the_prior_follows_from_the_certain_links(linkage):
    sizes = linkage.ids["certain"].value_counts()
    links = (sizes * (sizes - 1) / 2).sum()
    records = len(linkage.ids)
    assert linkage.prior == pytest.approx(links / 0.8 / (records * (records - 1) / 2))


def test_the_null_client_has_nothing_to_link(nothing):
    linkage = linking.fit_linkage(nothing.records, random_pairs=300_000)
    found = clusters.assign_entities(linkage)
    assert not linkage.learned and not linkage.weights["learned"].any()
    assert found["entity_id"].is_unique


def test_it_is_quiet_and_leaves_nothing_behind(other_seed, capfd):
    engine = other_seed.records.get_backend()
    linking.fit_linkage(other_seed.records, random_pairs=100_000)
    left = engine.con.execute("select table_name from duckdb_tables() where not internal").fetchall()
    assert not [name for (name,) in left if name.startswith(("identity", "__splink"))]
    assert capfd.readouterr() == ("", "")


def test_a_file_that_may_only_be_read_is_linked_in_memory(other_seed, tmp_path):
    file = tmp_path / "client.duckdb"
    writing = ibis.duckdb.connect(file)
    writing.create_table("source_records", other_seed.records.limit(500).to_pyarrow())
    writing.disconnect()
    reading = ibis.duckdb.connect(file, read_only=True)
    found = linking.fit_linkage(reading.table("source_records"), random_pairs=20_000)
    assert len(found.ids) == 500
    assert reading.list_tables() == ["source_records"]
