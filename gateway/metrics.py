"""What Prometheus sees. Event counts are read from the database, where they are kept in the same commits as what they
count: received = processed + duplicate + ignored + quarantined + waiting, at all times and across crashes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_TEXT = {
    "received": "Authenticated events that came in, repeats included",
    "processed": "Events that had their effect",
    "duplicate": "Repeats of an event already kept; reason `differs`: with another body",
    "ignored": "Events of no concern, by reason",
    "quarantined": "Events that could not be used or handled, by reason",
}


@dataclass(frozen=True, slots=True)
class Readings:
    """One scrape's worth. `tallies` are (channel, outcome, reason, count)."""

    tallies: Sequence[tuple[str, str, str, int]]
    parts: Sequence[tuple[str, str, int]]
    """(channel, state, count)."""
    oldest_waiting_s: float
    in_flight: int
    denied: int
    degraded: Iterable[str]
    unconfirmed: Mapping[str, int]
    """By channel whose provider sends receipts."""


class _Once:
    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        read = self._readings
        for outcome, text in _TEXT.items():
            labels = ["channel", "reason"] if outcome in ("duplicate", "ignored", "quarantined") else ["channel"]
            family = CounterMetricFamily(f"parley_events_{outcome}", text, labels=labels)
            for channel, what, reason, n in read.tallies:
                if what == outcome:
                    family.add_metric([channel, reason][: len(labels)], n)
            yield family
        waiting = GaugeMetricFamily("parley_events_waiting", "Events kept and not handled yet", labels=["channel"])
        for channel, what, _, n in read.tallies:
            if what == "waiting":
                waiting.add_metric([channel], n)
        yield waiting
        parts = GaugeMetricFamily("parley_parts", "Parts of outgoing messages by state", labels=["channel", "state"])
        for channel, state, n in read.parts:
            parts.add_metric([channel, state], n)
        yield parts
        silent = GaugeMetricFamily(
            "parley_unconfirmed_parts", "Parts sent over an hour ago, and no receipt since", labels=["channel"]
        )
        for channel, n in read.unconfirmed.items():
            silent.add_metric([channel], n)
        yield silent
        yield GaugeMetricFamily(
            "parley_oldest_waiting_seconds", "Age of the oldest event not handled yet", read.oldest_waiting_s
        )
        yield GaugeMetricFamily("parley_sends_in_flight", "Provider calls under way", read.in_flight)
        yield CounterMetricFamily("parley_hooks_denied", "Unsigned or forged calls turned away", value=read.denied)
        down = GaugeMetricFamily(
            "parley_channel_degraded", "Accounts whose credentials are refused", labels=["account"]
        )
        for account in read.degraded:
            down.add_metric([account], 1)
        yield down


def render(readings: Readings) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(readings))
    return generate_latest(registry)
