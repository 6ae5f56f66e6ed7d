"""The three ways in which a call to Twilio does not end well, apart so that the heavy client need not be imported."""


class NotConnectedError(Exception):
    """No byte was written: certainly not processed."""


class UnseenError(Exception):
    """Written, and the answer was never seen."""


class AnsweredError(Exception):
    """Twilio, or something in front of it, said no. `code` is empty where the body was not Twilio's."""

    def __init__(self, status: int, code: str, said: str, retry_after_s: int) -> None:
        super().__init__(f"{status} {code} {said}")
        self.status = status
        self.code = code
        self.said = said
        self.retry_after_s = retry_after_s
