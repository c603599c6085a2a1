"""What is new, and what wants attention? The tabs of the staff page with what changed and with the alerts."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html


def tabs() -> list[Any]:
    """The tabs' titles."""
    return [dmc.TabsTab("What is new", value="new")]


def panels() -> list[Any]:
    """What lies under the tabs."""
    return [dmc.TabsPanel(html.Ol(id="news", className="news"), value="new")]
