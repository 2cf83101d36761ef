"""A new installation in a folder: laid out whole or not at all, from the starter in its owner's
words or as a copy of the sample.
"""

from __future__ import annotations

import shutil
import socket
import sysconfig
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path

import engine
from engine.authoring import starter
from engine.authoring.starter import Owner, Ports
from engine.config import Config, Site, config_of, read_config
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.secret_files import make_secrets
from engine.sequence.toml import read_tables

STARTER = Path(starter.__file__).parent
USUAL_PORTS = Ports()


def own_installation(target: Path, owner: Owner, ports: Ports) -> Config:
    """One in its owner's words. Raises Unpublishable before anything is written."""
    sample = sample_folder()
    config = starter.own_config(_text(sample / "config.toml"), owner, ports)
    return lay_out(target, config, own_sequences(sample, owner))


def free_ports() -> Ports:
    """The usual ones where nothing listens on them, otherwise the next ten further on."""
    for step in count(0, 10):
        ports = Ports(
            USUAL_PORTS.web + step,
            USUAL_PORTS.smtp + step,
            USUAL_PORTS.page + step,
            USUAL_PORTS.console + step,
        )
        if all(map(_is_free, (ports.web, ports.smtp, ports.page, ports.console))):
            return ports
    raise AssertionError("counting never ends")


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def refuse_taken(target: Path) -> None:
    """Raises UserError where `target` is a file, or an installation already."""
    if target.exists() and not target.is_dir():
        raise UserError(N_("{folder} is a file: an installation is a folder"), 2, folder=target)
    if (target / "config.toml").exists():
        raise UserError(
            N_("{folder} is an installation already (it has a config.toml)"), folder=target
        )


def copy_sample(target: Path, config: str = "") -> Config:
    """The sample in `target`, with another configuration than its own where one is given."""
    sample = sample_folder()
    return lay_out(
        target,
        config or _text(sample / "config.toml"),
        lambda place: shutil.copytree(sample / "sequences", place),
    )


def lay_out(target: Path, config: str, fill: Callable[[Path], object]) -> Config:
    """A new installation: its configuration, its secrets, and `sequences/` as `fill` makes it,
    unless there is one already; it stays as it is.

    Raises Unpublishable before anything is written. Each appears whole or not at all, config.toml
    last, because it makes the folder an installation.
    """
    config_of(target, config)
    target.mkdir(parents=True, exist_ok=True)
    if not (target / "sequences").exists():
        unfinished = target / "sequences.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        fill(unfinished)
        unfinished.rename(target / "sequences")
    (target / "config.toml.new").write_text(config, encoding="utf-8")
    (target / "config.toml.new").rename(target / "config.toml")
    laid = read_config(target)
    make_secrets(laid.secrets)
    return laid


def own_sequences(sample: Path, owner: Owner) -> Callable[[Path], None]:
    """The starter in the owner's words, in the sample's frame of letters."""
    files: Mapping[str, str] = {
        path.relative_to(STARTER / owner.language).as_posix(): _text(path)
        for path in sorted((STARTER / owner.language).rglob("*"))
        if path.suffix in (".toml", ".md")
    }

    def fill(place: Path) -> None:
        for name, text in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(starter.own_words(name, text, owner), encoding="utf-8")
        shutil.copyfile(sample / "sequences" / "layout.html", place / "layout.html")

    return fill


def starter_form(owner: Owner) -> tuple[Mapping[str, str | bool], list[Mapping[str, str]]]:
    """The first dialogue's form for signing up, in its owner's words, without its name and its
    list; and the fields it asks for.
    """
    for path in sorted((STARTER / owner.language).glob("*.toml")):
        tables = read_tables(starter.own_words(path.name, _text(path), owner))
        forms = tables.get("form")
        for form in forms if isinstance(forms, list) else ():
            kept = {key: value for key, value in form.items() if key not in ("name", "list")}
            words = {key: value for key, value in kept.items() if isinstance(value, (str, bool))}
            return words, [dict(field) for field in form.get("field", ())]
    raise AssertionError("the starter has a form")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def sample_site() -> Site:
    """What the sample calls itself, as it ships."""
    return read_config(sample_folder()).site


def sample_folder() -> Path:
    """Where the sample lies: in the checkout, or with the installed package."""
    checkout = Path(engine.__file__).resolve().parent.parent
    for place in (checkout, Path(sysconfig.get_path("data")) / "share" / "relance"):
        if (place / "config.toml").is_file() and (place / "sequences").is_dir():
            return place
    raise UserError(N_("the sample installation is not there; install Relance again"))
