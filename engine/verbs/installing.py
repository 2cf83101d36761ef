"""`init` and `demo`: a new installation from the sample one; and the sample lived through at speed."""

from __future__ import annotations

import argparse
import shutil
import sysconfig
from pathlib import Path

import engine
from engine.config import read_config
from engine.keys import make_secrets
from engine.verbs.refusal import Refusal

DEMO_SPEED = 14_400


def init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="a new or empty folder")


def init(folder: Path, args: argparse.Namespace) -> int:
    """Copy the sample, make the secrets. Nothing that is there is overwritten."""
    target = folder / args.dir
    if (target / "config.toml").exists():
        raise Refusal(f"{target} is an installation already (it has a config.toml)")
    sample = sample_folder()
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(sample / "config.toml", target / "config.toml")
    shutil.copytree(sample / "sequences", target / "sequences", dirs_exist_ok=True)
    make_secrets(read_config(target).secrets)
    print(f"A new installation is in {target}: edit config.toml and sequences/, then `relance -C {target} run`.")
    print(f"Keep a copy of {target}/data/secrets apart: without it no link and no suppressed address is recognised any more.")
    return 0


def sample_folder() -> Path:
    """Where the sample lies: in the checkout, or with the installed package."""
    checkout = Path(engine.__file__).resolve().parent.parent
    for place in (checkout, Path(sysconfig.get_path("data")) / "share" / "relance"):
        if (place / "config.toml").is_file() and (place / "sequences").is_dir():
            return place
    raise Refusal("the sample installation is not there; install Relance again")


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--speed", type=int, default=DEMO_SPEED, metavar="N", help="ten days in a minute by default")
    parser.add_argument("--for", dest="seconds", type=float, default=0, metavar="SECONDS", help="stop by itself after so many seconds")


def demo(folder: Path, args: argparse.Namespace) -> int:
    """The sample in `data/demo` of this folder, with a reader or two already there, sped up. The real installation is not touched."""
    from engine.cli import with_house
    from engine.verbs import demonstrating

    target = folder / "data" / "demo"
    if not (target / "config.toml").exists():
        init(target.parent, argparse.Namespace(dir=target.name))
    return with_house(read_config(target), lambda house: demonstrating.live(house, args))
