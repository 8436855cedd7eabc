"""Placeholders of texts: words in double brackets that stand for what is known later.

They are plain text, not code: whoever may write a text may use them, in any field of a
template and in any language, and what they stand for is never run.
"""

import re

from markupsafe import escape

_PLACEHOLDER = re.compile(r"\[\[\s*([^\[\]<>{}]{1,60}?)\s*\]\]")


def find(text):
    """Return the names of the placeholders in a text, each once, in their order.

    >>> find("Pay [[amount]] by [[ deadline ]], [[amount]]!")
    ['amount', 'deadline']
    """
    return list(dict.fromkeys(_PLACEHOLDER.findall(str(text or ""))))


def fill(text, values, *, is_html=False):
    """Return a text with values in place of the placeholders; unknown ones stay.

    >>> fill("Pay [[amount]], [[else]].", {"amount": "10 <b>"}, is_html=True)
    'Pay 10 &lt;b&gt;, [[else]].'
    """

    def put(match):
        value = values.get(match[1])
        if value is None:
            return match[0]
        return str(escape(value)) if is_html else str(value)

    return _PLACEHOLDER.sub(put, str(text or ""))
