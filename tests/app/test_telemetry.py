"""What spans say of the service they come from."""

from opentelemetry.sdk.resources import Resource

from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.app.telemetry import telemetry


def test_the_resource_is_found_and_compared_as_any_other() -> None:
    made = telemetry("1.2.3", TelemetryConfig()).tracer.resource
    plain = Resource.create({"service.name": "groundwire", "service.version": "1.2.3"})

    assert made == plain
    assert {plain: "found"}[made] == "found"
    assert made != Resource.create({"service.name": "groundwire", "service.version": "1.2.4"})
