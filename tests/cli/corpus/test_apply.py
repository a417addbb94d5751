"""`groundwire corpus apply`, and what the doctor says of a Weaviate."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.examine import Examination
from tests.cli.conftest import Ran
from tests.cli.test_process import command, on_a_terminal
from tests.doubles.weaviate.beside import KEY, configuration, weaviate_beside
from tests.doubles.weaviate.memory import Kept, Tenant
from tests.doubles.weaviate.rest import Rest
from tests.doubles.weaviate.server import FakeWeaviate

Command = Callable[..., Ran]
ELSEWHERE = ConnectionOptions("elsewhere.example.com:443")
CREATED = """\
main: Groundwire: create the collection (it does not exist)
main: GroundwireDocuments: create the collection (it does not exist)
"""
DONE = "main: the schema matches the configuration\n"


@pytest.fixture
def double() -> Iterator[FakeWeaviate]:
    with weaviate_beside() as started:
        yield started


@pytest.fixture
def file(tmp_path: Path, double: FakeWeaviate, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(configuration(tmp_path, double))


class TestApply:
    def test_shows_the_plan_and_does_it_once(
        self, groundwire_command: Command, file: str, double: FakeWeaviate
    ) -> None:
        first = groundwire_command("corpus", "apply", "--config", file, "--yes")
        again = groundwire_command("corpus", "apply", "--config", file)

        assert (first.code, first.out, first.err) == (0, CREATED + DONE, "")
        assert (again.code, again.out) == (0, DONE)
        assert set(double.world.collections) == {"Groundwire", "GroundwireDocuments"}

    def test_a_dry_run_changes_nothing_and_says_so_by_its_code(
        self, groundwire_command: Command, file: str, double: FakeWeaviate
    ) -> None:
        ran = groundwire_command("corpus", "apply", "--config", file, "--dry-run")

        assert (ran.code, ran.out, ran.err) == (1, CREATED, "")
        assert double.world.collections == {}

    def test_without_a_terminal_it_needs_yes(
        self, groundwire_command: Command, file: str, double: FakeWeaviate
    ) -> None:
        ran = groundwire_command("corpus", "apply", "--config", file)

        assert ran.code == 2
        assert ran.err == "groundwire: cannot ask for confirmation without a terminal: add --yes\n"
        assert double.world.collections == {}

    def test_documents_are_lost_only_when_that_is_allowed(
        self, groundwire_command: Command, file: str, double: FakeWeaviate, tmp_path: Path
    ) -> None:
        groundwire_command("corpus", "apply", "--config", file, "--yes")
        configuration(tmp_path, double, "tokenization: trigram")
        held = double.world.collections["Groundwire"]

        refused = groundwire_command("corpus", "apply", "--config", file, "--yes")

        assert refused.code == 2
        assert "delete the collection with everything in it, and create it again (the property terms is" in refused.out
        assert refused.err == (
            "groundwire: stores.main: all documents in Groundwire would be deleted: name another collection, "
            "or allow it with --delete-documents\n"
        )
        assert double.world.collections["Groundwire"] is held

        allowed = groundwire_command("corpus", "apply", "--config", file, "--yes", "--delete-documents")

        assert allowed.code == 0
        assert double.world.collections["Groundwire"].tokenizations["terms"] == "trigram"

    @pytest.mark.process
    @pytest.mark.parametrize(("typed", "says", "there"), [("n\n", "nothing was done", 0), ("y\n", DONE.strip(), 2)])
    def test_on_a_terminal_it_asks(self, file: str, double: FakeWeaviate, typed: str, says: str, there: int) -> None:
        drawn = on_a_terminal("corpus", "apply", "--config", file, columns=80, typed=typed)

        assert "Apply this to main? [y/N]" in drawn
        assert says in drawn
        assert len(double.world.collections) == there

    @pytest.mark.parametrize(
        ("store", "code", "says"),
        [
            ("mian", 2, "--store mian: no Weaviate store has this name; did you mean main? there is: main"),
            ("main", 1, ""),
        ],
    )
    def test_a_store_is_named(self, groundwire_command: Command, file: str, store: str, code: int, says: str) -> None:
        ran = groundwire_command("corpus", "apply", "--config", file, "--store", store, "--dry-run")

        assert ran.code == code
        assert says in ran.err

    def test_a_configuration_without_a_weaviate_needs_nothing(
        self, groundwire_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        ran = groundwire_command("corpus", "apply")

        assert (ran.code, ran.out) == (0, "nothing to do: the configuration has no store of kind weaviate\n")

    def test_a_wrong_key_is_one_line(self, groundwire_command: Command, file: str, double: FakeWeaviate) -> None:
        double.world.key = "another"

        ran = groundwire_command("corpus", "apply", "--config", file, "--yes")

        assert ran.code == 4
        assert ran.err == (
            "groundwire: stores.main: Weaviate refuses the API key: configure one that may read and write the "
            "collections\n"
        )

    def test_more_replicas_than_nodes_are_one_line(
        self, groundwire_command: Command, file: str, double: FakeWeaviate, tmp_path: Path
    ) -> None:
        double.world.nodes = 1
        configuration(tmp_path, double, "replicas: 3")

        ran = groundwire_command("corpus", "apply", "--config", file, "--yes")

        assert ran.code == 4
        assert ran.err == (
            "groundwire: stores.main: Weaviate has fewer nodes than the configured replicas: lower the store's "
            "`replicas`, or add nodes\n"
        )

    @pytest.mark.process
    def test_a_weaviate_that_is_down_is_one_line(self, tmp_path: Path, file: str, double: FakeWeaviate) -> None:
        double.http_port, double.grpc_port = 1, 2
        configuration(tmp_path, double)

        ran = command("corpus", "apply", "--config", file, "--yes")

        assert ran.returncode == 4
        assert ran.stderr.startswith("groundwire: stores.main: Weaviate does not answer: check that it runs")
        assert len(ran.stderr.splitlines()) == 1


def _stores(file: str) -> list[CheckResult]:
    return [
        each
        for each in Examination.of(ELSEWHERE, Path(file), named=True).of_configuration()
        if each.check in {"store", "schema"}
    ]


class TestDoctor:
    def test_before_the_schema_is_applied(self, file: str) -> None:
        *reached, one, other = _stores(file)

        assert [each.state for each in reached] == [CheckState.OK, CheckState.OK]
        assert reached[1].message == "main: it is Weaviate 1.40.0"
        assert [(each.check, each.state) for each in (one, other)] == [("schema", CheckState.FAIL)] * 2
        assert one.message == "main: Groundwire: create the collection (it does not exist)"
        assert one.advice == "run `groundwire corpus apply`"

    def test_when_all_is_well(self, groundwire_command: Command, file: str) -> None:
        groundwire_command("corpus", "apply", "--config", file, "--yes")

        ran = groundwire_command("doctor", "--server", "127.0.0.1:1", "--config", file, "--json")

        found = [json.loads(line) for line in ran.out.splitlines()]
        said = [
            (each["check"], each["state"], each["message"]) for each in found if each["check"] in {"store", "schema"}
        ]
        assert [each[:2] for each in said] == [("store", "ok"), ("store", "ok"), ("schema", "ok"), ("store", "ok")]
        assert said[-1][2] == "main: it accepts the credential on both ports; tenants: 0"
        assert KEY not in ran.out + ran.err

    def test_a_wrong_key(self, file: str, double: FakeWeaviate) -> None:
        double.world.key = "another"

        *_, last = _stores(file)

        assert (last.state, last.message) == (CheckState.FAIL, "main: Weaviate refuses the API key")
        assert last.advice == "configure one that may read and write the collections"

    def test_one_that_is_down(self, file: str, tmp_path: Path, double: FakeWeaviate) -> None:
        double.http_port, double.grpc_port = 1, 2
        configuration(tmp_path, double)

        http, grpc_ = _stores(file)

        assert (http.state, grpc_.state) == (CheckState.FAIL, CheckState.FAIL)
        assert http.advice == "start Weaviate, or correct stores.main.http"
        assert grpc_.advice == "start Weaviate, or correct stores.main.grpc"

    def test_one_whose_grpc_refuses_what_its_rest_accepts(
        self, groundwire_command: Command, file: str, double: FakeWeaviate
    ) -> None:
        groundwire_command("corpus", "apply", "--config", file, "--yes")
        double.world.says_always = (grpc.StatusCode.PERMISSION_DENIED, "rbac")

        *_, last = _stores(file)

        assert (last.state, last.message) == (CheckState.FAIL, "main: Weaviate refuses the API key")

    @pytest.mark.parametrize(
        ("version", "state"),
        [
            ("1.32.27", CheckState.FAIL),
            ("1.33.0", CheckState.OK),
            ("1.40.3", CheckState.OK),
            ("1.41.0", CheckState.WARN),
        ],
    )
    def test_versions_that_are_not_tested(
        self, monkeypatch: pytest.MonkeyPatch, file: str, version: str, state: CheckState
    ) -> None:
        monkeypatch.setattr(Rest, "version", version)

        _, found, *_ = _stores(file)

        assert (found.state, found.message) == (state, f"main: it is Weaviate {version}")

    @pytest.mark.parametrize(
        ("modules", "state", "says"),
        [
            (
                {"text2vec-ollama": {}, "generative-openai": {}},
                CheckState.OK,
                "main: it has the module text2vec-ollama",
            ),
            (
                {"text2vec-openai": {}},
                CheckState.FAIL,
                "main: it lacks the module text2vec-ollama; it has text2vec-openai",
            ),
            (
                {f"text2vec-{number}": {} for number in range(7)} | {"generative-openai": {}},
                CheckState.FAIL,
                "main: it lacks the module text2vec-ollama; it has "
                + ", ".join(f"text2vec-{number}" for number in range(5))
                + " and 2 more",
            ),
            ({}, CheckState.FAIL, "main: it lacks the module text2vec-ollama; it has none"),
        ],
    )
    def test_a_module_that_the_configuration_needs(
        self, monkeypatch: pytest.MonkeyPatch, file: str, modules: dict[str, object], state: CheckState, says: str
    ) -> None:
        monkeypatch.setattr(Rest, "modules", modules)
        path = Path(file)
        text = path.read_text().replace("    kind: weaviate\n", "    kind: weaviate\n    embedder: ollama\n", 1)
        path.write_text(text + "embedders: {ollama: {kind: weaviate, module: text2vec-ollama}}\n")

        _, _, found, *_ = _stores(file)

        assert (found.state, found.message) == (state, says)

    def test_a_key_that_anybody_on_the_way_can_read(self, file: str, tmp_path: Path, double: FakeWeaviate) -> None:
        path = Path(file)
        path.write_text(path.read_text().replace(f"127.0.0.1:{double.http_port}", "weaviate.invalid:1"))

        unreached, warned = _stores(file)

        assert unreached.state is CheckState.FAIL
        assert (warned.state, warned.advice) == (CheckState.WARN, "secure the connection with stores.main.tls")


class TestDocumentsThatAreNotWhole:
    @pytest.fixture(autouse=True)
    def orphan(self, groundwire_command: Command, file: str, double: FakeWeaviate) -> None:
        groundwire_command("corpus", "apply", "--config", file, "--yes")
        for collection in double.world.collections.values():
            collection.tenants["acme"] = Tenant()
        key = "00000000-0000-4000-8000-000000000001"
        properties = {"document": key, "body": "gone", "ordinal": 0, "text": "Parcels."}
        double.world.collections["Groundwire"].tenants["acme"].objects[key] = Kept(key, properties, {})

    @staticmethod
    def documents(file: str, *, repair: bool = False) -> list[CheckResult]:
        examination = Examination.of(ELSEWHERE, Path(file), named=True, repair=repair)
        return [each for each in examination.of_configuration() if each.check == "documents"]

    def test_are_found_and_left_as_they_are(self, file: str, double: FakeWeaviate) -> None:
        found, rest = self.documents(file)
        assert found.state is CheckState.FAIL
        assert found.message == "main: tenant acme: 1 passages that belong to no document"
        assert "groundwire doctor --repair" in found.advice
        assert rest.message == "main: all documents are whole in 0 of 1 tenants"
        assert double.world.collections["Groundwire"].tenants["acme"].objects

    def test_are_repaired_where_that_is_asked_for(self, file: str, double: FakeWeaviate) -> None:
        found, _ = self.documents(file, repair=True)
        assert (found.state, found.message) == (
            CheckState.OK,
            "main: tenant acme: repaired 1 passages that belong to no document",
        )
        assert double.world.collections["Groundwire"].tenants["acme"].objects == {}
        assert [each.message for each in self.documents(file)] == ["main: all documents are whole in 1 of 1 tenants"]

    def test_are_not_repaired_again_and_again(self, groundwire_command: Command, file: str) -> None:
        assert groundwire_command("doctor", "--config", file, "--repair", "--watch", "5").code == 2
