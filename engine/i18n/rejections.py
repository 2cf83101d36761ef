"""Messages for why readers reject input: addresses, dates, contested mails, files of people and
their rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.imports.refusals import DateKind, FileKind, RowFault, TableFault
from engine.intake.address import AddressFault
from engine.intake.amounts import AmountFault
from engine.intake.field_reader import FieldFault
from engine.intake.ground_requirements import Requirement
from engine.intake.instants import DateFault
from engine.intake.mail_fault import MailFault
from engine.intake.orders import OrderFault
from engine.words import N_

ADDRESSES: Mapping[AddressFault, str] = MappingProxyType(
    {
        AddressFault.AT_SIGN: N_("an address has exactly one @ sign"),
        AddressFault.COMBINING_ACCENT: N_("the part before the @ starts with a combining accent"),
        AddressFault.CONTROL_CHARACTER: N_("the address holds a line break or a control character"),
        AddressFault.CURLY_APOSTROPHE: N_(
            "the part before the @ holds a curly apostrophe: write a plain one"
        ),
        AddressFault.DOMAIN: N_("the domain after the @ is not well formed"),
        AddressFault.EMPTY: N_("the address is empty"),
        AddressFault.INVISIBLE_CHARACTER: N_("the address holds a space or an invisible character"),
        AddressFault.LOCAL_PART: N_("the part before the @ is not well formed"),
        AddressFault.LOCAL_PART_TOO_LONG: N_("the part before the @ is longer than {most} octets"),
        AddressFault.LONG_DASH: N_("the part before the @ holds a long dash: write a plain hyphen"),
        AddressFault.SEVERAL: N_("there is more than one address here"),
        AddressFault.SIGN: N_("the part before the @ holds “{sign}”, which no mail server takes"),
        AddressFault.SPACE: N_("the address holds a space"),
        AddressFault.TOO_LONG: N_("an address is never longer than {most} characters"),
    }
)
DATES: Mapping[DateFault, str] = MappingProxyType(
    {
        DateFault.BOTH_WAYS: N_(
            "the date can be read with the day or with the month first: write 2026-12-01"
        ),
        DateFault.HOUR_TOO: N_("a day is asked for here, without an hour: write 1980-09-03"),
        DateFault.NO_DAY: N_(
            "the date is not understood: write 1980-09-23, 23/09/1980 or 23 September 1980"
        ),
        DateFault.NOT_UNDERSTOOD: N_(
            "the date is not understood: write 2026-12-31, 31/12/2026 or 2026-12-31T09:00"
        ),
        DateFault.NO_SUCH_DAY: N_("there is no such day or hour in any calendar"),
        DateFault.YEAR_OF_TWO_FIGURES: N_(
            "the year is written with four figures: 1980-09-23 or 23/09/1980"
        ),
        DateFault.YEAR_UNLIKELY: N_("the year lies before {first} or after {last}"),
    }
)
FIELDS: Mapping[FieldFault, str] = MappingProxyType(
    {
        FieldFault.NUMBER_BOTH_WAYS: N_(
            "the comma can part decimals or thousands here: write 1234, or 1.234 with a point"
        ),
        FieldFault.NUMBER_NOT_UNDERSTOOD: N_(
            "the number is not understood: write 1234.5 or 1234,5"
        ),
        FieldFault.NUMBER_TOO_LONG: N_(
            "a number has at most {whole} figures before the decimals, and {decimals} decimals"
        ),
        FieldFault.OPTION_UNKNOWN: N_("this is none of: {known}"),
        FieldFault.YES_OR_NO: N_("write yes or no"),
    }
)
MAILS: Mapping[MailFault, str] = MappingProxyType(
    {
        MailFault.CONTENT_HEADER_TOO_LONG: N_(
            "the mail has a Content header longer than {most} bytes"
        ),
        MailFault.NOT_TEXT: N_("the file is not text: save the mail as .eml (RFC 5322)"),
        MailFault.NO_HEADER: N_(
            "the file has no header of a mail: save the mail itself, not its text"
        ),
        MailFault.TOO_LARGE: N_(
            "a mail of more than {most} bytes is larger than any Relance has sent"
        ),
        MailFault.TOO_MANY_LINES: N_("the mail has more than {most} lines"),
        MailFault.TOO_MANY_PARTS: N_("the mail has more than {most} parts within parts"),
        MailFault.UNREADABLE: N_(
            "this is not a mail that can be read: save it again from the mail program, as the"
            " original (.eml)"
        ),
    }
)
ORDERS: Mapping[OrderFault, str] = MappingProxyType(
    {
        OrderFault.NUMBER_TOO_LONG: N_("the number of an order has at most {most} characters"),
        OrderFault.PRODUCT_MALFORMED: N_(
            "{product} is no code of a product: 1 to 63 letters without accents, digits, dots,"
            " slashes and hyphens"
        ),
        OrderFault.PRODUCT_UNDECLARED: N_("no [[product]] has the code {product}{hint}"),
        OrderFault.TOO_MANY_PRODUCTS: N_("an order has at most {most} products here"),
    }
)
REQUIREMENTS: Mapping[Requirement, str] = MappingProxyType(
    {
        Requirement.ORDER: N_("which order or sale was the address given with?"),
        Requirement.FUNCTION: N_(
            "what is this person's profession? The letters must have to do with it"
        ),
        Requirement.OBJECTION: N_("how could they object when the address was collected?"),
    }
)
FILE_KINDS: Mapping[FileKind, str] = MappingProxyType(
    {
        FileKind.DATABASE: N_("a database"),
        FileKind.GZIP: N_("a gzip file"),
        FileKind.NOT_TEXT: N_("not text"),
        FileKind.OLD_SPREADSHEET: N_("an old spreadsheet such as .xls"),
        FileKind.PDF: N_("a PDF"),
        FileKind.PICTURE: N_("a picture"),
        FileKind.RAR: N_("a rar file"),
        FileKind.RTF: N_("an RTF document"),
        FileKind.SEVEN_ZIP: N_("a 7z file"),
        FileKind.UTF_32: N_("in UTF-32"),
        FileKind.WEB_PAGE: N_("a web page, whatever its name says"),
        FileKind.XZ: N_("an xz file"),
        FileKind.ZIP: N_("a zip file or a spreadsheet such as .xlsx or .ods"),
        FileKind.ZIP_EMPTY: N_("an empty zip file"),
    }
)
AMOUNTS: Mapping[AmountFault, str] = MappingProxyType(
    {
        AmountFault.AMBIGUOUS: N_(
            "{amount} may be thousands or a decimal part: write it without what sets thousands"
            " apart, and with two decimals"
        ),
        AmountFault.CURRENCY_MISSING: N_("no currency: write its three letters, for example EUR"),
        AmountFault.CURRENCY_UNKNOWN: N_("{currency} is no currency of ISO 4217: write EUR"),
        AmountFault.NOT_AN_AMOUNT: N_("{amount} is no amount: write for example 12.50"),
        AmountFault.TOO_LARGE: N_("the amount is larger than any order"),
        AmountFault.TOO_MANY_DIGITS: N_("{currency} has {digits} decimals, and there are more"),
        AmountFault.TWO_CURRENCIES: N_("{amount} is in another currency than was said"),
    }
)
DATE_KINDS: Mapping[DateKind, str] = MappingProxyType(
    {
        DateKind.COLLECTION: N_("of collection"),
        DateKind.LAST_CONTACT: N_("of the last contact"),
        DateKind.ORDER: N_("of the order"),
        DateKind.REFUSAL: N_("of the refusal"),
    }
)
TABLES: Mapping[TableFault, str] = MappingProxyType(
    {
        TableFault.ADDRESSES_IN_SEVERAL_COLUMNS: N_(
            "columns {columns} all hold e-mail addresses: say which with --map NUMBER=email, one"
            " address a row"
        ),
        TableFault.BLANK_BEGINNING: N_("its first {n:,} characters are blank lines"),
        TableFault.BLANK_LINES_ONLY: N_("it holds blank lines only"),
        TableFault.BROKEN_LINE: N_("on line {line}, {why}"),
        TableFault.CHANGED: N_("{file} has changed since it was looked at: start again"),
        TableFault.CHANGED_WHILE_READ: N_("{file} has changed while it was read: start again"),
        TableFault.COLUMN_MAPPED_TWICE: N_("column {number} is mapped to two fields"),
        TableFault.COLUMN_MEANS_TWO_THINGS: N_("column {number} is said to be two things"),
        TableFault.COLUMN_NEEDED: N_(
            "no column is found to hold {field}: say which with --map COLUMN={field}"
        ),
        TableFault.COLUMN_UNKNOWN: N_("there is no column {column}; there are {known}"),
        TableFault.DATES_CONTRADICT: N_(
            "the dates of column {column} contradict each other: on line {one} the day comes first,"
            " on line {other} the month: say --date-order day-first or --date-order month-first,"
            " and rows that do not follow it are rejected"
        ),
        TableFault.DATES_READ_BOTH_WAYS: N_(
            "the dates of column {column} can be read with the day or with the month first (line"
            " {line}): say --date-order day-first or --date-order month-first"
        ),
        TableFault.EMPTY: N_("{file} is empty"),
        TableFault.FIELD_MAPPED_TWICE: N_("two columns are mapped to {field}"),
        TableFault.FIELD_UNKNOWN: N_("there is no field {field} to map to; there are {known}"),
        TableFault.FILE_MISSING: N_("there is no file {file}"),
        TableFault.FOLDER_UNWRITABLE: N_(
            "rejected rows could not be written: the folder of {file} takes no new file"
        ),
        TableFault.HEADINGS_ALIKE: N_("{columns} are both called so: map by number"),
        TableFault.MEANING_UNKNOWN: N_(
            "{file} may hold people who refused: nobody has said what these columns mean:"
            " {columns}. Say of each --subscribed COLUMN (yes or a date: they agreed),"
            " --unsubscribed COLUMN (yes or a date: they refused) or --ignore COLUMN (it means"
            " neither). Most likely: {options}"
        ),
        TableFault.NAMED_AS_REFUSALS: N_(
            "{file} is named as a file of people who must not be written to: `relance suppress"
            " {name} --reason {reason}` sees to that; if they are to be imported, say what its"
            " columns mean (--unsubscribed, --subscribed, --ignore) or give it another name"
        ),
        TableFault.NAME_HOLDS_NUL: N_("a file name never holds a NUL character"),
        TableFault.NOT_A_TABLE: N_(
            "{file} is {what}: open it in the program it comes from and save it as CSV (UTF-8)"
        ),
        TableFault.NOT_PLAIN_FILE: N_("{file} is not a plain file"),
        TableFault.NO_ADDRESS_COLUMN: N_(
            "no column is known to hold e-mail addresses; the headings are {columns}: say which it"
            " is with --map HEADING=email or --map NUMBER=email"
        ),
        TableFault.NO_ADDRESS_HEADING: N_(
            "no heading is known to be that of e-mail addresses; they stand in {columns}: say which"
            " it is with --map NUMBER=email, most likely {option}"
        ),
        TableFault.NO_COLUMN_LEFT: N_(
            "no column is left to hold e-mail addresses: map one with --map NUMBER=email"
        ),
        TableFault.NO_HEADINGS: N_(
            "the file has no headings, so column {column} is unknown: map by number"
        ),
        TableFault.NUL_CHARACTERS: N_("{file} holds NUL characters (near byte {n:,})"),
        TableFault.REJECTS_UNWRITABLE: N_("rejected rows cannot be written to {file}: {why}"),
        TableFault.SEVERAL_LOOK_ALIKE: N_(
            "{columns} all look like {field}: say which with --map NUMBER={field}"
        ),
        TableFault.TOO_LARGE: N_(
            "{file} has {n:,} bytes; the most that is read is {most:,}: split it"
        ),
        TableFault.UNREADABLE: N_("{file} cannot be read: {why}"),
        TableFault.UTF_16_BROKEN: N_(
            "{file} starts as UTF-16 and does not go on as such: open it in the program it comes"
            " from and save it as CSV (UTF-8)"
        ),
        TableFault.YES_SEEMS_AGREEMENT: N_(
            "a yes in the column {column} seems to be an agreement, not a refusal: say --subscribed"
            " {name}"
        ),
        TableFault.YES_SEEMS_REFUSAL: N_(
            "a yes in the column {column} seems to be a refusal, not an agreement: say"
            " --unsubscribed {name}"
        ),
    }
)
ROWS: Mapping[RowFault, str] = MappingProxyType(
    {
        RowFault.ADDRESS_MISSING: N_("the e-mail cell is empty"),
        RowFault.BASIS_MISSING: N_("no basis is said for this row"),
        RowFault.BASIS_UNKNOWN: N_("the basis is none of consent, soft-optin, b2b"),
        RowFault.CELL_TOO_LONG: N_("the cell for {field} is longer than {most} characters"),
        RowFault.COLLECTED_MISSING: N_("no date of collection is said for this row"),
        RowFault.CONTRADICTED: N_("another line of this file says something else of this address"),
        RowFault.ORDER_CONTRADICTED: N_(
            "another line of this file says something else of this order"
        ),
        RowFault.CONTROL_CHARACTER: N_("the cell for {field} holds a control character"),
        RowFault.DATE_AHEAD: N_("the date {what} lies in the future"),
        RowFault.DATE_TOO_EARLY: N_("the date {what} lies before {day}"),
        RowFault.ENCODED_WORD: N_("the cell for {field} holds an encoded word (=?…?=)"),
        RowFault.FUNCTION_MISSING: N_("a row of b2b names no profession"),
        RowFault.GARBLED: N_("the accents of {field} are garbled: export the file again as UTF-8"),
        RowFault.GARBLED_READABLE: N_(
            "the accents of {field} are garbled: export the file again as UTF-8; it most likely"
            " reads: {right}"
        ),
        RowFault.LINE_TOO_LONG: N_("the line is longer than {most:,} characters"),
        RowFault.NOT_AGREED: N_(
            "the row does not say that they agreed: not asked, not yet confirmed, inactive or"
            " archived"
        ),
        RowFault.NOT_UTF_8: N_(
            "the line is not UTF-8 as the rest of the file is: its accents cannot be trusted"
        ),
        RowFault.OBJECTION_MISSING: N_(
            "nothing says how people could object when their address was collected: say --objection"
        ),
        RowFault.ORDER_NUMBER_MISSING: N_("the row names no order"),
        RowFault.ORDER_MISSING: N_("a row of soft-optin names no order or sale"),
        RowFault.OTHER: N_("other reasons"),
        RowFault.PERSON_BUSY: N_(
            "this person is being changed by someone else: import the file again"
        ),
        RowFault.QUOTE_MISPLACED: N_("a quote stands where none can"),
        RowFault.QUOTE_OPEN: N_("a quote is opened and not closed"),
        RowFault.REFUSED_ELSEWHERE: N_(
            "another line says that this address must not be written to"
        ),
        RowFault.SEVERAL_ADDRESSES: N_(
            "the cell holds several addresses: say --first-address to take the first of each such"
            " cell"
        ),
        RowFault.SOURCE_MISSING: N_("no source is said for this row"),
        RowFault.TOO_MANY_CELLS: N_("the row has {n} cells; there are {columns} columns"),
        RowFault.VALUE_UNFIT: N_("the row comes in without {field}: {why}"),
        RowFault.WORD_UNKNOWN: N_(
            "what stands in a column of refusals or agreements is not known: write yes, no,"
            " bounced, complained or a date"
        ),
    }
)
