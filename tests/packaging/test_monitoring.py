"""The alerts for Prometheus and the dashboard for Grafana: they name metrics that are there, and
Prometheus' own promtool understands them and finds what they should find.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.status.facts import TreeState
from engine.status.metrics import exposition
from tests.docs.pages import ROOT
from tests.status.test_findings import WELL

MONITORING = ROOT / "packaging/monitoring"
ALERTS, DASHBOARD = MONITORING / "alerts.yml", MONITORING / "dashboard.json"
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
ALERTING = {"RelanceLettersAreDeferred", "RelanceLettersAreLate", "RelanceWebhookRefusesAll"}


def exposed() -> Iterator[str]:
    """What can be asked for, of an installation that has everything."""
    facts = replace(WELL, tree=TreeState(age=1.0), witnessed=1.0, stamped=1.0)
    for family in text_string_to_metric_families(exposition(facts).decode()):
        for suffix in SUFFIXES.get(family.type, ("",)):
            yield family.name + suffix


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def two_hours(*, late: int, held: int, taken: int, deferred: int, alerting: Iterable[str]) -> str:
    """A file for `promtool test rules`: seconds late and letters held, calls taken and letters put
    off a minute, beside one refused and ten sent; and which alerts are to fire at the end.
    """
    series = {
        "relance_well": "1x120",
        "relance_oldest_due_seconds": f"{late}x120",
        "relance_letters_held": f"{held}x120",
        'relance_webhook_calls_total{webhook="caisse", what="refused"}': "0+1x120",
        'relance_webhook_calls_total{webhook="caisse", what="taken"}': f"0+{taken}x120",
        'relance_letter_outcomes_total{what="sent"}': "0+10x120",
        'relance_letter_outcomes_total{what="deferred"}': f"0+{deferred}x120",
    }
    question = {
        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": "119m",
        "exp_samples": [
            {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerting)
        ],
    }
    minutes = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [question],
    }
    return json.dumps({"rule_files": [str(ALERTS)], "tests": [minutes]})


@pytest.mark.parametrize("path", [ALERTS, DASHBOARD], ids=lambda path: path.name)
def test_each_metric_that_is_asked_for_is_there(path: Path) -> None:
    named = set(re.findall(r"\brelance_\w+", path.read_text("utf-8")))
    assert named and named <= set(exposed())


def test_promtool_understands_them_and_finds_what_they_should(tmp_path: Path) -> None:
    script = ["sh", str(ROOT / "tests/install_promtool.sh"), "--find"]
    promtool = Path(subprocess.run(script, capture_output=True, text=True).stdout.strip())
    if not promtool.exists():
        pytest.skip("promtool is not here: sh tests/install_promtool.sh")
    drawn = [
        {"record": f"drawn:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions())
    ]
    dashboard = tmp_path / "dashboard.yml"
    dashboard.write_text(json.dumps({"groups": [{"name": "drawn", "rules": drawn}]}))
    trouble, quiet = tmp_path / "trouble.yml", tmp_path / "quiet.yml"
    trouble.write_text(two_hours(late=3600, held=0, taken=0, deferred=5, alerting=ALERTING))
    quiet.write_text(two_hours(late=3600, held=3, taken=1, deferred=1, alerting=()))
    checking, trying = ["check", "rules", ALERTS, dashboard], ["test", "rules", trouble, quiet]
    for words in (checking, trying):
        command = [str(word) for word in (promtool, *words)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stdout + run.stderr
