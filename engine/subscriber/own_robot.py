"""The installation's own robot, which goes through its forms by night to see that they work: each
time a new person, whose id says so. Their facts are written like everybody's, and count nowhere.

Apart, so that what counts people imports nothing else for it.
"""

from __future__ import annotations

from typing import Final

_BEGINNING: Final = "00000000-0000-4000-8000-f"
RANDOM_DIGITS: Final = 11
AGENT: Final = "Relance doctor"
"""What it says of itself to a web server."""


def robot_stream(random: str) -> str:
    """The id of a new one; `random` are RANDOM_DIGITS hexadecimal digits, and more are cut off."""
    return _BEGINNING + random[:RANDOM_DIGITS]


def is_own_robot(stream: str) -> bool:
    return stream.startswith(_BEGINNING)


def tagged(robot: str, tag: str) -> str:
    """An address of its mailbox that nobody has had yet: what limits one address does not limit it,
    and nothing is remembered of it.
    """
    local, _, domain = robot.rpartition("@")
    return f"{local}+{tag}@{domain}"


def is_of_robot(robot: str, address: str) -> bool:
    """Whether an address, as it is normalised, is of its mailbox; `robot` is "" for none."""
    local, _, domain = address.rpartition("@")
    return bool(robot) and f"{local.partition('+')[0]}@{domain}" == robot
