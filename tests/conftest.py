"""Settings of all tests."""

import multiprocessing

import pytest
from hypothesis import settings

settings.register_profile("loaded machine", deadline=None)
settings.load_profile("loaded machine")


@pytest.fixture(autouse=True)
def no_processes(request, monkeypatch):
    """Quick tests start no processes: they run what is foreign as a daemonic process does."""
    if not request.node.get_closest_marker("slow"):
        monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
