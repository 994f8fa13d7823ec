"""Recipients: checked before they are kept.

What knows addresses and numbers takes time and room to load, and is loaded by who needs it.
"""

import json

from domain.carts import Recipient
from domain.problems import invalid
from domain.secret import Secret

LONGEST_NAME = 100


def checked(name: str, email: str, phone: str | None) -> Recipient:
    """A recipient whose parts are well formed; Refused with the path of the first that is not."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise invalid("a name has 1 to 100 printable characters", "input", "recipient", "name")
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - see above

    try:
        address = validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError:
        raise invalid("this is not an e-mail address", "input", "recipient", "email") from None
    return Recipient(Secret(name), Secret(address), _phone(phone))


def kept(recipient: Recipient) -> bytes:
    """A recipient as it is sealed beside its order."""
    phone = recipient.phone.reveal() if recipient.phone else None
    return json.dumps([recipient.name.reveal(), recipient.email.reveal(), phone]).encode()


def recipient_of(opened: bytes | str) -> Recipient:
    """A recipient that was kept."""
    name, email, phone = json.loads(opened)
    return Recipient(Secret(name), Secret(email), Secret(phone) if phone else None)


def _phone(text: str | None) -> Secret | None:
    if text is None:
        return None
    import phonenumbers  # noqa: PLC0415 - see above

    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise invalid(
            "a phone number starts with its country, as in +919812345678",
            "input",
            "recipient",
            "phone",
        )
    return Secret(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
