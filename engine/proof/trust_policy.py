"""A trust policy: which logs are known, which witnesses, and how many of them must have signed.
C2SP tlog-policy. Pure.

Names are octets that nobody interprets; what is not ASCII is kept as surrogates, so that it is
written back as it was read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from engine.proof.errors import ProofRefused
from engine.proof.note import COSIGNATURE, ED25519, parse_vkey

MOST_LOGS = MOST_WITNESSES = MOST_GROUPS = 32
MAX_POLICY_BYTES = 100_000
NONE = "none"
_Line = TypeVar("_Line")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A log (without a name of its own) or a witness, by its verifier key."""

    vkey: str
    url: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Has signed when `threshold` of its members, witnesses or earlier groups, have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    logs: tuple[KnownKey, ...] = ()
    witnesses: tuple[KnownKey, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    @property
    def unknown(self) -> tuple[KnownKey, ...]:
        """Those with keys of a type that is not known here: whatever they sign counts for
        nothing.
        """
        return tuple(
            known
            for known in (*self.logs, *self.witnesses)
            if parse_vkey(known.vkey)[1] not in (ED25519, COSIGNATURE)
        )

    def satisfied(self, signed: Collection[str]) -> bool:
        """Whether enough have signed: `signed` are verifier keys whose signatures below one
        checkpoint are good.
        """
        if self.logs and not any(log.vkey in signed for log in self.logs):
            return False
        have = {witness.name for witness in self.witnesses if witness.vkey in signed}
        have |= {NONE}
        for group in self.groups:
            if len(have.intersection(group.members)) >= group.threshold:
                have.add(group.name)
        return self.quorum in have

    def __bytes__(self) -> bytes:
        """The file."""
        lines = [_joined("log", log.vkey, log.url) for log in self.logs]
        lines += [
            _joined("witness", witness.name, witness.vkey, witness.url)
            for witness in self.witnesses
        ]
        lines += [
            _joined("group", group.name, str(group.threshold), *group.members)
            for group in self.groups
        ]
        return "".join(f"{line}\n" for line in [*lines, f"quorum {self.quorum}"]).encode(
            "utf-8", "surrogateescape"
        )


def parse_policy(raw: bytes) -> Policy:
    """Raises ProofRefused, which names the line."""
    if len(raw) > MAX_POLICY_BYTES:
        raise ProofRefused(f"a policy of {len(raw)} bytes is longer than {MAX_POLICY_BYTES}")
    if any((octet < 0x20 and octet not in b"\t\n") or octet == 0x7F for octet in raw):
        raise ProofRefused("the policy holds a control character")
    if raw and not raw.endswith(b"\n"):
        raise ProofRefused("the policy's last line does not end")
    reading = _Reading()
    for number, line in enumerate(raw.decode("utf-8", "surrogateescape").split("\n"), start=1):
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        if words and not words[0].startswith("#"):
            try:
                reading.line(words)
            except ProofRefused as error:
                raise ProofRefused(f"the policy's line {number}: {error}") from None
    if reading.quorum is None:
        raise ProofRefused("the policy has no quorum")
    return Policy(
        tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum
    )


@dataclass
class _Reading:
    logs: list[KnownKey] = field(default_factory=list)
    witnesses: list[KnownKey] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    free: set[str] = field(default_factory=set)
    """Names that are not yet a member of a group."""
    names: set[str] = field(default_factory=set)

    def line(self, words: Sequence[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                self._key(vkey, self.logs)
                self._add(self.logs, KnownKey(vkey, *url), MOST_LOGS, "logs")
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._key(vkey, self.witnesses)
                self._name(name)
                self._add(
                    self.witnesses, KnownKey(vkey, "".join(url), name), MOST_WITNESSES, "witnesses"
                )
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise ProofRefused("a second quorum")
                if name != NONE and name not in self.names:
                    raise ProofRefused("the quorum is no witness or group of an earlier line")
                self.quorum = name
            case _:
                raise ProofRefused(
                    "not a log, a witness, a group or the quorum with what belongs to it"
                )

    def _group(self, name: str, threshold: str, members: Sequence[str]) -> None:
        for member in members:
            if member not in self.free:
                raise ProofRefused(
                    "a member of the group is no witness or group of an earlier line, or is a"
                    " member already"
                )
            self.free.discard(member)
        words = {"all": len(members), "any": 1}
        digits = (
            threshold.isascii()
            and threshold.isdigit()
            and len(threshold) <= 3
            and not threshold.startswith("0")
        )
        if threshold not in words and not (digits and 1 <= int(threshold) <= len(members)):
            raise ProofRefused(f'the group asks for "{threshold[:20]}" of {len(members)} members')
        self._name(name)
        self._add(
            self.groups,
            Group(name, words.get(threshold) or int(threshold), tuple(members)),
            MOST_GROUPS,
            "groups",
        )

    def _name(self, name: str) -> None:
        if name == NONE or name in self.names:
            raise ProofRefused("this name is taken")
        self.names.add(name)
        self.free.add(name)

    def _key(self, vkey: str, known: Sequence[KnownKey]) -> None:
        """Of any type: a policy may name keys that others can use."""
        public = parse_vkey(vkey)[2]
        if any(parse_vkey(other.vkey)[2] == public for other in known):
            raise ProofRefused("this key is there already")

    def _add(self, lines: list[_Line], one: _Line, most: int, what: str) -> None:
        if len(lines) >= most:
            raise ProofRefused(f"more than {most} {what}")
        lines.append(one)


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)
