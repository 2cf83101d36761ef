"""The demonstration: the sample with a few readers and the clock sped up, so that ten days are lived in a minute and stay clickable."""

from __future__ import annotations

import argparse
import secrets
from itertools import count

from engine import publication
from engine.deciding import Wish
from engine.house import House
from engine.language import N_, translator
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.vault.commitment import evidence
from engine.vault.vault import Keep
from engine.verbs import running
from engine.verbs.refusal import Refusal
from engine.verbs.wording import language_of, say_list

READERS = (("camille", "Camille"), ("noe", "Noé"), ("ines", "Inès"))


def live(house: House, args: argparse.Namespace) -> int:
    """New readers each time, because those of the last time have had their letters."""
    _ = translator(language_of(house.config))
    publication.publish_first(house)
    plan = house.publications.current().plan()
    started = [each for each in plan.lists.values() if each.letters]
    if not started:
        raise Refusal(N_("the demonstration has no list with letters"), 2)
    start = max(started, key=lambda each: sum(len(letter.links) for letter in each.letters))
    addresses = _nobody_yet(house)

    def enter() -> None:
        """Once the ports are had, so that a second demonstration beside this one adds nobody."""
        house.decisions.carry_out([_joining(house, start.id, address, name, "first_name" in plan.fields) for address, name in addresses])
        day = f"{86_400 / args.speed:.1f}"
        print(_("Three readers stand on list {list}. A day lasts {seconds} seconds.").format(list=say_list(plan, start.id), seconds=day))
        print(_("Answer some of their letters in the mailbox, and see what follows with"))
        print(f"  relance -C {house.config.folder} show {addresses[0][0]}")

    return running.run(house, args, enter)


def _nobody_yet(house: House) -> list[tuple[str, str]]:
    """Addresses and names of this time's readers."""
    for time in count(1):
        addresses = [(f"{local}{time if time > 1 else ''}@lecteurs.example", name) for local, name in READERS]
        if not house.vault.find_all([house.vault.hash(address) for address, _name in addresses]):
            return addresses
    raise AssertionError("counting never ends")


def _joining(house: House, number: int, address: str, name: str, named: bool) -> Wish:
    now = house.clock.now()
    kept = evidence(secrets.token_bytes(32), {"source": "demonstration", "operator": "relance demo"})
    cause = Cause("operator", secrets.token_hex(8), evidence=kept.commitment.hex())
    fields = {"first_name": name} if named else {}
    command = Subscribe(now, cause, number, "consent", "declared", now, fields=tuple(fields))
    return Wish(command, address=address, keep=Keep("", now, fields=fields, evidence=(kept,)))
