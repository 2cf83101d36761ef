"""A dialogue as cards of a drawing: each list, form, broadcast and rule with its lines, their words
fitted to the room there is, and the arrows that leave from them. Pure.

Room is kept for counts up to 9 999 999, so that a number may change and nothing moves.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from engine.authoring.dialogue_file import broadcasts_in, forms_in, lists_in, rules_in
from engine.console.drawing_model import (
    INSET,
    LABEL_ROOM,
    LEADING,
    PADDING,
    PEOPLE_ROOM,
    ROOM,
    SIZES,
    CardKind,
    Drawn,
    DrawnArrow,
    DrawnCard,
    End,
    Line,
    LineKind,
    Look,
    Mark,
    Way,
    WayKind,
    Words,
)
from engine.console.glyph_widths import fitted, wrapped
from engine.i18n.language import counting_translator, translator
from engine.i18n.phrases import (
    quoted,
    say_delay,
    say_due,
    say_mailing,
    say_segment,
    subject_of,
    titled_purpose,
)
from engine.sequence.delay import NONE
from engine.sequence.model import Broadcast, Form, Letter, Link, List, Plan, SegmentRule
from engine.subscriber.agenda_key import BroadcastKey, ListKey, decode, encode, letter_ref, list_key
from engine.words import Language

T = TypeVar("T")


def draw_cards(plan: Plan, file: str, language: Language, published: Plan | None = None) -> Drawn:
    """What is in a dialogue's file. Where `published` is given, `plan` is the folder's: what
    differs is marked, and what is gone is drawn too.
    """
    return _Pen(plan, file, language, published).drawn()


def _compared(
    now: Iterable[T],
    before: Iterable[T],
    key: Callable[[T], object],
    same: Callable[[T, T], bool] = operator.eq,
) -> Iterator[tuple[T, Mark]]:
    old = {key(value): value for value in before}
    for value in now:
        was = old.pop(key(value), None)
        yield value, "added" if was is None else "" if same(value, was) else "changed"
    for value in old.values():
        yield value, "removed"


def _answer(link: Link) -> tuple[str, int, str]:
    return link.kind, link.target, link.label


def _distinct(links: Iterable[Link]) -> list[Link]:
    """One of those that say and do the same, as a button at the top and one at the bottom."""
    return [*{_answer(link): link for link in reversed([*links])}.values()][::-1]


def _as_written(letter: Letter) -> Letter:
    return replace(letter, added_at=0, backfill=False, tried_since=0)


def _card_of(number: int) -> str:
    return f"list-{number}"


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


@dataclass(slots=True)
class _Sheet:
    """A card that is being written, from its head down to `y`."""

    id: str
    y: int = PADDING - LEADING
    head: int = 0
    words: list[Words] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def title(self, name: str, about: str, people: bool = False) -> None:
        room = ROOM - PEOPLE_ROOM if people else ROOM
        self.words += self._write("name", wrapped(name, room, SIZES["name"], 2, bold=True))
        self.words += self._write("about", wrapped(about, ROOM, SIZES["about"], 2))
        self.y += PADDING - LEADING
        self.head = self.y

    def _write(self, look: Look, texts: Sequence[str], x: int = PADDING) -> list[Words]:
        written = []
        for text in texts:
            self.y += SIZES[look] + LEADING
            written.append(Words(look, x, self.y - LEADING // 2, text))
        return written

    def add(
        self,
        kind: LineKind,
        parts: Sequence[tuple[Look, Sequence[str]]],
        whole: str,
        *,
        mark: Mark = "",
        letter: str = "",
        way: Way | None = None,
        suffix: str = "",
    ) -> Line:
        """`suffix` tells the line from the others of its card."""
        top, inset = self.y, INSET if way is not None and kind != "ending" else PADDING
        self.y += 5
        words = [word for look, texts in parts for word in self._write(look, texts, inset)]
        self.y += 5 + LEADING // 2
        line_id, names = f"{self.id}-{suffix or len(self.lines)}", {line.id for line in self.lines}
        again = next(n for n in range(1, len(names) + 2) if _numbered(line_id, n) not in names)
        line = Line(
            id=_numbered(line_id, again),
            kind=kind,
            y=top,
            height=self.y - top,
            words=tuple(words),
            whole=whole,
            mark=mark,
            letter=letter,
            way=way,
        )
        self.lines.append(line)
        return line

    def note(self, text: str, kind: LineKind = "note", mark: Mark = "") -> None:
        self.add(kind, [("note", wrapped(text, ROOM, SIZES["note"], 3))], text, mark=mark)

    def drawn(
        self, kind: CardKind, name: str, mark: Mark, number: int = 0, file: str = "", end: End = ""
    ) -> DrawnCard:
        return DrawnCard(
            id=self.id,
            kind=kind,
            name=name,
            words=tuple(self.words),
            head=self.head,
            height=self.y + (6 if self.lines else 0),
            lines=tuple(self.lines),
            list=number,
            file=file,
            mark=mark,
            end=end,
        )


class _Pen:
    def __init__(self, plan: Plan, file: str, language: Language, published: Plan | None) -> None:
        self.plan, self.file, self.language = plan, file, language
        self.published = plan if published is None else published
        self._, self.ngettext = translator(language), counting_translator(language)
        self.cards: list[DrawnCard] = []
        self.arrows: list[DrawnArrow] = []
        self.mailed: dict[int, list[tuple[str, Broadcast, Mark]]] = {}

    def drawn(self) -> Drawn:
        broadcasts = [
            (f"broadcast-{broadcast.id}", broadcast, mark)
            for broadcast, mark in self._marked(
                broadcasts_in, lambda broadcast: broadcast.id, self._same_broadcast
            )
        ]
        for card, broadcast, mark in broadcasts:
            for number in broadcast.to:
                self.mailed.setdefault(number, []).append((card, broadcast, mark))
        for form, mark in self._marked(forms_in, lambda form: form.name):
            self._form(form, mark)
        for listed, mark in self._marked(lists_in, lambda listed: listed.id, self._same_list):
            self._list(listed, mark)
        for card, broadcast, mark in broadcasts:
            self._broadcast(card, broadcast, mark)
        for number, (rule, mark) in enumerate(self._marked(rules_in, lambda rule: rule)):
            self._rule(f"rule-{number}", rule, mark)
        here = {card.id for card in self.cards}
        wanted = [arrow.target for arrow in self.arrows] + [*map(_card_of, self.mailed)]
        for card in dict.fromkeys(wanted):
            if card not in here:
                self._elsewhere(int(card.removeprefix("list-")))
        return Drawn(tuple(self.cards), tuple(self.arrows))

    def _marked(
        self,
        written: Callable[[Plan, str], list[T]],
        key: Callable[[T], object],
        same: Callable[[T, T], bool] = operator.eq,
    ) -> Iterator[tuple[T, Mark]]:
        now, before = written(self.plan, self.file), written(self.published, self.file)
        yield from _compared(now, before, key, same)

    def _same_letter(self, now: Letter | None, before: Letter | None) -> bool:
        """Whether it says the same at the same time; when it was published is no matter."""
        if now is None or before is None:
            return now is before
        bodies = [now.body, *(version.body for version in now.versions)]
        return _as_written(now) == _as_written(before) and all(
            self.plan.words.get(body) == self.published.words.get(body) for body in bodies
        )

    def _same_list(self, now: List, before: List) -> bool:
        return (
            replace(now, letters=()) == replace(before, letters=())
            and len(now.letters) == len(before.letters)
            and all(map(self._same_letter, now.letters, before.letters))
        )

    def _same_broadcast(self, now: Broadcast, before: Broadcast) -> bool:
        return (
            replace(now, letter=before.letter, reminder=before.reminder) == before
            and self._same_letter(now.letter, before.letter)
            and self._same_letter(now.reminder, before.reminder)
        )

    def _name(self, number: int) -> str:
        listed = self.plan.lists.get(number) or self.published.lists.get(number)
        return listed.name if listed is not None else str(number)

    # Cards

    def _list(self, listed: List, mark: Mark) -> None:
        sheet, before = _Sheet(_card_of(listed.id)), self.published.lists.get(listed.id)
        about = self._("list {number}").format(number=listed.id)
        sheet.title(listed.name, f"{about} · {listed.group}" if listed.group else about, True)
        for note in self._notes(listed):
            sheet.note(note)
        whole: Mark = mark if mark in ("added", "removed") else ""
        letters = _compared(
            listed.letters,
            before.letters if before is not None else (),
            lambda letter: letter.id,
            self._same_letter,
        )
        for letter, letter_mark in letters:
            was = before.letter(letter.id) if before is not None else None
            self._letter(sheet, list_key(listed.id), letter, was, whole or letter_mark)
        for target, broadcast, mailing in self.mailed.get(listed.id, ()):
            self._mailing(sheet, target, broadcast, mailing)
        changed = before is not None and before.ends != listed.ends
        end = self._ending(sheet, listed, whole or ("changed" if changed else ""))
        self.cards.append(sheet.drawn("list", listed.name, mark, listed.id, self.file, end))

    def _elsewhere(self, number: int) -> None:
        listed = self.plan.lists.get(number) or self.published.lists.get(number)
        file, sheet = listed.file if listed is not None else "", _Sheet(_card_of(number))
        about = self._("list {number}").format(number=number)
        title = self.plan.titles.get(file, file)
        sheet.title(self._name(number), f"{about} · {title}" if title else about, True)
        for target, broadcast, mark in self.mailed.get(number, ()):
            self._mailing(sheet, target, broadcast, mark)
        self.cards.append(sheet.drawn("elsewhere", self._name(number), "", number, file))

    def _form(self, form: Form, mark: Mark) -> None:
        sheet = _Sheet(f"form-{form.name}")
        sheet.title(form.title, self._("form {name}").format(name=form.name))
        choices = [(form.button, form.list)]
        if form.question is not None:
            sheet.note(form.question.label)
            choices = [(choice.label, choice.list) for choice in form.question.choices]
        for label, target in choices:
            way = Way("joined", 0, target, label="form")
            self._leads(sheet, "answer", label, way, mark)
        self.cards.append(sheet.drawn("form", form.title, mark))

    def _broadcast(self, card: str, broadcast: Broadcast, mark: Mark) -> None:
        sheet, key = _Sheet(card), encode(BroadcastKey(broadcast.id))
        lists = [*map(self._name, broadcast.to)]
        lists += [say_segment(self.plan, segment, self._) for segment in broadcast.segments]
        to = self._("broadcast to {lists}").format(lists=", ".join(lists))
        sheet.title(self._("Broadcast"), to)
        before = self.published.broadcasts.get(broadcast.id)
        was = before.letter if before is not None else None
        self._letter(sheet, key, broadcast.letter, was, mark, say_mailing(broadcast, self.language))
        was = before.reminder if before is not None else None
        if (reminder := broadcast.reminder or was) is not None:
            gone = broadcast.reminder is None
            self._letter(sheet, key, reminder, was, "removed" if gone else mark)
        subject = subject_of(broadcast.letter, plan=self.plan) or broadcast.id
        self.cards.append(sheet.drawn("broadcast", subject, mark))

    def _rule(self, card: str, rule: SegmentRule, mark: Mark) -> None:
        sheet, _ = _Sheet(card), self._
        sentence = (
            _("who enters {segment}")
            if rule.when == "enters"
            else _("who is no longer in {segment}")
        )
        crossing = sentence.format(segment=say_segment(self.plan, rule.segment, _))
        sheet.title(_("Rule"), crossing)
        way = Way("rule", rule.source, rule.list)
        match rule.then:
            case "join":
                joins = _("joins {list}").format(list=self._name(rule.list))
                self._leads(sheet, "rule", joins, way, mark)
            case "move":
                moves = _("moves from {source}").format(source=self._name(rule.source))
                self._leads(sheet, "rule", moves, way, mark)
            case "leave":
                sheet.note(_("leaves {list}").format(list=self._name(rule.list)))
            case _:
                assert_never(rule.then)
        self.cards.append(sheet.drawn("rule", crossing, mark))

    # Lines

    def _notes(self, listed: List) -> Iterator[str]:
        groups = {*listed.leaves_groups, *self.plan.yielding_to(listed.group)}
        of_group = self._("every list of {group}")
        leaves = [*map(self._name, listed.leaves)]
        leaves += [of_group.format(group=group) for group in sorted(groups)]
        if leaves:
            yield self._("who joins leaves {lists}").format(lists=", ".join(leaves))
        asking = self.plan.reactivations.get(listed.id)
        if asking is not None:
            silent_for = say_delay(asking.silent_for, self.language)
            yield self._("asks who has been silent for {delay}").format(delay=silent_for)

    def _letter(
        self,
        sheet: _Sheet,
        key: str,
        letter: Letter,
        before: Letter | None,
        mark: Mark,
        date: str = "",
    ) -> None:
        """`date` is a broadcast's."""
        subject, due = subject_of(letter, plan=self.plan), date or say_due(letter, self.language)
        for segment, sentence in (
            (letter.only, self._("only to {segment}")),
            (letter.unless, self._("not to {segment}")),
        ):
            if segment:
                to = sentence.format(segment=say_segment(self.plan, segment, self._))
                due = f"{due} · {to}"
        if letter.versions:
            count = len(letter.versions) + 1
            due = f"{due} · " + self.ngettext("{n} version", "{n} versions", count).format(n=count)
        sheet.add(
            "reminder" if letter.reminds else "letter",
            [
                ("due", [fitted(due, ROOM, SIZES["due"])]),
                ("subject", wrapped(subject, ROOM, SIZES["subject"], 2)),
            ],
            f"{due} · {subject} [{letter.id}]",
            mark=mark,
            letter=letter_ref(key, letter.id),
            suffix=letter.id,
        )
        links = _distinct(before.links) if before is not None else ()
        for link, link_mark in _compared(_distinct(letter.links), links, _answer):
            changed: Mark = mark if mark in ("added", "removed") else link_mark
            kind: WayKind = "moved" if link.kind == "move" else "copied"
            decoded = decode(key)
            number = decoded.list if isinstance(decoded, ListKey) else 0
            way = Way(kind, number, link.target, letter_ref(key, letter.id), link.readable)
            line: LineKind = "answer" if link.kind == "move" else "copy"
            self._leads(sheet, line, link.readable or self._("link"), way, changed, letter.id)

    def _mailing(self, sheet: _Sheet, target: str, broadcast: Broadcast, mark: Mark) -> None:
        subject = subject_of(broadcast.letter, plan=self.plan)
        name = quoted(subject, self._) if subject else broadcast.id
        text = self._("broadcast {name}").format(name=name)
        texts = wrapped(text, ROOM, SIZES["note"], 2)
        line = sheet.add("mailing", [("note", texts)], text, mark=mark, suffix=target)
        self.arrows.append(DrawnArrow(sheet.id, target, line))

    def _ending(self, sheet: _Sheet, listed: List, mark: Mark) -> End:
        ends, _ = listed.ends, self._
        if ends is None:
            sheet.note(_("stays here when all is said") if listed.letters else _("no letters"))
            return ""
        after = (
            _("after the last letter")
            if ends.after == NONE
            else _("{delay} after the last letter").format(
                delay=say_delay(ends.after, self.language)
            )
        )
        way = Way("ended", listed.id, ends.target)
        match ends.kind:
            case "leave":
                self._leads(sheet, "ending", _("{when}: leaves").format(when=after), way, mark)
                return "leave"
            case "stop":
                purpose = titled_purpose(self.plan, listed.purpose)
                stop = _("{when}: nothing more for “{purpose}”").format(when=after, purpose=purpose)
                self._leads(sheet, "ending", stop, way, mark)
                return "stop"
            case "move" | "copy":
                self._leads(sheet, "ending", after, way, mark)
                return ""
            case _:
                assert_never(ends.kind)

    def _leads(
        self, sheet: _Sheet, kind: LineKind, label: str, way: Way, mark: Mark, letter: str = ""
    ) -> None:
        look: Look = "note" if kind == "ending" else "label"
        room = LABEL_ROOM + (INSET - PADDING if kind == "ending" else 0)
        texts = wrapped(label, room, SIZES[look], 3 if kind == "ending" else 2)
        suffix = f"{letter}-{way.kind}{way.target}".removeprefix("-")
        line = sheet.add(kind, [(look, texts)], label, mark=mark, way=way, suffix=suffix)
        if way.target:
            self.arrows.append(DrawnArrow(sheet.id, _card_of(way.target), line))
