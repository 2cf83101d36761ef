"""From a claim to the octets of a mail: the published words, the person's fields, links that only
this installation can make.

A published letter is compiled once and cached. A letter that cannot be rendered for one person
raises CannotRender with the reason, and affects nobody else. There are two paths to the same
octets: `compose` defines them, `octets` is the fast one and has most of them encoded beforehand.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from engine.config import Config
from engine.letter.colour import text_on
from engine.letter.compile import (
    ButtonColours,
    Compiled,
    Foot,
    LetterMistakes,
    MergeFailed,
    Rendered,
    RenderSettings,
    compile_letter,
)
from engine.letter.letter_source import source_of as source_of
from engine.letter.link_token import (
    CONFIRM,
    COUNTED_PREFIX,
    EVERYTHING,
    FIRST_LINK,
    MEASURED,
    MY_DATA,
    NOT_ME,
    PREFERENCES,
    TOKEN_CHARACTERS,
    UNSUBSCRIBE,
    counted_address,
    make_token,
    make_tokens,
)
from engine.letter.names import names_among
from engine.letter.precompiled_body import PrecompiledBody
from engine.letter.published_letter import OWN_BODIES, TEXTS, Texts
from engine.letter.published_letter import letter_of as letter_of
from engine.letter.source_folder import Size, sizes_of
from engine.mime import message as mails
from engine.mime.header_values import (
    message_id,
)
from engine.mime.headers import Mailbox, structured_header
from engine.mime.message import MimeTemplate, Personal, quoted_printable_lines
from engine.mime.return_path import TOKEN_CHARACTERS as TOKEN_CHARACTERS_BY_MAIL
from engine.mime.return_path import TokenUse
from engine.proof.checkpoint import HEADER, words_of
from engine.sending.envelope import Envelope, Permit
from engine.sending.letter_headers import LetterHeaders, Url
from engine.sending.stream_settings import STREAMS, stream_of
from engine.sequence.field_values import fits
from engine.sequence.model import Letter, Plan
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import ASK_FIRST
from engine.words import LANGUAGES, Language

COMPILED_CACHE_SIZE = 512
PRECOMPILED_CACHE_SIZE = 1000  # of some 30 KB
MAX_COMMON_SOURCES = 100
MAX_SOURCE_CHARACTERS = 200
MAX_COUNTED_ADDRESS = 1000
"""A longer address leads straight: it would be a third longer still."""


class CannotRender(Exception):
    """This letter cannot be made for this person: the sentence holds nothing personal; `what` has
    to be corrected, as `letter-withheld` names it.
    """

    def __init__(self, sentence: str, what: str = "words") -> None:
        super().__init__(sentence)
        self.what = what


class ComposeRequest(NamedTuple):
    """What is to be composed: the claim, its position in the ledger, and its recipient. `position`
    0 makes links without effect, for previews.

    `source`: from whom the address was obtained, if not from the person; each letter says so in its
    foot, and so the first one does (GDPR 14(3)(b)). `measured`: they agreed to be, and links that
    lead somewhere say whose they are.
    """

    claim: LetterBegun
    position: int
    address: str
    fields: Mapping[str, str]
    language: str = ""
    basis: str = "consent"
    source: str = ""
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    octets: bytes
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class PrecompiledLetter:
    """A letter for all who get it in the same words; `actions` are those of its links' tokens."""

    body: PrecompiledBody
    template: MimeTemplate
    actions: tuple[int, ...]


class Composer:
    def __init__(
        self,
        config: Config,
        link_key: bytes,
        newest: Callable[[], bytes] = bytes,
        size_of: Callable[[str], Size | None] | None = None,
    ) -> None:
        """`newest` gives the newest signed checkpoint, b"" for none: each letter carries it in a
        header, so that whoever keeps a letter can show later what the ledger was. `size_of`: of a
        picture (default: of those in the author's folder).
        """
        self.config, self.link_key, self.newest = config, link_key, newest
        self._headers = {stream: LetterHeaders(config, link_key, stream) for stream in STREAMS}
        self._checkpoint = (b"", b"")
        button_colours = (
            ButtonColours(config.site.colour, text_on(config.site.colour), own=True)
            if config.site.colour
            else ButtonColours()
        )
        self._settings = RenderSettings(
            f"{config.site.url}/a", button_colours, size_of or sizes_of(config.sequences)
        )
        # Stands for the token of whoever is measured, as the marks of `_precompile` do for others.
        self._own = f"{secrets.token_hex((TOKEN_CHARACTERS - 3) // 2)}{MEASURED:03}"
        self._compiled: OrderedDict[tuple[int, str, str, str], Compiled] = OrderedDict()
        self._sources: set[str] = set()
        self._precompiled: OrderedDict[tuple[int | str, ...], PrecompiledLetter | None] = (
            OrderedDict()
        )

    def compose(self, request: ComposeRequest, plan: Plan, at: int, mark: str = "") -> Composed:
        """`at` is the engine's time in milliseconds, the mail's Date. `mark` is what the subject
        becomes where the mail is none for its reader: "[Test] {subject}". Raises CannotRender.
        """
        rendered = self.rendered(request, plan)
        subject = mark.format(subject=rendered.subject) if mark else rendered.subject
        try:
            octets = mails.serialize(
                self._mail(request, plan, subject, rendered.text, rendered.html, at),
                self.config.smtp.message_size_limit,
            )
        except ValueError as error:
            raise CannotRender(
                str(error), "size" if isinstance(error, mails.MessageTooBig) else "header"
            ) from error
        return Composed(octets, subject, rendered.html, rendered.text)

    def envelope(
        self, request: ComposeRequest, octets: bytes, permit: Permit | None = None
    ) -> Envelope:
        """Of a letter that was composed."""
        headers, message = self.headers_of(request), request.claim.message
        token = headers.returns.token("bounce", message)
        return Envelope(
            key=message,
            sender=headers.returns.sender(token),
            recipient=request.address,
            body=octets,
            envelope_id=token,
            permit=permit,
            stream=headers.stream,
        )

    def headers_of(self, request: ComposeRequest) -> LetterHeaders:
        return self._headers[stream_of(request.claim.kind, request.basis)]

    def rendered(self, request: ComposeRequest, plan: Plan) -> Rendered:
        """The words and links alone, without an envelope: for an auditor, when the person's address
        may be erased. Raises CannotRender.
        """
        claim = request.claim
        letter = letter_of(plan, claim)
        if letter is None:
            raise CannotRender(
                f'the letter "{claim.letter}" is not in edition {claim.edition}', "letter"
            )
        try:
            compiled = self.compiled(letter, plan, claim, measured=request.measured)
            url = partial(self._url, request)
            rendered = compiled.render(
                self._values(request, plan), _answers(compiled, url), self._foot(request, plan, url)
            )
            return self._with_own_token(rendered, request) if request.measured else rendered
        except (LetterMistakes, MergeFailed, ValueError) as error:
            raise CannotRender(
                str(error), error.what if isinstance(error, MergeFailed) else "words"
            ) from error

    def _with_own_token(self, rendered: Rendered, request: ComposeRequest) -> Rendered:
        token = self._token(request, MEASURED)
        html, text = (part.replace(self._own, token) for part in (rendered.html, rendered.text))
        return replace(rendered, html=html, text=text)

    def octets(self, request: ComposeRequest, plan: Plan, at: int) -> bytes:
        """The same octets as `compose`, several times as fast. Raises CannotRender."""
        try:
            made = self._precompiled_octets(request, plan, at)
        except (LetterMistakes, MergeFailed, ValueError):
            made = None  # `compose` says why, or that nothing is wrong
        return self.compose(request, plan, at).octets if made is None else made

    def _precompiled_octets(self, request: ComposeRequest, plan: Plan, at: int) -> bytes | None:
        letter = self._precompiled_for(request, plan) if request.position else None
        if letter is None:
            return None
        message, headers = request.claim.message, self.headers_of(request)
        tokens = make_tokens(self.link_key, letter.actions, request.position, message)
        filled = letter.body.fill(self._values(request, plan), tokens)
        return letter.template.fill(
            Personal(
                request.address,
                filled.subject,
                at,
                bytes.fromhex(message),
                filled.text,
                filled.html,
            ),
            [*tokens, *(headers.returns.token(use, message) for use in headers.uses)],
            self._checkpoint_header(),
        )

    def _checkpoint_header(self) -> bytes:
        """The header's lines, made once for each checkpoint."""
        note = self.newest()
        if note != self._checkpoint[0]:
            self._checkpoint = (note, structured_header(HEADER, words_of(note)) if note else b"")
        return self._checkpoint[1]

    def _precompiled_for(self, request: ComposeRequest, plan: Plan) -> PrecompiledLetter | None:
        claim = request.claim
        occurrence = claim.key if claim.kind == "broadcast" else ""
        key = (
            plan.edition,
            claim.kind,
            occurrence,
            claim.list,
            claim.letter,
            claim.version,
            claim.purpose,
            self._language(request),
            request.basis,
            request.source,
            request.measured,
        )
        if request.source and not self._is_common(request.source):
            return None
        if key not in self._precompiled:
            if len(self._precompiled) == PRECOMPILED_CACHE_SIZE:
                self._precompiled.popitem(last=False)
            # Stays None when `_precompile` raises: it is tried once, not for each person.
            self._precompiled[key] = None
            self._precompiled[key] = self._precompile(request, plan)
        return self._precompiled[key]

    def _is_common(self, source: str) -> bool:
        """False for a source beyond the first few: where each person comes from a source of their
        own, no letter is precompiled for each.
        """
        if source not in self._sources and len(self._sources) < MAX_COMMON_SOURCES:
            self._sources.add(source)
        return source in self._sources

    def _precompile(self, request: ComposeRequest, plan: Plan) -> PrecompiledLetter | None:
        letter = letter_of(plan, request.claim)
        if letter is None:
            return None
        compiled = self.compiled(letter, plan, request.claim, measured=request.measured)
        # Stand-ins for tokens: text that no author can have written, of a token's length, in
        # characters that are encoded as a token's are.
        unheard = secrets.token_hex((TOKEN_CHARACTERS - 3) // 2)
        marks: dict[int, str] = {MEASURED: self._own} if request.measured else {}

        def url(action: int) -> str:
            return self._url_of(marks.setdefault(action, f"{unheard}{action:03}"))

        answers = _answers(compiled, url)
        foot = self._foot(request, plan, url)
        headers = self.headers_of(request)
        by_mail = {use: secrets.token_hex(TOKEN_CHARACTERS_BY_MAIL // 2) for use in headers.uses}
        extra = headers.extra(request.claim, plan, url, by_mail, b"stand-in")
        body = compiled.precompiled(answers, foot, tuple(marks.values()), quoted_printable_lines)
        stand_ins = (*marks.values(), *by_mail.values())
        template = MimeTemplate(
            *headers.ends(),
            headers.domain,
            extra,
            stand_ins,
            HEADER,
            self.config.smtp.message_size_limit,
        )
        return PrecompiledLetter(body, template, tuple(marks))

    def compiled(
        self, letter: Letter, plan: Plan, claim: LetterBegun, *, measured: bool = False
    ) -> Compiled:
        """For everybody or, if `measured`, for who agreed to be: `_own` then stands for the token
        of each.
        """
        purpose, settings, measure = claim.purpose, self._settings, self.config.measure
        counts = measured or measure.links or measure.images
        ref = letter_ref(claim.key, claim.letter) if counts else ""
        key = (
            plan.edition,
            letter.body,
            letter.subject,
            f"{letter.preheader}|{purpose if letter.body in OWN_BODIES else ''}|{ref}|{measured}",
        )
        compiled = self._compiled.get(key)
        if compiled is None:
            if ref and claim.kind in ("letter", "broadcast"):
                own = f"/{self._own}" if measured else ""
                settings = replace(
                    settings,
                    counted=partial(self._counted, ref, own) if own or measure.links else None,
                    picture=self._counted(ref, own, "") if measure.images else "",
                )
            compiled = compile_letter(
                source_of(letter, plan, purpose), settings, quote(self.config.site.logo)
            )
            self._compiled[key] = compiled
            if len(self._compiled) > COMPILED_CACHE_SIZE:
                self._compiled.popitem(last=False)
        return compiled

    def _counted(self, ref: str, own: str, address: str) -> str:
        if len(address) > MAX_COUNTED_ADDRESS:
            return address
        token = counted_address(self.link_key, ref, address)
        return f"{self.config.site.url}{COUNTED_PREFIX}{token}{own}"

    def _values(self, request: ComposeRequest, plan: Plan) -> dict[str, str]:
        """The person's fields. A confirmation mail gets only values that look like names, or fit
        their typed field: its reader has agreed to nothing, and somebody else may have typed them.
        """
        values = {name: str(value) for name, value in request.fields.items()}
        if request.claim.kind != "confirmation":
            return values
        typed = plan.field_types().keys() & values.keys()
        fitting = {name: values[name] for name in typed if fits(plan.fields[name], values[name])}
        return names_among(values) | fitting

    def _url(self, request: ComposeRequest, action: int) -> str:
        return self._url_of(self._token(request, action))

    def _token(self, request: ComposeRequest, action: int) -> str:
        if not request.position:
            return "preview"
        return make_token(self.link_key, action, request.position, request.claim.message)

    def _tokens_by_mail(self, request: ComposeRequest) -> Mapping[TokenUse, str]:
        message, headers = request.claim.message, self.headers_of(request)
        return {
            use: headers.returns.token(use, message) if request.position else "preview"
            for use in headers.uses
        }

    def _url_of(self, token: str) -> str:
        return f"{self.config.site.url}/l/{token}"

    def _language(self, request: ComposeRequest) -> Language:
        short = request.language[:2]
        return short if short in LANGUAGES else self.config.site.language

    def _foot(self, request: ComposeRequest, plan: Plan, url: Url) -> Foot:
        language = self._language(request)
        texts, site = TEXTS[language], self.config.site
        purpose = (
            plan.purposes[request.claim.purpose].name
            if request.claim.purpose in plan.purposes
            else request.claim.purpose
        )
        my_data = (texts.my_data, url(MY_DATA))
        preferences = (texts.preferences, url(PREFERENCES))
        if request.claim.kind == "permission":
            none_left, confirm = (url(UNSUBSCRIBE), texts.everything), url(CONFIRM)
            return Foot(
                site.name,
                site.postal_address,
                texts.why_still,
                *none_left,
                language=language,
                extra=(preferences, my_data),
                confirm_url=confirm,
            )
        if request.claim.kind == "confirmation":
            extra = ((texts.not_me, url(NOT_ME)), my_data)
            confirm = url(CONFIRM)
            reason = texts.why_first if request.claim.letter == ASK_FIRST else texts.why_asked
            why = _why_with_source(texts, reason, request.source)
            return Foot(
                site.name,
                site.postal_address,
                why,
                language=language,
                extra=extra,
                confirm_url=confirm,
            )
        return Foot(
            site.name,
            site.postal_address,
            _why_with_source(
                texts, _why(texts, request.basis).format(purpose=purpose), request.source
            ),
            url(UNSUBSCRIBE),
            texts.unsubscribe.format(purpose=purpose),
            url(EVERYTHING),
            texts.everything,
            language,
            (preferences, my_data),
        )

    def _mail(
        self, request: ComposeRequest, plan: Plan, subject: str, text: str, html: str, at: int
    ) -> mails.Mail:
        headers = self.headers_of(request)
        sender, reply_to = headers.ends()
        return mails.Mail(
            sender,
            Mailbox("", request.address),
            reply_to,
            subject,
            datetime.fromtimestamp(at / 1000, UTC),
            message_id(bytes.fromhex(request.claim.message), headers.domain),
            headers.extra(
                request.claim,
                plan,
                partial(self._url, request),
                self._tokens_by_mail(request),
                self.newest(),
            ),
            text,
            html,
        )


def _answers(compiled: Compiled, url: Url) -> list[str]:
    return [url(FIRST_LINK + link.index) for link in compiled.links if link.index >= 0]


def _why(texts: Texts, basis: str) -> str:
    return texts.why_consent if basis == "consent" else texts.why_other


def _why_with_source(texts: Texts, why: str, source: str) -> str:
    """`why`, and where the address came from, as one line of whatever was typed there."""
    origin = " ".join(source.split())[:MAX_SOURCE_CHARACTERS]
    return f"{why} {texts.source.format(source=origin)}" if origin else why
