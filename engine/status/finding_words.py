"""What a finding says and what to do about it, in a reader's language: on the screen of the command
line and the pages of the console.
"""

from __future__ import annotations

from engine.i18n.language import N_, Language, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_letter
from engine.i18n.stored_words import stored_in_words, what_is_wanting
from engine.sequence.model import Plan
from engine.status.finding import Finding
from engine.words import Words


class FindingWords:
    def __init__(self, plan: Plan, language: Language) -> None:
        self.plan = plan
        self._: Say = translator(language)
        self.say = self._
        self.ngettext = counting_translator(language)

    def what(self, finding: Finding) -> str:
        return self._(finding.what).format(**self._values(finding))

    def remedy(self, finding: Finding) -> str:
        return self._(finding.remedy).format(**self._values(finding))

    def _values(self, finding: Finding) -> dict[str, str]:
        values = {key: str(value) for key, value in finding.values.items()}
        for key, value in finding.values.items():
            if isinstance(value, Words):
                values[key] = value.said(self._)
            elif isinstance(value, float):
                values[key] = self.seconds(value)
            elif key in ("reason", "why"):
                values[key] = stored_in_words(str(value), self._)
            elif key == "free" and isinstance(value, int):
                values[key] = size(value, self._)
            elif key == "provider":
                values[key] = self._(str(value))
            elif key in ("n", "of", "behind", "position") and isinstance(value, int):
                values[key] = grouped(value, self._)
        if finding.code == "withheld":
            people = int(values["people"])
            values["people"] = self.ngettext("{n} person", "{n} people", people).format(
                n=grouped(people, self._)
            )
            values["letter"] = say_letter(self.plan, values["key"], values["letter"], self._)
            values["wanting"] = what_is_wanting(values["wanting"], self._)
        return values

    def seconds(self, seconds: float) -> str:
        """ "3 s", "5 min", "2 h", "4 d" """
        for most, divisor, sentence in (
            (120, 1, "{n} s"),
            (7200, 60, "{n} min"),
            (172_800, 3600, "{n} h"),
        ):
            if seconds < most:
                return sentence.format(n=int(seconds / divisor))
        days = int(seconds / 86_400)
        return self.ngettext("{n} day", "{n} days", days).format(n=days)


def size(octets: int, _: Say) -> str:
    """ "1.2 GB"; "1,2 Go" """
    value = float(octets)
    units = (
        N_("{n} B"),
        N_("{n} kB"),
        N_("{n} MB"),
        N_("{n} GB"),
        N_("{n} TB"),
    )
    for unit in units:
        if value < 1000 or unit == units[-1]:
            break
        value /= 1000
    whole = value >= 10 or unit == units[0]
    return _(unit).format(n=f"{value:.0f}" if whole else f"{value:.1f}".replace(".", _(".")))
