"""The keys that sign letters (`[dkim]`): made, read and changed in `data/secrets/dkim/`, mode 0600.

A key is made, then published in the DNS by the operator, and signs once they say so. The one before
it stays published for a week, since letters that it signed are still on their way (RFC 6376 section
3.6.1); then it is revoked by an empty `p=`. Beside each RSA key of 2048 bits lies an Ed25519 key
under a selector of its own (RFC 8463); it signs too where `ed25519` is true, and never alone.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from engine.config import Config
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.mime.dkim import Signer, signed
from engine.sending.envelope import Envelope, crlf
from engine.sending.stream_settings import STREAMS, Stream
from engine.store.files import sync_folder
from engine.words import Words, words, words_of_file_error

RSA_BITS = 2048
KEPT_SECONDS = 7 * 86_400
"""For which a key that no longer signs stays published."""
TXT_CHARACTERS = 255
State = Literal["made", "signing", "former", "revoked"]
Private = RSAPrivateKey | Ed25519PrivateKey
LIST = "keys.json"
OLD_SECONDS = 365 * 86_400
"""For which a key signs at most (A40)."""
UNPUBLISHED_SECONDS = 7 * 86_400
UNREVOKED_SECONDS = KEPT_SECONDS + 30 * 86_400
Due = Literal["old", "unpublished", "unrevoked"]


class KeyFault(NamedTuple):
    """What is due with a stream's key, or "unusable": then no letter of the stream can leave."""

    code: Literal["unusable", Due]
    stream: Stream
    words: Words


DUE: Mapping[State, tuple[Due, int, str]] = {
    "signing": (
        "old",
        OLD_SECONDS,
        N_(
            "the DKIM key {selector} signs since {date}: change it once a year (`relance dkim"
            " rotate`)"
        ),
    ),
    "made": (
        "unpublished",
        UNPUBLISHED_SECONDS,
        N_(
            "the DKIM key {selector} was made on {date} and signs nothing: publish it, then"
            " `relance dkim rotate --published`"
        ),
    ),
    "former": (
        "unrevoked",
        UNREVOKED_SECONDS,
        N_(
            "the DKIM key {selector} signs nothing since {date} and is still published: `relance"
            " dkim retire`"
        ),
    ),
}
"""By a key's state: after how many seconds in it something is due, and what is said then."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """`since`: when it came into its state (wall-clock seconds)."""

    selector: str
    state: State
    since: int


class DkimKeys:
    """The keys of one stream, each stream's in a folder of its own. Everything here raises
    UserError: what is wrong, and where.
    """

    def __init__(self, config: Config, stream: Stream = "marketing") -> None:
        self.stream, self.settings = stream, config.identity(stream).dkim
        own = stream == "transactional" and config.transactional is not None
        self._path = f"dkim/{stream}" if own else "dkim"
        self.folder = config.secrets / self._path

    def all(self) -> tuple[DkimKey, ...]:
        """From the oldest to the newest, those that are revoked among them."""
        try:
            text = (self.folder / LIST).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unreadable(LIST, error) from error
        try:
            return tuple(DkimKey(**key) for key in json.loads(text))
        except (ValueError, TypeError) as error:
            raise UserError(
                N_(
                    "{file} is not the list of DKIM keys that was written there: put your copy back"
                ),
                2,
                file=self._named(LIST),
            ) from error

    def one(self, state: State) -> DkimKey | None:
        return next((key for key in self.all() if key.state == state), None)

    def make(self, at: int) -> DkimKey:
        """A key beside those there are, on the disk when this returns. `at` is in seconds."""
        keys = self.all()
        if waiting := self.one("made"):
            raise UserError(
                N_(
                    "the key {selector} is made and waits: publish it (`relance dkim show`), then"
                    " `relance dkim rotate --published`"
                ),
                selector=waiting.selector,
            )
        name = self.settings.selector
        key = DkimKey(f"{name}-{len(keys) + 1}" if keys else name, "made", at)
        for folder in reversed([self.folder, *self.folder.parents[: self._path.count("/")]]):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self._file(key.selector), _pem(generate_private_key(65537, RSA_BITS)))
        _write(self._file(ed25519_selector(key)), _pem(Ed25519PrivateKey.generate()))
        self._keep((*keys, key))
        return key

    def take(self, at: int) -> DkimKey:
        """The key that waits signs from now on, and the one before it is kept."""
        new = self.one("made")
        if new is None:
            raise UserError(
                N_(
                    "no new key waits: `relance dkim new` makes the first, `relance dkim rotate`"
                    " others"
                )
            )
        self._private(new.selector)
        states: dict[State, State] = {"made": "signing", "signing": "former"}
        self._keep(
            [
                replace(key, state=states[key.state], since=at) if key.state in states else key
                for key in self.all()
            ]
        )
        return replace(new, state="signing", since=at)

    def retire(self, at: int) -> DkimKey:
        """The oldest key that no longer signs is revoked, its private half gone. Refused before it
        was kept for KEPT_SECONDS.
        """
        old = self.one("former")
        if old is None:
            raise UserError(N_("there is no former key to retire"))
        if at < (until := old.since + KEPT_SECONDS):
            raise UserError(
                N_(
                    "letters signed with the key {selector} may still be on their way: retire it"
                    " from {date} (UTC) on"
                ),
                selector=old.selector,
                date=f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M}",
            )
        revoked = replace(old, state="revoked", since=at)
        self._keep([revoked if key == old else key for key in self.all()])
        for selector in (old.selector, ed25519_selector(old)):
            self._file(selector).unlink(missing_ok=True)
        return revoked

    def dns_lines(self, key: DkimKey) -> list[str]:
        """What the operator publishes: a line for each selector of the key, as a zone file has it;
        with an empty `p=` for one that is revoked.
        """
        return [self._txt(selector, record) for selector, record in self.records(key)]

    def records(self, key: DkimKey) -> list[tuple[str, str]]:
        """Each selector of the key, and what stands in the DNS under it."""
        if key.state == "revoked":
            return [(selector, "v=DKIM1; p=") for selector in self._selectors(key)]
        return [(selector, _record(self._private(selector))) for selector in self._selectors(key)]

    def signers(self) -> tuple[Signer, ...]:
        """With the key that signs; none where `[dkim]` names no domain, and the relay signs."""
        if not self.settings.domain:
            return ()
        return tuple(
            _signer(self.settings.domain, selector, self._private(selector))
            for selector in self._selectors(self._signing())
        )

    def try_files(self) -> None:
        """Whether letters can be signed, as far as the files show without the arithmetic that
        proves a private key, which takes tens of milliseconds.
        """
        for selector in self._selectors(self._signing()):
            self._private(selector, proved=False)

    def _signing(self) -> DkimKey:
        key = self.one("signing")
        if key is None:
            raise UserError(
                N_(
                    "[dkim] names a domain and no key signs for it yet: `relance dkim new` makes"
                    " one, and `relance dkim rotate --published` takes it once it is published"
                ),
                2,
            )
        return key

    def _selectors(self, key: DkimKey) -> list[str]:
        return [key.selector, *([ed25519_selector(key)] if self.settings.ed25519 else [])]

    def _txt(self, selector: str, record: str) -> str:
        pieces = [
            f'"{record[start : start + TXT_CHARACTERS]}"'
            for start in range(0, len(record), TXT_CHARACTERS)
        ]
        value = pieces[0] if len(pieces) == 1 else f"( {' '.join(pieces)} )"
        return f"{selector}._domainkey.{self.settings.domain}. IN TXT {value}"

    def _private(self, selector: str, *, proved: bool = True) -> Private:
        file = self._file(selector)
        try:
            octets = file.read_bytes()
        except OSError as error:
            raise self._unreadable(file.name, error) from error
        try:
            key = load_pem_private_key(octets, None, unsafe_skip_rsa_key_validation=not proved)
        except (ValueError, TypeError) as error:
            raise self._no_key(file.name) from error
        # Each selector has its kind: the record in the DNS says which.
        kind = Ed25519PrivateKey if selector.endswith(_ED25519) else RSAPrivateKey
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey) or not isinstance(key, kind):
            raise self._no_key(file.name)
        if isinstance(key, RSAPrivateKey) and key.key_size < RSA_BITS:
            raise UserError(
                N_("the DKIM key {file} has {bits} bits; mailbox providers ask for {least}"),
                2,
                file=self._named(file.name),
                bits=key.key_size,
                least=RSA_BITS,
            )
        return key

    def _keep(self, keys: Sequence[DkimKey]) -> None:
        _write(self.folder / LIST, json.dumps([asdict(key) for key in keys], indent=1).encode())
        sync_folder(self.folder)

    def _file(self, selector: str) -> Path:
        return self.folder / f"{selector}.pem"

    def _named(self, name: str) -> str:
        return f"data/secrets/{self._path}/{name}"

    def _unreadable(self, name: str, error: OSError) -> UserError:
        return UserError(
            N_("the DKIM key {file} cannot be read: {why}; put your saved copy back"),
            2,
            file=self._named(name),
            why=words_of_file_error(error),
        )

    def _no_key(self, name: str) -> UserError:
        return UserError(
            N_("{file} is not the private DKIM key it should be: put your saved copy back"),
            2,
            file=self._named(name),
        )


class DkimSigning:
    """What signs the letters of one process. `read` takes up a key that was changed beneath it."""

    def __init__(self, config: Config) -> None:
        self._keys = keys_of(config)
        self._signers: dict[Stream, tuple[Signer, ...]] = {}
        self._read_at: dict[Stream, int | None] = {}

    def read(self) -> None:
        """Before anything is claimed. Raises UserError where a key cannot be used."""
        for keys in self._keys:
            if not keys.settings.domain:
                continue
            try:
                changed = (keys.folder / LIST).stat().st_mtime_ns
            except OSError:
                changed = None
            if changed is None or changed != self._read_at.get(keys.stream):
                self._signers[keys.stream] = keys.signers()
                self._read_at[keys.stream] = changed

    def signed(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """The last thing that is done to a mail: its line ends are as they go out. An RSA signature
        takes most of the time and lets other threads go on: each processor makes some of them.
        """
        if not self._signers:
            return list(envelopes)
        sign = partial(self._sign, at=int(time.time()))
        if len(envelopes) < 2:
            return [sign(envelope) for envelope in envelopes]
        with ThreadPoolExecutor(min(len(envelopes), os.cpu_count() or 1)) as threads:
            return list(threads.map(sign, envelopes))

    def _sign(self, envelope: Envelope, at: int) -> Envelope:
        stream = envelope.stream if len(self._keys) > 1 else "marketing"
        signers = self._signers.get(stream, ())
        if not signers:
            return envelope
        return envelope._replace(body=signed(crlf(envelope.body), signers, at))


def key_faults(config: Config, at: int) -> Iterator[KeyFault]:
    """Those of every stream that signs, from the files alone. `at` is in seconds."""
    for keys in keys_of(config):
        if keys.settings.domain:
            try:
                keys.try_files()
            except UserError as error:
                yield KeyFault("unusable", keys.stream, error.words)
                continue
            for key in keys.all():
                if key.state in DUE and at - key.since > DUE[key.state][1]:
                    code, _, sentence = DUE[key.state]
                    date = f"{datetime.fromtimestamp(key.since, UTC):%Y-%m-%d}"
                    told = words(sentence, selector=key.selector, date=date)
                    yield KeyFault(code, keys.stream, told)


def keys_of(config: Config) -> tuple[DkimKeys, ...]:
    """Those of each stream that has keys of its own."""
    streams = STREAMS if config.transactional else STREAMS[:1]
    return tuple(DkimKeys(config, stream) for stream in streams)


_ED25519 = "-ed25519"


def ed25519_selector(key: DkimKey) -> str:
    """A selector has one record in the DNS, so the second key has its own."""
    return key.selector + _ED25519


def _signer(domain: str, selector: str, key: Private) -> Signer:
    if isinstance(key, Ed25519PrivateKey):
        return Signer(domain, selector, "ed25519-sha256", key.sign)
    rsa = partial(key.sign, padding=PKCS1v15(), algorithm=Prehashed(SHA256()))
    return Signer(domain, selector, "rsa-sha256", rsa)


def _record(key: Private) -> str:
    if isinstance(key, Ed25519PrivateKey):
        kind, public = "ed25519", key.public_key().public_bytes_raw()
    else:
        form = PublicFormat.SubjectPublicKeyInfo
        kind, public = "rsa", key.public_key().public_bytes(Encoding.DER, form)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"


def _pem(key: Private) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, octets: bytes) -> None:
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(octets)
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(file)
