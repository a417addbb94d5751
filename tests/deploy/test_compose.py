"""The collector of the container stack receives from the server, passes on to Jaeger, and fits its container.

No container is started: what is checked is that ports, names and settings that stand in several places are the same.
"""

from typing import Any

import yaml

from tests.deploy.stack import FULL, ROOT, Compose

COMPOSE = Compose(FULL)
SERVICES = COMPOSE.services
COLLECTOR: dict[str, Any] = yaml.safe_load((ROOT / "otel-collector.yaml").read_text())
JAEGER_OTLP_PORT = 4317


def endpoint(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def test_the_server_sends_its_traces_where_the_collector_takes_them() -> None:
    (mounted,) = (mount for mount in COMPOSE.mounts("server") if mount.target == "/etc/groundwire")
    target = yaml.safe_load((ROOT / mounted.source / "groundwire.yaml").read_text())["telemetry"]["otlp"]["endpoint"]
    host, port = endpoint(COLLECTOR["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"])
    assert target == f"http://otel-collector:{port}"
    assert host == "0.0.0.0"


def test_the_collector_can_be_reached_at_all_its_ports() -> None:
    otlp = COLLECTOR["receivers"]["otlp"]["protocols"]
    health_check = COLLECTOR["extensions"]["health_check"]
    shown = COLLECTOR["exporters"]["prometheus"]
    listening = [endpoint(each["endpoint"]) for each in (otlp["grpc"], otlp["http"], health_check, shown)]
    assert {host for host, _ in listening} == {"0.0.0.0"}
    assert sorted(port for _, port in listening) == sorted(
        inside for _, _, inside in COMPOSE.published("otel-collector")
    )


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
    store = yaml.safe_load((ROOT / "deploy" / "compose" / "server" / "groundwire.yaml").read_text())["stores"]["main"]
    assert store["http"] == f"weaviate:{port}"
    assert store["grpc"] == f"weaviate:{weaviate['environment']['GRPC_PORT']}"
    assert f"http://127.0.0.1:{port}/" in weaviate["healthcheck"]["test"][-1]
    assert weaviate["environment"]["PERSISTENCE_DATA_PATH"] in {mount.target for mount in COMPOSE.mounts("weaviate")}
