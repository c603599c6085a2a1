"""What is an answer, and what does it rest on?

Every answer is the strictest of its reasons, and each reason names its rule, the object that limits, the vehicle that
is limited, the margin, and who said so when. Adding a reason never permits more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from cop.event import Millis

Answer = Literal["go", "caution", "unknown", "no-go"]
RANK: Final[dict[Answer, int]] = {"go": 0, "caution": 1, "unknown": 2, "no-go": 3}
"""How strict an answer is. Unknown is never go, and no more than a closed door turns a known no-go into hope."""
EXIT: Final[dict[Answer, int]] = {"go": 0, "caution": 3, "no-go": 4, "unknown": 5}
"""The exit code by which the command line answers."""


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule applied to one object. `margin` is what is left to the limit in `unit`, negative where exceeded."""

    answer: Answer
    rule: str
    """The rule's id in the table of rules, as `MLC-04`."""
    text: str
    object: str = ""
    """The subject that limits, as `bridge:B57`."""
    name: str = ""
    vehicle: str = ""
    """The vehicle that is limited, as its movement calls it."""
    margin: float | None = None
    unit: str = ""
    source: str = ""
    """Who said the value that limits; empty when nobody says one."""
    at: Millis | None = None
    """When that was true, by the source's own time."""
    basis: str = ""
    """How sure the value is: `EXERCISE DATA`, `corroborated`, `from memory`."""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The strictest of the reasons, which stand worst first. Without any reason nothing was looked at: unknown."""

    answer: Answer
    reasons: tuple[Reason, ...] = ()

    @property
    def limiting(self) -> Reason | None:
        """The reason that decides."""
        return self.reasons[0] if self.reasons else None


def strictest(reasons: Iterable[Reason], otherwise: Answer = "unknown") -> Verdict:
    """The verdict on those reasons; `otherwise` without any. Of equally strict ones the smallest margin comes first."""
    found = sorted(reasons, key=_strictness)
    return Verdict(found[0].answer if found else otherwise, tuple(found))


def _strictness(reason: Reason) -> tuple[int, float, str, str, str]:
    margin = reason.margin if reason.margin is not None else float("inf")
    return -RANK[reason.answer], margin, reason.object, reason.rule, reason.vehicle
