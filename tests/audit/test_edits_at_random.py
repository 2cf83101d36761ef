"""Edits made at random by somebody who holds the database, the vault and the files. Each is known
to be a fault or harmless: a fault is named by a verb, with status 1, and nothing is signed over an
altered ledger; what is harmless is not spoken of.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.audit.operating import ANNA, BRUNO, Asking, Operated
from tests.proof.handed import judged
from tests.sizes import sized


def any_position(operator: Operated, chance: random.Random) -> int:
    return chance.randint(1, operator.context.ledger.head())


def any_evidence(operator: Operated, chance: random.Random) -> str:
    rows = operator.owner.execute(
        "SELECT encode(commitment, 'hex') FROM vault.evidence ORDER BY commitment"
    ).fetchall()
    return str(chance.choice(rows)[0])


def flip_a_letter(operator: Operated, chance: random.Random) -> None:
    """A letter or a digit within the data of any entry becomes another."""
    place = any_position(operator, chance)
    (state,) = operator.owner.execute(
        "SELECT convert_from(state, 'UTF8') FROM ledger.events WHERE notification_id = %s", (place,)
    ).fetchone() or ("",)
    text = str(state)
    at = chance.choice([n for n, sign in enumerate(text) if sign.isascii() and sign.isalnum()])
    other = text[:at] + ("7" if text[at] != "7" else "8") + text[at + 1 :]
    operator.edit(
        "UPDATE ledger.events SET state = convert_to(%(state)s, 'UTF8')"
        " WHERE notification_id = %(place)s",
        state=other,
        place=place,
    )


def flip_with_its_leaf(operator: Operated, chance: random.Random) -> None:
    place = any_position(operator, chance)
    operator.edit(
        "UPDATE ledger.events SET state = state || ' '::bytea WHERE notification_id = %(place)s",
        place=place,
    )
    operator.with_its_leaf(place)


def swap_two_entries(operator: Operated, chance: random.Random) -> None:
    one, other = chance.sample(range(1, operator.context.ledger.head() + 1), 2)
    operator.edit(
        "UPDATE ledger.events SET notification_id = CASE notification_id WHEN %(one)s THEN"
        " -%(other)s::bigint ELSE -%(one)s::bigint END"
        " WHERE notification_id IN (%(one)s, %(other)s)",
        one=one,
        other=other,
    )
    operator.edit(
        "UPDATE ledger.events SET notification_id = -notification_id WHERE notification_id < 0"
    )


def move_a_fact_to_somebody_else(operator: Operated, chance: random.Random) -> None:
    place = chance.choice(
        [entry.position for entry in operator.context.ledger.stream(operator.site.stream(ANNA))]
    )
    operator.edit(
        "UPDATE ledger.events SET originator_id = %(bruno)s, originator_version = 900"
        " WHERE notification_id = %(place)s",
        bruno=operator.site.stream(BRUNO),
        place=place,
    )


def remove_an_entry(operator: Operated, chance: random.Random) -> None:
    operator.edit(
        "DELETE FROM ledger.events WHERE notification_id = %(place)s",
        place=any_position(operator, chance),
    )


def cut_the_end_off(operator: Operated, chance: random.Random) -> None:
    head = operator.context.ledger.head()
    operator.edit(
        "DELETE FROM ledger.events WHERE notification_id > %(head)s",
        head=head - chance.randint(1, 40),
    )
    if chance.random() < 0.5:
        operator.edit("DELETE FROM proof.checkpoint")


def backdate_an_entry(operator: Operated, chance: random.Random) -> None:
    place = any_position(operator, chance)
    (state,) = operator.owner.execute(
        "SELECT convert_from(state, 'UTF8') FROM ledger.events WHERE notification_id = %s", (place,)
    ).fetchone() or ("",)
    entry = json.loads(str(state))
    recorded = entry["recorded_at"]
    operator.changed(
        place, f'"recorded_at":{recorded}', f'"recorded_at":{recorded - 60 * 86400000}'
    )


def alter_a_tile(operator: Operated, chance: random.Random) -> None:
    operator.edit(
        "UPDATE proof.tile SET hashes = set_byte(hashes, %(at)s, get_byte(hashes, %(at)s) # 1)"
        " WHERE level = 0 AND number = %(number)s",
        at=chance.randrange(32 * 40),
        number=chance.randint(0, 1),
    )


def remove_a_tile(operator: Operated, chance: random.Random) -> None:
    operator.edit(
        "DELETE FROM proof.tile WHERE level = 0 AND number = %(number)s",
        number=chance.randint(0, 1),
    )


def alter_a_checkpoint(operator: Operated, chance: random.Random) -> None:
    column = chance.choice(["root", "note"])
    operator.edit(
        f"UPDATE proof.checkpoint SET {column} = set_byte({column}, %(at)s,"
        f" get_byte({column}, %(at)s) # 1)",
        at=chance.randrange(30),
    )


def alter_evidence(operator: Operated, chance: random.Random) -> None:
    column = chance.choice(["salt", "payload"])
    operator.edit(
        f"UPDATE vault.evidence SET {column} = set_byte({column}, 7, get_byte({column}, 7) # 1)"
        " WHERE encode(commitment, 'hex') = %(digest)s",
        digest=any_evidence(operator, chance),
    )


def remove_evidence(operator: Operated, chance: random.Random) -> None:
    operator.edit(
        "DELETE FROM vault.evidence WHERE encode(commitment, 'hex') = %(digest)s",
        digest=any_evidence(operator, chance),
    )


def swap_two_people(operator: Operated, chance: random.Random) -> None:
    operator.edit(
        "UPDATE vault.person p SET address = o.address FROM vault.person o"
        " WHERE p.subscriber <> o.subscriber AND p.address = ANY(%(both)s)"
        " AND o.address = ANY(%(both)s)",
        both=[ANNA, BRUNO],
    )


def forget_the_position(operator: Operated, chance: random.Random) -> None:
    operator.context.rollback_detection.path.unlink()


def touch_every_row(operator: Operated, chance: random.Random) -> None:
    operator.edit("UPDATE ledger.events SET state = state, originator_id = originator_id")


def add_a_file(operator: Operated, chance: random.Random) -> None:
    (operator.context.config.data / "notes.txt").write_text("rien\n", encoding="utf-8")


class Edit(NamedTuple):
    make: Callable[[Operated, random.Random], None]
    is_fault: bool = True
    alters_the_ledger: bool = True


EDITS = (
    Edit(flip_a_letter),
    Edit(flip_with_its_leaf),
    Edit(swap_two_entries),
    Edit(move_a_fact_to_somebody_else),
    Edit(remove_an_entry),
    Edit(cut_the_end_off),
    Edit(backdate_an_entry),
    Edit(alter_a_tile),
    Edit(remove_a_tile),
    Edit(alter_a_checkpoint),
    Edit(alter_evidence, alters_the_ledger=False),
    Edit(remove_evidence, alters_the_ledger=False),
    Edit(swap_two_people, alters_the_ledger=False),
    Edit(forget_the_position),
    Edit(touch_every_row, is_fault=False),
    Edit(add_a_file, is_fault=False),
)
VERBS = (("replay",), ("evidence",), ("story", ANNA), ("story", BRUNO), ("checkpoint",))


@pytest.mark.parametrize("seed", range(sized(1, 6) * len(EDITS)))
def test_an_edit_is_named_where_it_is_a_fault_and_nowhere_else(
    seed: int, operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    """`evidence` always has something to say here: of Bruno's consent some proof is wanting."""
    edit, chance = EDITS[seed % len(EDITS)], random.Random(seed)
    unedited = asks("evidence").out
    before = {signed.size for signed in operator.context.tree.all_checkpoints()}
    edit.make(operator, chance)
    replay, evidence, *others = (asks(*typed) for typed in VERBS)
    bundle = tmp_path / "anna.zip"
    proved = asks("prove", ANNA, "-o", str(bundle))
    heard = [replay, evidence, *others, proved]
    assert all(answer.status in (0, 1) for answer in heard), heard
    if not edit.is_fault:
        assert [answer.status for answer in heard] == [0, 1, 0, 0, 0, 0], heard
        assert (replay.out, evidence.out) == ("equal\n", unedited)
    elif edit.alters_the_ledger:
        assert replay.status == 1 and replay.out.strip(), heard
        assert proved.status == 1 and "nothing is signed" in proved.err, proved
        assert not bundle.exists()
        after = {signed.size for signed in operator.context.tree.all_checkpoints()}
        assert after <= before
    else:
        named = [*others, proved, *([replay] if replay.out != "equal\n" else [])]
        assert evidence.out != unedited or any(answer.status == 1 for answer in named), heard
        assert not bundle.exists() or judged(bundle).status <= proved.status
