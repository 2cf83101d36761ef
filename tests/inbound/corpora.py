"""Two public corpora of bounces, and what their own tests say of each mail: whom it names, and of
which class it is. `fetch_corpora.sh` brings them; nothing of them stands in this tree.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from engine.inbound.delivery_status import Bounced, Delayed
from engine.inbound.letter_identity import Receiver
from engine.inbound.reading import read_mail
from engine.inbound.verdict import BounceKind
from engine.mime.return_path import return_key

FINDER = Path(__file__).with_name("fetch_corpora.sh")
OURS = Receiver(
    return_key(b"k" * 32), frozenset({"garden.example"}), frozenset({"mx.garden.example"})
)


@dataclass(frozen=True, slots=True)
class Expected:
    """`bounce`: whether it is one for good. `bounce`, `addresses` and `kind` are None where the
    corpus does not say.
    """

    file: Path
    bounce: bool | None
    addresses: frozenset[str] | None = None
    kind: BounceKind | None = None
    delayed: frozenset[str] = frozenset()


@cache
def corpus(name: str) -> Path:
    answer = subprocess.run(["sh", str(FINDER), "--find"], capture_output=True, text=True)
    folder = Path(answer.stdout.strip()) / name
    if not folder.is_dir():
        pytest.skip(f"the corpus {name} is not here: sh tests/inbound/fetch_corpora.sh")
    return folder


# Of four mails its table says that a detector finds nobody. Two of them are bounces all the same,
# which name nobody that could be written to; these two are a person's and a contact form's.
NO_BOUNCES = ("groupwise_03.txt", "qmail_08.txt")


def flufl() -> list[Expected]:
    """Its table of detectors: module, file, addresses, temporary; a file's rows add up."""
    folder = corpus("flufl.bounce")
    tree = ast.parse((folder / "test_detectors.py").read_text())
    [table] = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DETECTORS"
    ]
    failed: dict[str, set[str]] = {}
    delayed: dict[str, set[str]] = {}
    for _, file, addresses, temporary in ast.literal_eval(table):
        failed.setdefault(file, set())
        rows = delayed if temporary else failed
        rows.setdefault(file, set()).update(address.decode().lower() for address in addresses)
    return [
        Expected(
            file=folder / "data" / file,
            bounce=bool(addresses) if addresses or file in (*NO_BOUNCES, *delayed) else None,
            addresses=frozenset(addresses),
            delayed=frozenset(delayed.get(file, ())),
        )
        for file, addresses in failed.items()
    ]


KINDS: dict[str, BounceKind] = {
    "user_unknown": "hard",
    "user_disabled": "hard",
    "over_quota": "soft",
    "message_too_large": "soft",
    "unknown": "soft",
    "spam": "blocked",
}
# The library's "domain_error" is three things: a name that does not exist, a name that could not be
# asked for, and a relay that refuses whoever sends.
DOMAINS: dict[str, BounceKind] = {
    "malformed-dns.msg": "soft",
    "postfix-malformed.msg": "soft",
    "postfix-host-unknown.msg": "soft",
    "sendmail-host-unknown.msg": "hard",
    "no-such-domain.msg": "hard",
    "not-a-relay.msg": "blocked",
    "rcpthosts.msg": "blocked",
    "relaying-denied.msg": "blocked",
}
_CALL = re.compile(r"check_(?:report|one)\(\s*(.*?)\)\s*;", re.DOTALL)
_FILE = re.compile(r"['\"](?:t/corpus/)?([\w*.-]+\.msg)['\"]")
_ENTRY = re.compile(r'"([\w.-]+\.msg)"\s*=>\s*\{(.*?)\n\s{4}\}', re.DOTALL)


def bounce_parser() -> list[Expected]:
    folder = corpus("bounceparser")
    return [
        expected
        for test in sorted(folder.glob("*.t"))
        for expected in _of_test(test.name, test.read_text("utf-8"), folder / "corpus")
        if expected.file.is_file()
    ]


def _of_test(name: str, text: str, mails: Path) -> Iterator[Expected]:
    if name in ("various-unknown.t", "various-domain.t"):
        usual = "user_unknown" if "unknown" in name else "domain_error"
        for file, entry in _ENTRY.findall(text):
            named = re.search(r"\"recipient\"\s*=>\s*'([^']+)'", entry)
            reason = re.search(r"std_reason\s*=>\s*'(\w+)'", entry)
            yield Expected(
                file=mails / file,
                bounce=True,
                addresses=frozenset({named[1] if named else "recipient@example.net"}),
                kind=_kind(file, reason[1] if reason else usual),
            )
    elif name == "warnings.t":
        for number, told in re.findall(r"warning-(\d)\.msg(.*?)(?=readfile|\Z)", text, re.DOTALL):
            reason = re.search(r'std_reason\d?, "(\w+)"', told)
            yield Expected(
                file=mails / f"warning-{number}.msg",
                bounce=re.search(r"ok\(!", told) is None,
                kind=KINDS[reason[1]] if reason else None,
            )
    elif name == "user-disabled.t":
        for file in _FILE.findall(text):
            yield Expected(file=mails / file, bounce=True, kind="hard")
    else:
        yield from _of_calls(text, mails)


def _of_calls(text: str, mails: Path) -> Iterator[Expected]:
    everywhere = re.search(r"glob\(? ?['\"]t/corpus/([\w*.-]+)['\"]", text)
    for call in _CALL.findall(text):
        named = _FILE.search(call)
        pattern = named[1] if named else everywhere[1] if everywhere else ""
        reason = re.search(r"std_rea(?:son|ons)\s*=>\s*'(\w+)'", call)
        addresses = re.search(r"addresses\s*=>\s*\[\s*(?:qw\()?([^\])]*)", call)
        nothing = re.search(r"reports\s*=>\s*0", call) is not None
        bounce = re.search(r"is_bounce\s*=>\s*1", call) is not None and not nothing
        for file in sorted(mails.glob(pattern)) if pattern else ():
            yield Expected(
                file=file,
                bounce=bounce,
                addresses=frozenset(addresses[1].replace("'", "").split()) if addresses else None,
                kind=_kind(file.name, reason[1]) if reason else None,
            )


def _kind(file: str, reason: str) -> BounceKind:
    return DOMAINS[file] if reason == "domain_error" else KINDS[reason]


def why_wrong(expected: Expected) -> str:
    """What is read otherwise than the corpus has it, "" where nothing is."""
    reading = read_mail(expected.file.read_bytes(), OURS)
    failed, delayed = frozenset[str](), frozenset[str]()
    if isinstance(reading, Bounced):
        failed = frozenset(r.address.lower() for r in reading.recipients if r.address)
    elif isinstance(reading, Delayed):
        delayed = frozenset(address.lower() for address in reading.addresses)
    if expected.bounce is not None and expected.bounce != isinstance(reading, Bounced):
        return f"is read as {type(reading).__name__}"
    if expected.addresses is not None and failed != expected.addresses:
        return f"names {sorted(failed)}, not {sorted(expected.addresses)}"
    if expected.delayed and delayed != expected.delayed:
        return f"delays {sorted(delayed)}, not {sorted(expected.delayed)}"
    if expected.kind and isinstance(reading, Bounced) and reading.kind != expected.kind:
        return f"is {reading.kind}, not {expected.kind}"
    return ""
