"""A word written across all pages of a PDF."""

import io
import math

from reportlab.pdfgen import canvas

from odoo.tools.pdf import PdfFileWriter

from .pdf_pages import get_content, get_pages

#: Of the diagonal of the page, how much the word takes.
SHARE = 0.7
#: Width of a bold capital in parts of its height, about.
CAPITAL = 0.68


def mark_pages(content, word):
    """Return a PDF with a word across each page, over all that is there.

    What is no PDF stays as it is.

    :param bytes content: PDF
    :param str word: some capitals
    """
    if not content.startswith(b"%PDF"):
        return content
    writer, marks = PdfFileWriter(), {}
    for page in get_pages(content):
        box = tuple(float(value) for value in page.mediaBox)
        if box not in marks:
            marks[box] = _make_mark(box, word)
        # the name depends on the version of the library
        merge = getattr(page, "merge_page", None) or page.mergePage
        merge(marks[box])
        writer.addPage(page)
    return get_content(writer)


def _make_mark(box, word):
    """Return a page of some size with nothing but the word."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    size = SHARE * math.hypot(width, height) / (CAPITAL * len(word))
    with io.BytesIO() as stream:
        page = canvas.Canvas(stream, pagesize=(right, top))
        page.translate(left + width / 2, bottom + height / 2)
        page.rotate(math.degrees(math.atan2(height, width)))
        page.setFont("Helvetica-Bold", size)
        page.setFillColorRGB(0.8, 0.1, 0.1, alpha=0.22)
        page.drawCentredString(0, -size / 3, word)
        page.save()
        content = stream.getvalue()
    return get_pages(content)[0]
