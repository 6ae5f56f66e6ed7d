"""The JSON API: a thin door. It translates, asks the lanes, and decides nothing."""

from gateway.api.app import Api, make_api
from gateway.api.context import ApiContext

__all__ = ["Api", "ApiContext", "make_api"]
