"""Reading the pages of a PDF, and making one of some."""

import io

from odoo.tools.pdf import PdfFileReader, PdfFileWriter


def get_pages(content):
    """Return the pages of a PDF, also of one that is a little damaged."""
    return PdfFileReader(io.BytesIO(content), strict=False).pages


def get_content(writer):
    """Return the PDF of a writer as bytes."""
    with io.BytesIO() as stream:
        writer.write(stream)
        return stream.getvalue()


def leave_out_pages(content, number):
    """Return a PDF without so many pages at its beginning."""
    writer = PdfFileWriter()
    for page in get_pages(content)[number:]:
        writer.addPage(page)
    return get_content(writer)
