"""Providers and their models in a configuration: what is taken, what is refused and in which words."""

import json
import re
import subprocess
import sys
from collections.abc import Hashable
from pathlib import Path

import pytest
import trustme

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.dump import as_yaml
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.external import verify
from groundwire_server.app.configuration.load import TEMPLATE, Loaded, Sources, load
from groundwire_server.app.configuration.model_rules import residencies
from groundwire_server.app.configuration.models.configuration import json_schema
from groundwire_server.app.parts.models import dialect_of
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.shared import Lease, Shared
from groundwire_server.domain.residency import Residency
from tests.doubles.spans import Spans

KEY = "sk-SECRET"
RIGHT = """\
providers:
  cloud: {kind: anthropic, base_url: "https://api.example.com/v1", api_key: "env://CLOUD_KEY"}
  house:
    kind: openai
    profile: vllm
    base_url: http://127.0.0.1:9/v1/
    residency: self_hosted
models:
  large: {kind: anthropic, provider: cloud, model: claude-test, price: {input: 3, output: 15, cached: 0.3}}
  own: {kind: openai, provider: house, model: qwen-test, bounds: {first_token_seconds: 2}, extra: {seed: 7}}
  quoting: {kind: extractive}
routes:
  default: {models: [large, own, quoting], store: main}
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_KEY", KEY)


def loaded(folder: Path, text: str = RIGHT) -> Loaded:
    file = folder / "c.yaml"
    file.write_text(text)
    flags = {
        "--data": (("stores", "main", "folder"), str(folder / "data")),
        "--embedder": (("stores", "main", "embedder"), None),
    }
    return load(Sources(file, {}, flags))


def errors(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidConfigurationError) as invalid:
        loaded(folder, text)
    return [str(each).removeprefix(f"{folder}/") for each in invalid.value.errors]


async def test_a_chain_is_opened_as_the_file_says(tmp_path: Path) -> None:
    configuration = loaded(tmp_path).configuration
    lease = Shared().lease()
    parts = await open_parts(configuration, lease, Spans().recording)
    assert list(parts.generators) == ["large", "own", "quoting"]
    assert parts.residencies == residencies(configuration)
    assert parts.residencies == {
        "large": Residency.HOSTED,
        "own": Residency.SELF_HOSTED,
        "quoting": Residency.SELF_HOSTED,
    }
    await lease.end()


def test_what_a_configuration_opened_outlives_its_comparisons(tmp_path: Path) -> None:
    alone = loaded(tmp_path).configuration.routes["default"]
    shadowed = RIGHT.replace("store: main}", "store: main, shadow: {model: own, max_seconds: 300}}")
    compared = loaded(tmp_path, shadowed).configuration.routes["default"]
    assert alone.longest == alone.time.max_seconds
    assert compared.longest > alone.longest + 300


def test_a_models_requests_are_made_of_both_sections(tmp_path: Path) -> None:
    configuration = loaded(tmp_path).configuration
    large, own = configuration.models["large"], configuration.models["own"]
    assert large.kind == "anthropic"
    assert own.kind == "openai"
    assert dialect_of(large, configuration.providers["cloud"]).headers["x-api-key"] == KEY
    spoken = dialect_of(own, configuration.providers["house"])
    assert (spoken.model, spoken.path, dict(spoken.headers)) == ("qwen-test", "/chat/completions", {})


WRONG = {
    "a kind that there is not": (
        ("kind: anthropic, base_url", "kind: antropic, base_url"),
        (
            "c.yaml:2: providers.cloud.kind: is not one of the words allowed; did you mean anthropic? "
            "there are: anthropic, openai"
        ),
    ),
    "no kind": (
        ("cloud: {kind: anthropic, ", "cloud: {"),
        "c.yaml:2: providers.cloud.kind: is missing; there are: anthropic, openai",
    ),
    "a kind of model that there is not": (
        ("quoting: {kind: extractive}", "quoting: {kind: extracting}"),
        (
            "c.yaml:11: models.quoting.kind: is not one of the words allowed; did you mean extractive? "
            "there are: anthropic, extractive, openai"
        ),
    ),
    "a model that is no section": (
        ("quoting: {kind: extractive}", "quoting: extractive"),
        "c.yaml:11: models.quoting: must hold `key: value` lines",
    ),
    "a key that is another kind's": (
        ("kind: anthropic, base_url", "kind: anthropic, profile: vllm, base_url"),
        (
            "c.yaml:2: providers.cloud.profile: unknown key; there are: api_key, base_url, ca_file, concurrency, "
            "headers, idle_seconds, kind, mask, max_connections, readiness, residency, retry_budget, scheduling, "
            "trace_context"
        ),
    ),
    "a misspelt key deep within": (
        ("first_token_seconds", "first_tokens_seconds"),
        (
            "c.yaml:10: models.own.bounds.first_tokens_seconds: unknown key; did you mean first_token_seconds? "
            "there are: connect_seconds, event_bytes, first_token_seconds, gather_seconds, response_bytes, "
            "silence_seconds"
        ),
    ),
    "a misspelt profile": (
        ("profile: vllm", "profile: vlm"),
        (
            "c.yaml:5: providers.house.profile: is not one of the words allowed; did you mean vllm? there are: azure, "
            "gemini, llamacpp, mistral, ollama, openai, plain, tgi, vllm"
        ),
    ),
    "a provider that there is not": (
        ("provider: cloud", "provider: clout"),
        (
            "c.yaml:9: models.large.provider: there is no provider of this name; did you mean cloud? "
            "there are: cloud, house"
        ),
    ),
    "a provider of another kind": (
        ("provider: cloud", "provider: house"),
        "c.yaml:9: models.large.provider: is of the kind openai, and the model of the kind anthropic",
    ),
    "a key in the file": (
        ("env://CLOUD_KEY", "sk-SECRET"),
        "c.yaml:2: providers.cloud.api_key: must be a reference, env://NAME or file:///PATH, and not the secret itself",
    ),
    "no address": (
        ("https://api.example.com/v1", "api.example.com"),
        "c.yaml:2: providers.cloud.base_url: must begin with http:// or https://, such as http://127.0.0.1:8000/v1",
    ),
    "an address with a port that cannot be": (
        ("https://api.example.com/v1", "https://api.example.com:99999/v1"),
        (
            "c.yaml:2: providers.cloud.base_url: must have a valid host, and a port from 1 to 65535 if any, such as "
            "http://127.0.0.1:8000/v1"
        ),
    ),
    "a key in the address": (
        ("https://api", "https://me:sk-SECRET@api"),
        "c.yaml:2: providers.cloud.base_url: must hold no credentials, query or fragment: the key belongs into api_key",
    ),
    "a field of a request that is the product's": (
        ("{seed: 7}", "{messages: []}"),
        "c.yaml:10: models.own.extra: messages is set by the server: leave it out",
    ),
    "a route of hosted models that bars them": (
        ("models: [large, own, quoting]", "self_hosted_only: true, models: [large]"),
        "c.yaml:13: routes.default.models: are all hosted, and self_hosted_only bars them: add one that is not",
    ),
    "a route of hosted models, and a tenant that they are barred for": (
        ("models: [large, own, quoting], store: main}", "models: [large], store: main}\nself_hosted_only: [acme]"),
        "c.yaml:13: routes.default.models: are all hosted, which self_hosted_only bars for acme: add one that is not",
    ),
    "a tenant to protect that there is not": (
        ("routes:", "tenants: [acme]\nself_hosted_only: [acne]\nroutes:"),
        "c.yaml:13: self_hosted_only[0]: there is no tenant of this name; did you mean acme? there is: acme",
    ),
    "a category that is no personal data": (
        ("api_key: ", "mask: [emial], api_key: "),
        (
            "c.yaml:2: providers.cloud.mask[0]: there is no category of personal data and no guard of this name; did "
            "you mean email? there are: address, birth_date, card, email, iban, ip, name, national_id, passport, "
            "personal, phone, plate, secrets"
        ),
    ),
    "a guard with the name of a category that is masked": (
        (
            "providers:\n  cloud: {",
            (
                "guards: {email: {kind: terms, version: '1', category: x, terms: [x]}}\n"
                "providers:\n  cloud: {mask: [email], "
            ),
        ),
        "c.yaml:3: providers.cloud.mask[0]: is a category of personal data and the name of a guard: rename the guard",
    ),
    "a guard behind an endpoint that is to find what is masked": (
        (
            "providers:\n  cloud: {",
            (
                "guards: {scan: {kind: http, provider: house, version: '1', categories: [x]}}\n"
                "providers:\n  cloud: {mask: [scan], "
            ),
        ),
        "c.yaml:3: providers.cloud.mask[0]: is a guard behind an endpoint, which would be sent what is masked",
    ),
    "scheduling of a hosted provider": (
        ("api_key: ", "scheduling: {headers: llm_d}, api_key: "),
        (
            "c.yaml:2: providers.cloud.scheduling: is for servers of your own: set residency to self_hosted, or leave "
            "it out"
        ),
    ),
    "priorities for a server without them": (
        ("profile: vllm", "profile: tgi\n    scheduling: {priority: true}"),
        "c.yaml:6: providers.house.scheduling.priority: is a field of vLLM: set profile to vllm, or leave it out",
    ),
    "an unknown model in the shadow": (
        ("store: main}", "store: main, shadow: {model: owm}}"),
        (
            "c.yaml:13: routes.default.shadow.model: there is no model of this name; did you mean own? there are: "
            "large, own, quoting"
        ),
    ),
    "a shadow of the model that answers": (
        ("store: main}", "store: main, shadow: {model: large, daily_limit: 1}}"),
        (
            "c.yaml:13: routes.default.shadow.model: is the first that the route asks: name the one that is to be "
            "compared with it"
        ),
    ),
    "a hosted shadow of a route that bars it": (
        (
            "models: [large, own, quoting], store: main}",
            "self_hosted_only: true, models: [own], store: main, shadow: {model: large, daily_limit: 1}}",
        ),
        "c.yaml:13: routes.default.shadow.model: is hosted, and self_hosted_only bars it: name one that is not",
    ),
    "a shadow that could cost without limit": (
        ("models: [large, own, quoting], store: main}", "models: [own], store: main, shadow: {model: large}}"),
        "c.yaml:13: routes.default.shadow.daily_limit: is missing: the model has a price",
    ),
    "an unknown model that rewrites": (
        ("store: main}", "store: main, rewrite: {model: owm}}"),
        (
            "c.yaml:13: routes.default.rewrite.model: there is no model of this name; did you mean own? there are: "
            "large, own, quoting"
        ),
    ),
    "a model that quotes and is to rewrite": (
        ("store: main}", "store: main, rewrite: {model: quoting}}"),
        "c.yaml:13: routes.default.rewrite.model: quotes, and cannot rewrite: name a model of a provider",
    ),
    "a hosted model that rewrites for a route that bars it": (
        (
            "models: [large, own, quoting], store: main}",
            "self_hosted_only: true, models: [own], store: main, rewrite: {model: large}}",
        ),
        "c.yaml:13: routes.default.rewrite.model: is hosted, and self_hosted_only bars it: name one that is not",
    ),
    "a price that is none": (
        ("input: 3", "input: -3"),
        "c.yaml:9: models.large.price.input: must be at least 0",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_line_with_its_place_and_what_would_be_right(tmp_path: Path, case: str) -> None:
    (old, new), line = WRONG[case]
    assert old in RIGHT
    (said,) = errors(tmp_path, RIGHT.replace(old, new))
    assert said == line
    assert KEY not in said


def test_a_prompt_that_is_not_there_is_told_before_a_server_starts(tmp_path: Path) -> None:
    text = RIGHT.replace("store: main}", 'store: main, rewrite: {model: own, prompt: "9.9.9"}}')
    with pytest.raises(InvalidConfigurationError) as invalid:
        verify(loaded(tmp_path, text), SystemClock().today())
    (error,) = invalid.value.errors
    assert "c.yaml:13: routes.default.rewrite.prompt: rewritings have no prompt '9.9.9'; they have: 1.1.0" in str(error)


def test_a_ca_file_that_holds_none_is_told_before_a_server_starts(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name, said in (("ca.pem", "holds no certificate of an authority"), ("none.pem", "cannot be read")):
        text = RIGHT.replace("profile: vllm", f"ca_file: {tmp_path / name}")
        with pytest.raises(InvalidConfigurationError) as invalid:
            verify(loaded(tmp_path, text), SystemClock().today())
        (error,) = invalid.value.errors
        assert f"c.yaml:5: providers.house.ca_file: {tmp_path / name} {said}" in str(error)


def test_an_authority_of_ones_own_is_taken(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    verify(loaded(tmp_path, RIGHT.replace("profile: vllm", f"ca_file: {tmp_path / 'ca.pem'}")), SystemClock().today())


def test_what_is_in_force_is_shown_without_the_key(tmp_path: Path) -> None:
    shown = as_yaml(loaded(tmp_path))
    assert re.search(r"api_key: env://CLOUD_KEY +# .*c\.yaml:2\n", shown)
    assert re.search(r"base_url: http://127\.0\.0\.1:9/v1 +# .*c\.yaml:6\n", shown)
    assert KEY not in shown


def test_the_schema_tells_the_kinds_apart() -> None:
    properties = json_schema()["properties"]
    for section, models in (
        ("providers", {"OpenAiProviderConfig", "AnthropicProviderConfig"}),
        ("models", {"OpenAiModelConfig", "AnthropicModelConfig", "ExtractiveModelConfig"}),
    ):
        assert set(re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(properties[section]))) == models


def test_a_file_to_begin_with_shows_providers_and_their_models() -> None:
    text = TEMPLATE.read_text("utf-8")
    for kind in ("openai", "anthropic"):
        assert f"\n#  {kind}:\n" in text
        assert f"\n  #{kind}:\n" in text
        assert f"\n  #  provider: {kind}\n" in text


def open_providers(shared: Shared) -> set[Hashable]:
    return {each for each in shared.keys() if isinstance(each, tuple) and each[0] == "provider"}  # noqa: SIM118


async def opened(shared: Shared, folder: Path, text: str) -> Lease:
    lease = shared.lease()
    await open_parts(loaded(folder, text).configuration, lease, Spans().recording)
    return lease


async def test_a_provider_stays_open_for_the_next_configuration_and_is_closed_after_the_last(tmp_path: Path) -> None:
    shared = Shared()
    first = await opened(shared, tmp_path, RIGHT)
    providers = open_providers(shared)
    assert len(providers) == 2
    second = await opened(shared, tmp_path, RIGHT.replace("seed: 7", "seed: 8"))
    assert open_providers(shared) == providers
    await first.end()
    assert open_providers(shared) == providers
    third = await opened(shared, tmp_path, RIGHT.replace("profile: vllm", "profile: ollama"))
    assert len(open_providers(shared)) == 3
    fourth = await opened(shared, tmp_path, RIGHT.replace("profile: vllm", "headers: {App: 'env://CLOUD_KEY'}"))
    assert len(open_providers(shared)) == 4
    for lease in (second, third, fourth):
        await lease.end()
    assert not shared.keys()


@pytest.mark.process
def test_a_server_without_providers_starts_without_an_http_client(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from groundwire_server.app.parts.parts import open_parts\n"
        "from groundwire_server.app.parts.shared import Shared\n"
        "from groundwire_server.app.serve import serve\n"
        "from groundwire_server.ports.recording import unrecorded\n"
        "from tests.doubles.configured import beside\n"
        "from groundwire_server.app.configuration.load import load\n"
        "configuration = load(beside(Path(sys.argv[1]), embedder=None)).configuration\n"
        "asyncio.run(open_parts(configuration, Shared().lease(), unrecorded()))\n"
        "print('aiohttp' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "data")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert ran.stdout == "False\n"
