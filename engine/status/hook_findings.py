"""What is wrong with the programs that are told of facts."""

from __future__ import annotations

from collections.abc import Iterator

from engine.i18n.language import N_
from engine.status.facts import Facts, HookFacts
from engine.status.finding import Finding, Level

STUCK_SECONDS = 900
"""A target that is started anew takes nothing for a while, and that is nobody's work."""
ENABLE = N_("`relance hook enable {hook}` goes on from where it stood; docs/hooks.md")


def of_hooks(facts: Facts) -> Iterator[Finding]:
    for trouble in facts.troubles:
        if trouble.what == "hooks-ended":
            what = N_("for {since} no program is told of facts: {why}")
            remedy = N_("everything else goes on; the log says what it was. Start Relance anew")
            values: dict[str, object] = {"why": trouble.why, "since": trouble.since}
            yield Finding("hooks-ended", "stuck", what, remedy, values)
    for hook in facts.hooks:
        values = {"hook": hook.name, "since": hook.since, "answer": hook.answer}
        if hook.fault is not None:
            what = N_("the hook “{hook}” is told nothing: {why}")
            remedy = N_("it goes on by itself once its secret is there; docs/hooks.md")
            yield Finding("hook-secret", "stuck", what, remedy, values | {"why": hook.fault})
        level: Level
        if (switched_off := _off(hook)) is not None:
            level, what = switched_off
            yield Finding("hook-off", level, what, ENABLE, values)
        elif hook.standing == "failing":
            what = N_("for {since} the hook “{hook}” has taken nothing: {answer}")
            remedy = N_(
                "it is tried again by itself and loses nothing; `relance hook test {hook}` tries it"
                " now. After five days it is switched off"
            )
            level = "stuck" if hook.since > STUCK_SECONDS else "notice"
            yield Finding("hook-failing", level, what, remedy, values)
        if hook.given_up:
            what = N_("messages to the hook “{hook}” were given up after 34 hours: {n}")
            remedy = N_("`relance hook replay {hook} --from {first}` tells of them anew")
            values |= {"n": hook.given_up, "first": hook.first_given_up}
            yield Finding("hook-given-up", "notice", what, remedy, values)


def _off(hook: HookFacts) -> tuple[Level, str] | None:
    match hook.standing:
        case "operator":
            return "notice", N_("for {since} the hook “{hook}” is switched off, by a command")
        case "gone":
            what = N_("for {since} the hook “{hook}” is switched off: it is gone for good (410)")
            return "stuck", what
        case "dead":
            what = N_(
                "for {since} the hook “{hook}” is switched off, which took nothing for five days:"
                " {answer}"
            )
            return "stuck", what
        case _:
            return None
