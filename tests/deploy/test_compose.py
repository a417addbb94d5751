"""The files of the container stack agree with each other and with the server.

No container is started: what is checked is that ports, names and settings that stand in several places are the same.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
import yaml
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from groundwire_server.app.configuration.load import Sources, load

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
COLLECTOR: dict[str, Any] = yaml.safe_load((ROOT / "otel-collector.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
JAEGER_OTLP_PORT = 4317

PINNED = re.compile(r"[\w./-]+:\d+\.\d+\.\d+(-[a-z-]+)?$")


def published(name: str) -> list[tuple[str, int, int]]:
    """The published ports of a service: interface, port on the machine, port in the container."""
    found = []
    for entry in SERVICES[name].get("ports", []):
        interface, outside, inside = entry.rsplit(":", 2)
        found.append((interface, int(outside), int(inside)))
    return found


def endpoint(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def server_environment() -> dict[str, str]:
    """What the server's container is given, as the image and the stack say."""
    image = dict(re.findall(r"(GROUNDWIRE_\w+)=(\S+)", DOCKERFILE))
    stack: dict[str, str] = SERVICES["server"]["environment"]
    return image | stack


def test_the_stack_is_the_one_described() -> None:
    assert set(SERVICES) == {"server", "weaviate", "otel-collector", "jaeger"}


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    assert PINNED.match(SERVICES[name]["image"])


def test_the_images_python_is_pinned_once() -> None:
    first, *stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert PINNED.match(first)
    assert stages
    assert set(stages) == {"base"}


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_alone(name: str) -> None:
    assert {interface for interface, _, _ in published(name)} <= {"127.0.0.1"}


def test_no_port_of_the_machine_is_taken_twice() -> None:
    taken = [outside for name in SERVICES for _, outside, _ in published(name)]
    assert len(taken) == len(set(taken))
    # A server started beside the stack finds its own port free.
    _, port = endpoint(load(Sources()).configuration.server.listen)
    assert port not in taken


def test_the_servers_settings_are_ones_it_knows() -> None:
    # The server itself refuses a variable that it does not know, and an address that is not loopback.
    configuration = load(Sources(environment=server_environment())).configuration
    assert configuration.server.listen == "127.0.0.1:50051"
    # Ports of a server that listens on its container's loopback would be published to nobody.
    assert "ports" not in SERVICES["server"]
    assert "EXPOSE" not in DOCKERFILE


def test_the_server_writes_to_its_volume_alone() -> None:
    data = server_environment()["GROUNDWIRE_STORES__MAIN__FOLDER"]
    assert [volume.split(":")[1] for volume in SERVICES["server"]["volumes"]] == [data]
    assert f"VOLUME {data}\n" in DOCKERFILE
    assert re.search(rf"install --directory --owner=groundwire .*{data}$", DOCKERFILE, re.MULTILINE)
    assert SERVICES["server"]["read_only"] is True


def test_the_server_is_not_root_and_stops_in_its_own_time() -> None:
    (user,) = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert int(user) > 0
    drain = load(Sources()).configuration.server.drain
    assert int(SERVICES["server"]["stop_grace_period"].rstrip("s")) > drain.notice_seconds + drain.grace_seconds


def test_the_server_sends_its_traces_where_the_collector_takes_them() -> None:
    target = urlsplit(server_environment()["GROUNDWIRE_TELEMETRY__OTLP__ENDPOINT"])
    host, port = endpoint(COLLECTOR["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"])
    assert target.scheme == "http"
    assert target.hostname == "otel-collector"
    assert (host, port) == ("0.0.0.0", target.port)


def test_the_collector_can_be_reached_at_all_its_ports() -> None:
    otlp = COLLECTOR["receivers"]["otlp"]["protocols"]
    health_check = COLLECTOR["extensions"]["health_check"]
    shown = COLLECTOR["exporters"]["prometheus"]
    listening = [endpoint(each["endpoint"]) for each in (otlp["grpc"], otlp["http"], health_check, shown)]
    assert {host for host, _ in listening} == {"0.0.0.0"}
    assert sorted(port for _, port in listening) == sorted(inside for _, _, inside in published("otel-collector"))


def test_the_collector_sends_traces_to_jaeger() -> None:
    exporter = COLLECTOR["exporters"]["otlp_grpc/jaeger"]
    assert endpoint(exporter["endpoint"]) == ("jaeger", JAEGER_OTLP_PORT)
    assert exporter["tls"] == {"insecure": True}
    assert SERVICES["jaeger"]["environment"]["JAEGER_LISTEN_HOST"] == "0.0.0.0"


def test_the_collector_reads_the_file_of_the_checkout() -> None:
    (command,) = SERVICES["otel-collector"]["command"]
    source, target, mode = SERVICES["otel-collector"]["volumes"][0].split(":")
    assert command == f"--config={target}"
    assert (ROOT / source).is_file()
    assert mode == "ro"


def test_the_collectors_pipelines_name_what_is_defined_and_leave_nothing_out() -> None:
    service = COLLECTOR["service"]
    assert set(service["extensions"]) == set(COLLECTOR["extensions"])
    for kind in ("receivers", "processors", "exporters"):
        used = {name for pipeline in service["pipelines"].values() for name in pipeline[kind]}
        assert used == set(COLLECTOR[kind])
    for pipeline in service["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"


def test_the_collectors_limit_fits_its_container() -> None:
    limits = COLLECTOR["processors"]["memory_limiter"]
    container = int(SERVICES["otel-collector"]["mem_limit"].rstrip("m"))
    assert limits["limit_mib"] + limits["spike_limit_mib"] <= container


def test_weaviate_listens_and_stores_where_the_stack_says() -> None:
    weaviate = SERVICES["weaviate"]
    command = weaviate["command"]
    port = command[command.index("--port") + 1]
    assert int(port) in {inside for _, _, inside in published("weaviate")}
    assert f"http://127.0.0.1:{port}/" in weaviate["healthcheck"]["test"][-1]
    assert [volume.split(":")[1] for volume in weaviate["volumes"]] == [
        weaviate["environment"]["PERSISTENCE_DATA_PATH"]
    ]


def test_services_wait_for_what_they_can_wait_for() -> None:
    for service in SERVICES.values():
        for name, dependency in service.get("depends_on", {}).items():
            assert (dependency["condition"] == "service_healthy") == ("healthcheck" in SERVICES[name])


def test_named_volumes_are_declared_and_used() -> None:
    mounts = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])


@pytest.mark.process
@pytest.mark.parametrize(
    ("status", "healthy"),
    [
        (health_pb2.HealthCheckResponse.SERVING, True),
        (health_pb2.HealthCheckResponse.NOT_SERVING, False),
    ],
)
def test_the_servers_health_check_asks_the_server(
    status: "health_pb2.HealthCheckResponse.ServingStatus", healthy: bool
) -> None:
    kind, interpreter, *arguments = SERVICES["server"]["healthcheck"]["test"]
    assert (kind, interpreter) == ("CMD", "python")
    server = grpc.server(ThreadPoolExecutor(1))
    servicer = health.HealthServicer()
    servicer.set("", status)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        environment = os.environ | {"GROUNDWIRE_SERVER__LISTEN": f"127.0.0.1:{port}"}
        done = subprocess.run([sys.executable, *arguments], env=environment, timeout=30, check=False)
    finally:
        server.stop(None)
    assert (done.returncode == 0) == healthy


def test_the_image_copies_what_there_is() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for path in " ".join(copied).split():
        assert (ROOT / path).exists(), path


def test_the_image_has_the_version_of_the_distribution() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert SERVICES["server"]["image"] == f"groundwire-server:{version.group(1)}"


def has_compose() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    return subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.process
@pytest.mark.skipif(not has_compose(), reason="docker compose is not installed")
def test_compose_itself_accepts_the_file() -> None:
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
