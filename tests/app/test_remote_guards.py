"""Guards behind endpoints in the configuration: what they name, and what is wrong with them in one line."""

import asyncio
from pathlib import Path

import pytest

from groundwire_server.app.configuration.models.remote_guards import RemoteGuardConfig
from groundwire_server.app.configuration.remote_guard_rules import is_hosted
from groundwire_server.app.parts.remote_guards import open_remote_guard
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.recording import unrecorded
from tests.app.configuration.reading import errors, loaded

MODEL = "{kind: classifier, provider: house, model: m, version: '1', labels: {BAD: {category: toxicity}}}"
OWN = "{kind: http, provider: cloud, version: '1', categories: [injection]}"
GRPC = "{kind: grpc, version: '1', categories: [injection], endpoint: {url: 'http://127.0.0.1:8'}}"
RIGHT = f"""\
providers:
  house: {{kind: openai, base_url: 'http://127.0.0.1:9/v1', residency: self_hosted}}
  cloud: {{kind: openai, base_url: 'http://127.0.0.1:9/v1'}}
  other: {{kind: anthropic, base_url: 'http://127.0.0.1:9'}}
guards:
  model: {MODEL}
  own: {OWN}
  grpc: {GRPC}
models: {{quoting: {{kind: extractive}}}}
stores: {{main: {{folder: data}}}}
routes:
  default: {{models: [quoting], store: main, screens: {{question: {{use: [{{guard: model}}]}}}}}}
"""

CASES = {
    "no such provider": (
        ("provider: house", "provider: hous"),
        (
            "6: guards.model.provider: there is no provider of this name; did you mean house? there are: cloud, "
            "house, other"
        ),
    ),
    "a provider of another kind": (
        ("provider: cloud", "provider: other"),
        "7: guards.own.provider: is of the kind anthropic, and guards need one of the kind openai",
    ),
    "no version": (("model: m, version: '1', ", "model: m, "), "6: guards.model.version: is missing"),
    "no labels": (("labels: {BAD: {category: toxicity}}", "labels: {}"), "6: guards.model.labels: "),
    "a label by number of TEI's": (
        ("labels: {BAD:", "api: vllm_classify, labels: {BAD:"),
        "6: guards.model: labels must be numbers with `api: vllm_classify`, such as 1",
    ),
    "logits of vLLM's": (
        ("labels: {BAD:", "api: vllm_classify, scores: logits, labels: {1:"),
        "6: guards.model: scores must be `probabilities` with `api: vllm_classify`",
    ),
    "windows that hardly move": (
        ("labels:", "window_bytes: 64, overlap_bytes: 17, labels:"),
        "6: guards.model: overlap_bytes must be at most a quarter of window_bytes",
    ),
    "a threshold that everything reaches": (("category: toxicity", "category: toxicity, min_score: 0"), "min_score: "),
    "a category with a space": (
        ("category: toxicity", "category: very toxic"),
        "6: guards.model.labels.BAD.category: ",
    ),
    "no categories": (
        ("provider: cloud, version: '1', categories: [injection]", "provider: cloud, version: '1', categories: []"),
        "7: guards.own.categories: ",
    ),
    "a field of the caller that there is not": (
        ("provider: cloud", "caller: [email], provider: cloud"),
        "7: guards.own.caller[0]: is not one of the words allowed; there are: end_user, route, subject, tenant",
    ),
    "a path without a slash": (("provider: cloud", "path: scan, provider: cloud"), "7: guards.own.path: "),
    "a path in gRPC's address": (
        ("url: 'http://127.0.0.1:8'", "url: 'http://127.0.0.1:8/screen'"),
        "8: guards.grpc.endpoint.url: must be a scheme, a host and a port alone, such as https://guard.example.com:443",
    ),
    "a port that there cannot be": (
        ("url: 'http://127.0.0.1:8'", "url: 'http://127.0.0.1:65537'"),
        "8: guards.grpc.endpoint.url: ",
    ),
    "a certificate without its key": (
        ("url: 'http://127.0.0.1:8'", "url: 'https://127.0.0.1:9', certificate_file: c.pem"),
        "8: guards.grpc.endpoint: certificate_file and key_file must be set together",
    ),
    "metadata that gRPC takes for bytes": (
        ("url: 'http://127.0.0.1:8'", "url: 'http://127.0.0.1:8', headers: {X-Key-Bin: 'env://PATH'}"),
        "8: guards.grpc.endpoint: headers must not end in -bin, which is gRPC's mark of values that are no text",
    ),
    "authorities without TLS": (
        ("url: 'http://127.0.0.1:8'", "url: 'http://127.0.0.1:8', ca_file: ca.pem"),
        "8: guards.grpc.endpoint: url must begin with https:// where ca_file or certificate_file is set",
    ),
    "a category that the guard does not have": (
        ("use: [{guard: model}]", "use: [{guard: model, categories: {injection: FLAG}}]"),
        (
            "12: routes.default.screens.question.use[0].categories.injection: the guard model knows no category of "
            "this name; there is: toxicity"
        ),
    ),
    "a hosted one on a route that bars it": (
        (
            "store: main, screens: {question: {use: [{guard: model}",
            "store: main, self_hosted_only: true, screens: {question: {use: [{guard: own}",
        ),
        (
            "12: routes.default.screens.question.use[0].guard: is hosted, which self_hosted_only bars: name one that "
            "runs with you"
        ),
    ),
    "a hosted one that a tenant bars": (
        ("use: [{guard: model}]}}}", "use: [{guard: grpc}]}}}\nself_hosted_only: [acme]"),
        (
            "12: routes.default.screens.question.use[0].guard: is hosted, which self_hosted_only bars for acme: name "
            "one that runs with you"
        ),
    ),
    "one that may block on a stream that it does not hold back": (
        (
            "store: main, screens: {question: {use: [{guard: model}]}}",
            "store: main, mode: PROVISIONAL, screens: {answer: {use: [{guard: model}]}}",
        ),
        "12: routes.default.screens.answer.use[0].action: may block or mask, and with mode PROVISIONAL",
    ),
    "one that screens documents": (
        ("models: {quoting", "ingest: {screen: {use: [{guard: model}]}}\nmodels: {quoting"),
        "9: ingest.screen.use[0].guard: is behind an endpoint, and documents are screened in the server",
    ),
    "a secret in the file": (
        ("url: 'http://127.0.0.1:8'", "url: 'http://127.0.0.1:8', headers: {authorization: secret}"),
        "8: guards.grpc.endpoint.headers.authorization: must be a reference",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_one_line(tmp_path: Path, case: str) -> None:
    (right, wrong), line = CASES[case]
    assert right in RIGHT
    (error,) = errors(tmp_path, RIGHT.replace(right, wrong, 1))
    assert line in error
    assert "secret" not in error.removeprefix("groundwire.yaml").replace("the secret itself", "")


def section(tmp_path: Path, name: str, text: str = RIGHT) -> tuple[RemoteGuardConfig, bool]:
    configuration = loaded(tmp_path, text).configuration
    found = configuration.guards[name]
    assert isinstance(found, RemoteGuardConfig)
    return found, is_hosted(configuration, found)


@pytest.mark.parametrize(("name", "hosted"), [("model", False), ("own", True), ("grpc", True)])
def test_texts_leave_for_a_guard_whose_endpoint_is_hosted(tmp_path: Path, name: str, hosted: bool) -> None:
    assert section(tmp_path, name)[1] is hosted
    assert not section(tmp_path, "grpc", RIGHT.replace("8'}}", "8', residency: self_hosted}}"))[1]


def test_a_guard_names_the_categories_of_its_findings(tmp_path: Path) -> None:
    assert section(tmp_path, "model")[0].found_categories == {"toxicity"}
    assert section(tmp_path, "grpc")[0].found_categories == {"injection"}


@pytest.mark.parametrize("name", ["model", "own", "grpc"])
def test_two_configurations_share_connection_circuit_and_slots(tmp_path: Path, name: str) -> None:
    configuration = loaded(
        tmp_path, RIGHT.replace("version: '1'", "version: '1', concurrency: {max_concurrent: 4}")
    ).configuration

    guard = configuration.guards[name]
    assert isinstance(guard, RemoteGuardConfig)

    async def keys() -> tuple[int, int, int]:
        shared = Shared()
        leases = [shared.lease() for _ in range(2)]
        opened = []
        for lease in leases:
            await open_remote_guard(name, guard, configuration, lease, unrecorded())
            opened.append(len(shared.keys()))
        for lease in leases:
            await lease.end()
        return opened[0], opened[1], len(shared.keys())

    first, second, rest = asyncio.run(keys())
    assert 0 < first == second
    assert rest == 0


@pytest.mark.parametrize("name", ["own", "grpc"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    missing = f"ca_file: '{tmp_path}/none.pem'"
    text = RIGHT.replace("url: 'http://127.0.0.1:8'", f"url: 'https://127.0.0.1:8', {missing}")
    configuration = loaded(
        tmp_path, text.replace("cloud: {kind: openai,", f"cloud: {{kind: openai, {missing},")
    ).configuration
    guard = configuration.guards[name]
    assert isinstance(guard, RemoteGuardConfig)
    with pytest.raises(SetupError, match=rf"^guards\.{name}: a certificate or key .* cannot be read: No such file"):
        asyncio.run(open_remote_guard(name, guard, configuration, Shared().lease(), unrecorded()))
