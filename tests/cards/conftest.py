"""The local Hub for tests of what goes there."""

from tests.hub import hub, hub_here  # noqa: F401 fixtures
