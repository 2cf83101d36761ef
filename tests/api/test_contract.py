"""The API is held to its own description by schemathesis, a program of others, which makes calls up
from the OpenAPI document: right ones, wrong ones, and one after another. All of its checks are at
their defaults.

By hand, against an installation that runs:

    .venv/bin/st run https://lettres.example.org/openapi.json -H "Authorization: Bearer relance_…"
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.api import routes as api
from engine.api.api_keys import create
from engine.api.scopes import SCOPES
from tests.running_installation import Installations
from tests.sizes import LONG
from tests.web.garden import GARDEN
from tests.web.visiting import visited

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]
HOOK = """
[[hook]]
name = "tableau"
url = "https://tableau.example/jeton"
events = ["list-joined"]
secret_file = "data/secrets/tableau"
"""
SEGMENT = """
[[segment]]
id = "fidele"
name = "Fidèles"
static = true
"""
FILES = GARDEN | {
    "potager.toml": GARDEN["potager.toml"].replace("= 30", "= 10").replace("= 32", "= 12") + SEGMENT
}
"""With the list and the segment that the examples of the document name."""
SHORT = ("--phases", "examples,coverage", "--include-method", "GET")
"""Its defaults are some seven thousand calls, in two minutes and more; this holds what is read to
the same checks, at the bounds of each parameter.
"""


def test_no_call_answers_otherwise_than_is_described(
    installations: Installations, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(api, "MAX_CALLS_PER_MINUTE", 1_000_000)
    with installations.made(FILES, HOOK) as context, visited(context) as site:
        key = create(context.desk, "contrat", SCOPES)
        joining = {"email": "fanny@example.org", "list": 10, "basis": "service", "source": "salon"}
        headers = {"Authorization": f"Bearer {key}"}
        url = "/api/v1/subscriptions"
        joined = site.client.post(url, json=joining | {"order": "1"}, headers=headers)
        assert joined.status_code == 201, joined.text
        run = subprocess.run(
            [
                Path(sys.executable).with_name("st"),
                *("run", f"{site.url}/openapi.json", "--url", site.url, "--no-color"),
                *("-H", f"Authorization: Bearer {key}"),
                "--generation-deterministic",  # by hand it makes up others each time
                *(() if LONG else SHORT),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        told = run.stdout + run.stderr
        assert run.returncode == 0, told
        assert " passed" in told and " failed" not in told, told
