"""Composing letters, against the least for who writes each letter anew: quoted-printable of the
same bytes and one HMAC for each link.

A published letter is encoded once for all its readers; what is left is its fields, its links and
the lines they stand in.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.installation import LETTER, write_folder
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.config import read_config
from engine.letter.link_token import TOKEN_CHARACTERS
from engine.letter.source_folder import read_sequences
from engine.sending.claim_pace import MAX_ROWS
from engine.sending.compose import Composer, ComposeRequest
from engine.sending.dkim_keys import DkimKeys, DkimSigning
from engine.sending.envelope import Envelope
from engine.sending.smtp_settings import Dkim
from engine.sequence.model import Plan
from engine.sequence.parse import parse
from engine.subscriber.events import LetterBegun

AT = 1_800_000_000_000


def measure(size: Size) -> list[Row]:
    """The octets of a letter for each of many readers: words rendered, links signed, headers
    written.
    """
    rounds, count = size.pick((3, 300), (5, 5000), (5, 5000))
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as name:
        folder = Path(name) / "installation"
        write_folder(folder)
        composer, plan = _composer(folder)
    orders = [_order(n) for n in range(1, count + 1)]
    composed = [composer.compose(order, plan, AT) for order in orders]
    links = composed[0].html.count(f"{composer.config.site.url}/l/")
    parts = [(each.text.encode(), each.html.encode()) for each in composed]
    found = []
    for _ in range(rounds):
        with Watch() as composing:
            for order in orders:
                composer.octets(order, plan, AT)
        with Watch() as least:
            for text, html in parts:
                binascii.b2a_qp(text)
                binascii.b2a_qp(html)
                for _ in range(links):
                    hmac.digest(composer.link_key, text[:TOKEN_CHARACTERS], "sha256")
        found.append((count / composing.seconds, count / least.seconds))
    return [
        against("compose", "letters/s", None, found),
        against("compose and sign", "letters/s", None, _signed(composer, plan, orders, rounds)),
    ]


def _signed(
    composer: Composer, plan: Plan, orders: Sequence[ComposeRequest], rounds: int
) -> list[tuple[float, float]]:
    """Letters a second composed and signed, and composed alone, by rounds."""
    found = []
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as name:
        config = replace(composer.config, folder=Path(name), dkim=Dkim("potager.example"))
        keys, signing = DkimKeys(config), DkimSigning(config)
        keys.make(0)
        keys.take(0)
        signing.read()
    for _ in range(rounds):
        with Watch() as both:
            for start in range(0, len(orders), MAX_ROWS):
                signing.signed(_envelopes(composer, plan, orders[start : start + MAX_ROWS]))
        with Watch() as alone:
            _envelopes(composer, plan, orders)
        found.append((len(orders) / both.seconds, len(orders) / alone.seconds))
    return found


def _envelopes(composer: Composer, plan: Plan, orders: Sequence[ComposeRequest]) -> list[Envelope]:
    return [
        Envelope(
            order.claim.message,
            composer.config.site.sender,
            order.address,
            composer.octets(order, plan, AT),
        )
        for order in orders
    ]


def octets(folder: Path) -> int:
    """How long the letter of an installation is, headers and all."""
    composer, plan = _composer(folder)
    return len(composer.compose(_order(1), plan, AT).octets)


def _composer(folder: Path) -> tuple[Composer, Plan]:
    config = read_config(folder)
    return Composer(config, secrets.token_bytes(32)), parse(
        read_sequences(config.sequences), config.settings
    )


def _order(reader: int) -> ComposeRequest:
    begun = LetterBegun(
        AT, "list:1", "letter", LETTER, secrets.token_hex(16), 0, 1, 1, "conseils", "bench"
    )
    return ComposeRequest(
        begun, reader, f"reader-{reader}@potager.example", {"first_name": f"Prénom-{reader}"}, "fr"
    )
