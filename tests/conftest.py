"""Settings of all tests."""

from hypothesis import settings

settings.register_profile("loaded machine", deadline=None)
settings.load_profile("loaded machine")
