"""Why nothing is signed, as a sentence that says what is wrong and what to do."""

from __future__ import annotations


class SigningRefused(Exception):
    """`sentence` is English and marked for the catalogue; `values` are put in once it is
    translated.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self.sentence, self.values = sentence, values
