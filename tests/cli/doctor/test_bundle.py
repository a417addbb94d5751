"""`groundwire doctor --bundle` holds no secret, wherever there is one."""

import base64
import json
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.conftest import Ran
from tests.doubles.certificates import Authority
from tests.doubles.threaded import threaded
from tests.doubles.weaviate.beside import weaviate_beside
from tests.doubles.weaviate.rest import Rest

Command = Callable[..., Ran]
MEMBERS = ["versions.json", "checks.json", "environment.json", "configuration.json", "stores.json"]


@dataclass
class Canaries:
    """Secrets, each at a place of its own; none looks like the kind of secret that its place is for."""

    placed: dict[str, str] = field(default_factory=dict)

    def at(self, place: str) -> str:
        """A new one."""
        return self.placed.setdefault(place, f"canary{len(self.placed):03}bird")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


def members(bundle: Path) -> dict[str, str]:
    with tarfile.open(bundle) as archive:
        names = archive.getnames()
        assert all(name.startswith("groundwire-support/") for name in names)
        assert all(each.mode == 0o600 for each in archive.getmembers())
        found = {name: archive.extractfile(name) for name in names}
        return {name.partition("/")[2]: file.read().decode() for name, file in found.items() if file is not None}


def variables(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "PROVIDER_KEY",
        "OTLP_TOKEN",
        "GROUNDWIRE_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "DB_PASSWORD",
        "GITHUB_TOKEN",
    ):
        monkeypatch.setenv(name, canaries.at(f"the variable {name}"))
    monkeypatch.setenv("DATABASE_URL", f"postgres://operator:{canaries.at('a URL in a variable')}@db.internal/answers")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-team={canaries.at('a header in a variable')}")
    Path("netrc").write_text(canaries.at("a file that a variable names"))
    monkeypatch.setenv("PROXY_PASSWORD_FILE", "netrc")


def configuration(canaries: Canaries, weaviate: tuple[int, int], provider: int) -> None:
    """Write a configuration with a secret in every place that can hold one."""
    key, certificate = Path("tls.key"), Path("tls.crt")
    issued = Authority().issue(dns=["answers.example.com"])
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    canaries.placed |= {
        f"line {number} of the private key": line
        for number, line in enumerate(issued.key.decode().splitlines())
        if not line.startswith("-----")
    }
    Path("keys.json").write_text(json.dumps({"version": 1, "keys": [{"hash": canaries.at("a damaged key file")}]}))
    for name in ("weaviate", "module", "file"):
        Path(f"{name}.key").write_text(canaries.at(f"the file {name}.key") + "\n")
    Path("groundwire.yaml").write_text(
        f"""
server: {{listen: 127.0.0.1:1, tls: {{certificate: tls.crt, key: tls.key}}}}
authentication: {{api_keys: {{file: keys.json}}}}
telemetry:
  resource: {{team: {canaries.at("an attribute of the service")}}}
  otlp:
    endpoint: http://127.0.0.1:1
    headers: {{authorization: env://OTLP_TOKEN}}
    header_list: env://OTEL_EXPORTER_OTLP_HEADERS
embedders:
  ollama:
    kind: weaviate
    module: text2vec-ollama
    key: file://module.key
    key_header: X-Key
    settings:
      apiEndpoint: http://user:{canaries.at("a URL's password")}@ollama.internal:11434/{canaries.at("a path")}
      resource: {canaries.at("a setting of a module")}
      list: [{canaries.at("a setting in a list")}]
stores:
  main:
    kind: weaviate
    http: 127.0.0.1:{weaviate[0]}
    grpc: 127.0.0.1:{weaviate[1]}
    api_key: file://weaviate.key
    embedder: ollama
providers:
  house: {{kind: openai, base_url: 'http://127.0.0.1:{provider}/v1', api_key: env://PROVIDER_KEY}}
  filed: {{kind: openai, base_url: 'http://127.0.0.1:{provider}/v1', api_key: file://file.key}}
models:
  large:
    kind: openai
    provider: house
    model: qwen
    extra: {{guardrail: {canaries.at("an extra field of requests")}, nested: {{user: {canaries.at("a nested field")}}}}}
  extractive: {{kind: extractive}}
""",
    )


def log_lines(canaries: Canaries) -> Iterator[str]:
    """Lines as servers, proxies and shells write them, with what should never have been in them."""
    for shape in (
        "GET http://operator:{}@proxy.internal:3128/ 407",
        '{{"level": "DEBUG", "headers": {{"authorization": "Token {}", "accept": "*/*"}}}}',
        "authorization: {} and more of it",
        "Proxy-Authorization: Basic {}",
        "sent Bearer {} to the provider",
        "cookie: session={}; theme=dark",
        "OPENAI_API_KEY={} groundwire serve",
        "password = '{}'",
        'client_secret: "{}"',
        '{{"token":"{}"}}',
        "https://api.example.com/v1/models?key={}&alt=json",
        "https://bucket.example.com/o?X-Signature={}",
        "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----",
        "sk-proj-{}",
        "gw_5f0c9a1be37d_{}",
        "eyJhbGciOiJIUzI1NiJ9.{}.c2lnbmF0dXJl",
    ):
        yield shape.format(canaries.at(f"the log line {shape}"))


def test_a_bundle_holds_no_secret(
    groundwire_command: Command, canaries: Canaries, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def provider(method: str, path: str, headers: Message) -> tuple[int, str]:
        # It repeats what it was sent, as some do.
        return (
            200,
            f"groundwire_build_info 1\n# {headers['authorization']} {canaries.at('the variable PROVIDER_KEY')}\n",
        )

    variables(canaries, monkeypatch)
    monkeypatch.setattr(Rest, "modules", {"text2vec-ollama": {}})
    with weaviate_beside(None) as weaviate, threaded(provider) as port:
        configuration(canaries, (weaviate.http_port, weaviate.grpc_port), port)
        weaviate.world.key = canaries.placed["the file weaviate.key"]
        applied = groundwire_command("corpus", "apply", "--yes")
        Path("server.log").write_text("\n".join([*_known_in_log(canaries), *log_lines(canaries)]) + "\nthe last line\n")
        listed = groundwire_command(
            "doctor", "--bundle", "x.tar.gz", "--list", "--log", "server.log", "--metrics", f"127.0.0.1:{port}"
        )
        written = groundwire_command(
            "doctor", "--bundle", "x.tar.gz", "--log", "server.log", "--metrics", f"127.0.0.1:{port}"
        )
    assert (applied.code, listed.code, written.code) == (0, 0, 0), applied.err + written.err
    found = members(tmp_path / "x.tar.gz")
    assert list(found) == [*MEMBERS, "log.txt", "metrics.txt"]
    everything = "\n".join([*found.values(), listed.out, listed.err, written.out, written.err])
    leaked = {place for place, canary in canaries.placed.items() for each in spellings(canary) if each in everything}
    assert len(canaries.placed) >= 38
    assert not leaked
    # What helps is still there.
    configured = json.loads(found["configuration.json"])
    assert configured["values"]["providers"]["house"]["api_key"] == "env://PROVIDER_KEY"
    assert configured["values"]["embedders"]["ollama"]["settings"]["apiEndpoint"] == "http://ollama.internal:11434"
    assert configured["origins"]["server.listen"] == "groundwire.yaml:2"
    assert "Groundwire" in json.loads(found["stores.json"])["main"]["collections"]
    assert "GROUNDWIRE_TOKEN" in json.loads(found["environment.json"])
    assert {each["check"] for each in json.loads(found["checks.json"])} >= {"tcp", "config", "store", "provider"}
    assert found["log.txt"].splitlines()[-1] == "the last line"
    assert "groundwire_build_info 1" in found["metrics.txt"]


def _known_in_log(canaries: Canaries) -> Iterator[str]:
    """Lines with the values that this machine knows, in places where no pattern finds them."""
    for place, canary in list(canaries.placed.items()):
        if place.startswith(("the variable", "the file", "a file", "line", "a URL in", "a header in")):
            yield f"the peer said: {canary}; {base64.b64encode(canary.encode()).decode()}"


def spellings(canary: str) -> tuple[str, ...]:
    return canary, quote(canary, safe=""), base64.b64encode(canary.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "providers: {house: {kind: openai, base_url: 'https://api.example.com/v1', api_key: CANARY}}",
        "providers: {house: {kind: openai, base_url: 'https://user:CANARY@api.example.com/v1'}}",
        "telemetry: {otlp: {endpoint: 'http://user:CANARY@collector:4317'}}",
        "telemetry: {otlp: {headers: {authorization: Bearer CANARY}}}",
        "stores: {main: {kind: weaviate, http: 'CANARY', grpc: '127.0.0.1:2', api_key: CANARY}}",
        "password: CANARY",
        "providers: {house: {password: CANARY}}",
        "providers: [CANARY",
    ],
)
def test_a_configuration_that_is_refused_for_a_secret_in_it(
    groundwire_command: Command, canaries: Canaries, tmp_path: Path, text: str
) -> None:
    canary = canaries.at("the configuration")
    Path("groundwire.yaml").write_text(text.replace("CANARY", canary))

    ran = groundwire_command("doctor", "--bundle", "x.tar.gz")

    assert ran.code == 0
    found = members(tmp_path / "x.tar.gz")
    assert list(found) == ["versions.json", "checks.json", "environment.json"]
    assert "fail" in found["checks.json"]
    assert canary not in "".join([*found.values(), ran.out, ran.err])


def test_a_bundle_is_for_its_user_alone_and_replaces_nothing(groundwire_command: Command, tmp_path: Path) -> None:
    first = groundwire_command("doctor", "--bundle", "x.tar.gz")
    again = groundwire_command("doctor", "--bundle", "x.tar.gz")

    assert (first.code, again.code) == (0, 2)
    assert stat.S_IMODE((tmp_path / "x.tar.gz").stat().st_mode) == 0o600
    assert "is there already" in again.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--list"], "give --bundle FILE"),
        (["--log", "x.log"], "give --bundle FILE"),
        (["--bundle", "x.zip"], "ends in .tar.gz"),
        (["--bundle", "x.tar.gz", "--log", "nowhere.log"], "--log nowhere.log cannot be read: No such file"),
        (["--bundle", "x.tar.gz", "--metrics", "page"], "give HOST:PORT, or the port alone"),
        (["--bundle", "x.tar.gz", "--metrics", "127.0.0.1:99999"], "give HOST:PORT, or the port alone"),
        (["--bundle", "nowhere/x.tar.gz"], "nowhere/x.tar.gz cannot be written: No such file"),
    ],
)
def test_a_bundle_that_cannot_be_made(
    groundwire_command: Command, tmp_path: Path, arguments: list[str], says: str
) -> None:
    ran = groundwire_command("doctor", *arguments)

    assert ran.code in {2, 4}
    assert says in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_metrics_that_does_not_answer_is_said_in_its_place(
    groundwire_command: Command, tmp_path: Path
) -> None:
    ran = groundwire_command("doctor", "--bundle", "x.tar.gz", "--metrics", "1")

    assert ran.code == 0
    assert members(tmp_path / "x.tar.gz")["metrics.txt"] == "the page could not be read: Connection refused\n"
