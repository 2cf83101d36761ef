"""Why a file of people, or one of its rows, is not imported: codes, whose words are in
engine.i18n.rejections. Pure.
"""

from __future__ import annotations

from enum import StrEnum, auto

from engine.words import CodedError


class FileKind(StrEnum):
    """What a file is, where it is no text with columns."""

    DATABASE = auto()
    GZIP = auto()
    NOT_TEXT = auto()
    OLD_SPREADSHEET = auto()
    PDF = auto()
    PICTURE = auto()
    RAR = auto()
    RTF = auto()
    SEVEN_ZIP = auto()
    UTF_32 = auto()
    WEB_PAGE = auto()
    XZ = auto()
    ZIP = auto()
    ZIP_EMPTY = auto()


class DateKind(StrEnum):
    """Which date of a row is meant."""

    COLLECTION = auto()
    LAST_CONTACT = auto()
    ORDER = auto()
    REFUSAL = auto()


class TableFault(StrEnum):
    """What is wrong with a file as a whole, or what has to be said of it first."""

    ADDRESSES_IN_SEVERAL_COLUMNS = auto()
    BLANK_BEGINNING = auto()
    BLANK_LINES_ONLY = auto()
    BROKEN_LINE = auto()
    CHANGED = auto()
    CHANGED_WHILE_READ = auto()
    COLUMN_MAPPED_TWICE = auto()
    COLUMN_MEANS_TWO_THINGS = auto()
    COLUMN_NEEDED = auto()
    COLUMN_UNKNOWN = auto()
    DATES_CONTRADICT = auto()
    DATES_READ_BOTH_WAYS = auto()
    EMPTY = auto()
    FIELD_MAPPED_TWICE = auto()
    FIELD_UNKNOWN = auto()
    FILE_MISSING = auto()
    FOLDER_UNWRITABLE = auto()
    HEADINGS_ALIKE = auto()
    MEANING_UNKNOWN = auto()
    NAMED_AS_REFUSALS = auto()
    NAME_HOLDS_NUL = auto()
    NOT_A_TABLE = auto()
    NOT_PLAIN_FILE = auto()
    NO_ADDRESS_COLUMN = auto()
    NO_ADDRESS_HEADING = auto()
    NO_COLUMN_LEFT = auto()
    NO_HEADINGS = auto()
    NUL_CHARACTERS = auto()
    REJECTS_UNWRITABLE = auto()
    SEVERAL_LOOK_ALIKE = auto()
    TOO_LARGE = auto()
    UNREADABLE = auto()
    UTF_16_BROKEN = auto()
    YES_SEEMS_AGREEMENT = auto()
    YES_SEEMS_REFUSAL = auto()


class RowFault(StrEnum):
    """What is wrong with one row, which costs no other."""

    ADDRESS_MISSING = auto()
    BASIS_MISSING = auto()
    BASIS_UNKNOWN = auto()
    CELL_TOO_LONG = auto()
    COLLECTED_MISSING = auto()
    CONTRADICTED = auto()
    ORDER_CONTRADICTED = auto()
    CONTROL_CHARACTER = auto()
    DATE_AHEAD = auto()
    DATE_TOO_EARLY = auto()
    ENCODED_WORD = auto()
    FUNCTION_MISSING = auto()
    GARBLED = auto()
    GARBLED_READABLE = auto()
    LINE_TOO_LONG = auto()
    NOT_AGREED = auto()
    NOT_UTF_8 = auto()
    OBJECTION_MISSING = auto()
    ORDER_MISSING = auto()
    ORDER_NUMBER_MISSING = auto()
    OTHER = auto()
    PERSON_BUSY = auto()
    QUOTE_MISPLACED = auto()
    QUOTE_OPEN = auto()
    REFUSED_ELSEWHERE = auto()
    SEVERAL_ADDRESSES = auto()
    SOURCE_MISSING = auto()
    TOO_MANY_CELLS = auto()
    VALUE_UNFIT = auto()
    WORD_UNKNOWN = auto()


class TableRefused(CodedError[TableFault]):
    """A file that is not imported at all."""


class RowRefused(CodedError[RowFault]):
    """A row that is rejected. Repeats nothing of it, except what GARBLED_READABLE reads."""
