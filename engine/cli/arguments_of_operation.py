"""Arguments of the verbs by which an operator sets up, runs and keeps an installation.

They stand apart from what carries the verbs out, so that `--help` and a mistyped line bring in
neither the stores nor the pages.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine.i18n.language import LANGUAGES, N_

OWNER_OPTIONS = {
    "name": N_("who writes, as readers see it"),
    "address": N_("the postal address at the foot of each letter"),
    "from": N_("the address letters come from"),
    "url": N_("where readers reach the pages (default: this machine alone, for trying)"),
    "purpose": N_("what people subscribe to, as they see it"),
}
FASTEST = 10_000_000
DEMO_SPEED = 14_400
SHELLS = ("bash", "zsh")
NOW = N_(
    "send a published broadcast at once: says to how many people, asks, and says what became of it"
)
RESET = N_("throw away everybody and everything a trial has lived, and begin afresh at real time")


def init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dir",
        metavar="DIR",
        help=N_("a folder that is no installation yet; what is in it stays as it is"),
    )
    for option, what in OWNER_OPTIONS.items():
        parser.add_argument(f"--{option}", default=None, metavar="TEXT", help=what)
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        default=None,
        help=N_("of pages, letters and this program (default: the terminal's)"),
    )
    parser.add_argument(
        "--sample",
        action="store_true",
        help=N_("the gardening sample instead of an installation of your own"),
    )


def run_arguments(parser: argparse.ArgumentParser) -> None:
    speed_help = N_(
        "for trials: how many times faster than real time the engine's clock runs; kept with the"
        " installation"
    )
    parser.add_argument("--speed", type=speed_argument, default=0, metavar="N", help=speed_help)
    agreed = N_(
        "speed up even where people are registered at real time; their dates then lie ahead for"
        " good"
    )
    parser.add_argument("--trial", action="store_true", help=agreed)
    part_arguments(parser)


def part_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for",
        dest="seconds",
        type=seconds_argument,
        default=0,
        metavar="SECONDS",
        help=N_("stop by itself after so many seconds"),
    )


ROLES = ("author", "operator", "rights", "auditor")


def console_arguments(parser: argparse.ArgumentParser) -> None:
    part_arguments(parser)
    parser.add_argument(
        "--port",
        type=port_argument,
        default=None,
        metavar="PORT",
        help=N_("another port of this machine than the configured one, by the name localhost"),
    )
    parts = parser.add_subparsers(dest="part", metavar="invite | accounts | end | remove")
    invite = parts.add_parser(
        "invite", help=N_("print a link with which somebody signs in once, and adds a passkey")
    )
    invite.add_argument(
        "name", metavar="NAME", help=N_("who it is for; an account that is there, or a new one")
    )
    invite.add_argument("--role", choices=ROLES, default=None, help=N_("what a new account may do"))
    invite.add_argument(
        "--read", action="store_true", help=N_("an author who may also read people")
    )
    parts.add_parser("accounts", help=N_("who may use the console, and who is signed in"))
    end = parts.add_parser("end", help=N_("end a session, or all sessions of an account"))
    end.add_argument("who", metavar="WHO", help=N_("as `relance console accounts` shows it"))
    remove = parts.add_parser(
        "remove", help=N_("remove an account with its passkeys; what it did stays recorded")
    )
    remove.add_argument("name", metavar="NAME", help=N_("whose account it is"))


def port_argument(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError(N_("a port number, or 0 for any that is free"))
    return int(text)


def speed_argument(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= FASTEST):
        raise argparse.ArgumentTypeError(N_("a whole number from 1 to 10000000"))
    return int(text)


def seconds_argument(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(N_("a number of seconds, more than 0"))
    return seconds


def join_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url",
        metavar="URL",
        nargs="?",
        default="",
        help=N_("on the new host: https://HOST:PORT, as the other one printed it"),
    )
    parser.add_argument(
        "--token",
        default="",
        metavar="TOKEN",
        help=N_("the token it printed; - reads it from standard input (or RELANCE_JOIN_TOKEN)"),
    )
    parser.add_argument(
        "--offer",
        action="store_true",
        help=N_("on the host that works: wait for one new host, and print what to type there"),
    )
    parser.add_argument(
        "--listen",
        type=listen_argument,
        default=DEFAULT_LISTEN,
        metavar="HOST:PORT",
        help=N_("with --offer: the address the new host reaches (default: any, port 8090)"),
    )
    parser.add_argument(
        "--minutes",
        type=minutes_argument,
        default=15,
        metavar="N",
        help=N_("with --offer: how long (default: 15, at most 60)"),
    )


DEFAULT_LISTEN = ("0.0.0.0", 8090)


def listen_argument(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host:
        raise argparse.ArgumentTypeError(N_("a host and a port: 192.0.2.1:8090"))
    return host.strip("[]"), port_argument(port)


def minutes_argument(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 60):
        raise argparse.ArgumentTypeError(N_("a number of minutes from 1 to 60"))
    return int(text)


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed",
        type=speed_argument,
        default=DEMO_SPEED,
        metavar="N",
        help=N_("ten days in a minute by default"),
    )
    part_arguments(parser)
    parser.set_defaults(trial=False)


def trial_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="reset")
    reset = parts.add_parser("reset", help=RESET, description=RESET)
    reset.add_argument("--yes", action="store_true", help=N_("do not ask"))


def completion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell",
        choices=SHELLS,
        help=N_(
            "bash: `relance completion bash > ~/.local/share/bash-completion/completions/relance`"
        ),
    )


def status_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help=N_("every fact, and what was found: code, level, what, remedy"),
    )
    parser.add_argument(
        "--settled",
        action="store_true",
        help=N_("forget what was set aside; what is still wrong comes back"),
    )


def pause_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--list", default="", metavar="ID", help=N_("only this list (number or name)")
    )


def resume_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--list", default="", metavar="ID", help=N_("only this list (number or name)")
    )
    parser.add_argument("--yes", action="store_true", help=N_("do not ask"))
    parser.add_argument(
        "--anyway",
        action="store_true",
        help=N_("although [site] or [smtp] is not set right: said aloud, and kept with the fact"),
    )


def broadcast_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="now")
    now = parts.add_parser("now", help=NOW, description=NOW)
    now.add_argument("id", metavar="ID", help=N_("the `id` of a [[broadcast]] that is published"))
    now.add_argument("--yes", action="store_true", help=N_("do not ask"))


def send_now_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "letter",
        metavar="LETTER",
        help=N_("a published letter (LIST/LETTER where several lists have one) or broadcast"),
    )
    parser.add_argument(
        "--to",
        required=True,
        nargs="+",
        metavar="WHOM",
        help=N_("lists, segments, and people by address or id"),
    )
    parser.add_argument("--yes", action="store_true", help=N_("do not ask"))


def in_doubt_arguments(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--resend",
        default="",
        metavar="MESSAGE",
        help=N_("send this one again, with the same Message-ID"),
    )
    chosen.add_argument(
        "--taken-as-sent", default="", metavar="MESSAGE", help=N_("take this one as sent")
    )
    chosen.add_argument(
        "--resend-all",
        action="store_true",
        help=N_("send all of them again, each with the same Message-ID"),
    )
    chosen.add_argument("--taken-all", action="store_true", help=N_("take all of them as sent"))
    parser.add_argument("--yes", action="store_true", help=N_("do not ask"))


def doctor_arguments(parser: argparse.ArgumentParser) -> None:
    only_help = N_(
        "these subjects alone, with commas between: spf, dkim, dmarc, mailbox, host, receiving,"
        " brand, link, inbound, blocklist, stream"
    )
    parser.add_argument("--only", default="", metavar="SUBJECTS", help=only_help)
    letter = parser.add_mutually_exclusive_group()
    letter_help = N_("send a letter to yourself, the ordinary way")
    letter.add_argument("--letter", default="", metavar="ADDRESS", help=letter_help)
    received_help = N_("say what your mail server found of it: the mail as it was received (.eml)")
    letter.add_argument("--received", type=Path, metavar="FILE", help=received_help)
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


def dkim_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(
        dest="part", required=True, metavar="new | show | rotate | retire"
    )
    new = parts.add_parser(
        "new", help=N_("make the first key, and print the line that publishes it")
    )
    show = parts.add_parser("show", help=N_("the keys and their lines in the DNS"))
    rotate = parts.add_parser(
        "rotate", help=N_("make the next key; once it is published, sign with it")
    )
    rotate.add_argument(
        "--published",
        action="store_true",
        help=N_("the new key's line is in the DNS: sign with it from now on"),
    )
    retire = parts.add_parser(
        "retire", help=N_("revoke the former key, seven days after it signed last at the earliest")
    )
    for part in (new, show, rotate, retire):
        part.add_argument(
            "--stream",
            choices=("marketing", "transactional"),
            default="marketing",
            help=N_("whose keys, where [stream.transactional] has its own (default: marketing)"),
        )


def retry_withheld_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "letter",
        metavar="LETTER",
        nargs="?",
        default="",
        help=N_("the letter's id (default: every letter that is withheld)"),
    )
    parser.add_argument(
        "--late", action="store_true", help=N_("also to those for whom it is past its max_lateness")
    )


def inbound_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        type=Path,
        nargs="*",
        metavar="FILE",
        help=N_("mails as they were received (.eml); - reads one from standard input"),
    )
    parser.add_argument(
        "--listen",
        action="store_true",
        help=N_("take mails in as [inbound] says, without sending or serving anything"),
    )
    parser.add_argument(
        "--seconds", type=float, default=0, help=N_("with --listen: stop after so many seconds")
    )
    parser.add_argument(
        "--unknown", action="store_true", help=N_("list the mails that were not understood")
    )
    parser.add_argument("--show", metavar="ID", default="", help=N_("print one of them as it came"))
    parser.add_argument(
        "--throw-away",
        metavar="ID",
        nargs="+",
        default=[],
        help=N_("delete some of them"),
    )
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


def backup_arguments(parser: argparse.ArgumentParser) -> None:
    output_help = N_(
        "a new folder for ledger, vault and desk in files of their own; one file if it ends with"
        " .tar"
    )
    parser.add_argument(
        "-o", dest="output", type=Path, required=True, metavar="DIR|FILE.tar", help=output_help
    )


def restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "copy", type=Path, metavar="DIR|FILE.tar", help=N_("made by `relance backup`")
    )
    parser.add_argument(
        "--vault",
        type=Path,
        default=None,
        metavar="FILE",
        help=N_("its vault.dump, where that is kept apart"),
    )
    help_text = N_("stop journals of other machines, applied beside this one's data/stop.journal")
    parser.add_argument(
        "--journal",
        type=Path,
        action="extend",
        nargs="+",
        default=[],
        metavar="FILE",
        help=help_text,
    )
    help_text = N_("take a copy from before copies were sealed, kept where nobody else writes")
    parser.add_argument("--unsealed", action="store_true", help=help_text)
    help_text = N_(
        "put it back into a database of its own, hold it against its proof, throw it away"
    )
    parser.add_argument("--try", dest="trial", action="store_true", help=help_text)
    parser.add_argument("--yes", action="store_true", help=N_("do not ask"))


def delivery_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days",
        type=days_argument,
        default=7,
        metavar="N",
        help=N_("of the last so many days (default: 7)"),
    )
    parser.add_argument(
        "--provider", default="", metavar="NAME", help=N_("of one provider, such as orange")
    )
    parser.add_argument("--json", action="store_true", help=N_("the same, for programs, by day"))


def summary_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--week",
        default="",
        metavar="DAY",
        help=N_("the week in which this day lies (default: the last one that is over)"),
    )
    parser.add_argument(
        "--send", action="store_true", help=N_("mail it to `address` of [operator] now")
    )
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


def days_argument(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 400):
        raise argparse.ArgumentTypeError(N_("a number of days from 1 to 400"))
    return int(text)


ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "init": init_arguments,
    "run": run_arguments,
    "web": part_arguments,
    "console": console_arguments,
    "follow": part_arguments,
    "send": part_arguments,
    "migrate": lambda parser: None,
    "join": join_arguments,
    "demo": demo_arguments,
    "trial": trial_arguments,
    "completion": completion_arguments,
    "broadcast": broadcast_arguments,
    "status": status_arguments,
    "delivery": delivery_arguments,
    "send-now": send_now_arguments,
    "summary": summary_arguments,
    "pause": pause_arguments,
    "resume": resume_arguments,
    "in-doubt": in_doubt_arguments,
    "doctor": doctor_arguments,
    "dkim": dkim_arguments,
    "retry-withheld": retry_withheld_arguments,
    "inbound": inbound_arguments,
    "backup": backup_arguments,
    "restore": restore_arguments,
}
"""By verb."""
