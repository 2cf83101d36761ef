"""DKIM: whether the keys that sign our letters stand in the DNS as they should (RFC 6376 section
3.6.1, RFC 8301, RFC 8463). Pure.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from engine.doctor.dmarc import tags_of
from engine.doctor.world import Dns, Line, NotReached, OwnKey, Records, World, quoted
from engine.words import N_, words

LEAST_BITS, WEAK_BITS = 1024, 2048
"""RFC 8301: verifiers refuse less than the first; mailbox providers ask for the second."""
FORMER_SECONDS = 7 * 86_400
"""For which letters signed with a key may still be on their way."""
MAX_AGE_SECONDS = 366 * 86_400
"""After which a key is due to be changed (A40)."""


def check_dkim(world: World) -> Iterator[Line]:
    us = world.us
    if not us.dkim_domain:
        what = words(
            N_(
                "Relance does not sign; whether your relay does, a test letter says:"
                " `relance doctor --letter ADDRESS`"
            )
        )
        yield Line("dkim-not-ours", "unknown", what)
        return
    if not any(key.state == "signing" for key in us.keys):
        what = words(
            N_(
                "[dkim] names {domain}, and no key signs for it: `relance dkim new`, then `relance"
                " dkim rotate --published`"
            ),
            domain=us.dkim_domain,
        )
        yield Line("dkim-no-key", "fails", what, _waiting_lines(world))
    world.need(*(Dns("txt", _name(key)) for key in us.keys))
    for key in us.keys:
        yield from _of_key(world, key)


def _waiting_lines(world: World) -> tuple[str, ...]:
    waiting = tuple(key.line for key in world.us.keys if key.state == "made")
    return waiting or ("relance dkim new",)


def _name(key: OwnKey) -> str:
    return f"{key.selector}._domainkey.{key.domain}"


def _of_key(world: World, key: OwnKey) -> Iterator[Line]:
    name, answer = _name(key), world.dns("txt", _name(key))
    if isinstance(answer, NotReached):
        what = words(N_("the key at {name}: {why}"), name=name, why=answer.why)
        yield Line("dkim-unreachable", "unknown", what)
        return
    values = answer.values if isinstance(answer, Records) else ()
    records = [value for value in values if "=" in value]
    if key.state == "former" and world.now - key.since > FORMER_SECONDS:
        if any(_key_in(record) for record in records):
            what = words(
                N_("the key at {name} has signed nothing for a week: `relance dkim retire`"),
                name=name,
            )
            yield Line("dkim-retire", "fails", what, ("relance dkim retire",), optional=True)
        return
    if key.state == "revoked":
        if any(_key_in(record) for record in records):
            what = words(N_("the key at {name} is retired, and still published"), name=name)
            yield Line("dkim-not-revoked", "fails", what, (key.line,), optional=True)
        return
    if not records:
        yield from _of_missing(key, name)
    elif len(records) > 1:
        what = words(N_("{name} holds several records, so its key is not found"), name=name)
        yield Line("dkim-several", "fails", what, (key.line,))
    else:
        yield from _of_record(world, key, name, records[0])


def _of_missing(key: OwnKey, name: str) -> Iterator[Line]:
    match key.state:
        case "signing":
            what = words(N_("the key that signs is not published: {name} has no record"), name=name)
            yield Line("dkim-missing", "fails", what, (key.line,))
        case "former":
            what = words(
                N_("letters signed until lately cannot be verified any more: {name} is gone"),
                name=name,
            )
            yield Line("dkim-former-missing", "fails", what, (key.line,))
        case _:
            what = words(N_("the next key waits to be published: {name}"), name=name)
            yield Line("dkim-waits", "fails", what, (key.line,), optional=True)


def _key_in(record: str) -> str:
    return "".join(tags_of(record).get("p", "").split())


def _of_record(world: World, key: OwnKey, name: str, record: str) -> Iterator[Line]:
    tags, ours = tags_of(record), tags_of(key.value)
    published, faults = _key_in(record), list[Line]()

    def fault(code: str, sentence: str, optional: bool = False, **values: str | int) -> None:
        what = words(sentence, name=name, **values)
        faults.append(Line(code, "fails", what, (key.line,), optional))

    kind = tags.get("k", "rsa").lower()
    bits = _rsa_bits(published) if kind == "rsa" else None
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        fault("dkim-syntax", N_("the record at {name} is no key"))
    elif not published:
        fault(
            "dkim-revoked",
            N_("the key at {name} is revoked (p= is empty), and letters are signed with it"),
        )
    elif kind != ours.get("k", "rsa"):
        fault(
            "dkim-kind",
            N_("the key at {name} is said to be of another kind: k={kind}"),
            kind=quoted(kind),
        )
    elif published != _key_in(key.value):
        if bits is not None and bits < WEAK_BITS:
            fault(
                "dkim-weak",
                N_("the key at {name} is not ours, and has only {bits} bits"),
                bits=bits,
            )
        else:
            fault("dkim-other-key", N_("the key at {name} is not the one letters are signed with"))
    hashes = [part.strip().lower() for part in tags.get("h", "sha256").split(":")]
    if "sha256" not in hashes:
        fault("dkim-hash", N_("the record at {name} allows no sha256 (h=), with which we sign"))
    services = [part.strip().lower() for part in tags.get("s", "*").split(":")]
    if not {"*", "email"} & set(services):
        fault("dkim-service", N_("the record at {name} is not for mail (s=)"))
    if "y" in [part.strip().lower() for part in tags.get("t", "").split(":")]:
        fault(
            "dkim-test",
            N_("the record at {name} is marked as a test (t=y): take that out"),
            optional=True,
        )
    yield from faults
    if faults:
        return
    if key.state == "made":
        what = words(
            N_(
                "the next key is published at {name}: `relance dkim rotate --published`"
                " lets it sign"
            ),
            name=name,
        )
        yield Line("dkim-ready", "fails", what, ("relance dkim rotate --published",), optional=True)
        return
    if key.state == "signing" and world.now - key.since > MAX_AGE_SECONDS:
        what = words(
            N_("the key at {name} has signed for more than a year: `relance dkim rotate`"),
            name=name,
        )
        yield Line("dkim-old", "fails", what, ("relance dkim rotate",), optional=True)
        return
    yield Line("dkim", "holds", words(N_("the key at {name} is published"), name=name))


def _rsa_bits(encoded: str) -> int | None:
    """Of the modulus in a SubjectPublicKeyInfo or an RSAPublicKey (DER); None for what is
    neither.
    """
    try:
        octets = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return _modulus_bits(octets, depth=0)


_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03


def _modulus_bits(octets: bytes, depth: int) -> int | None:
    tag, value, _after = _element(octets)
    if depth > 3:
        return None
    if tag == _BIT_STRING:
        return _modulus_bits(value[1:], depth + 1)
    if tag == _INTEGER:
        return int.from_bytes(value, "big").bit_length()
    if tag != _SEQUENCE:
        return None
    first, _inner, after = _element(value)
    return _modulus_bits(value if first == _INTEGER else after, depth + 1)


def _element(octets: bytes) -> tuple[int, bytes, bytes]:
    """Tag, value and what follows; tag 0 where it is cut."""
    if len(octets) < 2:
        return 0, b"", b""
    length, start = octets[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(octets[2 : 2 + count], "big"), 2 + count
    if start + length > len(octets):
        return 0, b"", b""
    return octets[0], octets[start : start + length], octets[start + length :]
