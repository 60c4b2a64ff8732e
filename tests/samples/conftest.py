"""The simulated manufacturer, built once per worker: as planted, and as the null client."""

from collections.abc import Callable, Iterator

import pytest

from segutils.samples import client
from segutils.samples.making import Making, open_making

SEED = 7


@pytest.fixture(scope="session")
def made() -> Iterator[Making]:
    """The default client, clean, at its default size; another seed than the demo's."""
    with open_making(accounts=6000, seed=SEED) as making:
        client.build_tables(making)
        yield making


@pytest.fixture(scope="session")
def null() -> Iterator[Making]:
    """The null client: the same tables with nothing in them to find."""
    with open_making(accounts=3000, seed=SEED, null=True) as making:
        client.build_tables(making)
        yield making


@pytest.fixture(scope="session")
def within() -> Callable[..., None]:
    """Asserts that an estimate lies within a stated number of standard errors of what was planted."""

    def check(
        estimate: float, planted: float, standard_error: float, errors: float = 4, what: str = ""
    ) -> None:
        distance = abs(estimate - planted) / standard_error
        words = f"{what}: {estimate:.4g}, planted {planted:.4g}, standard error {standard_error:.3g}"
        assert distance <= errors, f"{words}: {distance:.1f} of them apart"

    return check
