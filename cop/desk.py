"""What do people keep beside the picture? Saved views, wall plans, walls' tokens, alerts, and a journal of changes.

Each is told by entries, and the desk is their fold. Whatever is told twice, by two watches or after a restart, counts
once: of a view the higher version, of an alert the first raising, of a change what isn't known yet.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, Literal

import msgspec

from cop.event import Millis

Severity = Literal["red", "amber"]
What = Literal["state", "limit", "feed", "alert"]

KEEPS: Final = 50_000
"""Changes that a journal keeps: the oldest leave first."""
NAME: Final = 64
"""Letters that a view's name has at most."""


class BadName(ValueError):
    """The name can't be a view's: the message says why."""


class _Entry(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="k", kw_only=True):
    at: Millis


class ViewSaved(_Entry, frozen=True, tag="view"):
    """A view was saved: `query` is its address after the `?`. With `views` it is a wall plan, `turn_s` seconds each."""

    name: str
    version: int
    by: str
    query: str = ""
    views: tuple[str, ...] = ()
    turn_s: int = 0
    title: str = ""


class ViewRemoved(_Entry, frozen=True, tag="view-removed"):
    """A view was removed. Its number goes on, so that who knows an older version learns of it."""

    name: str
    version: int
    by: str


class TokenIssued(_Entry, frozen=True, tag="token"):
    """A wall may be opened by a token, of which only the SHA-256 is kept (hexadecimal)."""

    id: str
    view: str
    by: str
    sha256: str


class TokenRevoked(_Entry, frozen=True, tag="token-revoked"):
    """A token opens nothing any more."""

    id: str
    by: str


class Raised(_Entry, frozen=True, tag="raised"):
    """Something wants attention, since `at`."""

    key: str
    rule: str
    severity: Severity
    subject: str
    text: str
    name: str = ""
    layer: str = ""
    domain: str = ""
    nations: tuple[str, ...] = ()
    origin: str = ""
    source: str = ""


class Reworded(_Entry, frozen=True, tag="reworded"):
    """An alert that stands says something else: another movement, a longer delay."""

    key: str
    text: str


class Cleared(_Entry, frozen=True, tag="cleared"):
    """It is no longer so."""

    key: str


class Acknowledged(_Entry, frozen=True, tag="acknowledged"):
    """Somebody has seen the alert that was raised at `raised`."""

    key: str
    raised: Millis
    by: str
    note: str = ""


class Owned(_Entry, frozen=True, tag="owned"):
    """Somebody takes the alert on; nobody when `by` is empty."""

    key: str
    raised: Millis
    by: str


class Reopened(_Entry, frozen=True, tag="reopened"):
    """The acknowledgement is taken back."""

    key: str
    raised: Millis
    by: str


class Changed(_Entry, frozen=True, tag="changed"):
    """What was, what is, and why. `at` is when the journal learned it, `happened` when it was heard, where earlier."""

    id: str
    what: What
    was: str
    now: str
    name: str = ""
    layer: str = ""
    domain: str = ""
    nations: tuple[str, ...] = ()
    why: str = ""
    origin: str = ""
    source: str = ""
    happened: Millis | None = None


class Stood(_Entry, frozen=True, tag="stood"):
    """How everything stood, `what` → id → value: from here on the journal's changes are complete."""

    values: dict[str, dict[str, str]]


Entry = (
    ViewSaved
    | ViewRemoved
    | TokenIssued
    | TokenRevoked
    | Raised
    | Reworded
    | Cleared
    | Acknowledged
    | Owned
    | Reopened
    | Changed
    | Stood
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class InvalidEntry(ValueError):
    """The bytes are no entry of a desk."""


def encode(entry: Entry) -> bytes:
    """The entry as one JSON object: its wire form."""
    return _encoder.encode(entry)


def decode(data: bytes) -> Entry:
    """Read the wire form. Raises `InvalidEntry`."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InvalidEntry(f"not an entry of a desk: {error}") from error


def key_of(rule: str, subject: str) -> str:
    """The key of the alert that a rule raises on a thing: it can stand in an address."""
    return f"{rule}-{blake2b(subject.encode(), digest_size=6).hexdigest()}"


def view_name(text: str) -> str:
    """The name as it is kept. Raises `BadName` unless it has 1 to 64 letters, digits, blanks, `-` and `_`."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise BadName("a view needs a name")
    if len(name) > NAME:
        raise BadName(f"the name has {len(name)} letters, {NAME} are the most")
    strange = sorted({c for c in name if not (c.isalnum() or unicodedata.combining(c) or c in " -_")})
    if strange:
        raise BadName(f"the name {name!r} has {' '.join(strange)}: it has letters, digits, blanks, - and _ only")
    return name


class Alert(msgspec.Struct):
    """An alert as the desk knows it: its raising, what people did about it, and when it was over."""

    raised: Raised
    text: str
    cleared: Millis | None = None
    owned: Owned | None = None
    acknowledged: Acknowledged | None = None
    worded: Millis = 0
    """When its text was last told."""
    touched: Millis = 0
    """When somebody last did something about it."""

    @property
    def owner(self) -> str:
        return self.owned.by if self.owned is not None else ""


class Desk:
    """A mutable fold of the entries of one book: the views', or a world's."""

    def __init__(self, keeps: int = KEEPS) -> None:
        self.views: dict[str, ViewSaved | ViewRemoved] = {}
        self.tokens: dict[str, TokenIssued] = {}
        self.revoked: dict[str, TokenRevoked] = {}
        self.alerts: dict[str, Alert] = {}
        self.changes: deque[Changed] = deque()
        self.said: dict[tuple[str, str], tuple[Millis, str]] = {}
        """(what, id) → when it was last said, and the value."""
        self.first: Millis | None = None
        """From when on no change is missing; None before anything was told."""
        self._keeps = keeps

    def fold(self, entry: Entry) -> bool:
        """Take one entry in; True when that made a difference."""
        match entry:
            case ViewSaved() | ViewRemoved():
                return self._view(entry)
            case TokenIssued():
                new = entry.id not in self.tokens
                self.tokens.setdefault(entry.id, entry)
                return new
            case TokenRevoked():
                new = entry.id not in self.revoked
                self.revoked.setdefault(entry.id, entry)
                return new
            case Changed():
                return self._changed(entry)
            case Stood():
                return self._stood(entry)
            case Raised():
                return self._raised(entry)
            case Reworded() | Cleared():
                return self._watch(entry)
            case _:
                return self._person(entry)

    def saved(self) -> Iterator[ViewSaved]:
        """The views and plans that are there, by name."""
        for name in sorted(self.views, key=str.casefold):
            if isinstance(found := self.views[name], ViewSaved):
                yield found

    def valid(self) -> Iterator[TokenIssued]:
        """The tokens that still open something, oldest first."""
        return (each for each in self.tokens.values() if each.id not in self.revoked)

    def lasting(self) -> list[Entry]:
        """The entries that a book of views needs, and no other: what it is rewritten with."""
        return [*self.views.values(), *self.valid()]

    def standing(self, at: Millis) -> list[Entry]:
        """The entries that a world's book must not lose when it is cut: how all stands, and the alerts that stand."""
        values: dict[str, dict[str, str]] = {}
        for (what, subject), (_, value) in self.said.items():
            values.setdefault(what, {})[subject] = value
        found: list[Entry] = [Stood(at=at, values=values)]
        for alert in self.alerts.values():
            if alert.cleared is None:
                found.append(msgspec.structs.replace(alert.raised, text=alert.text))
                told = [each for each in (alert.owned, alert.acknowledged) if each is not None]
                found += sorted(told, key=lambda each: each.at)
        return found

    # -- one kind of entry after the other ----------------------------------------------------------------------------

    def _view(self, entry: ViewSaved | ViewRemoved) -> bool:
        known = self.views.get(entry.name)
        if known is not None and known.version >= entry.version:
            return False
        self.views[entry.name] = entry
        return True

    def _raised(self, entry: Raised) -> bool:
        known = self.alerts.get(entry.key)
        if known is not None and (known.cleared is None or entry.at <= known.cleared):
            return False
        self.alerts[entry.key] = Alert(entry, entry.text)
        self._tell(entry, entry.at, "", "raised", entry.text)
        return True

    def _watch(self, entry: Reworded | Cleared) -> bool:
        alert = self.alerts.get(entry.key)
        if alert is None or alert.cleared is not None or entry.at <= alert.raised.at:
            return False
        if isinstance(entry, Reworded):
            if entry.at <= alert.worded or alert.text == entry.text:
                return False
            alert.text, alert.worded = entry.text, entry.at
            return True
        alert.cleared = entry.at
        self._tell(alert.raised, entry.at, "raised", "cleared", alert.text)
        return True

    def _person(self, entry: Acknowledged | Owned | Reopened) -> bool:
        alert = self.alerts.get(entry.key)
        if alert is None or alert.raised.at != entry.raised or entry.at <= alert.touched:
            return False
        if isinstance(entry, Acknowledged):
            if alert.acknowledged is not None:
                return False
            alert.acknowledged = entry
            self._tell(alert.raised, entry.at, "raised", "acknowledged", _by(entry.by, entry.note))
        elif isinstance(entry, Reopened):
            if alert.acknowledged is None:
                return False
            alert.acknowledged = None
            self._tell(alert.raised, entry.at, "acknowledged", "reopened", _by(entry.by))
        else:
            if alert.owner == entry.by:
                return False
            was, alert.owned = alert.owner, entry
            self._tell(alert.raised, entry.at, was or "nobody's", entry.by or "nobody's", "who takes care of it")
        alert.touched = entry.at
        return True

    def _tell(self, raised: Raised, at: Millis, was: str, now: str, why: str) -> None:
        self._keep(
            Changed(
                at=at, id=raised.subject, what="alert", was=was, now=now, name=raised.name, layer=raised.layer,
                domain=raised.domain, nations=raised.nations, why=why, origin=raised.origin, source=raised.source,
            )
        )  # fmt: skip

    def _changed(self, entry: Changed) -> bool:
        key = (entry.what, entry.id)
        known = self.said.get(key)
        if known is not None and (entry.at <= known[0] or entry.now == known[1]):
            return False
        self.said[key] = (entry.at, entry.now)
        self._keep(entry)
        return True

    def _stood(self, entry: Stood) -> bool:
        new = False
        for what, values in entry.values.items():
            for subject, value in values.items():
                known = self.said.get((what, subject))
                if known is None:
                    self.said[what, subject] = (entry.at, value)
                    new = True
        return new

    def _keep(self, change: Changed) -> None:
        self.changes.append(change)
        if len(self.changes) > self._keeps:
            gone = self.changes.popleft()
            self.first = max(self.first or 0, gone.at + 1)


def _by(by: str, note: str = "") -> str:
    return f"by {by}: {note}" if note else f"by {by}"
