"""Both compose files are valid, fit together, and give each service no more than it needs.

No container is started: the files are read, and what stands in several places is compared.
"""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from groundwire_server.app.configuration.load import Loaded, Sources, load
from tests.deploy.stack import FILES, ROOT, Compose, Mount, Processes, files, services

OWN_CREDENTIALS = {"ca.pem", "tls.crt", "tls.key", "keys.json", "api-key"}
"""What `groundwire init` makes in its folder."""
UNCHECKED = {"otel-collector", "worker"}
"""Services without a health check: the image holds nothing that could run one, or nothing listens."""


def is_step(service: Mapping[str, Any]) -> bool:
    return bool(service["restart"] == "no")


def volumes(compose: Compose) -> Iterator[tuple[str, Mount]]:
    """The mounts that are volumes, each with its service."""
    for name in compose.services:
        for mount in compose.mounts(name):
            if isinstance(mount.source, str):
                yield name, mount


@files
def test_the_file_is_valid(compose: Compose) -> None:
    # YAML's merge keys are not the specification's: they are resolved first.
    resolved = {key: value for key, value in compose.content.items() if not key.startswith("x-")}

    assert PyCompose.from_json(json.dumps(resolved)).name == compose.content["name"]


@files
def test_every_variable_has_a_default_and_one_use(compose: Compose) -> None:
    text = compose.file.read_text(encoding="utf-8")
    used = re.findall(r"(?<!\$)\$(?!\$)(\{\w+:-\d+\}|.{0,20})", text)

    assert used
    assert [each for each in used if not re.fullmatch(r"\{\w+:-\d+\}", each)] == []
    assert len(used) == len(set(used))


@services
def test_a_service_has_the_least_privilege(compose: Compose, name: str) -> None:
    service = compose.services[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    root = service["user"].startswith("0:")
    assert (root, service.get("cap_add", [])) == ((True, ["CHOWN"]) if name == "permissions" else (False, []))
    assert not {"privileged", "pid", "ipc", "devices", "env_file"} & set(service)


@services
def test_a_service_has_limits(compose: Compose, name: str) -> None:
    service = compose.services[name]

    assert re.fullmatch(r"[1-9]\d*[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 2
    assert 0 < service["pids_limit"] <= 1024
    if (memory := compose.environment(name).get("GOMEMLIMIT")) is not None:
        limit = int(service["mem_limit"][:-1]) * (1024 if service["mem_limit"].endswith("g") else 1)
        assert int(memory.removesuffix("MiB")) < limit


@services
def test_a_service_that_stays_has_a_health_check(compose: Compose, name: str) -> None:
    service = compose.services[name]

    assert ("healthcheck" in service) == (not is_step(service) and name not in UNCHECKED)
    if "healthcheck" in service:
        assert service["healthcheck"]["test"][0] == "CMD"


@services
def test_a_service_waits_for_what_it_can_wait_for(compose: Compose, name: str) -> None:
    for other, dependency in compose.services[name].get("depends_on", {}).items():
        needed = compose.services[other]
        if is_step(needed):
            assert dependency["condition"] == "service_completed_successfully"
        elif other not in UNCHECKED and dependency["condition"] != "service_healthy":
            # Answers do not need what shows them.
            assert (name, other) == ("server", "jaeger")


@files
def test_steps_end_and_are_waited_for(compose: Compose) -> None:
    steps = {name for name, service in compose.services.items() if is_step(service)}
    awaited = {other for service in compose.services.values() for other in service.get("depends_on", {})}

    # `docker compose up --wait` takes the end of a step for a failure when nothing waits for it.
    assert steps == steps & awaited


@services
def test_ports_are_published_on_loopback_alone(compose: Compose, name: str) -> None:
    assert {interface for interface, _, _ in compose.published(name)} <= {"127.0.0.1"}
    assert not ({"weaviate"} & {name} and list(compose.published(name)))


@files
def test_no_port_of_the_machine_is_taken_twice(compose: Compose) -> None:
    taken = [outside for name in compose.services for _, outside, _ in compose.published(name)]

    assert len(taken) == len(set(taken))
    assert 50051 in taken


@files
def test_the_ports_listed_at_the_top_are_those_published(compose: Compose) -> None:
    listed = {int(port) for port in re.findall(r"^#   127\.0\.0\.1:(\d+)", compose.text, re.MULTILINE)}
    beside = {int(port) for port in re.findall(r"\((\d+): over HTTP\)", compose.text)}
    published = {outside for name in compose.services for _, outside, _ in compose.published(name)}

    # Those of the collector are for looking into it.
    assert published - listed - beside <= {8889, 13133}
    assert listed | beside <= published


@services
def test_what_is_mounted_is_there(compose: Compose, name: str) -> None:
    for mount in compose.mounts(name):
        if isinstance(mount.source, Path):
            assert mount.source.exists(), mount.source
            assert mount.source.is_relative_to(ROOT)
            assert mount.read_only
        else:
            assert mount.source in compose.content["volumes"]


@files
def test_every_volume_is_used_and_written_by_one_service(compose: Compose) -> None:
    assert {mount.source for _, mount in volumes(compose)} == set(compose.content["volumes"])
    for volume in compose.content["volumes"]:
        writers = {name for name, mount in volumes(compose) if mount.source == volume and not mount.read_only}
        assert len(writers - {"permissions"}) == 1, volume


@files
def test_a_volume_belongs_to_the_user_that_writes_it(compose: Compose) -> None:
    owned = set(compose.services["permissions"]["command"])
    owner = compose.services["permissions"]["entrypoint"][1]

    assert {mount.target for mount in compose.mounts("permissions")} == owned
    for name, mount in volumes(compose):
        if mount.target in owned and not mount.read_only and name != "permissions":
            assert compose.services[name]["user"] == owner
        elif not mount.read_only and name != "permissions":
            # Their images make the folder for their own user.
            assert name in {"prometheus", "grafana"}


@services
def test_networks_are_declared_and_weaviate_has_no_way_out(compose: Compose, name: str) -> None:
    joined = compose.services[name].get("networks", [])

    assert set(joined) <= set(compose.content.get("networks", {}))
    if name == "weaviate":
        assert joined == ["store"]
        assert compose.content["networks"]["store"] == {"internal": True}


@services
def test_no_secret_stands_in_a_variable(compose: Compose, name: str) -> None:
    assert {type(value) for value in compose.environment(name).values()} <= {str}
    secret = re.compile("PASSWORD|SECRET|TOKEN|API_?KEY|ALLOWED_KEYS")
    for variable, value in compose.environment(name).items():
        if secret.search(variable):
            assert variable.endswith("FILE") or variable in {
                "AUTHENTICATION_APIKEY_ENABLED",
                "AUTHENTICATION_APIKEY_USERS",
            }, variable
        if variable.endswith("FILE"):
            assert re.fullmatch(r"/[\w-]*credentials/[\w.-]+", value), value


def texts(compose: Compose, name: str) -> str:
    """All that a service is given, the files that are mounted included."""
    given = json.dumps(compose.services[name])
    for mount in compose.mounts(name):
        if isinstance(mount.source, Path):
            found = mount.source.rglob("*.yaml") if mount.source.is_dir() else [mount.source]
            given += "".join(path.read_text(encoding="utf-8") for path in found)
    return given


@files
def test_every_credential_that_is_read_is_made_and_mounted(compose: Compose) -> None:
    command: list[str] = compose.services["init"]["command"]
    made = {f"/credentials/{name}" for name in OWN_CREDENTIALS}
    made |= {word.removeprefix("--secret=") for word in command if word.startswith("--secret=")}
    read: set[str] = set()
    for name in compose.services:
        if name in {"init", "permissions"}:
            continue
        named = set(re.findall(r"(?<![\w-])/[\w-]*credentials/[\w.-]+[\w]", texts(compose, name)))
        mounted = {mount.target for mount in compose.mounts(name)}
        if name == "schema":
            # Of the server's configuration it needs the store alone.
            named = {path for path in named if path.startswith("/weaviate-credentials/")}
        assert {path.rpartition("/")[0] for path in named} <= mounted, name
        read |= named

    assert read == made


@files
def test_only_those_that_read_credentials_have_them_mounted(compose: Compose) -> None:
    for name, mount in volumes(compose):
        if "credentials" in str(mount.source) and name not in {"init", "permissions"}:
            assert mount.read_only
            assert f"{mount.target}/" in texts(compose, name), name


def configured(compose: Compose, folder: Path) -> Loaded:
    """The configuration of the server in its container, with the credentials of a first start."""
    processes = Processes(compose, folder)
    made = (word for word in compose.services["init"]["command"] if word.startswith("--secret="))
    for secret in ("/credentials/api-key", *(word.removeprefix("--secret=") for word in made)):
        path = folder / "volumes" / secret.removeprefix("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(base64.b64encode(bytes(32)).decode())
    (mounted,) = (mount for mount in compose.mounts("server") if isinstance(mount.source, Path))
    assert isinstance(mounted.source, Path)
    file = compose.environment("server")["GROUNDWIRE_CONFIG"]
    assert file == f"{mounted.target}/groundwire.yaml"
    text = (mounted.source / "groundwire.yaml").read_text(encoding="utf-8")
    copy = folder / "groundwire.yaml"
    copy.write_text(text.replace("file:///", f"file://{folder}/volumes/"))
    assert processes.environment("server")["GROUNDWIRE_CONFIG"].endswith("/groundwire.yaml")
    return load(Sources(copy, compose.environment("server")))


@files
def test_the_configuration_is_valid_and_names_the_services(compose: Compose, tmp_path: Path) -> None:
    configuration = configured(compose, tmp_path).configuration

    assert configuration.server.listen == "0.0.0.0:50051"
    assert configuration.server.tls is not None
    assert configuration.authentication.required
    text = (tmp_path / "groundwire.yaml").read_text(encoding="utf-8")
    hosts = set(re.findall(r"(?<![\w.])([a-z][a-z-]*):\d+", re.sub(r"https?://", "", text)))
    assert hosts <= set(compose.services)
    assert ("weaviate" in hosts) == ("weaviate" in compose.services)
    joined = {name: set(each.get("networks", ["default"])) for name, each in compose.services.items()}
    assert [host for host in hosts if not joined["server"] & joined[host]] == []


@files
def test_the_server_stops_in_its_own_time(compose: Compose, tmp_path: Path) -> None:
    drain = configured(compose, tmp_path).configuration.server.drain

    grace = int(compose.services["server"]["stop_grace_period"].removesuffix("s"))
    assert grace > drain.notice_seconds + drain.grace_seconds


@files
def test_the_certificate_is_for_the_service_and_for_the_machine(compose: Compose) -> None:
    # `groundwire init` adds localhost and 127.0.0.1.
    assert "--host=server" in compose.services["init"]["command"]
    assert compose.environment("server")["GROUNDWIRE_SERVER"] == "localhost:50051"


def test_the_small_stack_is_part_of_the_full_one() -> None:
    full, small = FILES["full"], FILES["small"]
    for name, service in small.services.items():
        same = {"image", "user", "restart", "healthcheck", "read_only", "mem_limit", "environment", "entrypoint"}
        assert {key: service.get(key) for key in same} == {key: full.services[name].get(key) for key in same}, name


def test_prometheus_and_grafana_find_the_others() -> None:
    compose = FILES["full"]
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    sources = yaml.safe_load(
        (ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "datasources.yaml").read_text(encoding="utf-8")
    )
    boards = yaml.safe_load(
        (ROOT / "deploy" / "grafana" / "provisioning" / "dashboards" / "boards.yaml").read_text(encoding="utf-8")
    )
    targets = {
        target
        for job in prometheus["scrape_configs"]
        for config in job["static_configs"]
        for target in config["targets"]
    }

    (folder,) = (mount.source for mount in compose.mounts("server") if isinstance(mount.source, Path))
    server = yaml.safe_load((folder / "groundwire.yaml").read_text(encoding="utf-8"))
    _, _, port = server["telemetry"]["prometheus_listen"].rpartition(":")
    assert targets == {f"server:{port}", "weaviate:2112", "localhost:9090"}
    assert compose.environment("weaviate")["PROMETHEUS_MONITORING_PORT"] == "2112"
    assert set(compose.services["prometheus"]["networks"]) == {"default", "store"}
    assert {each["uid"]: each["url"] for each in sources["datasources"]} == {
        "prometheus": "http://prometheus:9090",
        "jaeger": "http://jaeger:16686",
    }
    (provider,) = boards["providers"]
    mounted = {mount.target: mount.source for mount in compose.mounts("grafana")}
    assert mounted[provider["options"]["path"]] == ROOT / "deploy" / "grafana" / "boards"
    rules = {mount.target: mount.source for mount in compose.mounts("prometheus")}
    assert rules["/etc/prometheus"] == ROOT / "deploy" / "prometheus"


PROMTOOL = shutil.which("promtool")


@pytest.mark.process
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed; it comes with Prometheus")
def test_prometheus_accepts_its_configuration() -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "check", "config", ROOT / "deploy" / "prometheus" / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


PAGE = (ROOT / "docs" / "how-to" / "compose.md").read_text(encoding="utf-8")


def test_the_page_names_what_there_is() -> None:
    compose = FILES["full"]
    start, credentials = (PAGE.split(heading)[1].split("\n## ")[0] for heading in ("\n## Start", "\n## Credentials"))

    listed = re.findall(r"^\| `([a-z-]+)` \|.* \| (.*?) ?\|$", PAGE.split("\n## ")[0], re.MULTILINE)
    assert {name for name, _ in listed} == {name for name, each in compose.services.items() if not is_step(each)}
    for name, ports in listed:
        shown = {int(port) for port in re.findall(r"\d{4,5}", ports)}
        assert shown == {outside for _, outside, _ in compose.published(name)} - {8889, 13133}
    limits = [each["mem_limit"] for each in compose.services.values() if not is_step(each)]
    memory = sum(float(limit[:-1]) * (1 if limit.endswith("g") else 1 / 1024) for limit in limits)
    assert f"add up to {memory:g} GB." in PAGE
    variables = {variable for each in FILES.values() for variable in each.variables}
    assert set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)\b", start)) == variables
    made = {word.removeprefix("--secret=") for word in compose.services["init"]["command"] if "--secret=" in word}
    rows = re.findall(r"^\| (`/.*?) \|", credentials, re.MULTILINE)
    assert {name.rpartition("/")[2] for row in rows for name in re.findall("`(.+?)`", row)} == OWN_CREDENTIALS | {
        Path(path).name for path in made
    }
    assert {name for name, each in compose.services.items() if is_step(each)} <= set(re.findall("`([a-z]+)`", PAGE))


def has_compose() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    return subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.process
@pytest.mark.skipif(not has_compose(), reason="docker compose is not installed")
@files
def test_compose_itself_accepts_the_file(compose: Compose) -> None:
    done = subprocess.run(
        ["docker", "compose", "--file", compose.file, "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
