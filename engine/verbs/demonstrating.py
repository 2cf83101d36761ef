"""The demonstration: the sample with a few readers and the clock sped up, so that ten days are lived in a minute and stay clickable."""

from __future__ import annotations

import argparse
import secrets

from engine import publication
from engine.deciding import Wish
from engine.house import House
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.vault.commitment import evidence
from engine.vault.vault import Keep
from engine.verbs import running
from engine.verbs.refusal import Refusal

READERS = (("camille@lecteurs.example", "Camille"), ("noe@lecteurs.example", "Noé"), ("ines@lecteurs.example", "Inès"))


def live(house: House, args: argparse.Namespace) -> int:
    publication.publish_first(house)
    plan = house.publications.current().plan()
    if not plan.lists:
        raise Refusal("the sample has no list", 2)
    start = max((each for each in plan.lists.values() if each.letters), key=lambda each: sum(len(letter.links) for letter in each.letters))
    now = house.clock.now()
    wishes = []
    for address, name in READERS:
        kept = evidence(secrets.token_bytes(32), {"source": "demonstration", "operator": "relance demo"})
        cause = Cause("operator", secrets.token_hex(8), evidence=kept.commitment.hex())
        fields = {"first_name": name} if "first_name" in plan.fields else {}
        command = Subscribe(now, cause, start.id, "consent", "declared", now, fields=tuple(fields))
        wishes.append(Wish(command, address=address, keep=Keep("", now, fields=fields, evidence=(kept,))))
    house.decisions.carry_out(wishes)
    print(f"Three readers stand on list {start.id} ({start.name}). A day lasts {86_400 / args.speed:.0f} seconds.")
    print(f"Their letters: http://127.0.0.1:{house.config.mailbox_port} — answer some and see what follows with")
    print(f"  relance -C {house.config.folder} show {READERS[0][0]}")
    return running.run(house, args)
