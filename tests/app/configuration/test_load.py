"""Where each value comes from, and that all that is wrong is told of at once."""

from pathlib import Path

import pytest

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.domain.policy import CachePolicy, RewritePolicy
from groundwire_server.domain.prompts.context import ContextBlock, ContextSource, Keep
from groundwire_server.domain.reranking import RerankPolicy
from groundwire_server.domain.vocabulary import Action, CacheAccept, CacheValidity, Cause
from tests.app.configuration.reading import Flags, errors, loaded, value_at

LISTEN = ("server", "listen")


def test_a_flag_counts_more_than_the_environment_and_that_more_than_the_file(tmp_path: Path) -> None:
    file, variable = "server:\n  listen: 127.0.0.1:1\n", {"GROUNDWIRE_SERVER__LISTEN": "127.0.0.1:2"}
    flag: Flags = {"--listen": (LISTEN, "127.0.0.1:3")}
    found = [
        loaded(tmp_path),
        loaded(tmp_path, file),
        loaded(tmp_path, file, variable),
        loaded(tmp_path, file, variable, flag),
    ]
    assert [(each.configuration.server.listen, each.origin(LISTEN)) for each in found] == [
        ("127.0.0.1:50051", "built in"),
        ("127.0.0.1:1", f"{tmp_path}/groundwire.yaml:2"),
        ("127.0.0.1:2", "GROUNDWIRE_SERVER__LISTEN"),
        ("127.0.0.1:3", "--listen"),
    ]


def test_a_variable_changes_one_value_of_a_section_and_leaves_the_others(tmp_path: Path) -> None:
    text = "server:\n  drain: {notice_seconds: 1, grace_seconds: 2}\n"
    found = loaded(tmp_path, text, {"GROUNDWIRE_SERVER__DRAIN__GRACE_SECONDS": "3"})
    drain = found.configuration.server.drain
    assert (drain.notice_seconds, drain.grace_seconds) == (1, 3)
    assert found.origin(("server", "drain", "notice_seconds")) == f"{tmp_path}/groundwire.yaml:2"
    assert found.origin(("server", "drain", "grace_seconds")) == "GROUNDWIRE_SERVER__DRAIN__GRACE_SECONDS"


def test_a_variable_that_sets_a_whole_section_leaves_nothing_of_the_file_in_it(tmp_path: Path) -> None:
    text = "server:\n  drain: {notice_seconds: 1, grace_seconds: 2}\n"
    found = loaded(tmp_path, text, {"GROUNDWIRE_SERVER__DRAIN": "{notice_seconds: 7}"})
    drain = found.configuration.server.drain
    assert (drain.notice_seconds, drain.grace_seconds) == (7, 10)
    assert found.origins[("server", "drain", "notice_seconds")] == "GROUNDWIRE_SERVER__DRAIN"
    assert ("server", "drain", "grace_seconds") not in found.origins


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("GROUNDWIRE_SERVER__MAX_CONCURRENT_CALLS", "7", "server.max_concurrent_calls", 7),
        ("GROUNDWIRE_SERVER__WRITE_SECONDS", "7", "server.write_seconds", 7.0),
        ("GROUNDWIRE_SERVER__DANGEROUSLY_LISTEN_WITHOUT_AUTHENTICATION", "true",
         "server.dangerously_listen_without_authentication", True),
        ("GROUNDWIRE_STORES__MAIN__FOLDER", "2024", "stores.main.folder", "2024"),
        ("GROUNDWIRE_STORES__MAIN__FOLDER", "2024-01-01", "stores.main.folder", "2024-01-01"),
        ("GROUNDWIRE_STORES__MAIN__FOLDER", "no", "stores.main.folder", "no"),
        ("GROUNDWIRE_STORES__MAIN__FOLDER", "true", "stores.main.folder", "true"),
        ("GROUNDWIRE_STORES__MAIN__FOLDER", "/data/a b", "stores.main.folder", "/data/a b"),
        ("GROUNDWIRE_STORES__MAIN__EMBEDDER", "null", "stores.main.embedder", None),
        ("GROUNDWIRE_STORES__MAIN__EMBEDDER", "", "stores.main.embedder", None),
        ("GROUNDWIRE_TENANTS", "[acme, no]", "tenants", ["acme", "no"]),
        ("GROUNDWIRE_CORPUS", "main", "corpus", "main"),
        ("GROUNDWIRE_ROUTES__DEFAULT__MODELS", "[extractive]", "routes.default.models", ["extractive"]),
        ("GROUNDWIRE_ROUTES__DEFAULT__MODE", "PROVISIONAL", "routes.default.mode", "PROVISIONAL"),
        ("GROUNDWIRE_ROUTES__DEFAULT__PROMPT__VERSION", "1.0.0", "routes.default.prompt.version", "1.0.0"),
        ("GROUNDWIRE_ROUTES__DEFAULT__FALLBACKS__MODEL_TIMEOUT", "[ABSTAIN]",
         "routes.default.fallbacks.MODEL_TIMEOUT", ["ABSTAIN"]),
        ("GROUNDWIRE_ROUTES__FAQ", "{models: [extractive], store: main}", "routes.faq.store", "main"),
        # The address, the tenant and the file of commands, and what is not ours.
        ("GROUNDWIRE_SERVER", "127.0.0.1:1", "server.listen", "127.0.0.1:50051"),
        ("GROUNDWIRE_TENANT", "acme", "tenants", None),
        ("GROUNDWIRE_STORES", "x", "stores.main.folder", "groundwire-data"),
        ("GROUNDWIRE_ROUTES", "x", "routes.default.store", "main"),
        ("groundwire_stores__main__folder", "/x", "stores.main.folder", "groundwire-data"),
        ("SERVER__LISTEN", "x", "server.listen", "127.0.0.1:50051"),
    ],
)  # fmt: skip
def test_a_variable_sets_what_it_names(tmp_path: Path, name: str, text: str, path: str, value: object) -> None:
    assert value_at(loaded(tmp_path, environment={name: text}), path) == value


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("SERVER__LISTN", "x", "server.listn: unknown key; did you mean listen? there are: arrival, "),
        ("SEVER__LISTEN", "x", "sever: unknown key; did you mean server? there are: answer_cache, "),
        ("SERVER__WRITE_SECONDS", "soon", "server.write_seconds: must be a number"),
        ("SERVER__MAX_CONCURRENT_CALLS", "", "server.max_concurrent_calls: must be a whole number"),
        ("SERVER__LISTEN", "", "server.listen: must be HOST:PORT, such as 127.0.0.1:50051"),
        ("SERVER__DRAIN", "{notice_seconds: [}", "server.drain: this is not YAML: "),
        (
            "SERVER__DRAIN",
            "&a {notice_seconds: 1}",
            "server.drain: anchors and aliases are not supported: write the value out",
        ),
        ("SERVER__DRAIN", "7", "server.drain: must hold `key: value` lines"),
        ("SERVER__LISTEN__PORT", "7", "server.listen: must be a text: put it in quotes"),
        ("STORES__MAIN__EMBEDDER", "lokal", "stores.main.embedder: there is no embedder of this name; did you mean "),
        ("TENANTS", "acme", "tenants: must be a list, such as [a, b]"),
        ("AUTHENTICATION__TOKENS__0__ISSUER", "x", "authentication.tokens: must be a list, such as [a, b]"),
        ("", "x", ": unknown key; "),
    ],
)
def test_a_problem_of_the_environment_names_the_variable(tmp_path: Path, name: str, text: str, line: str) -> None:
    name = f"GROUNDWIRE_{name or '__'}"
    (found,) = errors(tmp_path, environment={name: text})
    assert found.startswith(f"{name}: {line}".replace(": :", ":"))


def test_nothing_is_set_within_a_single_value(tmp_path: Path) -> None:
    text = "server: {listen: '127.0.0.1:1'}\ntenants: [a]\n"
    variables = {"GROUNDWIRE_SERVER__LISTEN__PORT": "1", "GROUNDWIRE_TENANTS__0": "b"}
    assert errors(tmp_path, text, variables) == [
        f"{name}: {path}: is within a single value or a list: set that as a whole"
        for name, path in zip(variables, ("server.listen.port", "tenants.0"), strict=True)
    ]


def test_a_flag_brings_in_no_store_of_its_own(tmp_path: Path) -> None:
    text = "stores: {docs: {kind: embedded}}\nmodels: {m: {kind: extractive}}\n"
    text += "routes: {default: {models: [m], store: docs}}\n"
    flags: Flags = {"--data": (("stores", "main", "folder"), "x")}
    assert errors(tmp_path, text, flags=flags) == ["--data: stores.main: is not in this configuration; there is: docs"]
    variable = {"GROUNDWIRE_STORES__DOCS__FOLDER": "x"}
    assert value_at(loaded(tmp_path, text, variable), "stores.docs.folder") == "x"


def test_all_problems_are_told_of_in_the_order_of_file_environment_and_flags(tmp_path: Path) -> None:
    text = (
        "server:\n  lisen: x\n  max_concurrent_calls: 0\n"
        "routes:\n  default:\n    store: docs\n    models: [extractiv]\n    top_k: 3\n"
    )
    variables = {"GROUNDWIRE_TELEMETRY__LOG_LEVEL": "loud", "GROUNDWIRE_NO__KEY": "1"}
    flags: Flags = {"--otlp-endpoint": (("telemetry", "otlp", "endpoint"), "here"), "--listen": (LISTEN, "here")}
    found = errors(tmp_path, text, variables, flags)
    assert [line.split(": ")[:2] for line in found] == [
        ["groundwire.yaml:2", "server.lisen"],
        ["groundwire.yaml:3", "server.max_concurrent_calls"],
        ["groundwire.yaml:6", "routes.default.store"],
        ["groundwire.yaml:7", "routes.default.models[0]"],
        ["groundwire.yaml:8", "routes.default.top_k"],
        ["GROUNDWIRE_NO__KEY", "no"],
        ["GROUNDWIRE_TELEMETRY__LOG_LEVEL", "telemetry.log_level"],
        ["--otlp-endpoint", "telemetry.otlp.endpoint"],
        ["--listen", "server.listen"],
    ]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("embedders: here\nstores: {main: {embedder: local}}\n", ["embedders"]),
        ("server: {listen: '0.0.0.0:1', dangerously_listen_without_authentication: 'true'}",
         ["server.dangerously_listen_without_authentication"]),
        ("server: {listen: '0.0.0.0:1', tls: here}\n", ["server.tls"]),
        ("corpus: 5\n", ["corpus"]),
        ("routes: {default: {models: [extractive], store: main, time: {default_seconds: 70, max_seconds: x}}}",
         ["routes.default.time.max_seconds"]),
    ],
)  # fmt: skip
def test_what_follows_from_a_problem_is_not_told_of_beside_it(tmp_path: Path, text: str, paths: list[str]) -> None:
    assert [line.split(": ")[1] for line in errors(tmp_path, text)] == paths


def test_an_empty_file_and_none_mean_what_is_built_in(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").configuration == loaded(tmp_path).configuration
    assert loaded(tmp_path, "").origins == {}


@pytest.mark.parametrize("name", Configuration.model_fields)
def test_a_section_that_holds_nothing_means_what_it_would_mean_without_it(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, f"{name}:\n").configuration == loaded(tmp_path).configuration


def test_a_nested_section_that_holds_nothing_means_the_same(tmp_path: Path) -> None:
    text = "routes: {default: {models: [extractive], store: main, limits: , fallbacks: , prompt: }}"
    assert loaded(tmp_path, text).configuration == loaded(tmp_path).configuration


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("stores: {main: }", "1: stores.main: must hold `key: value` lines"),
        (
            "telemetry: {otlp: {headers: {token: }}}",
            "1: telemetry.otlp.headers.token: must be a text: put it in quotes",
        ),
        ("embedders: {local: {cache_size: }}", "1: embedders.local.cache_size: must be a whole number"),
    ],
)
def test_a_name_or_a_value_that_is_missing_is_not_left_out(tmp_path: Path, text: str, line: str) -> None:
    assert errors(tmp_path, text) == [f"groundwire.yaml:{line}"]


def test_a_row_replaces_the_one_built_in_and_leaves_the_others(tmp_path: Path) -> None:
    text = "routes: {default: {models: [extractive], store: main, fallbacks: {MODEL_TIMEOUT: [ABSTAIN]}}}"
    built_in = loaded(tmp_path).configuration.routes["default"].policy("default").fallbacks
    rows = loaded(tmp_path, text).configuration.routes["default"].policy("default").fallbacks
    assert rows == {**built_in, Cause.MODEL_TIMEOUT: (Action.ABSTAIN,)}
    assert rows != built_in


def test_every_value_of_a_route_reaches_its_policy(tmp_path: Path) -> None:
    text = """
providers: {house: {kind: openai, base_url: "http://127.0.0.1:9/v1", residency: self_hosted}}
models: {other: {kind: extractive}, small: {kind: openai, provider: house, model: m}}
rerankers: {local: {kind: onnx, folder: nowhere}}
routes:
  faq:
    rerank: {reranker: local, candidates: 9, share: 0.1, max_seconds: 2, min_rating: 0.3}
    prompt: {name: other, version: 1.2.3}
    models: [other]
    routing: [{name: short, when: {question_chars: {max: 1}}, models: [other]}]
    store: main
    self_hosted_only: true
    allow_alpha: true
    mode: PROVISIONAL
    limits:
      {question_chars: 1, top_k: 2, evidence_tokens: 50, neighbours: 3, output_tokens: 16, answer_chars: 5,
      nearest_passages: 6}
    thresholds: {min_relevance: 0.1, min_support: 0.2, allowed_confidence: [LOW], min_confidence: HIGH}
    release: {minimum: VERIFIED, below: DROP}
    check: {share: 0.4, max_seconds: 5, overrule: [ROLE]}
    rewrite: {model: small, time_share: 0.5, max_seconds: 3, output_tokens: 99}
    time:
      default_seconds: 7
      max_seconds: 8
      retrieval_share: 0.3
      max_retrieval_seconds: 9
      first_token_share: 1
      retry_window_seconds: 2
    fallbacks: {MODEL_TIMEOUT: [ABSTAIN]}
    queue: {enabled: false, freeze_rights: true}
    context: {turns: {source: turns, max_tokens: 9}, plan: {source: caller, key: plan, keep: NOTHING}}
    screens:
      evidence: {without_guard: CLOSED, max_seconds: 2}
      answer: {masking_is_loss: false}
    cache:
      {serve_fresh: true, max_age_seconds: 60, accept: ANSWERED, valid_while: CITED_UNCHANGED,
      without_store_max_age_seconds: 5}
"""
    ours = loaded(tmp_path, text).configuration.routes["faq"].policy("faq", priced={"other"})
    assert ours.rerank == RerankPolicy(9, 0.1, 2.0, 0.3)
    built_in = loaded(tmp_path).configuration.routes["default"].policy("default")
    same = [name for name in ours.__dataclass_fields__ if getattr(ours, name) == getattr(built_in, name)]
    assert ours.cache == CachePolicy(True, 60, CacheAccept.ANSWERED, CacheValidity.CITED_UNCHANGED, 5)
    assert ours.context == (
        ContextBlock("turns", ContextSource.TURNS, 9, Keep.LAST),
        ContextBlock("plan", ContextSource.CALLER, 500, Keep.NOTHING, "plan"),
    )
    assert ours.rewrite == RewritePolicy("small", 0.5, 3, 99)
    assert same == [
        "passages_limit",
        "prompt_tokens",
        "tokens_per_call",
        "cost_per_call",  # the table of limits has these
        "review",
        "arms",  # experiments do
    ]


def test_the_file_named_comes_before_the_environments_before_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    variable = {"GROUNDWIRE_CONFIG": "variable.yaml"}
    assert Sources.found(None, {}).file is None
    Path("groundwire.yaml").symlink_to("nowhere")
    # A link that leads nowhere is told of rather than passed over.
    assert Sources.found(None, {}).file == Path("groundwire.yaml")
    assert Sources.found(None, {"GROUNDWIRE_CONFIG": ""}).file == Path("groundwire.yaml")
    assert Sources.found(None, variable).file == Path("variable.yaml")
    assert Sources.found(Path("named.yaml"), variable).file == Path("named.yaml")


def test_what_is_built_in_is_right_and_the_same_each_time() -> None:
    assert load(Sources()).configuration == load(Sources()).configuration
