"""`groundwire calibrate`, and what a server makes of its file."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.calibration import Calibration, RelevanceBasis, write
from groundwire_server.evaluation.thresholds import ErrorRates, Rate
from groundwire_server.pipeline.relevance import rule
from tests.cli.conftest import Ran

Command = Callable[..., Ran]
THINGS = [f"{first}{second}" for first in ("lamp", "door", "desk", "roof", "gate") for second in "abcdefgh"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store of 40 documents, questions about them and about others, and a configuration."""
    monkeypatch.chdir(tmp_path)
    store = EmbeddedStore.open(Path("groundwire-data") / "store.sqlite3", SystemClock(), None)
    caller = Caller("local", "importer", frozenset())

    async def fill() -> None:
        for thing in THINGS:
            document = Document(thing, f"The {thing} is painted green.", allowed_principals=frozenset({EVERYBODY}))
            await Ingest(store.corpus, None).store(caller, document, NEVER)

    asyncio.run(fill())
    store.close()
    asked = [{"question": f"Is the {thing} painted green?", "answerable": True} for thing in THINGS]
    asked += [{"question": f"Which zebra chases the {thing} tonight?", "answerable": False} for thing in THINGS]
    Path("questions.jsonl").write_text("".join(json.dumps(each) + "\n" for each in asked))
    configured()
    return tmp_path


def configured(thresholds: str = "{}", embedder: str = "") -> None:
    Path("groundwire.yaml").write_text(
        f"server: {{listen: 127.0.0.1:0}}\nstores: {{main: {{folder: groundwire-data{embedder}}}}}\n"
        f"routes: {{default: {{models: [extractive], store: main, thresholds: {thresholds}}}}}\n"
    )


async def threshold() -> float:
    """That of a server which starts with the configuration."""
    sources = Sources(Path("groundwire.yaml"), {})
    async with running(sources, load(sources)) as server:
        routes: Any = server.reloader.current.snapshot.routes
        return float(routes._routes["default"].policy.min_relevance)


def changed(**values: Any) -> None:
    file = Path("calibration.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_draws_what_every_threshold_would_do(groundwire_command: Command) -> None:
    ran = groundwire_command("calibrate", "questions.jsonl", "--html", "page.html")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "wrote page.html")
    page = Path("page.html").read_text()
    written = json.loads(Path("calibration.json").read_text())
    assert f"fitted: {written['min_relevance']:.3f}" in page
    declined, let_through = re.findall(r'<polyline class="[^"]+" points="([^"]+)"', page)
    heights = [[float(point.split(",")[1]) for point in each.split()] for each in (declined, let_through)]
    # A page counts from its top. Each answerable question finds all of its words, so that none is declined before the
    # highest thresholds; the highest declines all, for nothing is certain.
    nothing, everything = max(heights[1]), min(heights[1])
    assert set(heights[0][:-10]) == {nothing}
    assert heights[0][-1] == everything
    assert heights[1] == sorted(heights[1])
    assert (heights[1][0], heights[1][-1]) == (everything, nothing)
    assert "<script" not in page


def test_a_page_that_cannot_be_written_stops_it_before_anything_is_asked(groundwire_command: Command) -> None:
    ran = groundwire_command("calibrate", "questions.jsonl", "--html", "nowhere/page.html")

    assert (ran.code, ran.err.splitlines()[-1]) == (
        2,
        "groundwire: cannot write nowhere/page.html: there is no folder nowhere; name another file",
    )
    assert not Path("calibration.json").exists()


def test_fits_a_line_between_the_two_and_prints_both_errors(groundwire_command: Command) -> None:
    ran = groundwire_command("calibrate", "questions.jsonl")

    assert (ran.code, ran.err) == (0, "")
    written = json.loads(Path("calibration.json").read_text())
    assert 0.25 < written["min_relevance"] <= 1.0
    assert (written["seed"], written["route"], written["embedder"]["model"]) == (7, "default", "")
    halves = written["split"]
    assert sum(each[kind] for each in halves.values() for kind in ("answerable", "unanswerable")) == 80
    assert {each[kind] for each in halves.values() for kind in ("refused", "let_through")} == {0}
    used = written["embedder"]["hash"]
    of = [halves[half][kind] for half in ("fitted", "held_out") for kind in ("answerable", "unanswerable")]
    assert re.sub(r"of (\d+) \(.*\)", r"of \1", ran.out) == (
        f"threshold  {written['min_relevance']:.3f}, seed 7\n"
        f"embedder   none ({used})\n"
        f"fitted on  answerable, but refused         0.0% of {of[0]}\n"
        f"           unanswerable, but let through   0.0% of {of[1]}\n"
        f"held out   answerable, but refused         0.0% of {of[2]}\n"
        f"           unanswerable, but let through   0.0% of {of[3]}\n"
        "wrote calibration.json; name it in the route:\n"
        "  thresholds: {calibration: calibration.json}\n"
    )
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_same_questions_and_seed_fit_the_same(groundwire_command: Command) -> None:
    for name in ("one.json", "other.json"):
        groundwire_command("calibrate", "questions.jsonl", "--output", name)
    groundwire_command("calibrate", "questions.jsonl", "--output", "seed.json", "--seed", "8")

    one, other, seed = (json.loads(Path(f"{name}.json").read_text()) for name in ("one", "other", "seed"))
    assert one == other
    assert one["split"] != seed["split"] or one["seed"] != seed["seed"]


def test_a_route_that_names_the_file_has_its_threshold(groundwire_command: Command) -> None:
    groundwire_command("calibrate", "questions.jsonl")
    fitted = json.loads(Path("calibration.json").read_text())["min_relevance"]

    assert asyncio.run(threshold()) == 0.75
    configured("{calibration: calibration.json}")
    assert asyncio.run(threshold()) == fitted
    assert groundwire_command("config", "check").code == 0


def test_a_server_with_another_embedder_does_not_start(groundwire_command: Command) -> None:
    groundwire_command("calibrate", "questions.jsonl")
    Path("groundwire-data").rename("elsewhere")
    configured("{calibration: calibration.json}", ", embedder: local")

    with pytest.raises(SetupError) as unusable:
        asyncio.run(threshold())

    assert str(unusable.value).startswith(
        "routes.default.thresholds.calibration: calibration.json was fitted with no embedder, and the route has all-"
    )
    assert str(unusable.value).endswith("run `groundwire calibrate` again")


@pytest.mark.local
@pytest.mark.parametrize(("now", "then", "other"), [(False, "with", "without"), (True, "without", "with")])
def test_a_threshold_holds_with_or_without_sentence_vectors(now: bool, then: str, other: str) -> None:
    Path("groundwire-data").rename("elsewhere")
    from groundwire_server.adapters.embedder.minilm import DIMENSIONS, Model

    fitted = RelevanceBasis(rule(), Model().name, DIMENSIONS, not now)
    errors = ErrorRates(Rate(0, 20), Rate(0, 20))
    write(Path("calibration.json"), Calibration(0.4, fitted, "default", "0", 7, errors, errors))
    thresholds = "{calibration: calibration.json}"

    configured(thresholds, f", embedder: local, sentence_vectors: {str(not now).lower()}")
    assert asyncio.run(threshold()) == 0.4
    configured(thresholds, f", embedder: local, sentence_vectors: {str(now).lower()}")
    with pytest.raises(SetupError) as unusable:
        asyncio.run(threshold())

    assert f"was fitted {then} sentence vectors, and the store is {other} them" in str(unusable.value)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"relevance": "another rule"}, "was fitted with another computation of relevance"),
        ({"min_relevance": 1.5}, "was changed by hand"),
        ({"format": 2}, "is of another version of groundwire"),
        ({"embedder": {"model": "x", "dimensions": 3, "sentence_vectors": True, "hash": "0"}}, "was changed by hand"),
        ({"split": None}, "is not a calibration"),
    ],
)
def test_a_file_that_does_not_hold_is_refused(groundwire_command: Command, values: dict[str, Any], says: str) -> None:
    groundwire_command("calibrate", "questions.jsonl")
    changed(**values)
    configured("{calibration: calibration.json}")

    ran = groundwire_command("serve")

    assert ran.code in {2, 4}
    assert len(ran.err.splitlines()) == 1
    assert says in ran.err
    assert "groundwire calibrate" in ran.err


@pytest.mark.parametrize(
    ("thresholds", "says"),
    [
        ("{calibration: none.json}", "routes.default.thresholds.calibration: none.json cannot be read"),
        (
            "{calibration: questions.jsonl}",
            "questions.jsonl is not a calibration: write one with `groundwire calibrate`",
        ),
    ],
)
def test_the_check_says_what_is_wrong(groundwire_command: Command, thresholds: str, says: str) -> None:
    configured(thresholds)

    ran = groundwire_command("config", "check")

    assert ran.code == 2
    assert ran.err.startswith("groundwire: groundwire.yaml:3: routes.default.thresholds")
    assert says in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("few.jsonl",), 4, "few.jsonl has too few answerable questions: give at least 30 of each kind"),
        (
            ("questions.jsonl", "--tenant", "acme"),
            4,
            "nothing was found for any answerable question: check that acme has documents",
        ),
        (("none.jsonl",), 4, "none.jsonl cannot be read"),
        (("questions.jsonl", "--route", "defualt"), 2, "no route has this name; did you mean default?"),
        (("questions.jsonl", "--tenant", "no tenant"), 2, "a tenant is 1 to 64 letters"),
        (("questions.jsonl", "--output", "none/calibration.json"), 2, "there is no folder none; name another file"),
        (("questions.jsonl", "--output", "."), 4, ". cannot be used: Is a directory"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    groundwire_command: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    Path("few.jsonl").write_text('{"question": "Is it?", "answerable": true}\n')

    ran = groundwire_command("calibrate", *arguments)

    assert ran.code == code
    assert len(ran.err.splitlines()) == 1
    assert says in ran.err


def test_a_share_of_refusals_is_kept(groundwire_command: Command) -> None:
    ran = groundwire_command("calibrate", "questions.jsonl", "--max-refused", "0")

    assert ran.code == 0
    assert json.loads(Path("calibration.json").read_text())["split"]["fitted"]["refused"] == 0


def reranked(rerank: str, reranker: str = "kind: onnx, folder: model", thresholds: str = "{}") -> None:
    configured(thresholds)
    file = Path("groundwire.yaml")
    text = file.read_text().replace("store: main,", f"store: main, rerank: {{reranker: it, {rerank}}},")
    file.write_text(
        f"{text}rerankers: {{it: {{{reranker}}}}}\n"
        "providers: {away: {kind: openai, base_url: 'http://127.0.0.1:9', residency: self_hosted}}\n"
    )


def cross_encoder() -> None:
    from tests.doubles.cross_encoder import write_cross_encoder

    write_cross_encoder(
        Path("model"), [f"Which zebra chases The {' '.join(THINGS)} is painted green tonight?."], "sigmoid"
    )


async def min_rating() -> float | None:
    """That of a server which starts with the configuration."""
    sources = Sources(Path("groundwire.yaml"), {})
    async with running(sources, load(sources)) as server:
        routes: Any = server.reloader.current.snapshot.routes
        rating: float | None = routes._routes["default"].policy.rerank.min_rating
        return rating


@pytest.mark.local
def test_the_threshold_of_a_reranker_is_fitted_to_its_ratings_and_named_after_it(groundwire_command: Command) -> None:
    cross_encoder()
    reranked("candidates: 20, min_rating: 0.01")
    ran = groundwire_command("calibrate", "questions.jsonl", "--reranker", "--output", "reranker.json")

    assert (ran.code, ran.err) == (0, "")
    written = json.loads(Path("reranker.json").read_text())
    name, _, fingerprint = written["reranker"].partition("@")
    assert (name, len(fingerprint)) == ("it", 16)
    # The double's sigmoid of 20 times the share of a text's words that the question has, from its half on.
    assert 0.1 < written["min_relevance"] < 0.9999
    assert ran.out.splitlines()[1] == f"reranker   it@{fingerprint}"
    assert ran.out.splitlines()[-1] == "  rerank: {calibration: reranker.json}"
    reranked("min_rating: 0.01, calibration: reranker.json")
    assert asyncio.run(min_rating()) == written["min_relevance"]
    # The threshold of relevance is the other's: what cannot be rated is held against it.
    assert asyncio.run(threshold()) == 0.75
    assert groundwire_command("config", "check").code == 0


@pytest.mark.local
def test_a_server_whose_reranker_is_another_does_not_start(groundwire_command: Command) -> None:
    cross_encoder()
    reranked("candidates: 20")
    groundwire_command("calibrate", "questions.jsonl", "--reranker", "--output", "reranker.json")
    groundwire_command("calibrate", "questions.jsonl")
    wrong = {
        "was fitted with it@": ("calibration: reranker.json", "kind: onnx, folder: model, max_tokens: 64", "{}"),
        "was fitted with no reranker": ("calibration: calibration.json", "kind: onnx, folder: model", "{}"),
        "name it in rerank.calibration": (
            "candidates: 9",
            "kind: onnx, folder: model",
            "{calibration: reranker.json}",
        ),
    }
    for says, (rerank, reranker, thresholds) in wrong.items():
        reranked(rerank, reranker, thresholds)
        with pytest.raises(SetupError) as unusable:
            asyncio.run(threshold())
        assert says in str(unusable.value)


@pytest.mark.parametrize("case", ["none", "away"])
def test_without_ratings_there_is_nothing_to_fit(groundwire_command: Command, case: str) -> None:
    if case == "away":
        reranked("candidates: 9", "kind: endpoint, provider: away, model: m, retry: {max_attempts: 1}")
    ran = groundwire_command("calibrate", "questions.jsonl", "--reranker")

    says = {
        "none": "routes.default has no reranker: name one in rerank.reranker",
        "away": "the reranker of routes.default rated nothing for a question: run `groundwire doctor` to check it",
    }
    assert ran.code == 4
    assert ran.err.splitlines()[-1] == f"groundwire: {says[case]}"
    assert not Path("calibration.json").exists()
