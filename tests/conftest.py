"""What every test run shares."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start processes or a browser stay together on one worker each: two at once only slow each other."""
    for item in items:
        for kind in ("stack", "browser"):
            if item.get_closest_marker(kind):
                item.add_marker(pytest.mark.xdist_group(kind))
                break
