"""Which words ask about movements on the command line? `cop judge`, `march` and `places`; what answers loads later."""

from __future__ import annotations

import argparse
from typing import Any

from dashboard.settings import Values


def arguments(commands: Any) -> None:
    """Add the three commands to the parser."""
    judge = commands.add_parser(
        "judge", help="may these vehicles go that way: exit 0 go, 3 caution, 4 no-go, 5 unknown"
    )
    where = judge.add_mutually_exclusive_group(required=True)
    where.add_argument("--route", help="a named corridor, as R01")
    where.add_argument("--from", dest="start", metavar="LON,LAT", help="the start of a way to find; with --to")
    where.add_argument("--rules", action="store_true", help="list the rule sets for permissions")
    judge.add_argument("--to", dest="goal", metavar="LON,LAT", default="")
    judge.add_argument(
        "--vehicle", action="append", default=[], metavar="DRIVE:MLC", help="wheeled:100, tracked:70, or a class as V11"
    )
    judge.add_argument("--world", default="", help="judge by the running picture of this world")
    judge.add_argument("--tonnes-as-mlc", action="store_true", help="derive a temporary class from a mass (MLC-09)")
    judge.add_argument("--json", action="store_true", help="answer as JSON")
    march = commands.add_parser("march", help="the march table of a column over a way")
    march.add_argument("--route", default="", help="a named corridor, as R01")
    march.add_argument("--backwards", action="store_true", help="the corridor from its end to its start")
    march.add_argument("--from", dest="start", metavar="LON,LAT", default="", help="the start of a way; with --to")
    march.add_argument("--to", dest="goal", metavar="LON,LAT", default="")
    march.add_argument("--vehicles", type=int, required=True)
    march.add_argument("--density", type=float, default=15.0, help="vehicles a kilometre; default 15")
    march.add_argument("--speed", type=float, default=40.0, help="rate of march, km/h; default 40")
    march.add_argument("--units", type=int, default=1, help="march units; default 1")
    march.add_argument("--serials", type=int, default=1)
    march.add_argument("--halts", action="store_true", help="with the halts of MOV-09")
    march.add_argument("--start", dest="start_at", default="", metavar="TIME", help="ISO 8601 with its zone")
    march.add_argument("--json", action="store_true", help="answer as JSON, with each march unit; else CSV")

    places = commands.add_parser("places", help="where an aircraft, a ship or a train can go, with reasons")
    places.add_argument("--aircraft", default="", help="an aircraft type, as C-17A")
    places.add_argument("--draught", type=float, help="a ship's draught, m")
    places.add_argument("--loa", type=float, help="a ship's length over all, m")
    places.add_argument("--beam", type=float, help="a ship's beam, m")
    places.add_argument("--ramp", choices=("stern", "quarter", "side", "none"), help="where a ship's ramp is")
    places.add_argument("--gauge", type=int, default=0, help="a train's gauge, mm: 1435 or 1520")
    places.add_argument("--world", default="", help="by the running picture of this world")
    places.add_argument("--json", action="store_true", help="answer as JSON")


def places(settings: Values, wanted: argparse.Namespace) -> int:
    """Run `cop places`."""
    from dashboard import places as asked

    return asked.run(settings, wanted)


def judge(settings: Values, wanted: argparse.Namespace) -> int:
    """Run `cop judge`."""
    from dashboard import judgecli

    return judgecli.judge(settings, wanted)


def march(settings: Values, wanted: argparse.Namespace) -> int:
    """Run `cop march`."""
    from dashboard import marching

    return marching.march(settings, wanted)
