"""A sheet that is written row by row, see ``Sheet``."""

import re
from datetime import date

import xlsxwriter

#: Rows of a sheet, characters of a cell and of a tab: limits of the file format.
MAX_ROWS = 1_048_576
MAX_LENGTH = 32_767
MAX_NAME = 31

#: How the date format of a language is written in a sheet.
DATE_PARTS = {
    "%d": "dd",
    "%m": "mm",
    "%Y": "yyyy",
    "%y": "yy",
    "%b": "mmm",
    "%B": "mmmm",
    "%a": "ddd",
    "%A": "dddd",
    "%-d": "d",
    "%-m": "m",
    "%e": "d",
}

#: Looks of cells: those of the head, and those of rows by their type.
BOLD = {"bold": True}
LABEL = {**BOLD, "bottom": 1, "text_wrap": True, "valign": "bottom"}
STYLES = {
    "title": {**BOLD, "font_size": 14},
    "label": {**LABEL, "align": "left"},
    "label_number": {**LABEL, "align": "right"},
    "customer": {**BOLD, "bg_color": "#E9ECEF"},
    "section": BOLD,
    "opening": {"italic": True},
    "closing": {**BOLD, "bottom": 1},
    "total": {**BOLD, "top": 1},
}
LATE = {"font_color": "#C0392B"}


def get_date_format(date_format):
    """Return the date format of a language (``%d.%m.%Y``) in the words of a sheet."""
    for part in sorted(DATE_PARTS, key=len, reverse=True):
        date_format = date_format.replace(part, DATE_PARTS[part])
    return "yyyy-mm-dd" if "%" in date_format else date_format


def get_tab_name(text):
    """Return a text as the name of a tab, or None where nothing is left of it."""
    name = " ".join(re.sub(r"[\[\]:*?/\\]", " ", text).split())[:MAX_NAME]
    return name.strip(" '") or None


class Sheet:
    """A sheet that is written row by row and never kept in memory.

    Text is text, whatever it looks like: never a formula and never a link. Styles are
    names of ``STYLES``; what is not there is plain.
    """

    def __init__(self, stream, name, is_rtl, date_format):
        self.book = xlsxwriter.Workbook(
            stream,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self.sheet = self.book.add_worksheet(get_tab_name(name))
        self.row = -1
        self._date_format = get_date_format(date_format)
        self._formats = {}
        if is_rtl:
            self.sheet.right_to_left()

    def add_row(self, level=0):
        """Begin a row; a level above 0 can be folded.

        :raise OverflowError: a sheet cannot have so many
        """
        self.row += 1
        if self.row >= MAX_ROWS:
            raise OverflowError
        if level:
            self.sheet.set_row(self.row, None, None, {"level": level})

    def _get_format(self, style, number_format=None, is_date=False, is_late=False):
        """Return a format, one for all cells that look alike."""
        key = (style, number_format, is_date, is_late)
        found = self._formats.get(key)
        if not found:
            values = dict(STYLES.get(style, {}))
            if number_format:
                values["num_format"] = number_format
            if is_date:
                values.update(num_format=self._date_format, align="left")
            if is_late:
                values.update(LATE)
            found = self._formats[key] = self.book.add_format(values)
        return found

    def write_text(self, column, text, style=""):
        text = str(text)[:MAX_LENGTH]
        self.sheet.write_string(self.row, column, text, self._get_format(style))

    def write_number(self, column, value, number_format, style="", is_late=False):
        look = self._get_format(style, number_format, is_late=is_late)
        self.sheet.write_number(self.row, column, value, look)

    def write_date(self, column, value, style="", is_late=False):
        """Write a day, given as ISO text."""
        look = self._get_format(style, is_date=True, is_late=is_late)
        self.sheet.write_datetime(self.row, column, date.fromisoformat(value), look)

    def write_blank(self, column, style):
        if style in STYLES:
            self.sheet.write_blank(self.row, column, None, self._get_format(style))

    def set_up_print(self, head, paper, title, footer):
        """Print across, with the head on each page.

        :param int head: row of the head
        :param str paper: name of its format, A4 if it is not known
        :param str footer: ``&P`` and ``&N`` are filled in by whatever prints it
        """
        self.sheet.set_landscape()
        self.sheet.set_paper({"A3": 8, "Letter": 1, "Legal": 5}.get(paper, 9))
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(head)
        self.sheet.outline_settings(symbols_below=False)
        # in a text, "&" is no command; 255 characters are allowed
        self.sheet.set_header("&L" + title[:100].replace("&", "&&"))
        self.sheet.set_footer(f"&R{footer}")
