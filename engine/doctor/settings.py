"""`[doctor]` of config.toml: what the doctor cannot find out by itself, and whom it may ask. Below
config.py, which reads it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from engine.intake.address import AddressRefused, normalise
from engine.sequence.table import Table
from engine.words import N_

MAX_BLOCKLISTS = 10
EXAMPLES = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
_HOST = re.compile(r"(?=.{4,200}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


@dataclass(frozen=True, slots=True)
class Doctor:
    """`addresses`: those letters leave from, () where they are not said. `robot`: the address by
    which the installation tries its forms, "" where it does not.
    """

    addresses: tuple[str, ...] = ()
    blocklists: tuple[str, ...] = ()
    robot: str = ""


def read_doctor(table: Table, *, takes_mail: bool) -> Doctor:
    """`takes_mail`: mail that comes back is taken in."""
    addresses = tuple(filter(None, (_address(table, key) for key in EXAMPLES)))
    lists = tuple(map(str, table.get("blocklists", list, [])))
    wrong = [name for name in lists if not _HOST.fullmatch(name)]
    if wrong or len(lists) > MAX_BLOCKLISTS:
        table.mistake(
            "blocklists",
            N_('`blocklists` are at most {most} host names, as the DNS has them: "{name}"'),
            most=MAX_BLOCKLISTS,
            name=wrong[0] if wrong else lists[-1],
        )
    robot = _robot(table)
    if robot and not takes_mail:
        table.mistake("robot", N_("`robot` gets its mail by [inbound], which takes in none"))
    return Doctor(addresses, lists, robot)


def _robot(table: Table) -> str:
    text = table.get("robot", str, "")
    try:
        address = normalise(text) if text else ""
    except AddressRefused:
        address = "+"
    if "+" in address:
        sentence = N_('`robot` is an address of your own, without a plus: "robot@example.org"')
        table.mistake("robot", sentence)
        return ""
    return address


def _address(table: Table, key: str) -> str:
    text = table.get(key, str, "")
    try:
        address = ipaddress.ip_address(text) if text else None
    except ValueError:
        address = None
    if text and (address is None or f"ipv{address.version}" != key):
        sentence = N_('`{key}` is the address your letters leave from: "{example}"')
        table.mistake(key, sentence, key=key, example=EXAMPLES[key])
    return str(address) if address is not None else ""
