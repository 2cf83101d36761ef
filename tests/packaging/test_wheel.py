"""A wheel built from this tree, installed elsewhere: it has every file of the program, `relance
init` makes an installation with it, and `relance run` serves its form, tells its service manager
that it is ready, sends who signs up there the first letter, and ends when it is told to stop. A
Debian package of it runs too.
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

from engine.intake.forms import AGREED
from tests.running import LINK, ROOT, MailServer, free_port, hidden, plain, press, wait_for
from tests.sizes import LONG

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]
OF_THE_PROGRAM = ("engine", "projections")
SOURCES = (
    *OF_THE_PROGRAM,
    *("sequences", "config.toml", "pyproject.toml", "setup.py", "README.md", "LICENSE"),
)
OTHERS = [
    name
    for name in (f"python3.{minor}" for minor in range(11, 20))
    if shutil.which(name) and name != f"python3.{sys.version_info.minor}"
]
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


def test_an_installation_is_made_serves_its_form_and_sends(
    relance: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    lives_elsewhere(relance, environment, tmp_path)


@pytest.mark.skipif(not LONG, reason="RELANCE_LONG is not set: installed in this Python alone")
@pytest.mark.parametrize("python", OTHERS)
def test_it_does_so_in_another_python(
    python: str, wheel: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """With what it depends on brought anew, in the versions it was tested with."""
    subprocess.run([python, "-m", "venv", tmp_path / "its"], check=True, timeout=120)
    constraints = ("--constraint", ROOT / "constraints.txt")
    pip("--python", tmp_path / "its/bin/python", "install", *constraints, wheel)
    lives_elsewhere(tmp_path / "its/bin/relance", environment, tmp_path)


def lives_elsewhere(relance: Path, environment: dict[str, str], folder: Path) -> None:
    python = [str(relance.with_name("python")), "-c", "import engine; print(engine.__file__)"]
    found = subprocess.check_output(python, cwd=folder, env=environment, text=True, timeout=60)
    assert Path(found).is_relative_to(relance.parents[1]), "it is the tree's, not the wheel's"
    said = "--name Amis --address Lyon --from amis@amis.fr --purpose Lettre --language fr"
    init = [str(relance), "init", "mine", *said.split()]
    subprocess.run(init, cwd=folder, env=environment, check=True, timeout=60)
    port = free_port()
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(folder / "notify"))
    manager.setblocking(False)
    environment |= {"NOTIFY_SOCKET": str(folder / "notify")}
    with MailServer() as mail, manager, (folder / "run.log").open("w") as log:
        reached_at(folder / "mine/config.toml", port, mail.sink.port)
        process = subprocess.Popen(
            [relance, "-C", "mine", "run"], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            wait_for(lambda: process.poll() is not None or shows_form(port))
            assert process.poll() is None, (folder / "run.log").read_text("utf-8")
            assert manager.recv(64) == b"READY=1"
            resume = [str(relance), "-C", "mine", "resume", "--yes"]
            subprocess.run(resume, cwd=folder, env=environment, check=True, timeout=60)
            signs_up(f"http://127.0.0.1:{port}/f/inscription", mail)
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(60)
    assert status == 0


def reached_at(config: Path, port: int, relay: int) -> None:
    """Readers come to `port`, and letters go to `relay`."""
    text = config.read_text("utf-8")
    # 8080, 8081, 8025 and 8082, or others that end alike where one of these is taken.
    free = {"0": port, "1": free_port(), "5": free_port(), "2": 0}
    text = re.sub(r"port = 8\d\d([0125])\b", lambda usual: f"port = {free[usual[1]]}", text)
    text = re.sub(r"http://127\.0\.0\.1:80\d\d", f"http://127.0.0.1:{port}", text)
    for written, instead in (
        ('host = "mailbox"', 'host = "127.0.0.1"'),
        ("sink = false", "sink = true"),
        ("port = 587", f"port = {relay}"),
        ('tls = "starttls"', 'tls = "none"'),
    ):
        assert text.count(f"\n{written}\n") == 1, written
        text = text.replace(f"\n{written}\n", f"\n{instead}\n")
    config.write_text(text, "utf-8")


def signs_up(form: str, mail: MailServer) -> None:
    """Somebody does, confirms it by the mail that asks, and is welcomed by the first letter."""
    answers = {"email": "zoe@lecteurs.fr", AGREED: "yes"}
    with httpx.Client(follow_redirects=True, timeout=30) as reader:
        sent = reader.post(form, data=hidden(reader.get(form).text) | answers)
    assert sent.status_code == 200, sent.text
    (asking,) = wait_for(lambda: mail.letters("zoe@lecteurs.fr"))
    confirmation = LINK.search(plain(asking))
    assert confirmation is not None
    assert press(confirmation[0]).status_code == 200
    (welcome,) = wait_for(lambda: mail.letters("zoe@lecteurs.fr")[1:])
    assert welcome["List-Unsubscribe"]


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
