"""A sheet of what another system has reminded, as text. Pure functions: no database."""

import csv
import io
import re
from datetime import datetime

#: Column: headings by which it is known, see ``get_key``. Among them are the labels of
#: the screens of other systems, so that what is exported there can be read as it is.
HEADINGS = {
    "invoice": (
        "invoice",
        "invoice number",
        "journal entry",
        "move id",
        "number",
    ),
    "customer": ("customer", "contact", "display name", "partner", "partner id"),
    "level": ("follow-up level", "followup level", "level", "level name"),
    "days": ("days", "days late", "delay", "due days", "overdue days"),
    "date": (
        "date",
        "last reminder",
        "latest follow-up",
        "reminded on",
        "reminder date",
    ),
    "excluded": (
        "exclude",
        "exclude from follow-ups",
        "excluded",
        "no follow-up",
        "no followup",
    ),
    "next_date": ("next action date", "next date", "next reminder"),
    "responsible": ("follow-up responsible", "responsible", "responsible user"),
}

#: What may divide the cells of a line; the one that the headings have most often does.
SEPARATORS = ";,\t"

YES = frozenset(
    {"1", "oui", "ja", "sí", "si", "sì", "t", "true", "wahr", "x", "y", "yes"}
)
NO = frozenset({"", "0", "f", "false", "falsch", "n", "nee", "nein", "no", "non"})


def get_key(heading):
    """Return how a heading is compared: only its words count.

    >>> get_key(' Invoice_Number* ')
    'invoice number'
    """
    return " ".join(re.sub(r"[_*]", " ", heading).lower().split())


def decode(content):
    """Return the text of a file: UTF-8, else what spreadsheets of Windows write.

    :param bytes content: the file
    :raise ValueError: it is no text
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if b"\0" in content or content.startswith(b"PK\x03\x04"):
        raise ValueError("no text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(content):
    """Return what stands in a sheet.

    >>> read(b'Number;Days;Date\\nINV/1;12;2024-05-01\\n')
    [(2, {'invoice': 'INV/1', 'days': '12', 'date': '2024-05-01'})]

    :param bytes content: the file
    :return: list of (number of the line, {column: text}), empty lines left out
    :raise ValueError: it is no text
    :raise KeyError: no heading is known
    """
    text = decode(content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    columns, rows = None, []
    for cells in reader:
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if columns is None:
            columns = _get_columns(cells)
            continue
        row = {}
        for place, name in columns.items():
            if place < len(cells) and cells[place]:
                row[name] = cells[place]
        rows.append((reader.line_num, row))
    return rows


def _get_columns(headings):
    """Return {place: column}; of two with the same meaning the first counts."""
    known = {key: name for name, keys in HEADINGS.items() for key in keys}
    columns = {}
    for place, heading in enumerate(headings):
        name = known.get(get_key(heading))
        if name and name not in columns.values():
            columns[place] = name
    if not {"invoice", "customer"} & set(columns.values()):
        raise KeyError("headings")
    return columns


def get_date(text, pattern="%Y-%m-%d"):
    """Return a date as it is written, or None if it is none.

    >>> get_date('2024-05-01 10:00:00'), get_date('01.05.2024', '%d.%m.%Y')
    (datetime.date(2024, 5, 1), datetime.date(2024, 5, 1))

    :param str pattern: how the user's language writes dates
    """
    words = text.split()
    for one in ("%Y-%m-%d", pattern):
        try:
            return datetime.strptime(words[0] if words else "", one).date()
        except ValueError:
            continue
    return None


def get_choice(text):
    """Return True for yes, False for no, None for neither."""
    word = text.strip().lower()
    return True if word in YES else False if word in NO else None


def write(rows):
    """Return a sheet as bytes, without formulas: cells may hold what strangers wrote.

    >>> write([['a', '=1+1']])
    b"\\xef\\xbb\\xbfa,'=1+1\\r\\n"
    """
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    for row in rows:
        writer.writerow(
            f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
            for cell in map(str, row)
        )
    return b"\xef\xbb\xbf" + sheet.getvalue().encode()
