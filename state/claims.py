"""What a contact says of themselves and nobody has proved: it may show that two contacts are one person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    contact: int
    key: str
    """`phone:+7…`, `email:…`, `order:…`, `name:…`."""
    proved: bool = False
    """The contact's own point: it is kept as such, and only compared with what others claim."""
