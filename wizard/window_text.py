from odoo.tools import html2plaintext


def is_same_text(body, other):
    """Return whether two texts say the same, however they are marked up."""
    texts = [html2plaintext(text or "").strip() for text in (body, other)]
    return texts[0] == texts[1]


class WindowText:
    """Subject and text of a window: as the template gives them, or edited by hand.

    Both belong together: when one was edited both stay, and the window asks.
    """

    def __init__(self, window):
        self.window = window

    def follow(self, texts):
        """Take the texts of the template; what was edited by hand stays.

        A text that is the same as before fills nothing: what was emptied stays empty.

        :param dict texts: ``subject`` and ``body``
        """
        window = self.window
        if not (window.default_subject or window.default_body):
            self._fill(texts)
            return
        is_new = texts["subject"] != window.default_subject or (
            not is_same_text(texts["body"], window.default_body)
        )
        window.is_text_kept = is_new and self._is_edited()
        if is_new and not window.is_text_kept:
            self.use(texts)

    def use(self, texts):
        """Take the texts of the template, whatever is there."""
        window = self.window
        window.subject = window.default_subject = texts["subject"]
        if not is_same_text(texts["body"], window.body):
            window.body = texts["body"]  # the screen may write its markup otherwise
        window.default_body = texts["body"]
        window.is_text_kept = False

    def _fill(self, texts):
        """Take from the template what is empty, for the first time."""
        own = {"subject": self.window.subject}
        if self._is_body_edited():
            own["body"] = self.window.body
        self.use(texts)
        for name, text in own.items():
            self.window[name] = text or self.window[name]

    def _is_edited(self):
        """Return whether subject or text are not as the template gave them."""
        window = self.window
        is_subject = window.subject and window.subject != window.default_subject
        return bool(is_subject or self._is_body_edited())

    def _is_body_edited(self):
        body = self.window.body
        return bool(html2plaintext(body or "").strip()) and not (
            is_same_text(body, self.window.default_body)
        )
