"""Each thing that can be wrong with a value is one line: where it is, and what would be right."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from groundwire_server.app.configuration.errors import dotted, not_among
from groundwire_server.app.configuration.explain import explained
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.options import Options
from tests.app.configuration.reading import errors

SERVER_KEYS = (
    "arrival, connections, dangerously_listen_without_authentication, drain, listen, max_concurrent_calls, "
    "request_bytes, tls, workers, write_seconds"
)
SECTIONS = (
    "answer_cache, authentication, capacity, checkers, concurrency, context, corpus, embedders, gateway, guards, "
    "ingest, limits, models, prompts, providers, queue, records, redis, rerankers, reviews, routes, self_hosted_only, "
    "server, spending, stores, telemetry, tenant_weights, tenants"
)
ROUTE_KEYS = (
    "allow_alpha, cache, check, checker, context, experiments, fallbacks, feedback, limits, limits_without_store, "
    "mode, models, prompt, queue, recording, release, rerank, review, rewrite, routing, screens, search, "
    "self_hosted_only, shadow, store, thresholds, time"
)
ROW = "routes.default.fallbacks.MODEL_TIMEOUT"
NO_HOST_OR_PORT = "must have a valid host, and a port from 1 to 65535 if any, such as http://localhost:4317"
TENANT = "authentication: {tokens: [{issuer: i, audience: a, jwks: j, %s}]}"


def route(text: str) -> str:
    """A file whose default route says this, on line 5."""
    return f"routes:\n  default:\n    models: [extractive]\n    store: main\n    {text}\n"


WRONG = {
    "unknown-key": (
        route("limts: {}"),
        f"5: routes.default.limts: unknown key; did you mean limits? there are: {ROUTE_KEYS}",
    ),
    "unknown-key-like-nothing": ("server: {zzz: 1}", f"1: server.zzz: unknown key; there are: {SERVER_KEYS}"),
    "unknown-key-of-another-case": (
        "server: {Listen: '127.0.0.1:1'}",
        f"1: server.Listen: unknown key; did you mean listen? there are: {SERVER_KEYS}",
    ),
    "unknown-key-in-a-list": (
        "authentication:\n  tokens:\n  - issuer: i\n    audience: a\n    jwks: j\n    algoritms: [RS256]\n",
        (
            "6: authentication.tokens[0].algoritms: unknown key; did you mean algorithms? there are: algorithms, "
            "audience, claims, issuer, jwks, refresh_seconds, roles, skew_seconds"
        ),
    ),
    "unknown-key-under-a-name": (
        "stores: {main: {fodler: x}}",
        (
            "1: stores.main.fodler: unknown key; did you mean folder? there are: embedder, folder, kind, "
            "sentence_vectors"
        ),
    ),
    "unknown-section": ("sever: {}", f"1: sever: unknown key; did you mean server? there are: {SECTIONS}"),
    "text-for-a-number": (
        'embedders: {local: {cache_size: "4096"}}',
        "1: embedders.local.cache_size: must be a whole number",
    ),
    "truth-for-a-number": (
        "embedders: {local: {cache_size: true}}",
        "1: embedders.local.cache_size: must be a whole number",
    ),
    "fraction": ("server: {max_concurrent_calls: 1.5}", "1: server.max_concurrent_calls: must be a whole number"),
    "text-for-seconds": ("server: {write_seconds: soon}", "1: server.write_seconds: must be a number"),
    "truth-for-seconds": ("server: {write_seconds: true}", "1: server.write_seconds: must be a number"),
    "no-number": ("server: {write_seconds: .nan}", "1: server.write_seconds: must be a finite number"),
    "endless": ("server: {drain: {grace_seconds: .inf}}", "1: server.drain.grace_seconds: must be a finite number"),
    "word-for-truth": (
        'server: {dangerously_listen_without_authentication: "yes"}',
        "1: server.dangerously_listen_without_authentication: must be true or false",
    ),
    "number-for-truth": (
        "server: {dangerously_listen_without_authentication: 1}",
        "1: server.dangerously_listen_without_authentication: must be true or false",
    ),
    "number-for-text": ("server: {listen: 5}", "1: server.listen: must be a text: put it in quotes"),
    "number-for-a-path": ("stores: {main: {folder: 2024}}", "1: stores.main.folder: must be a text: put it in quotes"),
    "number-for-a-word": (
        route("mode: 1"),
        "5: routes.default.mode: is not one of the words allowed; there are: CHECKED, PROVISIONAL",
    ),
    "word-for-a-section": ("server: here", "1: server: must hold `key: value` lines"),
    "list-for-a-section": ("server: [here]", "1: server: must hold `key: value` lines"),
    "list-for-names": ("routes: [default]", "1: routes: must hold `key: value` lines"),
    "word-for-a-list": ("tenants: acme", "1: tenants: must be a list, such as [a, b]"),
    "number-in-a-list": ("tenants: [acme, 7]", "1: tenants[1]: must be a text: put it in quotes"),
    "too-few": ("server: {max_concurrent_calls: 0}", "1: server.max_concurrent_calls: must be at least 1"),
    "too-many": ("server: {drain: {grace_seconds: 3601}}", "1: server.drain.grace_seconds: must be at most 3600"),
    "not-above": ("server: {write_seconds: 0}", "1: server.write_seconds: must be above 0"),
    "not-below": (route("time: {retrieval_share: 1}"), "5: routes.default.time.retrieval_share: must be below 1"),
    "number-of-far-too-many-digits": (
        f"server: {{max_concurrent_calls: {'9' * 3000}}}",
        "1: server.max_concurrent_calls: must be at most 100000",
    ),
    "missing": ("routes:\n  default: {store: main}", "2: routes.default.models: is missing"),
    "weight-of-nothing": ("tenant_weights: {acme: 0}", "1: tenant_weights.acme: must be above 0"),
    "weight-below-nothing": ("tenant_weights: {acme: -1.5}", "1: tenant_weights.acme: must be above 0"),
    "least-above-most": (
        "capacity: {max_concurrent: 4, min_concurrent: 8}",
        "1: capacity: min_concurrent must be at most max_concurrent",
    ),
    "least-above-most-of-a-model": (
        "models: {m: {kind: openai, provider: p, model: m, concurrency: {max_concurrent: 1, min_concurrent: 2}}}",
        "1: models.m.concurrency: min_concurrent must be at most max_concurrent",
    ),
    "empty-list": ("tenants: []", "1: tenants: must not be empty"),
    "wrong-element": (
        "routes: {default: {store: main, models: [extractive], routing: [{name: a, models: ['Odd Name']}]}}",
        "1: routes.default.routing[0].models[0]: must be a text that matches ^[a-z][a-z0-9_-]{0,63}$",
    ),
    "empty-names": ("routes: {}", "1: routes: must not be empty"),
    "empty-text": (TENANT % "claims: {tenant: ''}", "1: authentication.tokens[0].claims.tenant: must not be empty"),
    "no-address": ("server: {listen: localhost}", "1: server.listen: must be HOST:PORT, such as 127.0.0.1:50051"),
    "no-port": ("server: {listen: 'a:http'}", "1: server.listen: must be HOST:PORT, such as 127.0.0.1:50051"),
    "no-such-port": ("server: {listen: 'a:65536'}", "1: server.listen: must be HOST:PORT, such as 127.0.0.1:50051"),
    "endpoint-without-scheme": (
        "telemetry: {otlp: {endpoint: 'localhost:4317'}}",
        "1: telemetry.otlp.endpoint: must begin with http:// or https://, such as http://localhost:4317",
    ),
    "endpoint-without-host": (
        "telemetry: {otlp: {endpoint: 'http://:4317'}}",
        f"1: telemetry.otlp.endpoint: {NO_HOST_OR_PORT}",
    ),
    "endpoint-with-a-port-that-wraps-around": (
        "telemetry: {otlp: {endpoint: 'http://localhost:69853'}}",
        f"1: telemetry.otlp.endpoint: {NO_HOST_OR_PORT}",
    ),
    "endpoint-with-half-an-address": (
        "telemetry: {otlp: {endpoint: 'http://[::1'}}",
        f"1: telemetry.otlp.endpoint: {NO_HOST_OR_PORT}",
    ),
    "endpoint-with-a-port-that-is-none": (
        "telemetry: {otlp: {endpoint: 'http://localhost:0'}}",
        f"1: telemetry.otlp.endpoint: {NO_HOST_OR_PORT}",
    ),
    "endpoint-with-a-host-that-cannot-be-looked-up": (
        "telemetry: {otlp: {endpoint: 'http://./v1'}}",
        f"1: telemetry.otlp.endpoint: {NO_HOST_OR_PORT}",
    ),
    "endpoint-with-a-space": (
        "telemetry: {otlp: {endpoint: 'http://local host'}}",
        (
            "1: telemetry.otlp.endpoint: must not hold spaces or control characters: write http://localhost:4317, "
            "for instance"
        ),
    ),
    "text-of-too-many-characters": (
        (
            "providers: {it: {kind: openai, base_url: 'http://a'}}\n"
            f"models: {{extractive: {{}}, it: {{kind: openai, provider: it, model: {'m' * 300}}}}}"
        ),
        "2: models.it.model: must have at most 256 characters",
    ),
    "endpoint-with-a-password": (
        "telemetry: {otlp: {endpoint: 'http://me:s3cr3t@localhost:4317'}}",
        "1: telemetry.otlp.endpoint: must not hold a user or a password: set telemetry.otlp.headers",
    ),
    "word-of-another-case": (
        "telemetry: {log_level: info}",
        (
            "1: telemetry.log_level: is not one of the words allowed; did you mean INFO? "
            "there are: DEBUG, ERROR, INFO, WARNING"
        ),
    ),
    "name": (
        "stores: {My Store: {}}",
        "1: stores.My Store: must be a name that matches ^[a-z][a-z0-9_-]{0,63}$",
    ),
    "cause": (
        route("fallbacks: {MODEL_TIMOUT: [ABSTAIN]}"),
        (
            "5: routes.default.fallbacks.MODEL_TIMOUT: is not one of the words allowed; did you mean MODEL_TIMEOUT? "
            f"there are: {', '.join(sorted(Cause))}"
        ),
    ),
    "action-that-follows-by-itself": (
        route("fallbacks: {MODEL_TIMEOUT: [CUT_SHORT]}"),
        (
            f"5: {ROW}: CUT_SHORT cannot be chosen: it follows by itself; there are: "
            "ABSTAIN, BLOCK, CACHED_ANSWER, FAIL_SAFE, NEXT_MODEL, PASSAGES_ONLY, QUEUE, REPAIR, REVIEW, SHORTER_PROMPT"
        ),
    ),
    "row-of-no-failure": (
        route("fallbacks: {ANSWER_VALIDATED: [ABSTAIN]}"),
        "5: routes.default.fallbacks: ANSWER_VALIDATED is no failure, so nothing follows it: leave it out",
    ),
    "action-twice": (
        route("fallbacks: {MODEL_TIMEOUT: [ABSTAIN, ABSTAIN]}"),
        f"5: {ROW}: names an action twice: each is taken at most once",
    ),
    "row-beyond-its-end": (
        route("fallbacks: {MODEL_TIMEOUT: [FAIL_SAFE, ABSTAIN]}"),
        f"5: {ROW}: nothing follows FAIL_SAFE: put it last, or leave out what stands after it",
    ),
    "prompt-version": (
        route("prompt: {version: newest}"),
        (
            r"5: routes.default.prompt.version: must be a text that matches "
            r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$"
        ),
    ),
    "prompt-version-and-label": (
        route("prompt: {version: 1.2.0, label: candidate}"),
        "5: routes.default.prompt: names a version and a label: name one of them",
    ),
    "prompts-managed-without-records": (
        "records: {enabled: false}\nprompts: {managed_by: acme}",
        "2: prompts.managed_by: needs `records`, where changes are kept: set records.enabled",
    ),
    "prompts-managed-by-nobody": (
        "tenants: [acme]\nprompts: {managed_by: acne}",
        "2: prompts.managed_by: there is no tenant of this name; did you mean acme? there is: acme",
    ),
    "tls-without-a-certificate": ("server: {tls: {key: x}}", "1: server.tls.certificate: is missing"),
    "key-that-steers-a-terminal": (
        '"\\e[31mred\\n": 1',
        f"1: \N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}: unknown key; there are: {SECTIONS}",
    ),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_line_with_its_place(tmp_path: Path, text: str, line: str) -> None:
    assert errors(tmp_path, text) == [f"groundwire.yaml:{line}"]


@pytest.mark.parametrize("text", ["authentication: {tokens: [{issuer: i, audience: a, jwks: j, algorithms: [none]}]}",
                                  "authentication: {certificates: {pattern: '{tenant}'}}"])  # fmt: skip
def test_what_a_verifier_would_not_take_is_one_line(tmp_path: Path, text: str) -> None:
    (line,) = errors(tmp_path, text)
    assert line.startswith("groundwire.yaml:1: authentication.")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("word", "allowed", "says"),
    [
        ("mian", ["main"], "no; did you mean main? there is: main"),
        ("MAIN", ["main", "faq"], "no; did you mean main? there are: faq, main"),
        ("zzz", ["main"], "no; there is: main"),
        ("x", [], "no; there are: none"),
        (7, ["main"], "no; there is: main"),
    ],
)
def test_the_nearest_spelling_and_all_that_is_allowed_are_named(word: object, allowed: list[str], says: str) -> None:
    assert not_among(word, allowed, "no") == says


def test_a_path_is_written_as_people_write_it() -> None:
    assert dotted(("routes", "default", "models", 0)) == "routes.default.models[0]"
    assert dotted(()) == ""


class Paper(Options):
    kind: Literal["paper"]
    sheets: int = 1


class Stone(Options):
    kind: Literal["stone"]
    weight: int


class Desk(Options):
    things: dict[str, Annotated[Paper | Stone, Field(discriminator="kind")]]
    drawers: tuple[Annotated[Paper | Stone, Field(discriminator="kind")], ...] = ()


@pytest.mark.parametrize(
    ("thing", "line"),
    [
        ({"kind": "papr"}, ("things.it.kind: is not one of the words allowed; did you mean paper? "
                           "there are: paper, stone")),
        ({}, "things.it.kind: is missing; there are: paper, stone"),
        ({"kind": "stone"}, "things.it.weight: is missing"),
        ({"kind": "paper", "sheets": "many"}, "things.it.sheets: must be a whole number"),
        ({"kind": "paper", "weight": 1}, "things.it.weight: unknown key; there are: kind, sheets"),
        ({"kind": "stone", "weigt": 1, "weight": 2}, ("things.it.weigt: unknown key; did you mean weight? "
                                                     "there are: kind, weight")),
        (7, "things.it: must hold `key: value` lines"),
    ],
)  # fmt: skip
def test_a_section_of_several_kinds_is_explained_by_the_kind_it_is_of(thing: Any, line: str) -> None:
    for values, place in (({"things": {"it": thing}}, "things.it"), ({"things": {}, "drawers": [thing]}, "drawers[0]")):
        with pytest.raises(ValidationError) as invalid:
            Desk.model_validate_json(TypeAdapter(Any).dump_json(values), strict=True)
        assert [str(each) for each in explained(invalid.value, Desk, lambda path: "")] == [
            line.replace("things.it", place)
        ]
