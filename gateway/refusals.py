"""The two ways in which the shop says no to a person: somebody was quicker, or the value cannot be."""


class Conflict(Exception):
    """The deal or task is not as the asker believed: somebody was quicker, or it is closed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Invalid(Exception):
    """A value that cannot be; `name` is the offending field's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def is_seen(text: str) -> bool:
    """Whether anybody could see something of it: signs of no width are nothing."""
    return any(sign.isprintable() and not sign.isspace() for sign in text)


def said(text: str, name: str) -> str:
    """What somebody has written, who had to write something."""
    text = text.strip()
    if not is_seen(text):
        raise Invalid(name, "must not be empty")
    return text
