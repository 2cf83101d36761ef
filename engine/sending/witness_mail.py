"""The mail that takes the newest checkpoint to a witness who keeps it: an operator's mail, of no
list and in no person's stream.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from engine.config import Site
from engine.i18n.language import N_, grouped, translator
from engine.mime.header_values import message_id
from engine.mime.headers import Mailbox
from engine.mime.message import Mail, serialize
from engine.proof.checkpoint import HEADER, words_of
from engine.proof.store import SignedCheckpoint
from engine.sending.envelope import Envelope

SUBJECT = N_("Checkpoint over {size} entries, {day}: please keep this mail")
BODY = N_(
    "Hello,\n\n{name} ({url}) keeps a ledger of who agreed to receive its letters and who withdrew."
    " This mail holds its newest signed checkpoint: with it, anybody can later find out whether"
    " something that had been written down until then was changed or removed, by {name} as by"
    " anyone else.\n\nAll there is to do is to keep this mail, as it is, where {name} cannot reach"
    " it. It says nothing about any person.\n\nShould you be asked for it: save it as a file"
    " (.eml), and give it to whoever verifies. `verify.py`, which comes with each proof, reads it:"
    " python3 -I -S verify.py PROOF.zip --checkpoint MAIL.eml\n\nThe checkpoint covers {size}"
    " entries and was signed on {signed} (UTC). Here it is, between the"
    " lines:\n\n----------\n{note}----------\n\nThe key it is signed with: {vkey}\n"
)


TROUBLE = "witness"


def witness_mark(address_hash: bytes) -> str:
    """The name of a witness, and of trouble with them, on the desk: made from the keyed hash of
    their address.
    """
    return f"{TROUBLE}:{address_hash.hex()[:16]}"


def witness_mail(
    site: Site, to: str, signed: SignedCheckpoint, vkey: str, at: int, random128: bytes
) -> Envelope:
    """`at` (ms, wall clock) is the mail's Date. The checkpoint stands in the header, where mail
    programs leave it as it is, and in the text, where people see it. Raises HeaderRefused.
    """
    _ = translator(site.language)
    domain, text = site.sender.rpartition("@")[2], _text(_, site, signed, vkey)
    extra = (
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        (HEADER, words_of(signed.note)),
    )
    sender = Mailbox(site.sender_name, site.sender)
    reply_to = Mailbox("", site.reply_to) if site.reply_to else None
    date = datetime.fromtimestamp(at / 1000, UTC)
    subject = _(SUBJECT).format(size=grouped(signed.size, _), day=_day(signed))
    mail = Mail(
        sender,
        Mailbox("", to),
        reply_to,
        subject,
        date,
        message_id(random128, domain),
        extra,
        text,
        None,
    )
    return Envelope(random128.hex(), site.sender, to, serialize(mail))


def _text(say: Callable[[str], str], site: Site, signed: SignedCheckpoint, vkey: str) -> str:
    moment = f"{datetime.fromtimestamp(signed.signed_at / 1000, UTC):%Y-%m-%d %H:%M}"
    note = signed.note.decode()
    return say(BODY).format(
        name=site.name,
        url=site.url,
        size=grouped(signed.size, say),
        signed=moment,
        note=note,
        vkey=vkey,
    )


def _day(signed: SignedCheckpoint) -> str:
    return f"{datetime.fromtimestamp(signed.signed_at / 1000, UTC):%Y-%m-%d}"
