"""What `run` says once it serves: where to look, and what is not as its author may think."""

from __future__ import annotations

from collections.abc import Iterator

from engine.authoring import publication
from engine.authoring.inspection import read_folder
from engine.context import AppContext
from engine.i18n.language import counting_translator, grouped, translator
from engine.i18n.phrases import language_of, say_moment
from engine.i18n.refused import in_words
from engine.sequence.mistakes import Unpublishable


def announce(context: AppContext, *, sends: bool) -> Iterator[str]:
    """Line by line. `sends`: this process sends, so that a pause is news."""
    config, installation = context.config, context.installation_stream.current()
    _ = translator(language_of(config))
    here = f"http://{config.web.host}:{config.web.port}"
    yield _("Relance runs: {url}").format(
        url=config.site.url if config.site.url == here else f"{config.site.url} ({here})"
    )
    if config.smtp.is_mailbox:
        yield _("Letters go to the built-in mailbox: {url}").format(
            url=f"http://127.0.0.1:{config.mailbox_port}"
        )
    forms = ", ".join(f"{config.site.url}/f/{name}" for name in installation.plan().forms)
    if forms:
        yield _("Forms: {forms}").format(forms=forms)
    if context.clock.rate != 1:
        said = _(
            "The clock runs {n} times faster than real time: this is a trial. Its date, every ten"
            " seconds:"
        )
        yield said.format(n=grouped(context.clock.rate, _))
    if context.clock.rate != 1 or context.clock.trial is not None:
        yield engine_date(context)
    yield from _not_published(context)
    if sends and 0 in installation.paused:
        why = in_words(installation.paused[0], _)
        yield _(
            "Sending is paused ({why}): `relance resume` says what will leave, then lets it."
        ).format(why=why)
    yield _("Ctrl-C stops.")


def engine_date(context: AppContext) -> str:
    """What day and time it is for the engine, on the installation's clock."""
    language = language_of(context.config)
    _ = translator(language)
    return _("It is {moment} here.").format(
        moment=say_moment(context.clock.now(), context.config.site.timezone, language)
    )


def _not_published(context: AppContext) -> Iterator[str]:
    """What stands in the author's folder and does not run."""
    language = language_of(context.config)
    _, ngettext = translator(language), counting_translator(language)
    try:
        read_folder(context.config, context.clock.now()).sound()
    except Unpublishable as error:
        said = ngettext(
            "sequences/ holds {n} mistake, so what runs is what was published last: `relance check`"
            " names it.",
            "sequences/ holds {n} mistakes, so what runs is what was published last: `relance"
            " check` names them.",
            len(error.mistakes),
        )
        yield said.format(n=len(error.mistakes))
        return
    changes = publication.unpublished_changes(context)
    if changes:
        said = ngettext(
            "{n} change in sequences/ is not published: `relance publish` shows it.",
            "{n} changes in sequences/ are not published: `relance publish` shows them.",
            changes,
        )
        yield said.format(n=changes)
