"""By what are movements judged? The network and the rule set that the settings name, and how a way is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cop.movement.judge import Circumstances
from cop.movement.rulesets import Ruleset, rulesets
from cop.network import Network, Way
from dashboard.settings import BadSetting, Values
from feeds.network.store import SHIPPED, BadNetwork, load


class Rules(NamedTuple):
    """By what movements are judged: the network that they go on, the rule set that counts, and the circumstances."""

    network: Network | None
    ruleset: Ruleset
    circumstances: Circumstances


def rules(settings: Values) -> Rules:
    """What the settings name. Raises `BadSetting` for a rule set that there is not, or a folder without a network."""
    known = rulesets()
    name = settings["COP_RULES"] or next(iter(known))
    if name not in known:
        raise BadSetting(f"COP_RULES: there is no rule set {name!r}; there are {', '.join(known)}")
    try:
        network = load(Path(settings["COP_NETWORK"]) if settings["COP_NETWORK"] else SHIPPED)
    except (BadNetwork, OSError) as error:
        raise BadSetting(f"COP_NETWORK: {error}") from error
    return Rules(network, known[name], Circumstances(now=0))


def route(network: Network, name: str) -> Way:
    """The named corridor. Raises `BadSetting`."""
    if name not in network.routes:
        raise BadSetting(f"there is no corridor {name!r}; there are {', '.join(network.routes)}")
    return network.routes[name]


def node(network: Network, text: str) -> int:
    """The node nearest to `lon,lat`. Raises `BadSetting`."""
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise BadSetting(f"{text!r} is not lon,lat in degrees") from None
    found = network.nearest(lon, lat)
    if found is None:
        raise BadSetting(f"no road of the network is near {text}")
    return found
