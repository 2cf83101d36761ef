"""What the readers of engine.intake say of a file and of its rows, for the catalogue: they are pure
and speak English.
"""

from __future__ import annotations

from engine.i18n.language import N_

PLAIN = frozenset(
    {
        N_("a file name never holds a NUL character"),
        N_("it holds blank lines only"),
        N_("a zip file or a spreadsheet such as .xlsx or .ods"),
        N_("an empty zip file"),
        N_("an old spreadsheet such as .xls"),
        N_("a gzip file"),
        N_("a 7z file"),
        N_("an xz file"),
        N_("a rar file"),
        N_("a database"),
        N_("a PDF"),
        N_("an RTF document"),
        N_("a picture"),
        N_("a web page, whatever its name says"),
        N_("in UTF-32"),
        N_("not text"),
        N_("no column is left to hold e-mail addresses: map one with --map NUMBER=email"),
        # Of one row.
        N_("the e-mail cell is empty"),
        N_("a quote is opened and not closed"),
        N_("a quote stands where none can"),
        N_("the date is not understood: write 2026-12-01, 01/12/2026 or 2026-12-01T09:00"),
        N_("there is no such day or hour in any calendar"),
        N_("of collection"),
        N_("of the last contact"),
        N_("of the refusal"),
        N_("the basis is none of consent, soft-optin, b2b"),
        N_("no source is said for this row"),
        N_("a row of soft-optin names no order or sale"),
        N_("a row of b2b names no profession"),
        N_(
            "nothing says how people could object when their address was collected: say --objection"
        ),
        N_("no basis is said for this row"),
        N_("no date of collection is said for this row"),
        N_("the date can be read with the day or with the month first: write 2026-12-01"),
        N_(
            "what stands in a column of refusals or agreements is not known: write yes, no,"
            " bounced, complained or a date"
        ),
        N_(
            "the row does not say that they agreed: not asked, not yet confirmed, inactive or"
            " archived"
        ),
        N_(
            "the cell holds several addresses: say --first-address to take the first of each such"
            " cell"
        ),
        N_("the line is not UTF-8 as the rest of the file is: its accents cannot be trusted"),
        # Of a contested mail.
        N_(
            "this is not a mail that can be read: save it again from the mail program, as the"
            " original (.eml)"
        ),
        N_("the file has no header of a mail: save the mail itself, not its text"),
        N_("the file is not text: save the mail as .eml (RFC 5322)"),
    }
)
# Those that begin with anything come last: the first that fits is taken.
WITH_VALUES = (
    N_("a mail of more than {most} bytes is larger than any Relance has sent"),
    N_("the mail has more than {most} lines"),
    N_("the mail has more than {most} parts within parts"),
    N_("the mail has a Content header longer than {most} bytes"),
    N_(
        "a yes in the column {column} seems to be an agreement, not a refusal: say --subscribed"
        " {name}"
    ),
    N_(
        "a yes in the column {column} seems to be a refusal, not an agreement: say --unsubscribed"
        " {name}"
    ),
    N_(
        "the dates of column {column} contradict each other: on line {one} the day comes first, on"
        " line {other} the month: say --date-order day-first or --date-order month-first, and rows"
        " that do not follow it are rejected"
    ),
    N_(
        "the dates of column {column} can be read with the day or with the month first (line"
        " {line}): say --date-order day-first or --date-order month-first"
    ),
    N_("column {number} is said to be two things"),
    N_("there is no file {file}"),
    N_("on line {line}, {why}"),
    N_("its first {n} characters are blank lines"),
    N_("rejected rows cannot be written to {file}: {why}"),
    N_("rejected rows could not be written: the folder of {file} takes no new file"),
    N_(
        "no column is known to hold e-mail addresses; the headings are {columns}: say which it is"
        " with --map HEADING=email or --map NUMBER=email"
    ),
    N_(
        "no heading is known to be that of e-mail addresses; they stand in {columns}: say which it"
        " is with --map NUMBER=email, most likely {option}"
    ),
    N_(
        "columns {columns} all hold e-mail addresses: say which with --map NUMBER=email, one"
        " address a row"
    ),
    N_("there is no field {field} to map to; there are {known}"),
    N_("two columns are mapped to {field}"),
    N_("column {number} is mapped to two fields"),
    N_("the file has no headings, so column {column} is unknown: map by number"),
    N_("there is no column {column}; there are {known}"),
    N_("the row has {n} cells; there are {columns} columns"),
    N_("the cell for {field} is longer than {most} characters"),
    N_("the cell for {field} holds a control character"),
    N_("the cell for {field} holds an encoded word (=?…?=)"),
    N_(
        "the accents of {field} are garbled: export the file again as UTF-8; it most likely reads:"
        " {right}"
    ),
    N_("the accents of {field} are garbled: export the file again as UTF-8"),
    N_("the line is longer than {most} characters"),
    N_("the date {what} lies in the future"),
    N_("the date {what} lies before {day}"),
    N_(
        "{file} is named as a file of people who must not be written to: `relance suppress {name}"
        " --reason {reason}` sees to that; if they are to be imported, say what its columns mean"
        " (--unsubscribed, --subscribed, --ignore) or give it another name"
    ),
    N_(
        "{file} may hold people who refused: nobody has said what these columns mean: {columns}."
        " Say of each --subscribed COLUMN (yes or a date: they agreed), --unsubscribed COLUMN (yes"
        " or a date: they refused) or --ignore COLUMN (it means neither). Most likely: {options}"
    ),
    N_("{columns} all look like {field}: say which with --map NUMBER={field}"),
    N_("{columns} are both called so: map by number"),
    N_("{file} has {n} bytes; the most that is read is {most}: split it"),
    N_("{file} has changed since it was looked at: start again"),
    N_("{file} has changed while it was read: start again"),
    N_("{file} holds NUL characters (near byte {n})"),
    N_(
        "{file} starts as UTF-16 and does not go on as such: open it in the program it comes from"
        " and save it as CSV (UTF-8)"
    ),
    N_("{file} is {what}: open it in the program it comes from and save it as CSV (UTF-8)"),
    N_("{file} is not a plain file"),
    N_("{file} is empty"),
    N_("{file} cannot be read: {why}"),
)
