"""The receiver of each signal, by its own section and that of all."""

from collections.abc import Mapping

import pytest

from groundwire_server.app.configuration.models.telemetry import OtlpConfig
from groundwire_server.app.telemetry.receivers import Receiver, Signal, receiver


@pytest.mark.parametrize(
    ("section", "signal", "found"),
    [
        ({}, Signal.TRACES, None),
        ({"endpoint": "http://a:1"}, Signal.TRACES, Receiver("http://a:1")),
        ({"endpoint": "http://a:1", "logs": {"enabled": False}}, Signal.LOGS, None),
        ({"traces": {"endpoint": "http://a:1"}}, Signal.METRICS, None),
        (
            {"endpoint": "http://a:1/otel/", "protocol": "http/protobuf"},
            Signal.METRICS,
            Receiver("http://a:1/otel/v1/metrics", http=True),
        ),
        (
            {"endpoint": "http://a:1", "traces": {"endpoint": "https://b/x", "protocol": "http/protobuf"}},
            Signal.TRACES,
            Receiver("https://b/x", http=True),
        ),
        (
            {"endpoint": "http://a:1", "timeout_seconds": 3, "compression": "gzip", "metrics": {"timeout_seconds": 4}},
            Signal.METRICS,
            Receiver("http://a:1", timeout=4, compressed=True),
        ),
    ],
)
def test_a_signal_takes_what_it_leaves_unset_from_all(
    section: Mapping[str, object], signal: Signal, found: Receiver | None
) -> None:
    assert receiver(OtlpConfig.model_validate(section), signal) == found


@pytest.mark.parametrize(
    ("url", "http", "address"),
    [
        ("http://collector:4317", False, "collector:4317"),
        ("http://collector", False, "collector:4317"),
        ("https://collector", False, "collector:443"),
        ("http://collector/v1/traces", True, "collector:80"),
        ("https://[::1]:4318/v1/traces", True, "[::1]:4318"),
    ],
)
def test_an_address_has_a_port(url: str, http: bool, address: str) -> None:
    assert Receiver(url, http).address == address
