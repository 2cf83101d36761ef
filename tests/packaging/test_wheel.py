"""A wheel built from this tree, installed elsewhere: it has every file of the program, `relance
init` makes an installation with it, and `relance run` serves its form, tells its service manager
that it is ready, and ends when it is told to stop. A Debian package of it runs too.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import ROOT, free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]
OF_THE_PROGRAM = ("engine", "projections")
SOURCES = (
    *OF_THE_PROGRAM,
    *("sequences", "config.toml", "pyproject.toml", "setup.py", "README.md", "LICENSE"),
)
BUILT = shutil.ignore_patterns("__pycache__")


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True, timeout=240)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since building leaves folders behind."""
    tree, built = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("built")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=BUILT)
        else:
            shutil.copy(ROOT / name, tree / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", built, tree)
    return next(built.glob("relance-*.whl"))


@pytest.fixture(scope="module")
def relance(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment of its own, which has the wheel and borrows what it depends on:
    installing that again would take minutes and a package index.
    """
    place = tmp_path_factory.mktemp("elsewhere")
    venv.create(place, with_pip=False)
    python = place / "bin/python"
    pip("--python", str(python), "install", "--no-deps", "--no-index", "--no-compile", wheel)
    borrowed = place / sysconfig.get_path("purelib", vars={"base": "."}) / "borrowed.pth"
    borrowed.write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return place / "bin/relance"


@pytest.fixture
def environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "PYTHON", "RELANCE_"))
    }


def sources() -> Iterator[str]:
    for room in OF_THE_PROGRAM:
        for file in (ROOT / room).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(ROOT).as_posix()


def test_the_wheel_has_every_file_of_the_program_and_its_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set(sources()) - names == set()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert any(name.endswith("/share/relance/config.toml") for name in names)


def test_an_installation_is_made_and_serves_its_form(
    relance: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    python = [str(relance.with_name("python")), "-c", "import engine; print(engine.__file__)"]
    found = subprocess.check_output(python, cwd=tmp_path, env=environment, text=True, timeout=60)
    assert Path(found).is_relative_to(relance.parents[1]), "it is the tree's, not the wheel's"
    said = "--name Amis --address Lyon --from amis@amis.fr --purpose Lettre --language fr"
    init = [str(relance), "init", "mine", *said.split()]
    subprocess.run(init, cwd=tmp_path, env=environment, check=True, timeout=60)
    config = tmp_path / "mine/config.toml"
    text = config.read_text("utf-8")
    port = free_port()
    # 8080, 8081, 8025 and 8082, or others that end alike where one of these is taken.
    free = {"0": port, "1": free_port(), "5": free_port(), "2": 0}
    text = re.sub(r"port = 8\d\d([0125])\b", lambda usual: f"port = {free[usual[1]]}", text)
    config.write_text(text, "utf-8")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.setblocking(False)
    environment |= {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    with manager, (tmp_path / "run.log").open("w") as log:
        process = subprocess.Popen(
            [relance, "-C", "mine", "run"], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
        try:
            wait_for(lambda: process.poll() is not None or shows_form(port))
            assert process.poll() is None, (tmp_path / "run.log").read_text("utf-8")
            assert manager.recv(64) == b"READY=1"
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(60)
    assert status == 0


def shows_form(port: int) -> bool:
    try:
        form = httpx.get(f"http://127.0.0.1:{port}/f/inscription", timeout=5)
    except httpx.TransportError:
        return False
    return form.status_code == 200 and "Lettre" in form.text


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is not installed: no package")
def test_a_debian_package_of_it_runs(
    wheel: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """Unpacked into a folder of its own, with what it depends on borrowed as above."""
    build = ["sh", str(ROOT / "packaging/build_deb.sh"), str(wheel), str(tmp_path / "dist")]
    with_ours = {"PYTHON": str(Path(sys.executable).resolve()), "PIP": f"{sys.executable} -m pip"}
    built = subprocess.run(
        [*build, "--no-deps", "--no-index"],
        env=environment | with_ours,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    package, root = Path(built.stdout.strip()), tmp_path / "root"
    subprocess.run(["dpkg-deb", "--extract", package, root], check=True, timeout=60)
    place = root / "opt/relance"
    assert (root / "usr/bin/relance").readlink() == Path("/opt/relance/bin/relance")
    assert (place / "bin/relance").read_text("utf-8").startswith("#!/opt/relance/bin/python")
    assert (root / "usr/lib/systemd/system/relance.service").is_file()
    borrowed = place / sysconfig.get_path("purelib", vars={"base": "."}) / "borrowed.pth"
    borrowed.write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    version = [str(place / "bin/python3"), str(place / "bin/relance"), "--version"]
    printed = subprocess.check_output(version, env=environment, text=True, timeout=60)
    assert printed.split()[1] == package.name.split("_")[1]
    where = [str(place / "bin/python3"), "-c", "import engine; print(engine.__file__)"]
    found = subprocess.check_output(where, cwd=root, env=environment, text=True, timeout=60)
    assert Path(found).is_relative_to(root), "it is the tree's, not the package's"
