"""Links with a secret: what is kept does not hold it, what leaves does.

Whoever has such a link opens the document without a login. In the history of a customer
many more people read it than the one whom it was made for.
"""

import re

#: The debtor page: what follows this in an address lets in who has it.
PAGE_ROUTE = "/followup"
TOKEN_LENGTH = 26

#: Parameters of addresses that let in who has them.
SECRETS = ("access_token", "auth_signup_token", "signup_token", "token", "hash")

#: An address as it stands in HTML, in an attribute or in the text, with a secret in it.
#: Those of pictures stay: they show what the text shows.
_SECRET_URL = re.compile(
    r"(?<![^\s\"'<>(])(?![^\s\"'<>]*/web/image/)"
    rf"[^\s\"'<>]*(?:[?&]|&amp;)(?:{'|'.join(SECRETS)})=[^\s\"'<>]*",
    re.I,
)
#: An address of the debtor page, as it stands in HTML or in the text.
_PAGE_URL = re.compile(
    rf"(?<![^\s\"'<>(])[^\s\"'<>]*{PAGE_ROUTE}/[a-z2-7]{{{TOKEN_LENGTH}}}"
    r"(?![a-z0-9])[^\s\"'<>]*",
    re.I,
)
_PAGE_TOKEN = re.compile(rf"(?<={PAGE_ROUTE})/[a-z2-7]{{{TOKEN_LENGTH}}}", re.I)
_SECRET = re.compile(
    rf"(?P<before>[?]|&amp;|&)(?:{'|'.join(SECRETS)})=[^&#\"'<>\s]*(?P<after>&amp;|&)?",
    re.I,
)


def hide_secrets(text):
    """Return a text without the secrets of the addresses in it, and what it had.

    :param str text: HTML or plain
    :return: (text, dict {address as it is kept: address as it leaves})
    """
    found = {}

    def hide(match):
        address = match.group()
        kept = _without_secrets(address)
        found[kept] = address
        return kept

    return _PAGE_URL.sub(hide, _SECRET_URL.sub(hide, text)), found


def show_secrets(text, found):
    """Put the secrets back into a text from which ``hide_secrets`` took them."""
    for kept, address in found.items():
        # an address of this server has got its name meanwhile
        start = "" if kept.startswith("/") else r"(?<![^\s\"'<>(])"
        pattern = rf"{start}{re.escape(kept)}(?=[.,;:!?)]*(?:[\s\"'<>]|$))"
        text = re.sub(pattern, lambda _match, address=address: address, text)
    return text


def _without_secrets(address):
    address = _PAGE_TOKEN.sub("", address)
    while match := _SECRET.search(address):
        between = match["before"] if match["after"] else ""
        address = address[: match.start()] + between + address[match.end() :]
    return address
