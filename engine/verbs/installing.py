"""`init` and `demo`: a new installation from the sample one; and the sample lived through at speed."""

from __future__ import annotations

import argparse
import shutil
import sysconfig
from pathlib import Path

import engine
from engine.config import Config, read_config
from engine.keys import make_secrets
from engine.language import N_, translator
from engine.verbs.refusal import Refusal
from engine.verbs.running import seconds_argument, speed_argument
from engine.verbs.wording import language_of

DEMO_SPEED = 14_400


def init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help=N_("a folder that is no installation yet; what is in it stays as it is"))


def init(folder: Path, args: argparse.Namespace) -> int:
    target = folder / args.dir
    _ = translator(language_of(make(target)))
    print(_("A new installation is in {folder}: edit config.toml and sequences/, then `relance -C {folder} run`.").format(folder=target))
    print(_("Keep a copy of {folder}/data/secrets apart: without it no link and no suppressed address is recognised any more.").format(folder=target))
    return 0


def make(target: Path) -> Config:
    """Copy the sample, make the secrets; the new configuration. Nothing that is there is overwritten, nor is a `sequences/` added to."""
    if target.exists() and not target.is_dir():
        raise Refusal(N_("{folder} is a file: an installation is a folder"), 2, folder=target)
    if (target / "config.toml").exists():
        raise Refusal(N_("{folder} is an installation already (it has a config.toml)"), folder=target)
    sample = sample_folder()
    target.mkdir(parents=True, exist_ok=True)
    # Each appears whole or not at all, config.toml last, because it is what makes the folder an installation.
    if not (target / "sequences").exists():
        shutil.copytree(sample / "sequences", target / "sequences.new", dirs_exist_ok=True).rename(target / "sequences")
    Path(shutil.copy(sample / "config.toml", target / "config.toml.new")).rename(target / "config.toml")
    config = read_config(target)
    make_secrets(config.secrets)
    return config


def sample_folder() -> Path:
    """Where the sample lies: in the checkout, or with the installed package."""
    checkout = Path(engine.__file__).resolve().parent.parent
    for place in (checkout, Path(sysconfig.get_path("data")) / "share" / "relance"):
        if (place / "config.toml").is_file() and (place / "sequences").is_dir():
            return place
    raise Refusal(N_("the sample installation is not there; install Relance again"))


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--speed", type=speed_argument, default=DEMO_SPEED, metavar="N", help=N_("ten days in a minute by default"))
    parser.add_argument("--for", dest="seconds", type=seconds_argument, default=0, metavar="SECONDS", help=N_("stop by itself after so many seconds"))


def demo(folder: Path, args: argparse.Namespace) -> int:
    """The sample in `data/demo` of this folder, with a reader or two already there, sped up. The real installation is not touched."""
    from engine.cli import with_house
    from engine.verbs import demonstrating

    target = folder / "data" / "demo"
    config = read_config(target) if (target / "config.toml").exists() else make(target)
    return with_house(config, lambda house: demonstrating.live(house, args))
