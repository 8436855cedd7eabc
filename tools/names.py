"""Names of files that are sent: any system can keep them."""

import re
import unicodedata

#: What Windows, the strictest of them, does not take.
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')

#: Systems take 255 bytes; some is left for what a program adds, as in "name (2).pdf".
MAX_BYTES = 200
#: Of a name that is too long the end stays, where the day is.
END = 12


def make_file_name(extension, *parts):
    """Return the parts as the name of a file, as ``Reminder - Acme 2026-11-22.pdf``.

    Invisible characters go: with some of them a name reads from right to left, so that
    its end looks like another one.

    :param str extension: without a dot
    :param parts: texts; empty ones are left out
    """
    name = "".join(
        " " if character.isspace() else character
        for character in " - ".join(filter(None, parts))
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    name = " ".join(_FORBIDDEN.sub("_", name).split())
    if len(name.encode()) > MAX_BYTES:
        end = name[-END:]
        room = MAX_BYTES - len(end.encode())
        name = name.encode()[:room].decode(errors="ignore") + end
    return f"{name.strip(' .') or '_'}.{extension}"
