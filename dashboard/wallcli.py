"""How is a wall opened without a person's account? `cop wall token new|list|revoke`: tokens, each for one view or plan.

A token's secret is printed once, in the wall's address. What is kept of it is its SHA-256.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from typing import Any, Final
from urllib.parse import quote

from cop.bus import BusDown
from cop.bus.desk import RedisDesk
from cop.desk import BadName, view_name
from dashboard.desk import Desk, Refused, utc
from dashboard.running import running_url
from dashboard.settings import BadSetting, Values

FAILED: Final = 1


def arguments(commands: Any) -> None:
    """Add the command to the parser."""
    wall = commands.add_parser("wall", help="let walls be opened by a token").add_subparsers(
        dest="what", metavar="what", required=True
    )
    token = wall.add_parser("token", help="make, list or revoke tokens").add_subparsers(
        dest="deed", metavar="deed", required=True
    )
    new = token.add_parser("new", help="make one, and print the wall's address, which has it, once")
    new.add_argument("view", help="the name of a saved view or wall plan")
    token.add_parser("list", help="list those that are valid")
    revoke = token.add_parser("revoke", help="let one open nothing any more")
    revoke.add_argument("id", help="its id, see `cop wall token list`")
    for each in (new, revoke):
        each.add_argument("--by", default="", help="who does it; default: the user of this machine")


def wall(settings: Values, wanted: argparse.Namespace) -> int:
    """`cop wall …`."""
    try:
        return asyncio.run(_do(settings, wanted))
    except BadName as error:
        raise BadSetting(str(error)) from error
    except BusDown as error:
        print(f"cop: the stream is out of reach: {error}", file=sys.stderr)
    except Refused as error:
        print(f"cop: {error}", file=sys.stderr)
    return FAILED


async def _do(settings: Values, wanted: argparse.Namespace) -> int:
    url, password = running_url(settings, "desk")
    desk = Desk(RedisDesk(url, {"desk": password or None}))
    try:
        if wanted.deed == "list":
            await desk.refresh("views")
            for each in desk.of("views").valid():
                print(f"{each.id}  {utc(each.at)}  {each.view}  by {each.by}")
            return 0
        by = wanted.by.strip() or getpass.getuser()
        if wanted.deed == "revoke":
            gone = await desk.revoke(wanted.id, by)
            print(f"{gone.id} opens {gone.view!r} no more; pages that are open stay until they are loaded anew")
            return 0
        issued, secret = await desk.issue(view_name(wanted.view), by)
        host = settings["COP_HOST"]
        host = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
        print(f"http://{host}:{settings['COP_PORT']}/wall/{quote(issued.view)}?token={secret}")
        print(f"This address is shown once. To withdraw it: cop wall token revoke {issued.id}", file=sys.stderr)
        return 0
    finally:
        await desk.bus.close()
