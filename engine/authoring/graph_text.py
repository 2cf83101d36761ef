"""A dialogue drawn in plain text: lists with their letters and hours, answers and endings as
arrows. Reads in a terminal and in a mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.authoring.dialogue_file import broadcasts_in, forms_in, lists_in
from engine.i18n.language import translator
from engine.i18n.phrases import quoted, say_delay, say_hours, say_list, subject_of
from engine.sequence.model import Broadcast, Form, Letter, Link, List, Plan
from engine.words import Language

MOVE, COPY = "──▸", "──+▸"


def draw_text(plan: Plan, file: str, language: Language) -> Iterator[str]:
    """The lines of the drawing of one file."""
    yield f"{plan.titles[file]}  ({file})"
    for form in forms_in(plan, file):
        yield from _framed(_form(form, plan, language))
    for listed in lists_in(plan, file):
        yield from _framed(_list(listed, plan, language))
    for broadcast in broadcasts_in(plan, file):
        yield from _framed(_broadcast(broadcast, plan, language))


def _framed(lines: Sequence[str]) -> Iterator[str]:
    yield ""
    last = len(lines) - 1
    for index, line in enumerate(lines):
        corner = "╶" if last == 0 else "╭" if index == 0 else "╰" if index == last else "│"
        yield f"{corner} {line}".rstrip()


def _form(form: Form, plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    lines = [_("form {name}").format(name=form.name) + f"  {quoted(form.title, _)}"]
    if form.question is None:
        return [*lines, f"   {MOVE} {say_list(plan, form.list)}"]
    return [
        *lines,
        f"   {form.question.label}",
        *_branches([(quoted(c.label, _), MOVE, c.list) for c in form.question.choices], plan),
    ]


def _list(listed: List, plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    head = f"{listed.id} {listed.name}" + (f"  [{listed.group}]" if listed.group else "")
    lines = [head]
    leaves = [say_list(plan, number) for number in listed.leaves] + [
        f"@{group}" for group in listed.leaves_groups
    ]
    leaves += (
        [f"@{group}" for group in sorted(plan.yielding_to(listed.group))] if listed.group else []
    )
    if leaves:
        lines.append("   " + _("who joins leaves {lists}").format(lists=", ".join(leaves)))
    for letter in listed.letters:
        lines.append(f"   {when(letter, language)}  {letter.id}  {quoted(subject_of(letter), _)}")
        lines += _answers(letter.links, plan, language)
    if listed.ends is None:
        return (
            [*lines, _("stays here when all is said")]
            if listed.letters
            else [*lines, _("no letters")]
        )
    delay = say_delay(listed.ends.after, language)
    after = _("after the last letter, {delay}").format(delay=delay)
    if listed.ends.kind == "leave":
        return [*lines, _("{when}: leaves the list").format(when=after)]
    return [*lines, f"{after} {MOVE} {say_list(plan, listed.ends.target)}"]


def _broadcast(broadcast: Broadcast, plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    to = ", ".join(say_list(plan, number) for number in broadcast.to)
    when_sent = broadcast.on or _("every {cron} (cron)").format(cron=broadcast.every)
    lines = [
        _("broadcast {name} to {lists}, {when}").format(name=broadcast.id, lists=to, when=when_sent)
    ]
    lines += [
        f"   {quoted(subject_of(broadcast.letter), _)}",
        *_answers(broadcast.letter.links, plan, language),
    ]
    if broadcast.reminder is not None:
        lines.append(
            f"   {when(broadcast.reminder, language)}  {quoted(subject_of(broadcast.reminder), _)}"
        )
        lines += _answers(broadcast.reminder.links, plan, language)
    return lines


def when(letter: Letter, language: Language) -> str:
    """ "D+2 09:00 Mon-Fri", "then 1 week later", "no answer to welcome after 1 day"."""
    _ = translator(language)
    hours = say_hours(letter.hours, language)
    delay = letter.wait if letter.after is None else letter.after
    assert delay is not None
    if letter.reminds:
        moment = _("no answer to {letter} after {delay}").format(
            letter=letter.reminds, delay=say_delay(delay, language)
        )
    elif letter.after is None:
        moment = _("then {delay} later").format(delay=say_delay(delay, language))
    elif delay.months or delay.minutes:
        moment = _("{delay} after joining").format(delay=say_delay(delay, language))
    else:
        moment = _("D+{days}").format(days=delay.days)
    return f"{moment} {hours}".rstrip()


def _answers(links: Sequence[Link], plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    return _branches(
        [
            (quoted(link.label, _), MOVE if link.kind == "move" else COPY, link.target)
            for link in links
        ],
        plan,
    )


def _branches(arrows: Sequence[tuple[str, str, int]], plan: Plan) -> list[str]:
    width = max((len(label) for label, _, _ in arrows), default=0)
    marks = ["├"] * (len(arrows) - 1) + ["└"] if arrows else []
    return [
        f"      {mark} {label.ljust(width)} {arrow} {say_list(plan, to)}"
        for mark, (label, arrow, to) in zip(marks, arrows, strict=True)
    ]
