"""DMARC: which record is in force for the domain letters come from, what it says, and for which
domains SPF and DKIM count beside it (RFC 9989). Pure.

Which domain is the organisation's is found by the tree walk of RFC 9989 section 4.10, not by a list
of public suffixes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.doctor.world import (
    Dns,
    Line,
    NotReached,
    Records,
    World,
    is_within,
    quoted,
    txt_line,
)
from engine.words import N_, Words, words

MAX_WALKED_LABELS = 8
POLICIES = ("none", "quarantine", "reject")
FORMER = ("pct", "rf", "ri")
"""Tags of RFC 7489 that RFC 9989 no longer has."""
MAX_REPORT_ADDRESSES = 5


@dataclass(frozen=True, slots=True)
class Policy:
    """The one record in force at `name`."""

    name: str
    tags: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Walked:
    """What the tree walk found, from `names[0]` upwards. `doubled`: names that publish several
    records, so that none counts. `why`: why it could not be walked, "" where it was.
    """

    names: tuple[str, ...]
    policies: tuple[Policy, ...] = ()
    doubled: tuple[str, ...] = ()
    why: Words | None = None

    @property
    def organisation(self) -> str:
        """Section 4.10.2."""
        for policy in self.policies:
            psd = policy.tags.get("psd", "").lower()
            if psd == "n":
                return policy.name
            if psd == "y" and policy.name != self.names[0]:
                below = policy.name.count(".") + 2
                return ".".join(self.names[0].split(".")[-below:])
        return self.policies[-1].name if self.policies else self.names[0]

    @property
    def in_force(self) -> Policy | None:
        """Of the author's domain, else of the organisation, else of the public suffix."""
        wanted = (self.names[0], self.organisation)
        for name in wanted:
            for policy in self.policies:
                if policy.name == name:
                    return policy
        return self.policies[-1] if self.policies else None


def walk(world: World, domain: str) -> Walked:
    names = _walked_names(domain)
    policies: list[Policy] = []
    doubled: list[str] = []
    for name in names:
        answer = world.dns("txt", f"_dmarc.{name}")
        if isinstance(answer, NotReached):
            return Walked(names, tuple(policies), tuple(doubled), answer.why)
        values = answer.values if isinstance(answer, Records) else ()
        records = [value for value in values if _is_dmarc(value)]
        if len(records) > 1:
            doubled.append(name)
        if len(records) == 1:
            policies.append(Policy(name, tags_of(records[0]), records[0]))
            if policies[-1].tags.get("psd", "").lower() in ("y", "n"):
                break
    return Walked(names, tuple(policies), tuple(doubled))


def _walked_names(domain: str) -> tuple[str, ...]:
    labels = domain.split(".")
    shortened = range(min(len(labels), MAX_WALKED_LABELS - 1), 0, -1)
    names = [".".join(labels[-count:]) for count in shortened]
    return tuple(dict.fromkeys([domain, *names]))


def _is_dmarc(value: str) -> bool:
    name, equals, version = value.partition(";")[0].partition("=")
    return bool(equals) and name.strip() == "v" and version.strip() == "DMARC1"


def tags_of(record: str) -> dict[str, str]:
    """Of a list of `tag=value` (RFC 6376 section 3.2, RFC 9989 section 4.7); the first of two of a
    name.
    """
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


Aligned = Literal["yes", "no", "unknown"]


def alignment(world: World, other: str, strict_tag: Literal["adkim", "aspf"]) -> Aligned:
    """Whether a result for `other` counts for the domain letters come from (section 4.4)."""
    domain = world.us.domain
    if other == domain:
        return "yes"
    author = walk(world, domain)
    policy = author.in_force
    if policy is not None and policy.tags.get(strict_tag, "r").lower() == "s":
        return "no"
    theirs = walk(world, other)
    if author.why or theirs.why:
        return "unknown"
    return "yes" if author.organisation == theirs.organisation else "no"


def check_dmarc(world: World) -> Iterator[Line]:
    domain = world.us.domain
    world.need(*(Dns("txt", f"_dmarc.{name}") for name in _walked_names(domain)))
    walked = walk(world, domain)
    report_to = f"dmarc@{domain}"
    proposed = txt_line(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{report_to}")
    if walked.why:
        what = words(N_("the DMARC record of {domain}: {why}"), domain=domain, why=walked.why)
        yield Line("dmarc-unreachable", "unknown", what)
        return
    for name in walked.doubled:
        what = words(N_("{name} has several DMARC records, so none of them counts"), name=name)
        mends = (txt_line(f"_dmarc.{name}", f"v=DMARC1; p=none; rua=mailto:{report_to}"),)
        yield Line("dmarc-several", "fails", what, mends)
    policy = walked.in_force
    if policy is None:
        if not walked.doubled:
            what = words(N_("{domain} has no DMARC record"), domain=domain)
            yield Line("dmarc-missing", "fails", what, (proposed,))
        return
    yield from _of_policy(world, policy, proposed)


def _of_policy(world: World, policy: Policy, proposed: str) -> Iterator[Line]:
    name, tags = policy.name, policy.tags
    place = f"_dmarc.{name}"
    asked = tags.get("p", "").lower()
    faults = 0
    if asked not in POLICIES:
        faults += 1
        what = words(
            N_("the DMARC record of {name} says no policy that there is: p={value}"),
            name=name,
            value=quoted(asked) or "…",
        )
        yield Line("dmarc-policy", "fails", what, (_with(place, tags, p="none"),))
    former = [tag for tag in FORMER if tag in tags]
    if former:
        faults += 1
        what = words(
            N_("the DMARC record of {name} has tags that mean nothing any more: {tags}"),
            name=name,
            tags=", ".join(former),
        )
        kept = {tag: value for tag, value in tags.items() if tag not in former}
        yield Line("dmarc-former-tags", "fails", what, (_with(place, kept),), optional=True)
    rua = tags.get("rua", "")
    if not rua:
        faults += 1
        what = words(
            N_(
                "the DMARC record of {name} asks for no reports: who fails in your name stays"
                " unseen"
            ),
            name=name,
        )
        report_to = f"mailto:dmarc@{world.us.domain}"
        yield Line("dmarc-no-reports", "fails", what, (_with(place, tags, rua=report_to),))
    for line in _of_reports(world, policy, rua):
        faults += line.verdict == "fails"
        yield line
    if asked == "none":
        what = words(
            N_(
                "the DMARC policy of {name} is only to watch; once its reports show nothing but"
                " your own mail, ask for quarantine"
            ),
            name=name,
        )
        mends = (_with(place, tags, p="quarantine"),)
        yield Line("dmarc-only-watches", "fails", what, mends, optional=True)
    if tags.get("t", "n").lower() == "y" and asked != "none":
        what = words(N_("the DMARC record of {name} is marked as a test (t=y)"), name=name)
        kept = {tag: value for tag, value in tags.items() if tag != "t"}
        yield Line("dmarc-test", "fails", what, (_with(place, kept),), optional=True)
    if not faults:
        what = words(N_("DMARC: {record}"), record=quoted(policy.text))
        yield Line("dmarc", "holds", what)
    yield from _of_alignment(world)


def _of_reports(world: World, policy: Policy, rua: str) -> Iterator[Line]:
    """Reports go to another organisation only where that one says it takes them (RFC 9990)."""
    for uri in rua.split(",")[:MAX_REPORT_ADDRESSES] if rua else ():
        scheme, _, address = uri.strip().partition(":")
        host = address.partition("!")[0].rpartition("@")[2].lower().rstrip(".")
        if scheme.lower() != "mailto" or "@" not in address or not host:
            what = words(
                N_("the DMARC record of {name} sends its reports to what is no address: {uri}"),
                name=policy.name,
                uri=quoted(uri.strip()),
            )
            report_to = f"mailto:dmarc@{world.us.domain}"
            mends = (_with(f"_dmarc.{policy.name}", policy.tags, rua=report_to),)
            yield Line("dmarc-report-address", "fails", what, mends)
            continue
        if is_within(host, policy.name) or is_within(policy.name, host):
            continue
        place = f"{policy.name}._report._dmarc.{host}"
        answer = world.dns("txt", place)
        if isinstance(answer, NotReached):
            continue
        if not any(_is_dmarc(value) for value in getattr(answer, "values", ())):
            what = words(
                N_(
                    "{host} does not say that it takes the DMARC reports about {name}: they are not"
                    " sent"
                ),
                host=quoted(host),
                name=policy.name,
            )
            yield Line("dmarc-report-refused", "fails", what, (txt_line(place, "v=DMARC1"),))


def _with(place: str, tags: Mapping[str, str], **changed: str) -> str:
    merged = {**tags, **changed}
    order = ["v", "p", *(tag for tag in merged if tag not in ("v", "p"))]
    return txt_line(place, "; ".join(f"{tag}={merged[tag]}" for tag in order if tag in merged))


def _of_alignment(world: World) -> Iterator[Line]:
    """One of both must count, or every letter fails DMARC."""
    us = world.us
    spf = alignment(world, us.envelope_domain, "aspf")
    dkim: Aligned = alignment(world, us.dkim_domain, "adkim") if us.dkim_domain else "unknown"
    values = {"domain": us.domain, "envelope": us.envelope_domain, "dkim": us.dkim_domain}
    if us.dkim_domain and dkim == "no":
        what = words(
            N_("the signatures are made for {dkim}, which does not count for {domain}"), **values
        )
        yield Line("dmarc-dkim-alignment", "fails", what, (f'[dkim] domain = "{us.domain}"',))
    if spf == "no":
        what = words(
            N_("letters are returned to {envelope}, which does not count for {domain}"), **values
        )
        mends = (f'[smtp] return_path = "bounces.{us.domain}"',)
        yield Line("dmarc-spf-alignment", "fails", what, mends, optional=dkim == "yes")
