"""One person's proof: which files it is made of, and the zip they are handed over in, byte for byte
the same for the same checkpoint (F11, F12).

Pure: what the stores hold is handed in. `verify.py`, which verifies it, and `VERIFIER.md`, which
says how, lie beside this file and in each bundle.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from engine.ledger.codec import canonical

Sign = Callable[[str], bytes]
"""Makes a signed note of a text."""
CHECKPOINT, NOTE = "checkpoint", "stream.note"
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Head:
    """A signed checkpoint with what is needed to trust it: the key, the policy, and a stamp with
    its certificates where one is held.
    """

    checkpoint: bytes
    origin: str
    size: int
    vkey: str
    policy: bytes
    stamp: bytes = b""
    chain: bytes = b""


@dataclass(frozen=True, slots=True)
class BundleSources:
    """What is held about one person up to a checkpoint. `entries` are exact bytes by position: the
    whole stream (`versions` facts), and what it refers to; `proofs` the proof of each. `evidence`
    is (salt, payload) by commitment in hexadecimal. `person` is what the vault knows of them.
    """

    stream: str
    versions: int
    entries: Mapping[int, bytes]
    proofs: Mapping[int, bytes]
    evidence: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    person: Mapping[str, object] | None = None


def head_files(head: Head, tools: Mapping[str, bytes]) -> dict[str, bytes]:
    """What says which tree it is and who signed it, with the tools that verify it."""
    files = {
        CHECKPOINT: head.checkpoint,
        "vkey.txt": f"{head.vkey}\n".encode(),
        "policy.txt": head.policy,
        **tools,
    }
    if head.stamp:
        files |= {"checkpoint.tsr": head.stamp, "tsa-chain.pem": head.chain}
    return files


def bundle_files(
    head: Head, holding: BundleSources, tools: Mapping[str, bytes], sign: Sign
) -> dict[str, bytes]:
    """Every file of a bundle by its name; `tools` are verify.py and VERIFIER.md."""
    files = head_files(head, tools)
    for position, entry in holding.entries.items():
        files[f"entries/{position:010d}.json"] = entry
        files[f"entries/{position:010d}.tlog-proof"] = holding.proofs[position]
    for commitment, (salt, payload) in holding.evidence.items():
        files[f"evidence/{commitment}.json"] = payload
        files[f"evidence/{commitment}.salt"] = f"{salt.hex()}\n".encode()
    if holding.person is not None:
        files["person.json"] = canonical({"stream": holding.stream, **holding.person})
    for digest, text in whole_words(holding.entries.values()).items():
        files[f"words/{digest}.txt"] = text.encode()
    files[NOTE] = sign(promise(head, holding.stream, holding.versions, files))
    return files | {SUMS: sums(files)}


def promise(head: Head, stream: str, versions: int, files: Mapping[str, bytes]) -> str:
    """The text of stream.note, the operator's word that nothing follows and that these are the
    files: the digest of those in entries/ taken together, a line for each other. Of the checkpoint
    it is the digest of the text that is signed, so that witnesses may sign it later.
    """
    files = {
        name: _signed_part(data) if name == CHECKPOINT else data for name, data in files.items()
    }
    entries = hashlib.sha256(
        _sums({name: data for name, data in files.items() if name.startswith("entries/")})
    ).hexdigest()
    rest = _sums(
        {name: data for name, data in files.items() if not name.startswith("entries/")}
    ).decode()
    return (
        f"{head.origin}\nstream {stream}\nversions {versions}\nsize {head.size}\nentries"
        f" {entries}\n{rest}"
    )


def _signed_part(note: bytes) -> bytes:
    return note.rpartition(b"\n\n")[0] + b"\n"


def sums(files: Mapping[str, bytes]) -> bytes:
    """SHA256SUMS, as `sha256sum --check` reads it: of all but the checkpoint, which is signed
    itself, and to which anybody may add a signature.
    """
    return _sums({name: data for name, data in files.items() if name != CHECKPOINT})


def _sums(files: Mapping[str, bytes]) -> bytes:
    return "".join(
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)
    ).encode()


def whole_words(entries: Iterable[bytes]) -> dict[str, str]:
    """Texts by their digest, put together from their pieces, as far as all of these are there."""
    pieces: dict[str, dict[int, str]] = {}
    count: dict[str, int] = {}
    for entry in entries:
        entry_fields = json.loads(entry)
        if entry_fields["name"] == "words-published":
            data = entry_fields["data"]
            pieces.setdefault(data["digest"], {})[data["part"]] = data["text"]
            count[data["digest"]] = data["parts"]
    whole = {
        digest: parts
        for digest, parts in pieces.items()
        if sorted(parts) == list(range(count[digest]))
    }
    return {digest: "".join(parts[n] for n in range(len(parts))) for digest, parts in whole.items()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files and nothing else: names sorted, stored as they are (a compressor's
    output differs from one version to the next), the same date, system and mode for all.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, files[name])
    return target.getvalue()
