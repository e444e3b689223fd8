"""What every test run shares."""

import os

import hypothesis
import pytest

from tests import emptying
from tests.fake_graph import graph  # noqa: F401
from tests.phone_fixture import (  # noqa: F401
    practice_phone,
    running_practice_phone,
    start_practice_phone,
    webhook_recorder,
)

# A busy machine is no finding.
hypothesis.settings.register_profile(
    "tresen", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tresen")

emptying.install()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Files as parameters are called by number: what a library writes into them changes from second to second."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tests that start processes or a browser together on one worker each; leave soak tests to `make soak`.

    Such a test, or one that counts what happens within a second, may be starved on a busy machine: it is tried up to
    twice more, and the summary names it (RERUN).
    """
    for item in items:
        kind = next((kind for kind in ("stack", "browser") if item.get_closest_marker(kind)), None)
        if kind and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(kind))
        if kind or "practice_phone" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2))
    if not os.environ.get("TRESEN_SOAK"):
        soaks = [item for item in items if item.get_closest_marker("soak")]
        items[:] = [item for item in items if item not in soaks]
        config.hook.pytest_deselected(items=soaks)
