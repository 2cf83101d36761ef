"""`config.toml`: what differs between two installations. The sample documents every key; an unknown
key or a wrong value stops the start.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import field, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from engine.console.settings import Console, read_console
from engine.dns.settings import Dns, read_dns
from engine.doctor.settings import Doctor, read_doctor
from engine.environment import is_store_url, read_environment
from engine.frozen import dataclass
from engine.hooks.settings import Hook, read_hooks
from engine.i18n.in_words import as_words
from engine.inbound.settings import Inbound, read_inbound
from engine.intake.address import AddressRefused, normalise
from engine.letter.colour import read_colour
from engine.letter.source_folder import ASSETS, MAX_TEXT_CHARACTERS, NO_TEXT
from engine.mime.headers import is_header_text
from engine.proof.settings import Proof, read_proof
from engine.sending.smtp_settings import Direct, Dkim, Smtp, read_direct, read_dkim, read_smtp
from engine.sending.stream_settings import Identity, Stream, read_transactional
from engine.sequence.declared import Declared
from engine.sequence.delay import Delay, parse_delay, parse_seconds
from engine.sequence.draft import check_name
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import MEASURE, Content, Purpose, Theme
from engine.sequence.parse import Settings
from engine.sequence.parse_declared import read_declared
from engine.sequence.parse_fields import read_fields
from engine.sequence.parse_groups import read_groups, read_options
from engine.sequence.parse_measure import Measure, read_measure
from engine.sequence.pressure import read_caps
from engine.sequence.table import Table, http_url
from engine.sequence.timing import is_zone
from engine.sequence.toml import Places, read_tables, toml_mistake
from engine.shaping.providers import Providers, read_providers
from engine.shaping.settings import Shaping, read_shaping
from engine.status.settings import OperatorMail, read_operator
from engine.words import N_, Language, Value, words_of_file_error

# A purpose's id is part of List-Id, which is shaped like a host name.
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
MAX_URL_CHARACTERS = 36
PROVIDERS = Path(__file__).parent / "shaping" / "providers.toml"


@dataclass(frozen=True, slots=True)
class Site:
    """Who writes. `url` is what links in letters begin with; it and a token stay within 75
    characters.

    `logo` is "pictures/NAME" of the author's folder, `colour` "#rrggbb"; "" for none.
    """

    name: str
    url: str
    sender: str
    sender_name: str
    reply_to: str
    postal_address: str
    language: Language
    timezone: str
    logo: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Web:
    """`metrics`: who may read /metrics without a key: "key" nobody, "loopback" programs on this
    machine.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    trusted_proxies: tuple[str, ...] = ()
    metrics: str = "key"


@dataclass(frozen=True, slots=True)
class Sending:
    """`in_doubt`: what happens to a letter whose acceptance is not known: "hold" or "resend".
    `drain`: wall-clock seconds for which a sender that is told to stop waits for what is on the
    wire.
    """

    in_doubt: str = "hold"
    pause_after_outage: Delay = Delay(days=1)
    drain: int = 30


@dataclass(frozen=True, slots=True)
class FormDoor:
    """`order_key_file`: the file of the keys with which a shop signs its orders, "" where no shop
    does.
    """

    order_key_file: str = ""


@dataclass(frozen=True, slots=True)
class Publish:
    """`approval`: "none", or "another", where nobody puts in force what they proposed themselves
    before somebody else has approved it.
    """

    approval: str = "none"


@dataclass(frozen=True, slots=True)
class Config:
    folder: Path
    site: Site
    settings: Settings
    web: Web = Web()
    smtp: Smtp = field(default_factory=Smtp)
    direct: Direct = field(default_factory=Direct)
    dns: Dns = field(default_factory=Dns)
    dkim: Dkim = field(default_factory=Dkim)
    transactional: Identity | None = None
    sending: Sending = Sending()
    shaping: Shaping = field(default_factory=Shaping)
    own_providers: Providers | None = None
    inbound: Inbound = field(default_factory=Inbound)
    proof: Proof = field(default_factory=Proof)
    form: FormDoor = FormDoor()
    measure: Measure = field(default_factory=Measure)
    console: Console = field(default_factory=Console)
    publish: Publish = Publish()
    doctor: Doctor = field(default_factory=Doctor)
    operator: OperatorMail = field(default_factory=OperatorMail)
    hooks: tuple[Hook, ...] = ()
    store_url: str = "embedded"
    mailbox_smtp_port: int = 8025
    mailbox_port: int = 8081
    files: tuple[str, ...] = field(default=())
    own_data: Path | None = None

    def identity(self, stream: Stream) -> Identity:
        """As whom its letters are written."""
        if stream == "transactional" and self.transactional is not None:
            return self.transactional
        return _identity(self.site, self.smtp, self.dkim)

    @property
    def declared(self) -> Declared:
        """As config.toml says it now; what is in force is what was published: `declared` of the
        plan.
        """
        return self.settings.declared or Declared()

    @property
    def providers(self) -> Providers:
        """The receiving providers that are known, with what `[shaping] providers` says of them."""
        return self.own_providers or packaged_providers()

    @property
    def data(self) -> Path:
        return self.own_data or self.folder / "data"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def sequences(self) -> Path:
        return self.folder / "sequences"


@cache
def packaged_providers() -> Providers:
    """Relance's own, without an operator's file."""
    return read_providers(PROVIDERS.read_text("utf-8"), PROVIDERS.name)


def _own_providers(table: Table, folder: Path, file: str) -> Providers | None:
    if not file:
        return None
    try:
        text = (folder / file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = words_of_file_error(error)
        table.mistake("providers", N_("{file} cannot be read: {why}"), file=file, why=why)
        return None
    try:
        return read_providers(text, file, packaged_providers())
    except Unpublishable as error:
        table.mistakes.extend(error.mistakes)
        return None


def read_config(folder: Path) -> Config:
    """With what the environment says instead. Raises Unpublishable with every mistake at once, and
    WrongVariable.
    """
    try:
        with (folder / "config.toml").open("rb") as file:
            octets = file.read(MAX_TEXT_CHARACTERS + 1)
        text = octets.decode("utf-8") if len(octets) <= MAX_TEXT_CHARACTERS else ""
    except FileNotFoundError:
        sentence = N_("there is no config.toml in this folder; `relance init DIR` makes one")
        raise _whole_file(sentence) from None
    except UnicodeDecodeError as error:
        sentence = N_("is not UTF-8 (byte {byte}): save it as UTF-8")
        raise _whole_file(sentence, byte=error.start) from None
    except OSError as error:
        raise _whole_file(N_("cannot be read: {why}"), why=words_of_file_error(error)) from None
    if len(octets) > MAX_TEXT_CHARACTERS:
        raise _whole_file(NO_TEXT)
    return _by_environment(config_of(folder, text))


def _by_environment(config: Config) -> Config:
    said = read_environment(os.environ)
    return replace(
        config,
        web=replace(config.web, host=said.web_host or config.web.host),
        console=replace(config.console, host=said.console_host or config.console.host),
        store_url=said.store_url or config.store_url,
        own_data=said.data,
    )


def _whole_file(sentence: str, **values: Value) -> Unpublishable:
    return Unpublishable((Mistake("config.toml", 1, sentence, **values),))


def config_of(folder: Path, text: str) -> Config:
    """What a config.toml of this text would be in `folder`. Raises Unpublishable with every mistake
    at once.
    """
    mistakes: list[Mistake] = []
    try:
        values = read_tables(text)
    except ValueError as error:
        raise Unpublishable((toml_mistake("config.toml", text, error),)) from None
    root = Table(values, "config.toml", Places(text), "", mistakes)
    site = _site(root.part("site"))
    web_part, smtp_part, dkim_part = (root.part(name) for name in ("web", "smtp", "dkim"))
    web = Web(
        web_part.get("host", str, "127.0.0.1"),
        web_part.port("port", 8080),
        tuple(map(str, web_part.get("trusted_proxies", list, []))),
        web_part.one_of("metrics", ("key", "loopback"), "key"),
    )
    smtp = read_smtp(smtp_part)
    dkim = read_dkim(dkim_part, site.sender, smtp.return_path)
    direct_part, dns_part, streams = (root.part(name) for name in ("direct", "dns", "stream"))
    direct, dns = read_direct(direct_part, smtp), read_dns(dns_part)
    transactional = _transactional(streams.part("transactional"), _identity(site, smtp, dkim))
    sending_part = root.part("sending")
    sending = Sending(
        sending_part.one_of("in_doubt", ("hold", "resend"), "hold"),
        sending_part.parsed("pause_after_outage", parse_delay, Delay(days=1)),
        sending_part.parsed("drain", parse_seconds, 30),
    )
    shaping_part = root.part("shaping")
    shaping = read_shaping(shaping_part)
    inbound_part = root.part("inbound")
    inbound = read_inbound(inbound_part, smtp.return_path)
    own_providers = _own_providers(shaping_part, folder, shaping.providers)
    mailbox, store, proof_part, form_part, measure_part, console_part, publish_part = (
        root.part(name)
        for name in ("mailbox", "store", "proof", "form", "measure", "console", "publish")
    )
    doctor_part, operator_part = root.part("doctor"), root.part("operator")
    doctor = read_doctor(doctor_part, takes_mail=inbound.listens or inbound.imap is not None)
    operator = read_operator(operator_part)
    publish = Publish(publish_part.one_of("approval", ("none", "another"), "none"))
    measure, measured = read_measure(measure_part, site.language)
    form = FormDoor(form_part.get("order_key_file", str, ""))
    proof, console = read_proof(proof_part), read_console(console_part)
    ports = (mailbox.port("smtp_port", 8025), mailbox.port("port", 8081))
    url = store.get("url", str, "embedded")
    if not is_store_url(url):
        store.mistake(
            "url",
            N_('`url` is "embedded" or a PostgreSQL address: postgresql://user@host/database'),
        )
    hooks = read_hooks(root)
    settings = replace(_settings(root, site), measured=measured)
    parts = (web_part, smtp_part, sending_part, mailbox, store, proof_part, form_part, measure_part)
    later_parts = (dkim_part, shaping_part, inbound_part, console_part, publish_part, doctor_part)
    for part in (*parts, *later_parts, direct_part, dns_part, streams, operator_part):
        part.finish()
    root.finish()
    if mistakes:
        raise Unpublishable(tuple(sorted(set(mistakes))))
    return Config(
        folder=folder,
        site=site,
        settings=settings,
        web=web,
        smtp=smtp,
        direct=direct,
        dns=dns,
        dkim=dkim,
        transactional=transactional,
        sending=sending,
        shaping=shaping,
        inbound=inbound,
        own_providers=own_providers,
        proof=proof,
        form=form,
        measure=measure,
        console=console,
        publish=publish,
        doctor=doctor,
        operator=operator,
        hooks=hooks,
        store_url=url,
        mailbox_smtp_port=ports[0],
        mailbox_port=ports[1],
    )


def _identity(site: Site, smtp: Smtp, dkim: Dkim) -> Identity:
    return Identity(
        sender=site.sender,
        sender_name=site.sender_name,
        return_path=smtp.return_path,
        dkim=dkim,
    )


def _transactional(table: Table, usual: Identity) -> Identity | None:
    address = table.get("from", str, "")
    sender = _address(table, "from", address) if address else ""
    identity = read_transactional(table, sender, usual)
    _check_header(table, "from_name", table.get("from_name", str, ""))
    table.finish()
    return identity


def _site(table: Table) -> Site:
    sender = _address(table, "from", table.need("from", str, ""))
    reply = table.get("reply_to", str, "")
    url = table.need("url", str, "").rstrip("/")
    if url and not is_origin(url):
        table.mistake(
            "url",
            N_('`url` is the address readers reach, without a path: "https://lettres.example.org"'),
        )
    if len(url) > MAX_URL_CHARACTERS:
        table.mistake(
            "url",
            N_("`url` has {count} characters; links must stay within 75, so at most 36"),
            count=len(url),
        )
    zone = table.get("timezone", str, "Europe/Paris")
    if not is_zone(zone):
        table.mistake(
            "timezone", N_('"{zone}" is no time zone: write for example "Europe/Paris"'), zone=zone
        )
    site = Site(
        table.need("name", str, ""),
        url,
        sender,
        table.get("from_name", str, table.get("name", str, "")),
        _address(table, "reply_to", reply) if reply else "",
        table.need("postal_address", str, ""),
        table.one_of("language", ("fr", "en"), "fr"),
        zone if is_zone(zone) else "UTC",
        table.parsed("logo", _picture, ""),
        table.parsed("colour", read_colour, ""),
    )
    for key, value in (("name", site.name), ("from_name", site.sender_name)):
        _check_header(table, key, value)
    table.finish()
    return site


def _picture(text: str) -> str:
    """Whether it is there, `check` and a publication ask."""
    folder, _, name = text.partition("/")
    if (
        folder != "pictures"
        or not name
        or name.startswith(".")
        or any(c in "/\\\"'<>" or not c.isprintable() for c in name)
    ):
        raise ValueError(
            f'"{text}" is no picture of sequences/pictures: write for example "pictures/logo.png"'
        )
    if not name.lower().endswith(ASSETS["pictures"]):
        raise ValueError(
            f'"{text}" is of a kind that is not served: {", ".join(ASSETS["pictures"])}'
        )
    return text


def _check_header(table: Table, key: str, value: str) -> None:
    if key in table.values and not is_header_text(value):
        table.mistake(
            key,
            N_(
                "`{key}` stands in a header of each letter: one line, without control characters,"
                " not even within =?…?="
            ),
            key=key,
        )


def is_loopback(url: str) -> bool:
    """Whether an address on the web, or a host alone, is this machine as it calls itself."""
    host = (urlsplit(url).hostname if "//" in url else url) or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f".{host.lower().rstrip('.')}".endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def is_origin(url: str) -> bool:
    """Scheme, host and perhaps a port, and nothing after it."""
    parts = http_url(url)
    return parts is not None and not parts.query and parts.path in ("", "/")


def _address(table: Table, key: str, value: str) -> str:
    try:
        return normalise(value) if value else ""
    except AddressRefused as error:
        table.mistake(key, N_("`{key}`: {why}"), key=key, why=as_words(error.reason))
        return ""


def _settings(root: Table, site: Site) -> Settings:
    declared = read_declared(root)
    purposes: list[Purpose] = []
    for table in root.tables("purpose"):
        partner = table.get("partner", str, "")
        _check_header(table, "name", table.get("name", str, ""))
        if not _LABEL.fullmatch(table.get("id", str, "") or "x"):
            check_name(table.get("id", str, ""), table, "id")
        if table.values.get("id") == MEASURE:
            message = N_('"measure" is the consent that [measure] asks for: choose another id')
            table.mistake("id", message)
        if table.values.get("id") in [purpose.id for purpose in purposes]:
            table.mistake("id", N_("two purposes have the same id"))
        purposes.append(
            Purpose(
                table.need("id", str, ""),
                table.need("name", str, ""),
                table.get("description", str, ""),
                partner,
                read_caps(table),
            )
        )
        if partner and declared.partner(partner) is None:
            table.mistake(
                "partner",
                N_('the partner "{partner}" is not declared: write a [[partner]] with this id'),
                partner=partner,
            )
        table.finish()
    if not purposes:
        root.mistake("", N_("there is no [[purpose]]: what do people consent to?"))
    pressure = root.part("pressure")
    caps = read_caps(pressure)
    pressure.finish()
    return Settings(
        site.timezone,
        site.language,
        tuple(purposes),
        read_groups(root),
        read_fields(root),
        declared,
        caps,
        tuple(Theme(*option) for option in read_options(root, "theme")),
        tuple(Content(*option) for option in read_options(root, "content")),
    )
