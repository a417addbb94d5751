"""What a configuration says of a Weaviate, and what is said when it is wrong."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from groundwire_server.adapters.store.weaviate.options import (
    Consistency,
    SearchField,
    SearchMode,
    SearchOptions,
    Tokenization,
    WeaviateOptions,
    WeaviateTlsOptions,
    WriteOptions,
)
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration import dump
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.external import verify
from groundwire_server.app.configuration.load import TEMPLATE, Loaded, Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig, WeaviateStoreConfig
from groundwire_server.app.parts.embedders import module_of
from groundwire_server.app.parts.weaviate_store import vector_source

STORE = """\
kind: weaviate
http: weaviate.internal:8080
grpc: weaviate.internal:50051
"""


@dataclass(frozen=True)
class Written:
    folder: Path

    def load(self, store: str = STORE, route: str = "", more: str = "") -> Loaded:
        text = "stores:\n  main:\n" + _indented(store, 4)
        text += "routes:\n  default:\n    models: [extractive]\n    store: main\n" + _indented(route, 4) + more
        path = self.folder / "groundwire.yaml"
        path.write_text(text)
        return load(Sources(path, {}))

    def wrong(self, *given: str, **more: str) -> list[str]:
        with pytest.raises(InvalidConfigurationError) as invalid:
            self.load(*given, **more)
        return [str(error).removeprefix(f"{self.folder}/") for error in invalid.value.errors]


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def store_of(loaded: Loaded) -> WeaviateStoreConfig:
    store = loaded.configuration.stores["main"]
    assert isinstance(store, WeaviateStoreConfig)
    return store


class TestSections:
    def test_addresses_are_enough(self, written: Written) -> None:
        store = store_of(written.load())
        assert (store.http, store.grpc) == ("weaviate.internal:8080", "weaviate.internal:50051")
        assert (store.api_key, store.tls, store.write) == (None, None, WriteOptions())

    def test_a_store_without_a_kind_is_a_file(self, written: Written) -> None:
        assert isinstance(written.load("folder: data\n").configuration.stores["main"], EmbeddedStoreConfig)

    def test_all_of_it_reaches_the_adapter(self, written: Written, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("a-secret\n")
        ca = tmp_path / "ca.pem"
        ca.write_bytes(trustme.CA().cert_pem.bytes())
        more = f"""\
tls: {{ca: {ca}}}
api_key: file://{tmp_path / "key"}
collection: Handbook
embedder: local
vector: meaning
tokenization: trigram
replicas: 3
max_concurrent: 7
pool_size: 5
keepalive_seconds: 11
call_seconds: 13
max_attempts: 4
write:
  batch_chunks: 50
  batch_bytes: 100000
  concurrent_batches: 3
  concurrent_patches: 5
  consistency: ALL
  create_tenants: false
  change_seconds: 60
  version_lag_seconds: 0
"""
        store = store_of(written.load(STORE + more))
        assert isinstance(store, WeaviateOptions)
        assert (store.embedder, store.collection, store.documents) == ("local", "Handbook", "HandbookDocuments")
        assert store.api_key is not None
        assert store.api_key.reveal() == "a-secret"
        assert store.tls == WeaviateTlsOptions(ca=ca)
        assert (store.vector, store.replicas, store.tokenization) == ("meaning", 3, Tokenization.TRIGRAM)
        assert (store.max_concurrent, store.pool_size, store.max_attempts) == (7, 5, 4)
        assert (store.keepalive_seconds, store.call_seconds) == (11, 13)
        assert store.write == WriteOptions(
            batch_chunks=50,
            batch_bytes=100_000,
            concurrent_batches=3,
            concurrent_patches=5,
            consistency=Consistency.ALL,
            create_tenants=False,
            change_seconds=60,
            version_lag_seconds=0,
        )

    def test_a_module_reaches_the_adapter_and_shows_no_key(self, written: Written, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("a-secret")
        embedder = (
            "embedders:\n  inside: {kind: weaviate, module: text2vec-openai, model: text-embedding-3-small, "
            f"settings: {{dimensions: 512}}, properties: [text, title], key: 'file://{tmp_path / 'key'}'}}\n"
        )
        loaded = written.load(STORE + "embedder: inside\n", more=embedder)
        module = module_of("inside", loaded.configuration)
        assert module is not None
        assert module.module_settings == {"model": "text-embedding-3-small", "dimensions": 512}
        assert module.properties == (SearchField.TEXT, SearchField.TITLE)
        assert module.headers() == {"X-OpenAI-Api-Key": "a-secret"}
        assert "a-secret" not in repr(vector_source(None, module)) + repr(loaded.configuration) + dump.as_yaml(loaded)

    def test_a_route_says_how_it_searches(self, written: Written) -> None:
        loaded = written.load(
            STORE + "embedder: local\n",
            "search:\n  mode: vector\n  alpha: 0.7\n  query_properties: {text: 1, title: 2.5}\n"
            "  autocut: 2\n  max_vector_distance: 0.6\n  consistency: QUORUM\n",
        )
        assert loaded.configuration.routes["default"].search == SearchOptions(
            mode=SearchMode.VECTOR,
            alpha=0.7,
            query_properties={SearchField.TEXT: 1.0, SearchField.TITLE: 2.5},
            autocut=2,
            max_vector_distance=0.6,
            consistency=Consistency.QUORUM,
        )


WRONG = [
    (
        STORE.replace("weaviate\n", "weavite\n"),
        "",
        "3: stores.main.kind: is not one of the words allowed; did you mean weaviate? there are: embedded, pinecone,",
    ),
    (STORE + "replica: 2\n", "", "6: stores.main.replica: unknown key; did you mean replicas? there are: api_key,"),
    (
        "kind: embedded\nfoldr: x\n",
        "",
        "4: stores.main.foldr: unknown key; did you mean folder? there are: embedder, folder, kind",
    ),
    (STORE + "tls: {cas: x}\n", "", "6: stores.main.tls.cas: unknown key; did you mean ca? there is: ca"),
    (STORE + "tls: yes\n", "", "6: stores.main.tls: must hold `key: value` lines"),
    (
        STORE + "tokenization: trigrams\n",
        "",
        (
            "6: stores.main.tokenization: is not one of the words allowed; did you mean"
            " trigram? there are: trigram, whitespace"
        ),
    ),
    (
        STORE + "write: {consistency: quorum}\n",
        "",
        "6: stores.main.write.consistency: is not one of the words allowed; did you mean QUORUM?",
    ),
    (STORE + "api_key: hunter2\n", "", "6: stores.main.api_key: must be a reference, env://NAME or file:///PATH"),
    (
        STORE + "api_key: env://NOT_SET_ANYWHERE\n",
        "",
        "6: stores.main.api_key: the variable NOT_SET_ANYWHERE is not set",
    ),
    (STORE + "collection: lower\n", "", "6: stores.main.collection: must be a text that matches ^[A-Z]"),
    (STORE + "replicas: many\n", "", "6: stores.main.replicas: must be a whole number"),
    (
        STORE.replace("weaviate.internal:8080", "http://weaviate:8080"),
        "",
        "4: stores.main.http: must be HOST:PORT without a scheme",
    ),
    (
        STORE.replace("50051", "8080"),
        "",
        "5: stores.main.grpc: is that of http too: Weaviate's gRPC interface has a port",
    ),
    ("kind: weaviate\nhttp: a:1\n", "", "2: stores.main.grpc: is missing"),
    (STORE + "embedder: locl\n", "", "6: stores.main.embedder: there is no embedder of this name; did you mean local?"),
    (
        STORE,
        "search: {mode: hybird}\n",
        (
            "10: routes.default.search.mode: is not one of the words allowed; did you mean"
            " hybrid? there are: hybrid, keyword, vector"
        ),
    ),
    (
        STORE,
        "search: {query_properties: {titel: 1}}\n",
        "10: routes.default.search.query_properties.titel: is not one of the words allowed; did you mean title?",
    ),
    (
        STORE,
        "search: {query_properties: {title: -1}}\n",
        "10: routes.default.search.query_properties.title: must be above 0",
    ),
    (STORE, "search: {alpha: 1.5}\n", "10: routes.default.search.alpha: must be at most 1"),
    (STORE, "search: {mode: vector}\n", "10: routes.default.search.mode: needs an embedder: give the store main one"),
    (
        "folder: data\n",
        "search: {alpha: 0.3}\n",
        "8: routes.default.search: the store main is of the kind embedded and searches in one way",
    ),
]


class TestProblems:
    @pytest.mark.parametrize(("store", "route", "line"), WRONG, ids=[line for *_, line in WRONG])
    def test_are_one_line_with_the_place_and_what_would_be_right(
        self, written: Written, store: str, route: str, line: str
    ) -> None:
        (said,) = written.wrong(store, route)
        assert said.startswith(f"groundwire.yaml:{line}")
        assert "hunter2" not in said

    def test_a_store_that_is_no_section(self, written: Written) -> None:
        path = written.folder / "groundwire.yaml"
        path.write_text("stores: {main: weaviate}\n")
        with pytest.raises(InvalidConfigurationError) as invalid:
            load(Sources(path, {}))
        assert str(invalid.value) == f"{path}:1: stores.main: must hold `key: value` lines"

    def test_two_stores_of_one_collection(self, written: Written) -> None:
        path = written.folder / "groundwire.yaml"
        both = {"kind": "weaviate", "http": "a:1", "grpc": "a:2"}
        values: dict[str, Any] = {"stores": {"main": both, "other": dict(both)}, "corpus": "main"}
        path.write_text(yaml.safe_dump(values))
        with pytest.raises(InvalidConfigurationError) as invalid:
            load(Sources(path, {}))
        assert "stores.other.collection: is that of the store main too: give it its own" in str(invalid.value)

    @pytest.mark.parametrize(
        ("content", "says"),
        [(None, "cannot be read: No such file"), (b"none", "holds no certificate of an authority: name a PEM file")],
    )
    def test_authorities_that_cannot_be_used(self, written: Written, content: bytes | None, says: str) -> None:
        ca = written.folder / "ca.pem"
        if content is not None:
            ca.write_bytes(content)
        loaded = written.load(STORE + f"tls: {{ca: {ca}}}\n")
        with pytest.raises(InvalidConfigurationError) as invalid:
            verify(loaded, SystemClock().today())
        (error,) = invalid.value.errors
        assert str(error) == f"{loaded.origin(error.path)}: stores.main.tls.ca: {ca} {error.message.split(' ', 1)[1]}"
        assert says in error.message


class TestShown:
    def test_the_starting_file_holds_an_example_that_is_right(self, tmp_path: Path) -> None:
        lines = TEMPLATE.read_text("utf-8").splitlines()
        first = lines.index("  #weaviate:", lines.index("stores:"))
        last = next(place for place, line in enumerate(lines[first:], first) if not line.strip())
        example = "\n".join(line.replace("#", "", 1) for line in lines[first:last] if not re.match(r"\s*# \S", line))
        (tmp_path / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
        section = yaml.safe_load(example.replace("env://WEAVIATE_API_KEY", f"file://{tmp_path / 'ca.pem'}"))
        store = WeaviateStoreConfig.model_validate(section["weaviate"])
        assert set(section["weaviate"]) == set(WeaviateStoreConfig.model_fields)
        assert store.grpc == "127.0.0.1:50052"

    def test_what_is_in_force_is_shown_without_the_key(self, written: Written, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("a-secret")
        said = dump.as_yaml(written.load(STORE + f"api_key: file://{tmp_path / 'key'}\n", "search: {alpha: 0.3}\n"))
        origin = re.escape(f"{written.folder / 'groundwire.yaml'}:6")
        assert re.search(rf"api_key: file://{re.escape(str(tmp_path / 'key'))} +# {origin}", said)
        assert re.search(r"tokenization: whitespace +# built in", said)
        assert "alpha: 0.3" in said
        assert "a-secret" not in said

    def test_the_schema_for_editors_has_all_kinds(self) -> None:
        schema = Configuration.model_json_schema()
        kinds = next(iter(schema["properties"]["stores"]["patternProperties"].values()))["oneOf"]
        assert [each["$ref"].rpartition("/")[2] for each in kinds] == [
            "EmbeddedStoreConfig",
            "WeaviateStoreConfig",
            "PineconeStoreConfig",
        ]
