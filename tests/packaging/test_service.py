"""The service of systemd: shut in as tightly as its work allows, and told when it is ready."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess

import pytest

from engine.runtime.announcement import tell_service_manager
from tests.running import ROOT

UNIT = ROOT / "packaging/relance.service"
EXPOSURE = 3.0
"""Of 10, as `systemd-analyze security` counts: below it is its own word for "OK"."""


def test_the_service_is_shut_in() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: how exposed the service is was not counted")
    command = [analyze, "security", "--offline=true", "--no-pager", str(UNIT)]
    counted = subprocess.run(command, capture_output=True, text=True, timeout=30)
    overall = re.search(r"Overall exposure level for relance\.service: ([0-9.]+)", counted.stdout)
    assert overall is not None, counted.stderr
    assert float(overall[1]) < EXPOSURE, counted.stdout


def test_what_shuts_postgresql_out_is_not_in_it() -> None:
    """Each of these ends the embedded PostgreSQL, or keeps it from sizing itself."""
    lines = set(UNIT.read_text("utf-8").splitlines())
    assert not lines & {"DynamicUser=yes", "RemoveIPC=yes", "ProcSubset=pid", "KillMode=process"}
    assert {"Type=notify", "KillMode=mixed", "TimeoutStartSec=infinity"} <= lines


@pytest.mark.parametrize("prefix", ["", "\0"], ids=["a path", "an abstract name"])
def test_a_service_manager_is_told(
    prefix: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("n")
    address = f"{prefix}{folder}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        try:
            manager.bind(address)
        except FileNotFoundError:
            pytest.skip("abstract names of sockets are Linux's alone")
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address.replace("\0", "@"))
        tell_service_manager("READY=1")
        assert manager.recv(64) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_a_start_does_not_need_a_service_manager(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    tell_service_manager("READY=1")
