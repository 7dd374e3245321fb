"""Settings of all tests and doctests."""

import multiprocessing
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("loaded machine", deadline=None)
settings.load_profile("loaded machine")


def pytest_collect_file(file_path: Path) -> None:
    """Import a package before its modules, or pytest puts these where functions bear their names.

    `mechfit.figures.pairplot` is the function, whatever was collected before.
    """
    folder = file_path.parent.relative_to(Path(__file__).parent)
    if folder.parts[:1] == ("mechfit",):
        import_module(".".join(folder.parts))


@pytest.fixture(autouse=True)
def no_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick tests start no processes: they run what is foreign as a daemonic process does."""
    if not request.node.get_closest_marker("slow"):
        process = multiprocessing.current_process()
        monkeypatch.setattr(process, "_config", {**process._config, "daemon": True})
