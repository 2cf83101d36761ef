"""`pause` and `resume`: nothing leaves by surprise, and before anything leaves it is said how much."""

from __future__ import annotations

import argparse
import sys

from engine.house import House
from engine.installation.events import SendingPaused, SendingResumed
from engine.sequence.delay import HOUR
from engine.verbs.people import operator_cause
from engine.verbs.refusal import Refusal, list_of


def pause_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--list", default="", help="only this list (number or name)")


def pause(house: House, args: argparse.Namespace) -> int:
    installation = house.publications.current()
    number = list_of(installation.plan(), args.list).id if args.list else 0
    if number in installation.paused:
        print(f"paused already ({installation.paused[number]})")
        return 0
    now = house.clock.now()
    if not house.publications.append([SendingPaused(now, "operator", number)], operator_cause({})[0], now):
        raise Refusal("someone else was publishing or pausing at the same moment; try again")
    print(f"sending for list {number} is paused" if number else "sending is paused; `relance resume` lets it go on")
    return 0


def resume_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--list", default="", help="only this list (number or name)")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def resume(house: House, args: argparse.Namespace) -> int:
    installation = house.publications.current()
    plan = installation.plan()
    number = list_of(plan, args.list).id if args.list else 0
    house.views.catch_up()
    now = house.clock.now()
    due = [(n, count) for n, kind, count in house.views.due_until(now + HOUR) if kind == "letter" and number in (0, n)]
    print(f"In the next hour {sum(count for _, count in due)} letters will leave.")
    for each, count in sorted(due):
        listed = plan.lists.get(each)
        print(f"  {count} from " + (f"list {each} ({listed.name})" if listed else "requests to confirm"))
    if number not in installation.paused:
        print("sending is not paused")
    elif not args.yes and not _agreed():
        raise Refusal("nothing was changed")
    elif not house.publications.append([SendingResumed(now, number)], operator_cause({})[0], now):
        raise Refusal("someone else was publishing or pausing at the same moment; try again")
    else:
        print("sending goes on")
    if not number:
        house.desk.set_mark(f"armed:{house.config.smtp.host}", now, 0)
        house.desk.set_mark("tick", now, 0)
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Refusal("say --yes to let them leave")
    return input("Let them leave? [y/N] ").strip().lower() in ("y", "yes", "o", "oui")
