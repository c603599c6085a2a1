"""Real servers for the tests: one embedded Valkey a session, emptied between tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from redis import Redis

from dashboard import embedded

ADMIN_PASSWORD = "only-for-the-tests"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Embedded]:
    """An embedded Valkey with the roles of any deployment, and an admin for the tests."""
    running = embedded.start(tmp_path_factory.mktemp("data"), admin=ADMIN_PASSWORD)
    yield running
    running.stop()


@pytest.fixture
def admin(server: embedded.Embedded) -> Iterator[Redis]:
    """A plain client who may do everything, on an emptied server."""
    client = Redis.from_url(server.url, username="admin", password=ADMIN_PASSWORD)
    client.flushall()
    yield client
    client.close()


settings.register_profile("house", deadline=None, max_examples=60)  # no test asserts on time
settings.load_profile("house")
