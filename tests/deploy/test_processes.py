"""What the compose files describe runs: credentials, schema, server, health check, first answer and its trace.

Each service is a process of this machine, started with the command, the variables and the mounted files of the compose
file; PostgreSQL and Redis are those that are installed, and doubles stand in for Weaviate, the collector and Jaeger.
Where their programs are named, these run instead:

    GROUNDWIRE_TEST_WEAVIATE=…/weaviate GROUNDWIRE_TEST_COLLECTOR=…/otelcol-contrib GROUNDWIRE_TEST_JAEGER=…/jaeger \\
        unshare --net --map-root-user sh -c 'ip link set lo up && make test ARGS=tests/deploy/test_processes.py'

In a network of their own, since Weaviate listens on every interface and Jaeger on fixed ports.
"""

import http.client
import json
import os
import re
import shlex
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import redis_server
from tests.deploy.stack import FULL, GROUNDWIRE, ROOT, SMALL, Compose, Processes
from tests.docs.shown import assert_shows, blocks
from tests.doubles.otlp import grpc_receiver
from tests.doubles.weaviate.beside import weaviate_beside
from tests.postgres_server import create_database, needs_postgres, postgres_server
from tests.redis_server import needs_redis

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.local]

PROGRAMS = {
    service: os.environ.get(f"GROUNDWIRE_TEST_{variable}", "")
    for service, variable in (("weaviate", "WEAVIATE"), ("otel-collector", "COLLECTOR"), ("jaeger", "JAEGER"))
}
STAGES = {"groundwire.retrieve", "groundwire.generate", "groundwire.check", "groundwire.decide"}
SECONDS = 60
"""How long a program may take to start, or a trace to arrive."""


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds of a program that does not say when."""
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until, f"{what}: not within {SECONDS} s"
        time.sleep(0.1)


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def get(address: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


class Running:
    """A stack of processes.

    Attributes:
        processes: its services.
    """

    def __init__(self, file: Path, folder: Path, programs: Mapping[str, str]) -> None:
        self.processes = Processes(Compose(file), folder)
        self._programs = programs
        self._open = ExitStack()
        self._spans = self._open.enter_context(grpc_receiver())

    def __enter__(self) -> "Running":
        """Start the services in the order of their dependencies."""
        starts: dict[str, Callable[[], None]] = {
            "init": lambda: assert_makes(self.processes.run("init")),
            "jaeger": self._jaeger,
            "otel-collector": self._collector,
            "weaviate": self._weaviate,
            "schema": self._schema,
            "postgres": self._postgres,
            "records": self._records,
            "redis": self._redis,
            "server": self._server,
            "worker": self._worker,
        }
        try:
            for name in self.processes.compose.in_order():
                # Folders belong to the user here; and an answer needs neither Prometheus nor Grafana.
                left_out = name in {"permissions", "prometheus", "grafana"}
                if not left_out and "profiles" not in self.processes.compose.services[name]:
                    starts[name]()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def names_of(self, trace_id: str) -> set[str]:
        """Return the names of the spans of a trace, from where a person would look."""
        if not self._programs.get("jaeger"):
            eventually(lambda: any(not span.parent_span_id for span in self._received(trace_id)), f"trace {trace_id}")
            return {span.name for span in self._received(trace_id)}
        address = self.processes.address("jaeger", 16686)
        found: list[bytes] = []

        def arrived() -> bool:
            status, body = get(address, f"/api/traces/{trace_id}")
            found.append(body)
            return status == http.client.OK and b"AnswerService" in body

        eventually(arrived, f"trace {trace_id} in Jaeger")
        return {span["operationName"] for trace in json.loads(found[-1])["data"] for span in trace["spans"]}

    def _received(self, trace_id: str) -> list[Span]:
        return [span for span in self._spans.spans if span.trace_id.hex() == trace_id]

    def _start(self, name: str, program: Sequence[str], *more: str) -> "subprocess.Popen[str]":
        return self._open.enter_context(self.processes.started(name, program, *more))

    def _jaeger(self) -> None:
        if not (program := self._programs.get("jaeger")):
            self.processes.ports["jaeger", 4317] = self._spans.port
            return
        # Its ports are fixed.
        self.processes.ports |= {("jaeger", port): port for port in (4317, 16686)}
        self._start("jaeger", [program])
        eventually(lambda: listens(self.processes.address("jaeger", 4317)), "Jaeger")

    def _collector(self) -> None:
        if not (program := self._programs.get("otel-collector")):
            self.processes.ports["otel-collector", 4317] = self.processes.ports["jaeger", 4317]
            return
        # Its own metrics would be on a fixed port, which Jaeger has taken.
        self._start("otel-collector", [program], "--set=service.telemetry.metrics.level=none")
        eventually(lambda: listens(self.processes.address("otel-collector", 4317)), "the collector")

    def _weaviate(self) -> None:
        if not (program := self._programs.get("weaviate")):
            key = self.processes.path("weaviate", "/weaviate-credentials/api-key").read_text(encoding="utf-8")
            double = self._open.enter_context(weaviate_beside(key))
            self.processes.ports |= {("weaviate", 8080): double.http_port, ("weaviate", 50051): double.grpc_port}
            return
        words = self.processes.words("weaviate", "entrypoint")
        self._start("weaviate", [word.replace("/bin/weaviate", program) for word in words])
        address = self.processes.address("weaviate", 8080)
        eventually(lambda: get(address, "/v1/.well-known/ready")[0] == http.client.OK, "Weaviate")
        assert get(address, "/v1/schema")[0] == http.client.UNAUTHORIZED

    def _schema(self) -> None:
        matches = "main: the schema matches the configuration\n"
        assert self.processes.run("schema").endswith(f")\n{matches}")
        assert self.processes.run("schema") == matches

    def _postgres(self) -> None:
        port = self.processes.address("postgres", 5432).rpartition(":")[2]
        folder = self._open.enter_context(postgres_server("listen_addresses=127.0.0.1", f"port={port}"))
        create_database("groundwire", folder, port)

    def _records(self) -> None:
        self.processes.run("records")

    def _redis(self) -> None:
        password = self.processes.path("redis", "/redis-credentials/password").read_text(encoding="utf-8").strip()
        self.processes.path("redis", "/var/lib/redis").mkdir(parents=True, exist_ok=True)
        address = self.processes.address("redis", 6379)
        more = ["--port", address.rpartition(":")[2], "--bind", "127.0.0.1", "--requirepass", password]
        self._start("redis", [str(redis_server.COMMAND)], *more)
        eventually(lambda: listens(address), "Redis")

    def _worker(self) -> None:
        worker = self._start("worker", GROUNDWIRE)
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("working off queued questions"), self.processes.log("worker")

    def _server(self) -> None:
        # It chooses a free port, and says which.
        self.processes.ports["server", 50051] = 0
        server = self._start("server", GROUNDWIRE)
        assert server.stdout is not None
        said = server.stdout.readline()
        assert said.startswith("listening on 127.0.0.1:"), self.processes.log("server")
        self.processes.ports["server", 50051] = int(said.rpartition(":")[2])


def assert_makes(said: str) -> None:
    assert {line.split()[0] for line in said.splitlines()} == {"made"}


def docker(folder: Path, running: Running) -> Path:
    """Write a `docker` that runs the command of `docker compose exec server` as a process; return its folder."""
    environment = running.processes.environment("server")
    given = [f"{key}={value}" for key, value in environment.items() if key.startswith(("GROUNDWIRE_", "XDG_"))]
    path = folder / "bin" / "docker"
    path.parent.mkdir()
    path.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >>{shlex.quote(str(folder / "docker.log"))}\n'
        'case "$*" in *" exec -T server groundwire "*) ;; *) exit 0 ;; esac\n'
        'while [ "$1" != groundwire ]; do shift; done\n'
        "shift\n"
        f'exec env {shlex.join(given)} {shlex.join(GROUNDWIRE)} "$@"\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path.parent


def first_answer(running: Running, folder: Path, *words: str) -> str:
    """Do what `make up` does, with the stack that is running; return what it printed."""
    environment = {**os.environ, "PATH": f"{docker(folder, running)}:/usr/bin:/bin"}
    done = subprocess.run(
        [ROOT / "deploy" / "compose" / "stack", "up", *words],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + running.processes.log("server")
    return done.stdout


def assert_first_answer(running: Running, folder: Path, *words: str) -> str:
    """The server is healthy, `make up` ends with an answer, and its trace is where the link leads.

    Return what `make up` printed.
    """
    kind, interpreter, path = running.processes.compose.services["server"]["healthcheck"]["test"]
    assert (kind, interpreter) == ("CMD", "python")
    healthy = subprocess.run(
        [sys.executable, ROOT / "deploy" / "image" / Path(path).name],
        env=running.processes.environment("server"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (healthy.returncode, healthy.stdout) == (0, "SERVING\n")

    printed = first_answer(running, folder, *words)

    assert "Parcels are signed for at the front desk, from eight to six. [1]\n" in printed
    assert "answered: a validated answer\n" in printed
    link = re.search(r"^  http://127\.0\.0\.1:16686/trace/([0-9a-f]{32})$", printed, re.MULTILINE)
    assert link is not None, printed
    assert running.names_of(link[1]) >= STAGES
    return printed


@needs_postgres
@needs_redis
def test_the_stack_answers_its_first_question_as_the_readme_shows(tmp_path: Path) -> None:
    with Running(FULL, tmp_path, {}) as stack:
        printed = assert_first_answer(stack, tmp_path)

    (block,) = [block.text for block in blocks(ROOT / "README.md") if block.text.startswith("$ make up\n")]
    assert_shows(block.removeprefix("$ make up\n"), printed)


def test_the_small_stack_answers_those_alone_that_have_the_key(tmp_path: Path) -> None:
    with Running(SMALL, tmp_path, {}) as stack:
        assert_first_answer(stack, tmp_path, "embedded")

        assert_others_are_refused(stack, tmp_path)


@pytest.mark.skipif(
    not any(PROGRAMS.values()), reason="no GROUNDWIRE_TEST_WEAVIATE, _COLLECTOR or _JAEGER names a program"
)
@pytest.mark.parametrize(("file", "words"), [(FULL, ()), (SMALL, ("embedded",))], ids=["full", "small"])
def test_the_stack_answers_with_the_programs_that_are_named(file: Path, words: tuple[str, ...], tmp_path: Path) -> None:
    with Running(file, tmp_path, PROGRAMS) as stack:
        assert_first_answer(stack, tmp_path, *words)


def assert_others_are_refused(stack: Running, folder: Path) -> None:
    """Nobody is answered without the key, or without TLS."""
    environment = stack.processes.environment("server")
    for lacking, said in ((("API_KEY_FILE",), "UNAUTHENTICATED"), (("API_KEY_FILE", "TLS_CA"), "refuses plaintext")):
        given = {key: value for key, value in environment.items() if not key.endswith(lacking)}
        done = subprocess.run(
            [*GROUNDWIRE, "ask", "Where?"], env=given, cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        assert said in done.stderr


def test_a_second_start_keeps_the_credentials(tmp_path: Path) -> None:
    processes = Processes(Compose(FULL), tmp_path)
    first = processes.run("init")
    kept = {path: path.read_bytes() for path in (tmp_path / "volumes").rglob("*") if path.is_file()}

    second = processes.run("init")

    assert re.findall(r"^\w+", first, re.MULTILINE) == ["made"] * 7
    assert re.findall(r"^\w+", second, re.MULTILINE) == ["kept"] * 7
    assert {path: path.read_bytes() for path in kept} == kept
