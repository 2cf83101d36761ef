"""`relance audit dossier`: one person's case as a document for who never saw a ledger, as HTML or,
where WeasyPrint or Chromium is on this machine, as PDF.

Neither is a dependency: both bring what the rest of Relance never needs (Pango, a browser), and the
HTML prints as well from any browser. They are run as programs, on a page without a script and with
nothing from elsewhere.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from engine.audit.dossier import Attestation, dossier
from engine.audit.dossier_page import dossier_as_html
from engine.audit.fact_report import FactReport
from engine.audit.identity import identify
from engine.audit.ledger_dates import LedgerDates
from engine.audit.nothing_held import nothing_held_about_address
from engine.audit.published import Published
from engine.audit.report import as_html
from engine.audit.standing import letter_names, standing
from engine.audit.vault_check import deletions, evidence_faults
from engine.cli.checkpoints import hold_everything, refusing
from engine.cli.private_file import private_file, replacing
from engine.cli.prove import hold_person
from engine.context import AppContext
from engine.i18n.language import N_, Language, translator
from engine.i18n.user_error import UserError, address_of
from engine.installation.events import STREAM

FAULTY = 1
"""The exit status where a fault is shown, or nothing is held."""
PRINT_SECONDS = 120
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def write_dossier(context: AppContext, args: argparse.Namespace) -> int:
    """Signs a checkpoint first, which the dossier names, over a ledger that was held against its
    tree: what is not sound is not handed out.
    """
    path: Path = args.output
    language: Language = args.lang or context.config.site.language
    write = _pdf_writer() if path.suffix.lower() == ".pdf" else None
    page, faulty = _page(context, args.address, language)
    if write is None:
        with private_file(path) as file:
            file.write(page)
    else:
        octets = write(page)
        with replacing(path) as handle, os.fdopen(handle, "wb") as file:
            file.write(octets)
    print(translator(language)("written: {file}").format(file=path))
    return FAULTY if faulty else 0


def _page(context: AppContext, text: str, language: Language) -> tuple[str, bool]:
    person = identify(context.ledger, context.vault, text)
    if person is None:
        hold_everything(context)
        with refusing():
            statement = nothing_held_about_address(context, address_of(text), language)
        return as_html(statement.report(language)), True
    hold_person(context, person.subscriber)
    with refusing():
        signed, (_origin, key) = context.tree.sign_now(), context.tree.begin()
    stamp = context.tree.stamp_of(signed.origin, signed.size)
    _, installation = translator(language), context.installation_stream.current()
    site, fields = context.config.site, person.known.fields if person.known else {}
    entries = context.ledger.stream(STREAM)
    published = Published(entries)
    deleted = deletions(published, site.timezone)
    facts = FactReport(
        published=published,
        dates=LedgerDates(context, entries),
        pieces=person.pieces,
        zone=site.timezone,
        language=language,
        letters=letter_names(installation, fields, person.entries, _, ids=False),
        in_words=True,
        faults=[*evidence_faults(person.entries, person.pieces, deleted)],
    )
    made = dossier(
        person,
        facts,
        Attestation(
            site=site.name,
            position=signed.size,
            signed=signed,
            stamped_at=stamp.stamped_at if stamp else 0,
            key=key,
        ),
        list(standing(context, person.subscriber, facts.moment, _)),
        context.clock.now(),
    )
    return dossier_as_html(made), made.faulty


def _pdf_writer() -> Callable[[str], bytes]:
    """What makes a PDF of a page. Raises UserError where this machine has nothing that does."""
    if weasyprint := shutil.which("weasyprint"):
        return lambda page: _by_weasyprint(weasyprint, page)
    browsers = (*BROWSERS, "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    for name in browsers:
        if browser := shutil.which(name):
            return lambda page: _by_browser(browser, page)
    raise UserError(
        N_(
            "nothing on this machine makes a PDF: install WeasyPrint (apt install weasyprint, brew"
            " install weasyprint) or Chromium, or write FILE.html and print it from any browser"
        ),
        2,
    )


def _by_weasyprint(program: str, page: str) -> bytes:
    return _run([program, "--encoding", "utf-8", "-", "-"], page.encode())


def _by_browser(program: str, page: str) -> bytes:
    """In a folder that its owner alone may read, with a profile of its own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="relance-") as name:
        folder = Path(name)
        source, target = folder / "dossier.html", folder / "dossier.pdf"
        source.write_text(page, encoding="utf-8")
        # Chromium's sandbox refuses to be started by root.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        profile = f"--user-data-dir={folder / 'profile'}"
        flags = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        command = [program, *flags, *sandbox, profile, "--no-pdf-header-footer"]
        _run([*command, f"--print-to-pdf={target}", source.as_uri()], b"")
        if not target.is_file():
            raise UserError(N_("{program} made no PDF"), program=program)
        return target.read_bytes()


def _run(command: list[str], given: bytes) -> bytes:
    """Standard output. Raises UserError where the program fails."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=PRINT_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(
            N_("{program} made no PDF: {why}"), program=command[0], why=type(error).__name__
        ) from error
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
        raise UserError(N_("{program} made no PDF: {why}"), program=command[0], why=why[0])
    return done.stdout
