"""How does what can go wrong on the way to the stream become an answer that says so?"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from fastapi import HTTPException

from cop.bus import BusDown
from cop.event import InvalidEvent
from dashboard.exercises import NoSuchThing

T = TypeVar("T")


async def told(work: Awaitable[T]) -> T:
    """Turn what can go wrong on the way to the stream into answers that say so."""
    try:
        return await work
    except NoSuchThing as error:
        raise HTTPException(404, str(error)) from error
    except InvalidEvent as error:
        raise HTTPException(422, str(error)) from error
    except BusDown as error:
        raise HTTPException(503, f"nothing was done, the stream is out of reach: {error}") from error
