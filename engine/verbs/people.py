"""`subscribe`, `transfer`, `unsubscribe`: what an operator does for one person, each with its evidence and cause."""

from __future__ import annotations

import argparse
import getpass
import secrets

from engine.deciding import Result, Wish
from engine.house import House
from engine.sequence.timing import is_zone
from engine.subscriber.commands import RequestConsent, Subscribe, Transfer, Withdraw
from engine.subscriber.events import Cause
from engine.subscriber.outcome import NothingToDo, Refused
from engine.vault.commitment import Evidence, evidence
from engine.vault.vault import Keep
from engine.verbs.refusal import Refusal, address_of, list_of, purpose_of
from engine.verbs.said import read_date


def subscribe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--list", required=True, help="the list's number or name")
    parser.add_argument("--basis", choices=("double-opt-in", "consent", "soft-optin", "b2b", "service"), default="double-opt-in")
    parser.add_argument("--source", default="", help="how the address was collected; required for any basis but double-opt-in")
    parser.add_argument("--collected", default="", help="when it was collected (default: now)")
    parser.add_argument("--proof", default="", help="what proves it: a reference, a sentence")
    parser.add_argument("--field", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--timezone", default="")
    parser.add_argument("--language", default="", choices=("", "fr", "en"))
    parser.add_argument("--start", choices=("welcome", "none"), default="welcome")


def subscribe(house: House, args: argparse.Namespace) -> int:
    address = address_of(args.address)
    plan = house.publications.current().plan()
    target, now = list_of(plan, args.list), house.clock.now()
    fields = _fields(args.field, frozenset(plan.fields))
    if args.timezone and not is_zone(args.timezone):
        raise Refusal(f'"{args.timezone}" is no time zone: write for example "Europe/Paris"', 2)
    reason = house.vault.suppressed([house.vault.hash(address)])
    if reason:
        raise Refusal(f"this address is suppressed ({next(iter(reason.values()))})")
    said = {"source": args.source, "proof": args.proof, "fields": fields, "basis": args.basis}
    cause, kept = operator_cause(said)
    keep = Keep("", now, fields=fields, evidence=(kept,))
    names = tuple(sorted(fields))
    if args.basis == "double-opt-in":
        request = RequestConsent(now, cause, (target.id,), secrets.token_hex(16), timezone=args.timezone, language=args.language, fields=names)
        return report(house.decisions.one(Wish(request, address=address, keep=keep)), "asked to confirm by mail")
    if not args.source:
        raise Refusal("--source is required: where does this ground come from?", 2)
    collected = read_date(args.collected, plan.timezone) if args.collected else now
    if collected > now:
        raise Refusal("--collected lies in the future", 2)
    proof = "declared-with-proof" if args.proof else "declared"
    command = Subscribe(
        now,
        cause,
        target.id,
        args.basis,
        proof,
        collected,
        start=args.start,
        timezone=args.timezone,
        language=args.language,
        fields=names,
    )
    return report(house.decisions.one(Wish(command, address=address, keep=keep)), f"on list {target.id} ({target.name})")


def transfer_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--from", dest="source", required=True, help="the list's number or name")
    parser.add_argument("--to", dest="target", required=True, help="the list's number or name")


def transfer(house: House, args: argparse.Namespace) -> int:
    plan = house.publications.current().plan()
    source, target = list_of(plan, args.source), list_of(plan, args.target)
    cause, kept = operator_cause({})
    now = house.clock.now()
    wish = Wish(
        Transfer(now, cause, source.id, target.id), address=address_of(args.address), keep=Keep("", now, evidence=(kept,)), only_known=True
    )
    return report(_known(house.decisions.one(wish)), f"moved from {source.id} ({source.name}) to {target.id} ({target.name})")


def unsubscribe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--purpose", default="*", help="the purpose to withdraw (default: everything)")


def unsubscribe(house: House, args: argparse.Namespace) -> int:
    plan = house.publications.current().plan()
    purpose, address = purpose_of(plan, args.purpose), address_of(args.address)
    cause, kept = operator_cause({"purpose": purpose})
    now = house.clock.now()
    everything = purpose == "*"
    keep = Keep("", now, evidence=(kept,), suppress="objected" if everything else "", address_hash=house.vault.hash(address))
    result = house.decisions.one(Wish(Withdraw(now, cause, purpose), address=address, keep=keep, only_known=True))
    if everything and not result.stream:
        house.vault.suppress({house.vault.hash(address): "objected"}, now)
        print("nobody is known under this address; it is noted that it must not be written to")
        return 0
    return report(result, "withdrawn from everything" if everything else f'withdrawn from "{purpose}"')


def operator_cause(said: dict[str, object]) -> tuple[Cause, Evidence]:
    """A cause whose evidence names the operator; in the ledger stands only what commits to it."""
    kept = evidence(secrets.token_bytes(32), {"operator": getpass.getuser(), "door": "command line"} | said)
    return Cause("operator", secrets.token_hex(8), evidence=kept.commitment.hex()), kept


def report(result: Result, done: str) -> int:
    """Say how a wish ended; the exit status."""
    if result.conflict:
        raise Refusal("too much is changing for this person at once; try again")
    match result.outcome:
        case Refused(why):
            raise Refusal(why)
        case NothingToDo(why):
            print(why)
        case _:
            print(done)
    return 0


def _known(result: Result) -> Result:
    if not result.stream:
        raise Refusal("nobody is known under this address")
    return result


def _fields(pairs: list[str], declared: frozenset[str]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in declared:
            raise Refusal(f"--field {name}: write NAME=VALUE with a field of [fields]: {', '.join(sorted(declared))}", 2)
        fields[name] = value.strip()
    return fields
