"""Random numbers and files: independent draws, and the same bytes from the same seed whatever the threads."""

import hashlib

import numpy as np
from scipy import stats

from segutils.samples import client, faults
from segutils.samples.making import Making, fill_slots, open_making


def draws(making: Making, rows: int = 50_000) -> np.ndarray:
    query = f"""
        select u1(h), u2(h), u3(h), u4(h), u1(g), u1(n) from (
          select draw('a', i) as h, draw('b', i) as g, draw('a', i + 1) as n from range({rows}) as t(i))
        order by 1"""
    return making.ask(query).to_numpy()


def test_draws_are_uniform_and_independent():
    with open_making(accounts=200, seed=5) as making:
        values = draws(making)
    for column in values.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
    correlation = np.corrcoef(values, rowvar=False)
    assert np.abs(correlation[np.triu_indices(6, 1)]).max() < 4 / np.sqrt(len(values))


def test_normal_and_geometric_follow_their_laws(within):
    with open_making(accounts=200, seed=5) as making:
        found = making.ask("""
            select normal(u1(h), u2(h)) as z, geometric(u3(h), 2.5) as g, geometric(u4(h), 1.0001) as one
            from (select draw('c', i) as h from range(50000) as t(i))""")
    assert stats.kstest(found.z, "norm").pvalue > 1e-4
    assert found.g.min() == 1
    within(found.g.mean(), 2.5, np.sqrt(2.5 * 1.5 / len(found)))
    within((found.g == 1).mean(), 1 / 2.5, np.sqrt(0.4 * 0.6 / len(found)))


def test_seeds_and_streams_differ():
    with open_making(accounts=200, seed=5) as one, open_making(accounts=200, seed=6) as other:
        assert not np.array_equal(draws(one, 100), draws(other, 100))
        assert one.rng("a").random() != one.rng("b").random() != other.rng("a").random()
        assert one.rng("a").random() == one.rng("a").random()


def test_slots_are_shares_to_one_slot():
    slots = fill_slots({"a": 1, "b": 2, "c": 4}, 100)
    assert len(slots) == 100
    assert {name: slots.count(name) for name in "abc"} == {"a": 14, "b": 29, "c": 57}  # 14.3, 28.6, 57.1


def hash_tables(tmp_path, *, threads: int, seed: int = 11, accounts: int = 800) -> dict[str, str]:
    found = {}
    with open_making(accounts=accounts, seed=seed, threads=threads) as making:
        client.build_tables(making)
        dirt = faults.set_rates(None)
        faults.count_faults(making, dirt)
        for schema in ("client", "truth"):
            for table in making.list_tables(schema):
                path = tmp_path / f"{table}-{threads}.parquet"
                query = f"select * from truth.{table}"
                making.write_parquet(
                    path, faults.spoil_sql(making, table, dirt) if schema == "client" else query
                )
                found[f"{schema}.{table}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(tmp_path):
    one, two = hash_tables(tmp_path, threads=1), hash_tables(tmp_path, threads=2)
    assert {name for name in one if one[name] != two[name]} == set()
    assert one["client.transactions"] != hash_tables(tmp_path, threads=2, seed=12)["client.transactions"]


def test_chunks_do_not_show(tmp_path, monkeypatch):
    """Order lines drawn 300 accounts at a time are those drawn at once."""
    from segutils.samples import making as module

    whole = hash_tables(tmp_path, threads=2)
    monkeypatch.setattr(module, "CHUNK", 300)
    assert hash_tables(tmp_path, threads=2) == whole
