"""How is the stream of a running system reached from beside it? By the settings, else in its data folder."""

from __future__ import annotations

from cop.bus import BusDown
from cop.bus.redis import RedisBus
from dashboard.settings import Values


def running_bus(settings: Values, role: str) -> RedisBus:
    """The bus that the settings name, else that of the embedded server; as the user of that role. Raises `BusDown`."""
    url, password = running_url(settings, role)
    return RedisBus(url, user=role, password=password or None)


def running_url(settings: Values, role: str) -> tuple[str, str]:
    """The address of the server and the password of a role: by the settings, else of the embedded server.

    Raises `BusDown` when no server was ever started on the data folder.
    """
    url, password = settings["COP_REDIS_URL"], settings[f"COP_REDIS_PASSWORD_{role.upper()}"]
    if not url:
        folder = settings.data / "valkey"
        try:
            known = dict(line.split(" ", 1) for line in (folder / "passwords").read_text("utf-8").splitlines())
            url, password = (folder / "url").read_text("utf-8"), known[role]
        except (OSError, LookupError, ValueError) as error:
            raise BusDown(f"no server was ever started on {settings.data} ({error})") from error
    return url, password
