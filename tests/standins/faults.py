"""What can go wrong at a provider, as data: a test hands faults to a stand-in, in process or over `POST /_knobs`.

A fault either refuses the call (nothing is accepted) or spoils the answer to a call that was accepted.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

Deed = Literal[
    # refused: not accepted, not in the ledger's calls
    "throttle",  # 429; `retry_after` any JSON value, null leaves it out; `over`: only above so many a second
    "status",  # an HTTP status without the provider's own body: `status`
    "error",  # the provider's own error: `code`, and `text` where it differs from the usual
    "reset",  # the connection is torn down after the request was read
    "redirect",  # 301 to `value`
    # accepted, the answer spoilt
    "slow",  # only the delay
    "html",  # 200 with a page
    "empty",  # 200 with {}
    "half",  # 200 with the JSON cut in half, the HTTP message whole
    "cut",  # the connection is torn down in the middle of the answer
    "drip",  # the answer comes a byte every `ms`
    "drop",  # the connection is torn down instead of an answer
    "bad_gateway",  # accepted, yet answered with `status`
    "wrong_id",  # answered with another message's id, or `value`
    "fail_later",  # accepted, then a failed status with `code` (Twilio)
    "kill",  # SIGKILL to `pid` once the call is in the ledger, before the answer
]
REFUSING: frozenset[str] = frozenset({"throttle", "status", "error", "reset", "redirect"})


@dataclass(slots=True)
class Fault:
    do: Deed
    times: int | None = 1
    """The next so many matching calls; None: until cleared."""
    skip: int = 0
    """Let so many matching calls pass first."""
    to: str | None = None
    """Only this chat or address."""
    method: str | None = None
    """Only this method; None: whatever sends to a customer."""
    ms: int = 0
    """Wait before answering (before anything, for a refusal)."""
    status: int = 502
    code: int = 0
    text: str = ""
    retry_after: Any = 1
    over: int = 0
    pid: int = 0
    value: Any = None

    def __post_init__(self) -> None:
        if self.do not in get_args(Deed):
            raise ValueError(f"no such fault: {self.do!r}")
        if self.do == "kill" and self.pid <= 1:
            raise ValueError("kill needs a pid")


def fault_of(data: dict[str, Any]) -> Fault:
    """A fault from JSON; ValueError for what is none."""
    unknown = data.keys() - {f.name for f in fields(Fault)}
    if unknown or "do" not in data:
        raise ValueError(f"not a fault: {data!r}")
    if data.get("to") is not None:
        data = {**data, "to": str(data["to"])}
    return Fault(**data)


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def add(self, do: Deed, **knobs: Any) -> Fault:
        fault = fault_of({"do": do, **knobs})
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        self.waiting.clear()

    def take(
        self, method: str, to: str, *, sends: bool, rate: int = 0, exempt: frozenset[int] = frozenset()
    ) -> Fault | None:
        """The first fault meant for this call, used up by one. `exempt`: error codes that cannot befall it."""
        for fault in self.waiting:
            if fault.to is not None and fault.to != to:
                continue
            if fault.method != method if fault.method is not None else not sends:
                continue
            if (fault.over and rate < fault.over) or (fault.code and fault.code in exempt):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
            return fault
        return None
