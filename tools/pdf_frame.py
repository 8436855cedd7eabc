"""Header and footer of a PDF, made once and drawn on all of its pages."""

from odoo.tools.pdf import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    PdfFileWriter,
)

from .pdf_pages import get_content, get_pages


def merge(contents, frame=None):
    """Return one PDF of some.

    :param frame: PDF of header and footer, which are put on each page, with page
        numbers in the lower right corner
    """
    writer = PdfFileWriter()
    for content in contents:
        for page in get_pages(content):
            writer.addPage(page)
    if frame:
        _put_frame(writer, frame)
    return get_content(writer)


def _put_frame(writer, frame):
    """Draw header and footer on each page, and number the pages.

    What is there is put between ``q`` and ``Q``: it may have changed the scale.
    """
    form = _make_form(writer, frame)
    font = writer._addObject(_make_font())
    before = writer._addObject(_make_stream("q\n"))
    count = writer.getNumPages()
    for number in range(count):
        page, text = writer.getPage(number), f"{number + 1} / {count}"
        _add_resource(page, "/XObject", "/FollowupFrame", form)
        _add_resource(page, "/Font", "/FollowupFont", font)
        x = float(page["/MediaBox"][2]) - 36 - 4.5 * len(text)
        after = _make_stream(
            "\nQ q /FollowupFrame Do Q q BT /FollowupFont 8 Tf "
            f"{x:.1f} 18 Td ({text}) Tj ET Q"
        )
        parts = [before, *_get_contents(page), writer._addObject(after)]
        page[NameObject("/Contents")] = ArrayObject(parts)


def _get_contents(page):
    """Return the streams of a page, of which it has one or several."""
    contents = page["/Contents"]
    parts = contents if isinstance(contents, ArrayObject) else None
    return parts or [page.raw_get(NameObject("/Contents"))]


def _make_stream(text):
    stream = DecodedStreamObject()
    stream.setData(text.encode())
    return stream


def _make_form(writer, frame):
    """Return a page as something that can be drawn on other pages, kept once."""
    page = get_pages(frame)[0]
    form = _make_stream("")
    form.setData(page["/Contents"].getObject().getData())
    form[NameObject("/Type")] = NameObject("/XObject")
    form[NameObject("/Subtype")] = NameObject("/Form")
    form[NameObject("/BBox")] = page["/MediaBox"]
    resources = page["/Resources"].getObject()
    if hasattr(resources, "clone"):  # recent versions copy it by themselves
        resources = resources.clone(writer)
    form[NameObject("/Resources")] = resources
    return writer._addObject(form)


def _add_resource(page, kind, name, value):
    resources = page["/Resources"].getObject()
    if kind not in resources:
        resources[NameObject(kind)] = DictionaryObject()
    resources[kind].getObject()[NameObject(name)] = value


def _make_font():
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
