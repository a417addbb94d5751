"""Names that must lead somewhere, and sections that must fit each other."""

from pathlib import Path

import pytest

from tests.app.configuration.reading import errors, loaded

TWO = "stores:\n  a: {kind: embedded, folder: a}\n  b: {kind: embedded, folder: b}\n"
OVER_TWO = f"{TWO}models: {{m: {{kind: extractive}}}}\nroutes: {{default: {{models: [m], store: a}}}}\n"
PATTERN = "spiffe://example.org/{tenant}/{subject}"
TERMS = "guards: {rivals: {kind: terms, version: '1', category: competitors, terms: [Initech]}}\n"
KEYS = "authentication: {api_keys: {file: keys.json}}\n"
TLS = "tls: {certificate: a, key: b}"
OPEN = "listen: '0.0.0.0:50051'"
REACHABLE = "0.0.0.0:50051 is reachable from other machines and there is no"
SO = "set up server.tls and authentication, listen on 127.0.0.1, or set dangerously_listen_without_authentication"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("stores: {main: {embedder: locale}}",
         "1: stores.main.embedder: there is no embedder of this name; did you mean local? there is: local"),
        ("models: {extractive: {store: mian}}",
         "1: models.extractive.store: there is no store of this name; did you mean main? there is: main"),
        ("routes:\n  default:\n    models: [extractive]\n    store: docs\n",
         "4: routes.default.store: there is no store of this name; there is: main"),
        ("routes:\n  default:\n    store: main\n    models:\n      - extractive\n      - extractiv\n",
         "6: routes.default.models[1]: there is no model of this name; did you mean extractive? there is: extractive"),
        ("corpus: docs", "1: corpus: there is no store of this name; there is: main"),
        (OVER_TWO, "corpus: must say which store keeps documents, since there are several: a, b"),
        ("tenants: [acme]\ntenant_weights: {acmee: 2}",
         "2: tenant_weights.acmee: there is no tenant of this name; did you mean acme? there is: acme"),
        (f"corpus: a\n{OVER_TWO.replace('folder: b', 'folder: ./a')}",
         "4: stores.b.folder: is that of the store a too: give it its own"),
        ("routes:\n  default:\n    models: [extractive]\n    store: main\n    time: {default_seconds: 70}\n",
         "5: routes.default.time.default_seconds: must be at most max_seconds"),
        (f"server: {{{OPEN}}}", f"1: server.listen: {REACHABLE} TLS and no authentication: {SO}"),
        (f"server: {{{OPEN}, {TLS}}}", f"1: server.listen: {REACHABLE} authentication: {SO}"),
        (f"{KEYS}server: {{{OPEN}}}", f"2: server.listen: {REACHABLE} TLS: {SO}"),
        (f"authentication: {{certificates: {{pattern: '{PATTERN}'}}}}\nserver: {{{TLS}}}",
         "1: authentication.certificates: needs server.tls.client_ca, which vouches for them"),
        (f"authentication:\n  certificates: {{pattern: '{PATTERN}'}}",
         "2: authentication.certificates: needs server.tls.client_ca, which vouches for them"),
        ("answer_cache: {kind: redis}",
         "1: answer_cache.kind: needs `redis`, where the answers are kept: set redis.url"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_or_does_not_fit_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    line = f"groundwire.yaml:{line}" if line[0].isdigit() else f"groundwire.yaml: {line}"
    assert errors(tmp_path, text) == [line]


@pytest.mark.parametrize(
    ("tenants", "use", "said"),
    [
        ("", "guard: rival", "guard: there is no guard of this name; did you mean rivals?"),
        (
            "",
            "guard: rivals, categories: {competitor: FLAG}",
            "categories.competitor: the guard rivals knows no category of this name; did you mean competitors?",
        ),
        (
            "tenants: [acme]\n",
            "guard: rivals, tenants: [acne]",
            "tenants: there is no tenant of this name; did you mean acme?",
        ),
    ],
)
def test_guards_of_documents_name_what_exists(tmp_path: Path, tenants: str, use: str, said: str) -> None:
    (line,) = errors(tmp_path, f"{tenants}{TERMS}ingest: {{screen: {{use: [{{{use}}}]}}}}")
    assert f": ingest.screen.use[0].{said}" in line


@pytest.mark.parametrize(
    "text",
    [
        f"corpus: a\n{OVER_TWO}",
        f"{KEYS}server: {{{OPEN}, {TLS}}}",
        f"server: {{{OPEN}, dangerously_listen_without_authentication: true}}",
        "server: {listen: '127.1.2.3:0'}",
        "server: {listen: 'localhost:50051'}",
        "server: {listen: '[::1]:50051'}",
        (
            f"authentication: {{certificates: {{pattern: '{PATTERN}'}}}}\n"
            f"server: {{{OPEN}, tls: {{certificate: a, key: b, client_ca: c}}}}"
        ),
    ],
)
def test_what_fits_is_taken(tmp_path: Path, text: str) -> None:
    assert errors(tmp_path, text) == []


def test_a_gateway_beyond_this_machine_needs_what_the_server_needs(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, "gateway: {listen: '0.0.0.0:8080'}")
    assert "gateway.listen: 0.0.0.0:8080 is reachable from other machines" in line
    assert "set up gateway.tls and authentication, listen on 127.0.0.1" in line
    assert errors(tmp_path, f"{KEYS}gateway: {{listen: '0.0.0.0:8080', tls: {{certificate: a, key: b}}}}") == []


@pytest.mark.parametrize(
    "gateway",
    [
        "allowed_origins: ['https://app.example.com/']",
        "allowed_origins: ['*']",
        "allowed_origins: ['https://App.example.com']",
        "hosts: ['answers.example.com:8080']",
        "trusted_proxies: ['proxy.example.com']",
    ],
)
def test_what_is_no_origin_host_or_network_is_refused(tmp_path: Path, gateway: str) -> None:
    (line,) = errors(tmp_path, f"gateway: {{{gateway}}}")
    assert "must be an" in line or "must be a host" in line


def test_every_name_that_leads_nowhere_is_told_of(tmp_path: Path) -> None:
    text = "models: {m: {store: x}}\nroutes:\n  a: {models: [n], store: y}\n  b: {models: [m], store: z}\n"
    assert [line.split(": ")[1] for line in errors(tmp_path, text)] == [
        "models.m.store",
        "routes.a.store",
        "routes.a.models[0]",
        "routes.b.store",
    ]


def test_documents_go_to_the_only_store_or_to_the_one_that_is_named(tmp_path: Path) -> None:
    assert loaded(tmp_path).configuration.corpus_store == "main"
    assert loaded(tmp_path, f"corpus: b\n{OVER_TWO}").configuration.corpus_store == "b"
