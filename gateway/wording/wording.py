"""What the system itself says, in one language, as one value: to those who work here, and the few words that customers read.

Counts stand behind a colon or a short unit, so that no language has to bend a word to a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wording:
    """Every language has the same keys, and in each text the same placeholders: tests/wording/test_wordings.py."""

    lines: Mapping[str, str]
    """What the timeline, tasks and findings say of the system's own acts."""
    amiss: Mapping[str, str]
    """What a robot's deed came to where it did not do what it says, and why: by both."""
    chat: Mapping[str, str]
    """What those who work here read in their own chat with the bot."""
    order_events: Mapping[str, str]
    parcel_statuses: Mapping[str, str]
    channels: Mapping[str, str]
    """What managers call the channels and sources; another system's name is shown as it is, with a capital."""
    fields: Mapping[str, str]
    """What forms and calls often bring, where no script names it."""
    doubts: Mapping[str, str]
    """What a manager is told of a customer's name before it is sent."""
    left: Mapping[str, str]
    """Why a file of a mail is not among those that managers see."""
    alike: Mapping[str, str]
    """By what two contacts are alike."""
    reasons: Mapping[str, str]
    """Why deals are closed by themselves, where the playbook has no words of its own for it."""
    audience_columns: tuple[str, ...]
    audit_columns: tuple[str, ...]
    report: Mapping[str, str]
    """What tables of reports say: headings by the names of dimensions and numbers, the line of all, hints."""
    customer: Mapping[str, str]
    """What the system says to customers; the playbook's `texts` go before."""
    quoted: str = "«{}»"
    numbered: str = "№ {}"
    clock: str = "%d.%m.%Y %H:%M"
    """A moment, in strftime's words."""
    thousands: str = "\u00a0"
    decimal: str = ","

    def line(self, key: str, **values: object) -> str:
        """A value that is not there leaves no colon behind which nothing comes."""
        text = self.lines[key].format(**values)
        return text if text == text.rstrip() else text.rstrip().removesuffix(":")

    def in_chat(self, key: str, **values: object) -> str:
        return self.chat[key].format(**values)

    def source_title(self, source: str) -> str:
        """A deal's source or an entry's channel: `form:callback` is «форма на сайте «callback»»."""
        channel, _, which = source.partition(":")
        title = self.channels.get(channel, channel[:1].upper() + channel[1:])
        return f"{title} {self.quoted.format(which)}" if which else title

    def mail_left(self, name: str, why: str) -> str:
        """One file of a mail that is not there as it came, and why."""
        told = self.left.get(why, why)
        return told if why == "more" else f"{self.quoted.format(name or '?')} — {told}"

    def moment(self, at: datetime) -> str:
        return at.strftime(self.clock)

    def money(self, minor: int) -> str:
        """Minor units as people write them: no pennies where there are none."""
        whole, cents = divmod(abs(minor), 100)
        grouped = f"{whole:,}".replace(",", self.thousands)
        return ("-" if minor < 0 else "") + grouped + (f"{self.decimal}{cents:02d}" if cents else "")
