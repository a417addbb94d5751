"""Which part of the server's limits a worker has, and what tells it from the others."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.workers.worker_configuration import DIVIDED, of_worker, part_of
from groundwire_server.options import Options
from tests.app.configuration.reading import errors, loaded

REDIS = {"url": "redis://127.0.0.1:6379/0"}
FILE: dict[str, Any] = {
    "redis": REDIS,
    "server": {"workers": 4, "max_concurrent_calls": 100, "listen": "127.0.0.1:0"},
    "telemetry": {"prometheus_listen": "127.0.0.1:9464", "resource": {"service.instance.id": "blue"}},
    "concurrency": {"max_concurrent": 64, "queue_size": 0},
    "providers": {"cloud": {"kind": "openai", "base_url": "http://127.0.0.1:1", "concurrency": {"max_concurrent": 10}}},
    "models": {
        "large": {"kind": "openai", "provider": "cloud", "model": "x", "concurrency": {"max_concurrent": 2}},
        "small": {"kind": "openai", "provider": "cloud", "model": "y"},
    },
    "routes": {"default": {"store": "main", "models": ["large", "small"]}},
}


def _configuration(folder: Path, **sections: Any) -> Configuration:
    return loaded(folder, json.dumps({**FILE, **sections})).configuration


@pytest.mark.parametrize(
    ("limit", "workers", "part"),
    [(100, 4, 25), (10, 4, 2), (3, 4, 1), (1, 64, 1), (0, 4, 0), (5.0, 4, 1.25), (None, 4, None)],
)
def test_a_part_of_a_whole_number_is_at_least_1_unless_it_is_0(
    limit: float | None, workers: int, part: float | None
) -> None:
    assert part_of(limit, workers) == part


def test_limits_on_calls_at_once_are_divided_wherever_they_stand(tmp_path: Path) -> None:
    part = of_worker(_configuration(tmp_path), 2, "127.0.0.1:50051")
    assert part.server.max_concurrent_calls == 25
    assert part.concurrency is not None
    assert (part.concurrency.max_concurrent, part.concurrency.queue_size) == (16, 0)
    assert part.providers["cloud"].max_connections == 64
    cloud, large, small = part.providers["cloud"], part.models["large"], part.models["small"]
    assert cloud.concurrency is not None
    assert (cloud.concurrency.max_concurrent, cloud.concurrency.queue_size) == (2, 64)
    concurrency: Any = getattr(large, "concurrency", None)
    assert concurrency.max_concurrent == 1
    assert getattr(small, "concurrency", None) is None


def test_all_else_is_as_it_was_configured(tmp_path: Path) -> None:
    whole = _configuration(tmp_path)
    part = of_worker(whole, 1, "127.0.0.1:50051")
    assert part.server.workers == 4
    for section in ("stores", "routes", "embedders", "redis", "authentication", "spending"):
        assert getattr(part, section) is getattr(whole, section)
    # Parts of the server are found again by what is set for them.
    assert hash(part.providers["cloud"])


def test_workers_share_the_address_of_the_gateway_and_its_connections(tmp_path: Path) -> None:
    configuration = _configuration(tmp_path, gateway={"listen": "127.0.0.1:0"})
    part = of_worker(configuration, 2, "127.0.0.1:50051", "127.0.0.1:8080").gateway
    assert part.listen == "127.0.0.1:8080"
    assert (part.limits.max_connections, part.limits.max_connections_per_address) == (250, 62)
    assert of_worker(_configuration(tmp_path), 2, "127.0.0.1:50051").gateway.listen is None


def test_workers_have_pages_and_instances_of_their_own(tmp_path: Path) -> None:
    first, third = (of_worker(_configuration(tmp_path), number, "127.0.0.1:50051").telemetry for number in (1, 3))
    assert (first.prometheus_listen, third.prometheus_listen) == ("127.0.0.1:9464", "127.0.0.1:9466")
    assert [each.resource["service.instance.id"] for each in (first, third)] == ["blue-1", "blue-3"]


@pytest.mark.parametrize("page", [None, "127.0.0.1:0"])
def test_a_page_that_has_no_fixed_port_is_left_alone(tmp_path: Path, page: str | None) -> None:
    configuration = _configuration(tmp_path, telemetry={"prometheus_listen": page})
    assert of_worker(configuration, 3, "127.0.0.1:50051").telemetry.prometheus_listen == page


def _options(kind: Any) -> Iterator[type[Options]]:
    """Every class of options within a type."""
    if isinstance(kind, type) and issubclass(kind, Options):
        yield kind
        for field in kind.model_fields.values():
            yield from _options(field.annotation)
    for argument in getattr(kind, "__args__", ()):
        yield from _options(argument)


def test_every_limit_on_what_goes_on_at_once_is_divided() -> None:
    limits = {
        (kind, name) for kind in _options(Configuration) for name in kind.model_fields if "max_concurrent" in name
    }
    assert limits
    for kind, name in limits:
        assert any(issubclass(kind, each) and name in names for each, names in DIVIDED.items()), (kind, name)


def test_several_workers_without_redis_are_refused_with_what_they_need_it_for(tmp_path: Path) -> None:
    text = json.dumps({"server": {"workers": 2}, "limits": {"each": {"tenant": "*", "requests_per_minute": 5}}})
    (line,) = errors(tmp_path, text)
    assert line == (
        "groundwire.yaml:1: server.workers: several workers need `redis`: "
        "a request id is joined, resumed and cancelled in whichever worker a call reaches, "
        "and they count together for limits.each; set redis.url, or serve with one"
    )
    assert errors(tmp_path, json.dumps({"server": {"workers": 2}, "redis": REDIS})) == []
    assert (
        errors(
            tmp_path,
            json.dumps({"server": {"workers": 1}, "limits": {"each": {"tenant": "*", "requests_per_minute": 5}}}),
        )
        == []
    )
