"""What callers send in bodies, by the call it belongs to."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.api.values import MOST, Body, Fields, Id, Line, Moment, Word, Words, clean
from gateway.desk import MOST_TAGS

Version = Annotated[int, Field(ge=0, le=2**63 - 1)]


class ContactBody(Body):
    name: Annotated[str, AfterValidator(clean), Field(max_length=200)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    email: Annotated[str, Field(max_length=254)] = ""


class OpenBody(Body):
    contact: ContactBody
    funnel: Word = ""
    title: Line = ""


Length = Annotated[str, Field(max_length=60)]
"""`30m`, `2d`, `1h working`, `3d working`: working days."""


Said = Line | Annotated[int, Field(ge=-MOST, le=MOST)] | Annotated[float, Field(allow_inf_nan=False)]
"""What is filled in: a text, or a number as one."""


def as_said(values: Mapping[str, str | float]) -> dict[str, str]:
    """Numbers as people write them: 4500, 0.25."""
    return {
        name: f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        for name, value in values.items()
    }


class NoBody(Body):
    """Nothing is needed; an empty object is welcome."""


class MoveBody(Body):
    stage: Word
    reason: Line = ""
    fields: Fields = Field(default_factory=dict)
    version: Version | None = None


class MessageBody(Body):
    text: Annotated[str, AfterValidator(clean), Field(max_length=10_000)] = ""
    template: Word = ""
    variables: Annotated[dict[Word, Said], Field(max_length=50)] = Field(default_factory=dict)
    channel: Word = ""
    language: Word = ""
    """Of the template's wordings; empty: the customer's."""
    subject: Line = ""
    """Of a mail."""
    client_id: Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=100)] | None = None


class PreviewBody(Body):
    template: Word
    variables: Annotated[dict[Word, Said], Field(max_length=50)] = Field(default_factory=dict)
    channel: Word = ""
    language: Word = ""


StepName = Annotated[str, Field(min_length=1, max_length=64)]
Percent = Annotated[int, Field(ge=0, le=100)]
Base = Version | Annotated[str, AfterValidator(clean), Field(max_length=64)] | None
"""What the asker began from: a revision, or the hash of the newest text; null: that there is no such script."""


class OrderBody(Body):
    """What becomes of the runs that stand in other versions."""

    runs: Literal["finish", "map", "hand_off"] = "finish"
    map: Annotated[dict[StepName, StepName], Field(max_length=300)] = Field(default_factory=dict)
    base: Base = None
    note: Line = ""


class PublishBody(OrderBody):
    source: str
    """As long as a body may be."""
    label: Word = ""
    rollout: Percent = 100
    """Per cent of contacts whose new runs begin with it."""


class RollbackBody(OrderBody):
    to: Annotated[int, Field(ge=1, le=2**31)] | Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """A version's number or hash."""


class RolloutBody(OrderBody):
    percent: Percent


class NoteBody(Body):
    text: Words


class ClarifyBody(Body):
    item: Word


class MergeBody(Body):
    from_: Annotated[Id, Field(alias="from")]
    batch: Word = ""
    """A name under which several merges can be undone together."""


class MergeDealsBody(MergeBody):
    lead: Id | None = None
    """Which of the two deals leads; where it is not said, the order does, else the one that the other is joined to."""


class SplitBody(Body):
    entries: Annotated[list[Id], Field(min_length=1, max_length=500)] | None = None
    identity: Id | None = None
    """Either lines of the timeline, or an address with all that was said at it."""


class BatchBody(Body):
    batch: Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=200)]


class AcceptBody(Body):
    into: Id | None = None
    """Which of the two contacts stays; left out, the older."""


class BotBody(Body):
    action: Literal["start", "stop", "resume"]
    bot: Word = ""


class TaskBody(Body):
    text: Words
    kind: Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=40)] = "other"
    responsible: Id | None = None
    """Left out: oneself. Null: nobody, which is whoever looks into the pool."""
    due_at: Moment | None = None
    due_in: Length = ""


class DoneBody(Body):
    result: Words
    no_contact_reason: Annotated[str, AfterValidator(clean), Field(max_length=2_000)] = ""
    """Why it is done though nobody has spoken with the customer."""


class TaskEditBody(Body):
    text: Words | None = None
    responsible: Id | None = None
    """Left out: as it is. Null: nobody, which is whoever looks into the pool."""
    due_at: Moment | None = None
    due_in: Length = ""


class SimulatorBody(Body):
    script: Word = ""
    """A script of the shop; with `source`, the name that the text goes by."""
    source: Annotated[str, AfterValidator(clean)] = ""
    shop: bool = False
    """The whole shop answers: its playbook says which bot begins, at this hour and on this stage."""
    channel: Word = "chat"
    name: Line = ""
    """The customer's."""
    fields: Fields = Field(default_factory=dict)
    stage: Word = ""
    tags: Annotated[list[Word], Field(max_length=50)] = Field(default_factory=list)
    acts: Annotated[list[Annotated[str, AfterValidator(clean), Field(max_length=4_000)]], Field(max_length=500)] = (
        Field(default_factory=list)
    )
    """Lines as in a talk: messages, and what else happens."""


class ReplayBody(Body):
    source: Annotated[str, AfterValidator(clean), Field(min_length=1)]
    """The draft."""
    last: Annotated[int, Field(ge=1, le=500)] = 100


Tags = Annotated[
    list[Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=64)]], Field(max_length=MOST_TAGS)
]


class EditBody(Body):
    title: Line | None = None
    fields: Fields | None = None
    tags: Tags | None = None
    """All that the deal is to have; or:"""
    tags_add: Tags = Field(default_factory=list)
    tags_remove: Tags = Field(default_factory=list)
    responsible: Id | None = None
    """Null gives the deal back to nobody."""
    version: Version | None = None
