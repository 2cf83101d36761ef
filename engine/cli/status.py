"""`relance status`: one screen that says what runs, what waits, what is wrong and what to do. Exit
status 1 when something is stuck or stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from engine.cli.terminal import json_text, print_styled
from engine.context import AppContext
from engine.status.facts import Facts
from engine.status.finding import WRONG, Finding, is_well
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.state_words import StateWords

HEAD_WIDTH = 13


def status(context: AppContext, args: argparse.Namespace) -> int:
    if args.settled:
        context.desk.settle_stuck()
    facts = gather(context)
    all_findings = findings(facts)
    plan = context.installation_stream.current().plan()
    words = StateWords(context.config.site, plan, context.config.site.language)
    if args.json:
        rows = [
            {
                "code": finding.code,
                "level": finding.level,
                "what": words.what(finding),
                "remedy": words.remedy(finding),
            }
            for finding in all_findings
        ]
        totals = {
            f"{total.name} {total.label}".rstrip(): number for total, number in facts.totals.items()
        }
        told = {"well": is_well(all_findings), "findings": rows}
        print(json_text(told | asdict(facts) | {"totals": totals}))
    else:
        for line in _screen(words, facts, all_findings):
            print_styled(line, "error" if line.startswith("!") else None)
    return 0 if is_well(all_findings) else 1


def _screen(words: StateWords, facts: Facts, all_findings: tuple[Finding, ...]) -> Iterator[str]:
    _ = words.say
    for head, lines in words.subjects(facts):
        for n, line in enumerate(lines):
            yield f"{'' if n else head:<{HEAD_WIDTH}}  {line}".rstrip()
    yield ""
    if is_well(all_findings):
        yield _("all is well")
    for finding in all_findings:
        yield f"{'!' if finding.level in WRONG else '-'} {words.what(finding)}"
        yield f"    {words.remedy(finding)}"
