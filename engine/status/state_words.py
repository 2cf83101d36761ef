"""How an installation stands, in words: a head and its lines for each subject, for the screen of
the command line and the page of the operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engine.config import Site
from engine.i18n.language import N_, Language, day_in_words, grouped
from engine.i18n.phrases import say_moment, say_place, titled_purpose
from engine.i18n.stored_words import stored_in_words
from engine.sending.smtp_settings import DIRECT, MAILBOX
from engine.sequence.model import Plan
from engine.status.facts import Facts, Waiting
from engine.status.finding_words import FindingWords, size
from engine.status.mail_findings import INBOUND_KINDS

MAX_STUCK_SHOWN = 10

VIEWS = (
    N_("agenda"), N_("members"), N_("letters"), N_("silence"), N_("choices"), N_("delivery"),
)  # fmt: skip
"""The names of the views."""


class StateWords(FindingWords):
    def __init__(self, site: Site, plan: Plan, language: Language) -> None:
        self.zone, self.language = site.timezone, language
        super().__init__(plan, language)

    def subjects(self, facts: Facts) -> Iterator[tuple[str, list[str]]]:
        """A subject of which there is nothing to say has no lines."""
        _ = self._
        yield _("clock"), list(self._clock(facts))
        yield _("running"), list(self._running(facts))
        yield _("ledger"), list(self._ledger(facts))
        yield _("proof"), list(self._proof(facts))
        yield _("views"), list(self._views(facts))
        yield _("sending"), list(self._sending(facts))
        yield _("letters due"), list(self._due(facts))
        yield _("forms"), list(self._forms(facts))
        yield _("in doubt"), [grouped(facts.in_doubt, _)]
        yield _("withheld"), list(self._withheld(facts))
        yield _("set aside"), list(self._stuck(facts))
        yield _("cleaning"), list(self._silent(facts))
        yield _("what comes back"), list(self._returned(facts))

    def _clock(self, facts: Facts) -> Iterator[str]:
        """Only where it is not the wall clock's."""
        clock = facts.clock
        if clock.rate == 1 and not clock.trial:
            return
        speed = (
            self._("{n} times faster than real time").format(n=grouped(clock.rate, self._))
            if clock.rate != 1
            else self._("real time")
        )
        yield f"{say_moment(clock.now, self.zone, self.language)}; {speed}"

    def _running(self, facts: Facts) -> Iterator[str]:
        if not facts.processes:
            yield self._("nothing")
        for process in facts.processes:
            since = self._("for {since}").format(since=self.seconds(process.since))
            lives = (
                since
                if process.lives
                else self._("not heard of for {since}").format(since=self.seconds(process.seen))
            )
            yield self._("{parts} on {host}, process {pid}, {since}").format(
                parts=", ".join(process.parts), host=process.host, pid=process.pid, since=lives
            )

    def _ledger(self, facts: Facts) -> Iterator[str]:
        entries = self.ngettext("{n} entry", "{n} entries", facts.head).format(
            n=grouped(facts.head, self._)
        )
        yield self._("{entries}; database {size}; free on the disk of data/ {free}").format(
            entries=entries,
            size=size(facts.database_bytes, self._),
            free=size(facts.disk_free, self._),
        )

    def _proof(self, facts: Facts) -> Iterator[str]:
        tree = facts.tree
        held = (
            self._("up to date")
            if not tree.behind
            else self.ngettext("{n} entry behind", "{n} entries behind", tree.behind)
        )
        newest = self._("no checkpoint yet")
        if tree.age is not None:
            newest = self._("last checkpoint over {n} entries, {since} ago").format(
                n=grouped(tree.signed, self._), since=self.seconds(tree.age)
            )
        yield self._("tree {state}; {checkpoint}").format(
            state=held.format(n=grouped(tree.behind, self._)), checkpoint=newest
        )

    def _views(self, facts: Facts) -> Iterator[str]:
        for view in facts.views:
            behind = self.ngettext("{n} entry behind", "{n} entries behind", view.behind).format(
                n=grouped(view.behind, self._)
            )
            behind += f" ({self.seconds(view.late)})" if view.behind else ""
            state = (
                self._("stopped") + ", " + behind
                if view.fault
                else behind
                if view.behind
                else self._("up to date")
            )
            yield self._("{name}: {value}").format(name=self._(view.name), value=state)

    def _sending(self, facts: Facts) -> Iterator[str]:
        ways = {
            MAILBOX: self._("to the built-in mailbox"),
            DIRECT: self._("straight to the readers’ own providers"),
        }
        relay = ways.get(facts.relay) or self._("through {relay}").format(relay=facts.relay)
        tick = (
            self._("last round {since} ago").format(since=self.seconds(facts.tick))
            if facts.tick is not None
            else self._("no round yet")
        )
        yield self._("; ").join((relay, tick))
        if not facts.comes_back:
            yield self._(
                "a relay keeps the providers’ own answers to itself: which letters do not arrive is"
                " known once bounces are read ([inbound], [smtp] return_path)"
            )

    def _due(self, facts: Facts) -> Iterator[str]:
        now = sum(waiting.now for waiting in facts.waiting)
        hour = sum(waiting.hour for waiting in facts.waiting)
        yield self._("{now} now, {hour} within the hour").format(
            now=grouped(now, self._), hour=grouped(hour, self._)
        )
        for waiting in facts.waiting:
            if waiting.held and waiting.hour:
                yield self._held(waiting)
        if facts.held_back or facts.held_back_today:
            sentence = self._("{n} wait for room under a cap; today {today} found none")
            yield sentence.format(
                n=grouped(sum(facts.held_back.values()), self._),
                today=grouped(facts.held_back_today, self._),
            )

    def _held(self, waiting: Waiting) -> str:
        what = say_place(self.plan, waiting.list, self._)
        return self._("{n} held: {what} ({why})").format(
            n=grouped(waiting.hour, self._), what=what, why=stored_in_words(waiting.held, self._)
        )

    def _forms(self, facts: Facts) -> Iterator[str]:
        yield self._("{held} requests held; robots caught in 30 days: {traps}").format(
            held=grouped(facts.forms_held, self._), traps=grouped(facts.form_traps, self._)
        )

    def _withheld(self, facts: Facts) -> Iterator[str]:
        """What waits to be mended; then what readers, caps and segments have as they want it."""
        yield grouped(sum(letter.people for letter in facts.withheld), self._)
        if facts.not_sent:
            reasons = ", ".join(
                f"{stored_in_words(why, self._)} {grouped(n, self._)}"
                for why, n in facts.not_sent.items()
            )
            since = day_in_words(date.fromisoformat(facts.not_sent_since), self.language)
            yield self._("left out since {day}: {reasons}").format(day=since, reasons=reasons)
            yield self._(
                "`relance results LETTER` counts them by letter, `relance show ID` tells why"
            )

    def _silent(self, facts: Facts) -> Iterator[str]:
        """Counting who is asked reads everybody long unheard, which nobody waits for here."""
        for purpose, people in facts.stopped.items():
            sentence = self.ngettext(
                "{n} person is not written to about “{purpose}” any more, until they do something",
                "{n} people are not written to about “{purpose}” any more, until they do something",
                people,
            )
            name = titled_purpose(self.plan, purpose)
            yield sentence.format(n=grouped(people, self._), purpose=name)
        if self.plan.reactivations:
            yield self._("who is asked whether to go on: `relance clean --plan` counts them")

    def _returned(self, facts: Facts) -> Iterator[str]:
        """Only where some door is open, or something has come."""
        mail = facts.inbound
        if mail.doors:
            doors = ", ".join(name.upper() for name in mail.doors)
            yield self._("taken in by {doors}").format(doors=doors)
        if mail.handled:
            counts = ", ".join(
                f"{self._(INBOUND_KINDS[kind])} {grouped(n, self._)}"
                for kind, n in mail.handled.items()
            )
            yield self._("in seven days: {counts}").format(counts=counts)
        if mail.waiting:
            sentence = self._("{n} wait to be handed on to you")
            yield sentence.format(n=grouped(mail.waiting, self._))

    def _stuck(self, facts: Facts) -> Iterator[str]:
        yield grouped(len(facts.stuck), self._)
        for stuck in facts.stuck[:MAX_STUCK_SHOWN]:
            yield f"{stuck.subscriber}  {stuck.key}  {stored_in_words(stuck.why, self._)}"
        if len(facts.stuck) > MAX_STUCK_SHOWN:
            yield self._("… and {n} more: `relance status --json`").format(
                n=grouped(len(facts.stuck) - MAX_STUCK_SHOWN, self._)
            )
