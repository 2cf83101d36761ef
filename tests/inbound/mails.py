"""Samples of mails that come back, invented, and the token and the Message-ID of one letter that
stand in them.
"""

from __future__ import annotations

from pathlib import Path

from engine.inbound.reading import Reading, read_mail
from engine.mime.header_values import message_id
from engine.mime.return_path import make_token, return_address
from tests.inbound.corpora import OURS

SAMPLES = Path(__file__).with_name("samples")
MESSAGE = "00112233445566778899aabbccddeeff"
PLACES = {
    "{return_path}": return_address(OURS.key, "bounce", "bounce@garden.example", MESSAGE),
    "{unsubscribe}": return_address(OURS.key, "unsubscribe", "u@garden.example", MESSAGE),
    "{token}": make_token(OURS.key, "bounce", MESSAGE),
    "{message_id}": message_id(bytes.fromhex(MESSAGE), "garden.example").strip("<>"),
}


def filled(text: str) -> bytes:
    for place, value in PLACES.items():
        text = text.replace(place, value)
    return text.encode()


def sample(name: str) -> bytes:
    return filled((SAMPLES / name).read_text("utf-8"))


def read(text: str | bytes, *recipients: str) -> Reading:
    return read_mail(filled(text) if isinstance(text, str) else text, OURS, recipients)
