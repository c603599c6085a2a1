"""How does a user go back in time on the staff page? The bar over the drawer and the band that says that it is past.

Only what lies still is laid out here; `assets/47_time.js` fills it and does what the buttons say.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from dash import dcc, html

from cop.event import Millis

JUMPS: Final = (
    (-3600, "−1 h", "One hour back"),
    (-600, "−10 min", "Ten minutes back"),
    (-60, "−1 min", "One minute back"),
    (-10, "◂ Step", "Ten seconds back"),
    (10, "Step ▸", "Ten seconds on"),
    (60, "+1 min", "One minute on"),
    (600, "+10 min", "Ten minutes on"),
    (3600, "+1 h", "One hour on"),
)
"""Seconds, what stands on the button, and what it does."""
SPEEDS: Final = (1, 10, 60, 300)


def moment(query: dict[str, str]) -> Millis | None:
    """The moment in an address, as `at=2026-11-25T10:15:00Z`; None for live, and for what is no moment.

    The browser tells what is wrong with it: it reads more ways to write one.
    """
    try:
        return (
            round(datetime.strptime(query.get("at", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) * 1000
        )
    except ValueError:
        return None


def store(query: dict[str, str]) -> Any:
    """What the boards listen to: the moment that the page shows, None while it is live."""
    return dcc.Store(id="moment", data=moment(query))


def band() -> Any:
    """Across the page, while the past is shown."""
    return html.Div(
        [
            html.Strong("PAST"),
            html.Span(id="past-of"),
            html.Span(id="past-ago"),
            html.Span(id="past-lost", role="alert"),
        ],
        id="past-band",
        role="region",
        hidden=True,
        **{"aria-label": "The past is shown"},
    )


def bar() -> Any:
    """The bar: one small button while live, else all that moves the page in time."""
    back, on = JUMPS[:4], JUMPS[4:]
    return html.Div(
        [
            html.Button(
                "Time",
                id="time-open",
                className="quiet",
                type="button",
                title="Look back in time (h)",
                **{"data-time": "fold"},
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Strong(id="time-at"),
                            html.Div(id="time-slider"),
                            _button("Return to live", "live", "Show what is now", "time-live"),
                            _button("×", "fold", "Fold the bar (h)", "time-fold"),
                        ],
                        className="time-row",
                    ),
                    html.Div(
                        [
                            html.Div([_jump(each) for each in back], className="time-group"),
                            _button("▶ Play", "play", "Play from here (space)", "time-play"),
                            html.Div([_speed(each) for each in SPEEDS], className="time-group", role="group"),
                            html.Div([_jump(each) for each in on], className="time-group"),
                            html.Div(
                                [
                                    html.Span(id="time-type"),
                                    _button("Go", "go", "Go to the typed moment, UTC", "time-go"),
                                ],
                                className="time-group",
                            ),
                            html.Div(
                                [
                                    _button("Follow", "follow", "Keep the chosen convoy in view", "time-follow"),
                                    _button("Copy link", "link", "A link that opens at this moment", "time-copy"),
                                    html.Span(id="time-links"),
                                ],
                                className="time-group",
                            ),
                            html.Span(id="time-told", className="hint", role="status"),
                            html.Span(id="time-loading", className="hint"),
                            html.Span(id="time-said", role="alert"),
                        ],
                        className="time-row tools-of-time",
                    ),
                ],
                id="time-body",
                hidden=True,
            ),
        ],
        id="time-bar",
        role="group",
        **{"aria-label": "Time"},
    )


def _button(text: str, does: str, title: str, identifier: str) -> Any:
    return html.Button(text, id=identifier, className="quiet", type="button", title=title, **{"data-time": does})


def _jump(each: tuple[int, str, str]) -> Any:
    seconds, text, title = each
    return html.Button(text, className="quiet", type="button", title=title, **{"data-jump": str(seconds)})


def _speed(times: int) -> Any:
    return html.Button(
        f"{times}×",
        id=f"time-speed-{times}",
        className="quiet",
        type="button",
        title=f"Play {times} times as fast as it was" if times > 1 else "Play as fast as it was",
        **{"data-speed": str(times), "aria-pressed": "false"},
    )
