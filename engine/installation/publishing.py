"""Turning files into facts: which events publish an edition, and how it differs from the one in
force. Pure.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from typing import Literal

from engine.frozen import dataclass
from engine.installation import events as e
from engine.installation.state import Installation, read_settings, write_settings
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Letter, Plan, SegmentRule
from engine.sequence.parse import Settings, parse
from engine.sequence.pressure import Caps
from engine.sequence.versions import Arms
from engine.subscriber.agenda_key import BroadcastKey, ListKey, encode, letter_ref
from engine.subscriber.segment_definitions import definition_of
from engine.subscriber.truth import SegmentConditions

MAX_PIECE_BYTES = 40_000
EMBEDDED = "embed"
"""After the name of a form, with a slash: its copy for an author's own page."""
AS_JSON = "json"
"""The same: what a page is told that its author builds."""


@dataclass(frozen=True, slots=True)
class ShownWords:
    """What people agree on: forms by name as they are rendered, and the words of pages by key, each
    with its language.
    """

    forms: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def nothing_shown(plan: Plan) -> ShownWords:
    return ShownWords()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def words(at: int, text: str, known: Mapping[str, str]) -> tuple[e.WordsPublished, ...]:
    """The events that put a text into the ledger, none if it is there. Pieces are cut on characters
    and stay below what an entry holds.
    """
    digest = digest_of(text)
    if digest in known:
        return ()
    pieces, rest = [], text
    while rest:
        cut = len(rest.encode()[:MAX_PIECE_BYTES].decode(errors="ignore"))
        pieces.append(rest[:cut])
        rest = rest[cut:]
    pieces = pieces or [""]
    return tuple(
        e.WordsPublished(at, digest, n, len(pieces), piece) for n, piece in enumerate(pieces)
    )


def publication(
    installation: Installation,
    files: Mapping[str, str],
    settings: Settings,
    at: int,
    program: str,
    *,
    shown: Callable[[Plan], ShownWords] = nothing_shown,
    backfill: bool = False,
    rolled_back_to: int = 0,
) -> tuple[e.InstallationEvent, ...]:
    """The events of a new edition, none when nothing differs from what is in force. Raises
    Unpublishable. `shown` renders what people agree on.
    """
    normal = {path: unicodedata.normalize("NFC", text) for path, text in files.items()}
    plan = parse(normal, settings)
    settings_text = unicodedata.normalize("NFC", write_settings(settings))
    listed = tuple(sorted((path, digest_of(text)) for path, text in normal.items()))
    current = installation.editions.get(installation.edition)
    if (
        current is not None
        and current.files == listed
        and current.settings == digest_of(settings_text)
    ):
        return ()
    _same_partners(installation, plan)
    number = installation.edition + 1
    facts: list[e.InstallationEvent] = []
    known = dict(installation.words)
    for text in (*normal.values(), settings_text):
        facts += words(at, text, known)
        known[digest_of(text)] = text
    facts.append(e.ConfigurationPublished(at, number, digest_of(settings_text), program))
    facts += _shown(replace(installation, words=known), plan, shown(plan), at, normal)
    facts += _versions(installation, plan, at, number)
    facts.append(e.SequencePublished(at, number, listed, backfill, rolled_back_to))
    return tuple(facts)


def _versions(
    installation: Installation, plan: Plan, at: int, edition: int
) -> Iterator[e.VersionsPublished]:
    """What begins to be tried, otherwise than before, or no longer."""
    before = {letter: arms for letter, (_, arms) in installation.versions.items()}
    after = arms_in(plan)
    for letter in sorted({*before, *after}):
        if before.get(letter, ()) != after.get(letter, ()):
            yield e.VersionsPublished(at, edition, letter, after.get(letter, ()))


def arms_in(plan: Plan) -> dict[str, Arms]:
    """The versions of each letter that is tried, by its letter_ref."""
    keys = (
        (letter_ref(encode(key), name), letter) for (key, name), letter in letters_of(plan).items()
    )
    return {ref: letter.arms for ref, letter in keys if letter.arms}


def brought_up_to_date(
    installation: Installation, shown: ShownWords, at: int, program: str
) -> tuple[e.InstallationEvent, ...]:
    """What a program says that runs an edition another one has published: its version, and what it
    shows where people agree, if that differs.
    """
    edition = installation.editions.get(installation.edition)
    if edition is None:
        return ()
    facts = list(
        _shown(
            installation,
            installation.plan(),
            shown,
            at,
            {path: installation.words[digest] for path, digest in edition.files},
        )
    )
    if installation.program != program:
        facts.append(e.ConfigurationPublished(at, edition.number, edition.settings, program))
    return tuple(facts)


def _shown(
    installation: Installation, plan: Plan, shown: ShownWords, at: int, files: Mapping[str, str]
) -> tuple[e.InstallationEvent, ...]:
    """What of it the ledger does not say yet."""
    facts: list[e.InstallationEvent] = []
    known = dict(installation.words)

    def keep(text: str) -> str:
        facts.extend(words(at, text, known))
        known[digest_of(text)] = text
        return digest_of(text)

    notices = {
        form: (notice_text(plan, form), published.language)
        for form, published in plan.forms.items()
    } | dict(shown.pages)
    for name, (text, language) in notices.items():
        if installation.notices.get(name) != digest_of(text):
            facts.append(e.NoticePublished(at, name, keep(text), language))
    rendered = shown.forms or dict.fromkeys(plan.forms, "")
    for name, html in rendered.items():
        form = plan.forms[name.partition("/")[0]]
        file = digest_of(files[form.file])
        if installation.forms.get(name) != (file, digest_of(html) if html else ""):
            facts.append(
                e.FormPublished(
                    at, name, file, keep(html) if html else "", form.language if html else ""
                )
            )
    return tuple(facts)


def _same_partners(installation: Installation, plan: Plan) -> None:
    """Who agreed to one partner's messages has agreed to nobody else's (D07). Raises
    Unpublishable.
    """
    mistakes = []
    for edition in installation.editions.values():
        for former in read_settings(installation.words[edition.settings]).purposes:
            now = plan.purposes.get(former.id)
            if now is not None and now.partner != former.partner:
                sentence = (
                    f'the purpose "{former.id}" was published as that of'
                    f" {former.partner or 'yourself'}: people agreed to that; "
                )
                mistakes.append(
                    Mistake(
                        "config.toml",
                        1,
                        f"{sentence}declare another purpose for {now.partner or 'yourself'}",
                    )
                )
    if mistakes:
        raise Unpublishable(tuple(sorted(set(mistakes))))


def notice_text(plan: Plan, name: str) -> str:
    """The exact words a form shows where it collects data: what is recorded is what was shown."""
    form = plan.forms[name]
    purpose = plan.purposes[form.purpose]
    box = f"[ ] {form.checkbox}" if form.checkbox else ""
    age, partner = f"[ ] {form.age}" if form.age else "", partner_line(plan, form.purpose)
    lines = [
        form.title,
        form.intro,
        form.notice,
        box,
        f"[{form.button}]",
        purpose.name,
        purpose.description,
        partner,
        age,
        *(f"[ ] {theme.name}" for theme in plan.themes.values() if "themes" in form.ask),
        *(f"[ ] {content.name}" for content in plan.contents.values() if "contents" in form.ask),
        *(f"[ ] {m.name} {m.description}" for m in (plan.measured,) if m and "measure" in form.ask),
    ]
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line))


def partner_line(plan: Plan, purpose: str) -> str:
    """Whose messages they are, how to reach them, and where they inform (D07); "" for the
    installation's own.
    """
    purposed = plan.purposes.get(purpose)
    partner = (
        plan.declared.partner(purposed.partner)
        if purposed is not None and plan.declared is not None
        else None
    )
    return f"{partner.name} ({partner.address}) : {partner.notice}" if partner is not None else ""


OptionKind = Literal["theme", "content"]
OptionChange = Literal["+", "-", "~"]
"""Declared anew, taken away, or named or written otherwise."""
LetterKey = tuple[ListKey | BroadcastKey, str]
"""Where a letter is sent, and its id."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a publication would change. `words` are files whose text differs; `weighed` the letters
    that weigh something else under a cap, or wait where they were skipped; `caps` the purposes
    whose caps differ, "" for those of the house; `options` the themes and types of content that
    do; `segments` those in which others may now be; `readdressed` the letters that others get of
    those who stand there; `rules` those about segments, none of which is ever changed.
    """

    added: tuple[LetterKey, ...] = ()
    removed: tuple[LetterKey, ...] = ()
    retimed: tuple[LetterKey, ...] = ()
    words: tuple[str, ...] = ()
    lists_added: tuple[int, ...] = ()
    lists_removed: tuple[int, ...] = ()
    lists_changed: tuple[int, ...] = ()
    settings: bool = False
    declared: bool = False
    weighed: tuple[LetterKey, ...] = ()
    caps: tuple[str, ...] = ()
    options: tuple[tuple[OptionChange, OptionKind, str], ...] = ()
    segments: tuple[tuple[OptionChange, str], ...] = ()
    readdressed: tuple[LetterKey, ...] = ()
    rules: tuple[tuple[OptionChange, SegmentRule], ...] = ()

    @property
    def count(self) -> int:
        parts = (
            self.added,
            self.removed,
            self.retimed,
            self.words,
            self.lists_added,
            self.lists_removed,
            self.lists_changed,
            self.weighed,
            self.caps,
            self.options,
            self.segments,
            self.readdressed,
            self.rules,
        )
        return sum(len(part) for part in parts) + self.settings + self.declared


def difference(before: Plan, after: Plan) -> Difference:
    old, new = letters_of(before), letters_of(after)
    timing = ("after", "wait", "reminds", "hours", "anchored")
    retimed = tuple(
        k for k in new if k in old and any(getattr(old[k], f) != getattr(new[k], f) for f in timing)
    )
    known = [name for name in after.broadcasts if name in before.broadcasts]
    retimed += tuple(
        key
        for name in known
        if (key := (BroadcastKey(name), name)) not in retimed
        and _mailing(before, name) != _mailing(after, name)
    )
    both = [n for n in after.lists if n in before.lists]
    changed = tuple(n for n in both if _rules(before, n) != _rules(after, n))
    files = set(before.words) | set(after.words)
    return Difference(
        tuple(k for k in new if k not in old),
        tuple(k for k in old if k not in new),
        retimed,
        tuple(sorted(path for path in files if before.words.get(path) != after.words.get(path))),
        tuple(n for n in after.lists if n not in before.lists),
        tuple(n for n in before.lists if n not in after.lists),
        changed,
        _settings(before) != _settings(after),
        (before.declared, before.measured) != (after.declared, after.measured),
        tuple(k for k in new if k in old and _weight(old[k]) != _weight(new[k])),
        tuple(p for p in ("", *after.purposes) if _caps(before, p) != _caps(after, p)),
        tuple(_options(before, after)),
        tuple(_segments(before, after)),
        tuple(k for k in new if k in old and _meant(before, k, old) != _meant(after, k, new)),
        (
            *(("+", rule) for rule in after.rules if _rule(rule) not in map(_rule, before.rules)),
            *(("-", rule) for rule in before.rules if _rule(rule) not in map(_rule, after.rules)),
        ),
    )


def _rule(rule: SegmentRule) -> SegmentRule:
    """Apart from the file it stands in."""
    return replace(rule, file="")


def _meant(plan: Plan, key: LetterKey, letters: Mapping[LetterKey, Letter]) -> tuple[object, ...]:
    """Who gets a letter, of all who stand there."""
    where, letter = key[0], letters[key]
    own = (letter.only, letter.unless, letter.theme, letter.content)
    if isinstance(where, ListKey):
        return own
    broadcast = plan.broadcasts[where.broadcast]
    return (*own, sorted(broadcast.to), sorted(broadcast.segments), broadcast.purpose)


def _segments(before: Plan, after: Plan) -> Iterator[tuple[OptionChange, str]]:
    """One that others around it, a field or the lists of a group make another is changed too."""
    old, new = SegmentConditions(before), SegmentConditions(after)
    yield from (("+", name) for name in after.segments if name not in before.segments)
    yield from (("-", name) for name in before.segments if name not in after.segments)
    for name in after.segments:
        if name in before.segments and _defined(old, name) != _defined(new, name):
            yield "~", name


def _defined(conditions: SegmentConditions, name: str) -> str:
    """What it depends on besides people; "" for one without conditions."""
    condition = conditions.dynamic.get(name)
    return definition_of(condition, conditions) if condition is not None else ""


def _options(before: Plan, after: Plan) -> Iterator[tuple[OptionChange, OptionKind, str]]:
    options: tuple[tuple[OptionKind, Mapping[str, object], Mapping[str, object]], ...] = (
        ("theme", before.themes, after.themes),
        ("content", before.contents, after.contents),
    )
    for kind, old, new in options:
        yield from (("+", kind, code) for code in new if code not in old)
        yield from (("-", kind, code) for code in old if code not in new)
        yield from (("~", kind, code) for code in new if code in old and old[code] != new[code])


def _weight(letter: Letter) -> tuple[object, ...]:
    return letter.weight, letter.when_full


def _caps(plan: Plan, purpose: str) -> Caps:
    """Those of a purpose, of the house where it is ""."""
    purposed = plan.purposes.get(purpose)
    return purposed.caps if purposed is not None else () if purpose else plan.caps


def affected_lists(before: Plan, after: Plan) -> frozenset[int]:
    """Lists whose agenda a publication may change: the rest need not be computed again."""
    d = difference(before, after)
    if d.settings:
        return frozenset(before.lists) | frozenset(after.lists)
    keys = {key for key, _ in (*d.added, *d.removed, *d.retimed, *d.readdressed)}
    letters = {key.list for key in keys if isinstance(key, ListKey)}
    mailings = {key.broadcast for key in keys if isinstance(key, BroadcastKey)}
    for plan in (before, after):
        letters |= {
            number
            for name in mailings
            if name in plan.broadcasts
            for number in plan.broadcasts[name].to
        }
    return (
        frozenset(letters)
        | frozenset(d.lists_added)
        | frozenset(d.lists_removed)
        | frozenset(d.lists_changed)
    )


def letters_of(plan: Plan) -> dict[LetterKey, Letter]:
    """Every letter of a list, and of a broadcast the one that is no reminder."""
    letters: dict[LetterKey, Letter] = {
        (ListKey(n), letter.id): letter
        for n, listed in plan.lists.items()
        for letter in listed.letters
    }
    return letters | {
        (BroadcastKey(name), name): broadcast.letter for name, broadcast in plan.broadcasts.items()
    }


def _settings(plan: Plan) -> tuple[object, ...]:
    purposes = {name: replace(purpose, caps=()) for name, purpose in plan.purposes.items()}
    return (
        purposes,
        plan.groups,
        plan.fields,
        plan.timezone,
        plan.language,
    )


def _mailing(plan: Plan, name: str) -> tuple[object, ...]:
    broadcast = plan.broadcasts[name]
    reminder = broadcast.reminder
    again = (reminder.wait, reminder.hours) if reminder is not None else None
    by_its_zone = plan.timezone if broadcast.on or broadcast.every else ""
    return (
        broadcast.on,
        broadcast.every,
        by_its_zone,
        broadcast.anchored,
        broadcast.max_lateness,
        again,
    )


def _rules(plan: Plan, number: int) -> tuple[object, ...]:
    listed = plan.lists[number]
    order = tuple(letter.id for letter in listed.letters)
    return (
        listed.purpose,
        listed.group,
        listed.ends,
        listed.min_gap,
        order,
        listed.leaves,
        listed.leaves_groups,
        listed.rejoin,
        listed.max_lateness,
        listed.stop_on_reply,
    )
