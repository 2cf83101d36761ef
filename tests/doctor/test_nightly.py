"""Once a day what does not hold is a fact and a finding, until it holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.cli.sending import resume
from engine.config import Config
from engine.context import AppContext
from engine.doctor.nightly import Stopped, Told, examine_if_night, looked_at
from engine.doctor.world import Line
from engine.installation.events import DoctorRan
from engine.sending.smtp_settings import Smtp
from engine.sequence.delay import DAY
from engine.status.finding_words import FindingWords
from engine.status.findings import findings
from engine.status.gather import gather
from engine.words import words
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
MISSING = Line("dmarc-missing", "fails", words("x"))
ADDRESS = Line("spf-address", "fails", words("x"))
PICTURE = Line("bimi-missing", "fails", words("x"), optional=True)
UNKNOWN = Line("from-unprobed", "unknown", words("x"))


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """That may write to people, by a relay that is never spoken to."""
    with installations.made({}) as made:
        site = replace(
            made.config.site,
            name="Le Potager",
            url="https://lettres.potager.fr",
            sender="a@potager.fr",
            sender_name="Le Potager",
            reply_to="",
            postal_address="1 rue du Puits",
        )
        smtp = Smtp("smtp.relais.fr")
        yield replace(made, config=replace(made.config, site=site, smtp=smtp))


def night(context: AppContext, *lines: Line) -> DoctorRan | None:
    def looked(config: Config, stopped: Stopped) -> Told | None:
        assert config is context.config
        return None if stopped() else {"spf": lines}

    context.clock.jump(DAY)
    return examine_if_night(context, lambda: False, looked)


def told(context: AppContext) -> dict[str, str]:
    words = FindingWords(context.installation_stream.current().plan(), "en")
    return {finding.code: words.what(finding) for finding in findings(gather(context))}


def test_what_stopped_holding_is_a_finding_until_it_holds(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert night(context, PICTURE, UNKNOWN) is not None
    assert "doctor" not in told(context)
    ran = night(context, MISSING, PICTURE)
    assert ran is not None and ran.failing == ("dmarc-missing",)
    night(context, ADDRESS, MISSING, MISSING)
    assert told(context)["doctor"] == (
        "for 24 h the doctor finds what does not hold: dmarc-missing, spf-address"
    )
    resume(context, argparse.Namespace(list="", yes=True, anyway=False))
    assert "tient pas : dmarc-missing, spf-address" in capsys.readouterr().out.replace(
        "\u00a0", " "
    )
    assert night(context, PICTURE) is not None
    assert "doctor" not in told(context)


def test_one_host_looks_once_a_day_and_a_stop_leaves_the_day_to_the_next(
    context: AppContext,
) -> None:
    assert night(context) is not None
    never: list[Config] = []
    assert examine_if_night(context, lambda: False, lambda config, _: never.append(config)) is None
    context.clock.jump(DAY)
    assert examine_if_night(context, lambda: True, lambda config, _: never.append(config)) is None
    assert len(never) == 1
    assert looked_at(context.config, lambda: True) is None


@pytest.mark.parametrize("host", ["mailbox", "127.0.0.1", "localhost"])
def test_nobody_looks_while_letters_reach_nobody(context: AppContext, host: str) -> None:
    reaching_nobody = replace(context, config=replace(context.config, smtp=Smtp(host)))
    assert night(reaching_nobody, MISSING) is None
    site = replace(context.config.site, url="http://potager.fr")
    assert night(replace(context, config=replace(context.config, site=site)), MISSING) is None
