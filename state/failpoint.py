"""Named places where a test may kill this process. Unarmed, a failpoint costs one comparison.

Armed by `PARLEY_FAILPOINT=name` or `name:n` (the n-th time it is reached).
"""

import os
import signal

_armed, _, _nth = os.environ.get("PARLEY_FAILPOINT", "").partition(":")
_left = int(_nth or 1)


def hit(name: str) -> None:
    """Die at once, as a power cut would, if this failpoint is armed and its count is used up."""
    global _left  # noqa: PLW0603 - a process dies once
    if name != _armed:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
