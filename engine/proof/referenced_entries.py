"""Which of the installation's own entries a person's facts refer to: the words they were shown and
sent, and what was in force. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from engine.installation import events as i
from engine.ledger.codec import Entry, as_plain
from engine.subscriber import events as e

Paths = Callable[[e.LetterBegun], Iterable[str]]
"""The files a letter's words stand in, as its edition has them; none when that is not known."""
ALWAYS = frozenset({"origin-begun", "signing-key-changed", "ledger-restored"})
"""Without these nobody could say which key may sign, and which history it is."""
DIGEST = re.compile(r"[0-9a-f]{64}")


def referred(own: Sequence[Entry], installation: Sequence[Entry], paths: Paths) -> list[Entry]:
    """The installation's entries that belong beside a person's, in order. Both are in the order of
    the ledger.
    """
    chosen: dict[int, Entry] = {
        entry.position: entry for entry in installation if entry.name in ALWAYS
    }
    words: set[str] = set()
    editions: set[int] = set()
    for entry in own:
        words |= {said for said in _texts(as_plain(entry.event)) if DIGEST.fullmatch(said)}
        if isinstance(entry.event, e.ConsentRequested):
            published = _latest(installation, i.FormPublished, entry.position, entry.event.form)
            chosen |= {each.position: each for each in published}
        notice = getattr(entry.event, "notice", "")
        if notice:
            chosen |= {
                each.position: each for each in _notices(installation, notice, entry.position)
            }
        if isinstance(entry.event, e.LetterBegun):
            editions.add(entry.event.edition)
            words |= _of_letter(installation, entry.event, paths)
    chosen |= {each.position: each for each in installation if _of_editions(each, editions)}
    for each in list(chosen.values()):
        if isinstance(each.event, i.ConfigurationPublished | i.NoticePublished | i.FormPublished):
            words |= {said for said in _texts(as_plain(each.event)) if DIGEST.fullmatch(said)}
    chosen |= {
        each.position: each
        for each in installation
        if isinstance(each.event, i.WordsPublished) and each.event.digest in words
    }
    return [chosen[position] for position in sorted(chosen)]


def _latest(
    installation: Sequence[Entry], kind: type[i.FormPublished], before: int, form: str
) -> list[Entry]:
    """The form as it stood when it was filled in."""
    found = [
        each
        for each in installation
        if isinstance(each.event, kind) and each.event.form == form and each.position < before
    ]
    return found[-1:]


def _notices(installation: Sequence[Entry], digest: str, before: int) -> list[Entry]:
    found = [
        each
        for each in installation
        if isinstance(each.event, i.NoticePublished) and each.event.digest == digest
    ]
    return [each for each in found if each.position < before][-1:] or found[:1]


def _of_letter(installation: Sequence[Entry], letter: e.LetterBegun, paths: Paths) -> set[str]:
    """The digests of the files a letter was made of, in its edition."""
    wanted = set(paths(letter))
    editions = (each.event for each in installation if isinstance(each.event, i.SequencePublished))
    files: Mapping[str, str] = next(
        (dict(edition.files) for edition in editions if edition.edition == letter.edition), {}
    )
    return {digest for path, digest in files.items() if path in wanted}


def _of_editions(entry: Entry, editions: set[int]) -> bool:
    return (
        isinstance(entry.event, i.SequencePublished | i.ConfigurationPublished)
        and entry.event.edition in editions
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
