"""What time is it? Asked by workers, simulators, the command line and the pages; everything else is told."""

from __future__ import annotations

import time

from cop.event import Millis


def clock() -> Millis:
    """Milliseconds UTC now."""
    return time.time_ns() // 1_000_000
