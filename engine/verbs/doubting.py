"""`in-doubt`: letters whose final dot was written and never answered, and how an operator settles them."""

from __future__ import annotations

import argparse

from engine.deciding import Wish
from engine.house import House
from engine.subscriber.commands import RecordOutcome
from engine.verbs.people import operator_cause, report
from engine.verbs.refusal import Refusal
from engine.verbs.said import shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--resend", default="", metavar="MESSAGE", help="send this one again, with the same Message-ID")
    parser.add_argument("--taken-as-sent", default="", metavar="MESSAGE", help="take this one as sent")


def in_doubt(house: House, args: argparse.Namespace) -> int:
    house.views.catch_up()
    doubtful = house.views.in_doubt()
    chosen = args.resend or args.taken_as_sent
    if not chosen:
        for message, subscriber, letter, at in doubtful:
            known = house.vault.people([subscriber]).get(subscriber)
            print(f"{message}  {shown(at, house.config.site.timezone)}  {letter}  {known.address if known else '(erased)'}")
        print(f"{len(doubtful)} in doubt")
        return 0
    subscriber = next((s for message, s, _, _ in doubtful if message == chosen), "")
    if not subscriber:
        raise Refusal(f"no letter {chosen} is in doubt")
    verdict = "resend" if args.resend else "taken-as-sent"
    command = RecordOutcome(house.clock.now(), operator_cause({})[0], chosen, verdict)
    return report(house.decisions.one(Wish(command, stream=subscriber)), verdict)
