"""Widths of the columns of a printed table. Pure functions: no database, no engine."""

import unicodedata

#: Sizes of letters that are tried, in pixels; what is smaller cannot be read.
SIZES = (12, 11, 10, 9, 8, 7, 6.5, 6)
#: Empty space beside the text of a cell, and that of a table with small letters.
PADDING, TIGHT_PADDING = 12, 6
#: From this size on a table is a tight one.
TIGHT_SIZE = 9
#: How much wider bold letters are, and what may be said of widths without the font.
BOLD = 1.12
#: Widths of characters in parts of the size of the letters.
NARROW, USUAL, WIDE, FULL = 0.34, 0.6, 0.78, 1.05
#: Longest part of a text that is kept on one line, in widths of usual letters.
WORD = 15


def measure(text, is_bold=False):
    """Return about how wide a text is, in parts of the size of its letters."""
    width = sum(_measure_character(character) for character in text)
    return width * BOLD if is_bold else width


def _measure_character(character):
    if character in ".,:;'|!()/ \N{NO-BREAK SPACE}-":
        return NARROW
    if unicodedata.east_asian_width(character) in "WF":
        return FULL
    if character.isupper() or character in "mw%@$€&":
        return WIDE
    return USUAL


class Column:
    """What is known of a column: how wide it must be, and how wide it would like to."""

    def __init__(self, label, is_text=False):
        """Begin with the label, which is bold and may be cut between words."""
        self.is_text = is_text
        self.least = max((measure(word, True) for word in label.split()), default=0)
        self.wanted = self.least

    def add(self, text, is_bold=False):
        """Note a text: one that is no number or day may be cut anywhere."""
        width = measure(text, is_bold)
        self.wanted = max(self.wanted, width)
        least = min(width, WORD * USUAL) if self.is_text else width
        self.least = max(self.least, least)


def fit(columns, space, sizes=SIZES):
    """Return (size of the letters, widths in per cent) of a table.

    The largest letters with which every number is in its cell; what is left over is
    for texts. None as the size: not even the smallest letters are small enough.

    :param columns: list of ``Column``
    :param float space: width of the table in pixels
    """
    for size in sizes:
        least = [column.least * size + get_padding(size) for column in columns]
        if sum(least) <= space:
            return size, _share(_spread(columns, least, size, space - sum(least)))
    return None, _share([column.least for column in columns])


def get_padding(size):
    return TIGHT_PADDING if size <= TIGHT_SIZE else PADDING


def _spread(columns, widths, size, rest):
    """Return widths with what is left over: first to texts that would be cut."""
    missing = [
        max(column.wanted * size + get_padding(size) - width, 0)
        for column, width in zip(columns, widths, strict=True)
    ]
    share = min(rest / sum(missing), 1) if sum(missing) else 0
    return [width + more * share for width, more in zip(widths, missing, strict=True)]


def _share(widths):
    total = sum(widths) or 1
    return [round(100 * width / total, 2) for width in widths]
