"""Is an e-mail written by a machine? Pure functions: headers only, no database."""

#: Headers that only machines write, whatever they say.
MACHINE_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder")

#: Values of ``Precedence`` of what nobody has written to one person.
MACHINE_PRECEDENCES = frozenset({"auto_reply", "auto-reply", "bulk", "junk"})

#: Kinds of reports (RFC 6522) and of what a calendar sends by itself.
MACHINE_TYPES = frozenset({"multipart/report", "message/disposition-notification"})


def is_automatic(message):
    """Return whether an e-mail is an automatic answer, a report or a mass mail.

    ``List-Id`` and ``List-Unsubscribe`` say nothing of it: people write through lists.

    :param message: :class:`email.message.Message`

    >>> from email import message_from_string as parse
    >>> is_automatic(parse("Auto-Submitted: auto-replied (vacation)"))
    True
    >>> is_automatic(parse("Auto-Submitted: no"))
    False
    """
    submitted = _get_word(message, "Auto-Submitted")
    return (
        submitted not in ("", "no")
        or any(message.get(name) is not None for name in MACHINE_HEADERS)
        or _get_word(message, "Precedence") in MACHINE_PRECEDENCES
        or _has_empty_return_path(message)
        or message.get_content_type() in MACHINE_TYPES
    )


def _get_word(message, name):
    """Return the first word of a header: without parameters and comments."""
    value = str(message.get(name) or "").partition(";")[0].partition("(")[0]
    return value.strip().lower()


def _has_empty_return_path(message):
    """Return whether a failure is to be told to nobody (RFC 5321): ``<>``."""
    return any(
        str(value).strip() == "<>" for value in message.get_all("Return-Path") or ()
    )
