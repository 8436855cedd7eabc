"""What may stand in a letter: nothing that the PDF engine would fetch from elsewhere.

The engine runs on the server: an address in a text would be asked for from there, from
the loopback interface and the internal network, too.
"""

import re

#: Elements that text is made of. Of others only the text stays.
ELEMENTS = frozenset(
    "a abbr b bdi bdo big blockquote br caption center cite code col colgroup dd del"
    " div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol"
    " p pre q s samp small span strike strong sub sup table tbody td tfoot th thead"
    " time tr tt u ul var wbr".split()
)

#: Elements whose content is no text for paper either.
FORBIDDEN = frozenset(
    "applet audio base button canvas datalist dialog embed form frame frameset head"
    " iframe input keygen link map math menu meta noembed noframes noscript object"
    " option param picture portal script select slot source style svg template textarea"
    " title track video xml".split()
)

#: Attributes that say how something looks. Addresses of pictures and links, styles and
#: classes are looked at; everything else goes, handlers of events first of all.
ATTRIBUTES = frozenset(
    "align alt bgcolor border cellpadding cellspacing char charoff class color cols"
    " colspan compact dir face headers height href hspace lang noshade nowrap rowspan"
    " rules scope size span src start style summary title type valign value vspace"
    " width".split()
)

#: Classes by which the PDF engine would take an element for a part of the letterhead,
#: where scripts run, or for a letter of its own.
FRAME_CLASSES = frozenset({"header", "footer", "article"})

_LINK = re.compile(r"(https?://|mailto:|tel:)", re.I)

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
        name = element.tag.lower() if isinstance(element.tag, str) else None
        if name is None or name in FORBIDDEN:  # comments and such, too
            element.drop_tree()
        elif name == "img" and not is_allowed(element.get("src", ""), base_url):
            element.drop_tree()
        elif name not in ELEMENTS:
            element.drop_tag()
        else:
            _clean_attributes(element, name)


def _clean_attributes(element, name):
    for attribute in list(element.attrib):
        if attribute not in ATTRIBUTES or (attribute == "src" and name != "img"):
            del element.attrib[attribute]
    if not _LINK.match(element.get("href", "").strip()):
        element.attrib.pop("href", None)
    classes = element.get("class", "").split()
    if FRAME_CLASSES.intersection(classes):
        kept = [one for one in classes if one not in FRAME_CLASSES]
        element.set("class", " ".join(kept))
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
