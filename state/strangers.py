"""Who turned out to be no customer: a wrong number, somebody who sells. Such a contact is in no list that people work with."""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, select

from state.merges import JOINED
from state.tables import deals

NO_CUSTOMER: Final = "not_a_customer"
"""Why a deal of such a one is closed."""


def is_stranger(contact: Any) -> ColumnElement[bool]:
    """Whether nothing else is known of a contact: who comes back as a customer is one. `contact`: the column of the number.

    A deal that was joined says nothing of its own: the leading one does, which is theirs, too.
    """
    marked, other = deals.alias("marked"), deals.alias("other")
    was = select(marked.c.id).where(marked.c.contact_id == contact, marked.c.reason == NO_CUSTOMER).exists()
    has = select(other.c.id).where(other.c.contact_id == contact, other.c.reason.not_in((NO_CUSTOMER, JOINED))).exists()
    return and_(was, ~has)
