"""What may stand in a letter: nothing that the PDF engine would fetch from elsewhere.

The engine runs on the server: an address in a text would be asked for from there, from
the loopback interface and the internal network, too.
"""

import re

#: Elements that fetch or run something, or that paper cannot show.
FORBIDDEN = {
    "applet",
    "audio",
    "base",
    "embed",
    "frame",
    "frameset",
    "iframe",
    "input",
    "link",
    "meta",
    "noscript",
    "object",
    "script",
    "source",
    "style",
    "svg",
    "video",
}

#: Attributes with addresses that are fetched; ``src`` of pictures is looked at.
FETCHED = ("srcset", "background", "poster", "data", "dynsrc", "lowsrc", "longdesc")

#: Pictures that come with the text, or are kept by Odoo itself.
_INLINE = re.compile(r"data:image/(png|jpe?g|gif|webp);base64,[\w+/=\s]*$", re.I | re.A)
_OWN = re.compile(r"/web/(image|content)(/[\w.,%@+-]+)+/?(\?[\w=&.%+-]*)?$", re.A)

#: A backslash could hide the rest.
_FETCHING_STYLE = re.compile(r"url|import|image|expression|\\|/\*", re.I)


def remove_fetched(root, base_url):
    """Take out of an element, in place, whatever would be fetched for the paper.

    :param root: lxml element; itself it stays
    :param str base_url: address of this Odoo, whose pictures may stay
    """
    for element in list(root.iterdescendants()):
        if not isinstance(element.tag, str) or element.tag.lower() in FORBIDDEN:
            element.drop_tree()  # comments and processing instructions, too
            continue
        if element.tag == "img" and not is_allowed(element.get("src", ""), base_url):
            element.drop_tree()
            continue
        if element.tag != "img":
            element.attrib.pop("src", None)
        for name in FETCHED:
            element.attrib.pop(name, None)
        _clean_style(element)


def is_allowed(address, base_url):
    """Return whether a picture may stay: it is in the text or in this Odoo."""
    address = address.strip()
    if _INLINE.match(address):
        return True
    path = address.removeprefix(base_url.rstrip("/")) if base_url else address
    return bool(_OWN.match(path)) and ".." not in path and "%2" not in path.lower()


def _clean_style(element):
    style = element.get("style")
    if style and _FETCHING_STYLE.search(style):
        kept = [part for part in style.split(";") if not _FETCHING_STYLE.search(part)]
        element.set("style", ";".join(kept))
