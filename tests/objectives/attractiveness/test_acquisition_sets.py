"""Whole companies under a budget: the textbook knapsack, all subsets, and prices that flip the choice."""

from itertools import product

import numpy as np
import pytest

from segutils.objectives.attractiveness import acquisition_sets as sets


def test_the_textbook_knapsack():
    """Weights 10, 20, 30, values 60, 100, 120, room for 50: the two heavier ones, though worst
    by weight."""
    price = np.array([10.0, 20.0, 30.0])
    chosen = sets.choose_set(price + np.array([60, 100, 120]), price, budget=50)
    assert chosen.tolist() == [False, True, True]


def test_against_all_subsets():
    rng = np.random.default_rng(7)
    every = np.array(list(product([False, True], repeat=8)))
    for _ in range(20):
        price, worth = rng.uniform(1, 10, 8), rng.uniform(1, 20, 8)
        fits = every[every @ price <= 20]
        best = fits[np.argmax(fits @ (worth - price))]
        assert sets.choose_set(worth, price, budget=20).tolist() == best.tolist()


def test_buying_nothing():
    price = np.array([10.0, 20.0, np.nan])
    assert not sets.choose_set(np.array([9.0, 19.0, 50.0]), price, budget=100).any()
    assert not sets.choose_set(price + 5, price, budget=5).any()


def test_sets_in_order():
    price = np.array([10.0, 20.0, 30.0])
    worth = price + np.array([60, 100, 120])
    found = sets.list_best_sets(worth, price, budget=50, able=np.ones(3, dtype=bool), most=3)
    values = [float((worth - price)[members].sum()) for members in found]
    assert values == [220, 180, 160]


def test_prices_that_flip_by_hand():
    """Room for one: B (20 for 15) beats A (10 for 8). A enters below 5; B leaves where it is too dear."""
    worth, price = np.array([10.0, 20.0]), np.array([8.0, 15.0])
    flips = sets.find_flip_prices(worth, price, budget=15, able=np.ones(2, dtype=bool))
    assert flips == pytest.approx([5.0, 15.0], abs=0.01)
    none = sets.find_flip_prices(worth, price, budget=15, able=np.array([False, True]))
    assert np.isnan(none[0])


def test_how_often_a_set_is_best():
    price = np.array([10.0, 10.0])
    draws = np.array([[20.0, 15.0], [20.0, 15.0], [15.0, 20.0], [5.0, 5.0]])
    stays, inside = sets.count_choices(
        draws, price, np.array([True, False]), budget=10, able=np.ones(2, dtype=bool)
    )
    assert stays == 0.5 and inside.tolist() == [0.5, 0.25]
