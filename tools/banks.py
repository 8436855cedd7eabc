"""Account numbers as people type them from paper."""

import re

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")


def is_iban(number):
    """Return whether a number without blanks has the form of an IBAN."""
    return bool(_IBAN.fullmatch(number or ""))


def group_account_number(number):
    """Return an account number in groups of four, as it stands on a bank's own forms.

    Another one than an IBAN may have groups of its own: that stays as it was entered.
    """
    plain = re.sub(r"[\s.-]", "", number or "").upper()
    if not is_iban(plain):
        return (number or "").strip()
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))
