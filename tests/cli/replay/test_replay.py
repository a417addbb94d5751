"""`groundwire replay`, over calls that a real server has recorded and `groundwire recordings` has exported."""

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import groundwire
from groundwire_server.adapters.prompts.built_in import built_in_versions
from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from groundwire_server.cli.main import run
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from tests.cli.conftest import Ran
from tests.doubles.recorded_service import RecordedService, recorded, serving_recorded

Command = Callable[..., Ran]

CONFIGURATION = """server: {{listen: 127.0.0.1:0}}
stores: {{main: {{folder: groundwire-data}}}}
prompts: {{folder: prompts}}
routes:
  default:
    models: [extractive]
    store: main
    prompt: {{name: answer, version: 1.2.0}}
    recording: {{tenants: [local], share: 1, mask: {mask}}}
"""
HOURS = "The front desk opens at six in the morning."
ANSWERED, ABSTAINED = "When does the front desk open?", "Which zebra painted the lobby?"


def _another_prompt(folder: Path) -> None:
    """Write a version that differs in one sentence."""
    text = next(each.text for each in built_in_versions() if (each.name, each.version) == ("answer", "1.2.0"))
    file = folder / "prompts" / "answer" / "1.9.0.jinja"
    file.parent.mkdir(parents=True)
    file.write_text(text.replace("from passages and from nothing else", "in one sentence, from passages alone"))


async def _recorded(folder: Path, sources: Sources) -> None:
    """Have a server record two calls, and export them to the folder."""
    store = EmbeddedStore.open(folder / "groundwire-data" / "store.sqlite3", SystemClock(), None)
    document = Document("hours", HOURS, allowed_principals=frozenset({EVERYBODY}))
    await Ingest(store.corpus, None).store(Caller("local", "importer", frozenset()), document, NEVER)
    store.close()
    async with (
        running(sources, load(sources)) as server,
        groundwire.Client(server.address, tenant="local", subject="app") as client,
    ):
        assert (await client.answer(ANSWERED)).text == HOURS
        assert not (await client.answer(ABSTAINED)).text
        assert server.process.recordings is not None
        await server.process.recordings.writer.settle()
        given = ("recordings", "export", str(folder / "calls"), "--server", server.address)
        assert await asyncio.to_thread(run, given) == 0


def record(folder: Path, mask: str) -> Path:
    """Return a folder with a configuration, a store, another prompt, and two recorded calls."""
    _another_prompt(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("groundwire.yaml").write_text(CONFIGURATION.format(mask=mask))
        asyncio.run(_recorded(folder, Sources(Path("groundwire.yaml"), {})))
    return folder


@pytest.fixture(scope="module")
def unmasked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("unmasked"), "[]")


@pytest.fixture
def folder(unmasked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what was recorded once."""
    shutil.copytree(unmasked, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calls(folder: Path) -> Path:
    return folder / "calls"


def file_of(calls: Path, question: str) -> str:
    (found,) = (file for file in calls.iterdir() if f'"question":"{question}"' in file.read_text())
    return str(found)


def test_a_replay_is_exact_and_asks_no_server(groundwire_command: Command, calls: Path) -> None:
    ran = groundwire_command("replay", str(calls))
    assert ran.code == 0
    assert sorted(line.partition("  ")[2] for line in ran.out.splitlines()[:2]) == [
        "exact: abstained (NO_EVIDENCE)",
        "exact: answered (ANSWER_VALIDATED)",
    ]
    assert ran.out.endswith("2 of 2 replays exact\n")


def test_a_call_that_is_named_twice_counts_once(groundwire_command: Command, calls: Path) -> None:
    (calls.parent / "link.jsonl").symlink_to(file_of(calls, ABSTAINED))
    ran = groundwire_command("replay", file_of(calls, ANSWERED), "calls", f"{calls}/", "link.jsonl")
    assert (ran.code, len(ran.out.splitlines())) == (0, 3)
    assert ran.out.endswith("2 of 2 replays exact\n")


def test_an_id_that_is_given_twice_counts_once(groundwire_command: Command, calls: Path) -> None:
    service, call = RecordedService(), f"{1:032x}"
    service.kept = [(recorded(1), Path(file_of(calls, ANSWERED)).read_bytes())]
    with serving_recorded(service) as address:
        ran = groundwire_command("replay", call, f"recordings/{call}", "--server", address)
    assert (ran.code, ran.out) == (0, f"{call}  exact: answered (ANSWER_VALIDATED)\n")
    assert len(service.calls) == 1


def test_a_prompt_that_no_model_has_seen_is_not_known_until_one_is_asked(
    groundwire_command: Command, calls: Path
) -> None:
    call = file_of(calls, ANSWERED)
    same = groundwire_command("replay", call, "--with", "prompt=answer/1.2.0")
    assert (same.code, "0 of 1 call came to something else" in same.out) == (0, True)
    other = groundwire_command("replay", call, "--with", "prompt=answer/1.9.0")
    assert other.code == 1
    assert "1 outcome not known" in other.out
    assert "which can be asked with --live" in " ".join(other.out.split())
    live = groundwire_command("replay", call, "--with", "prompt=answer/1.9.0", "--live", "--json")
    assert live.code == 0
    replayed, summary = map(json.loads, live.out.splitlines())
    assert (replayed["before"]["prompt"], replayed["after"]["prompt"]) == ("answer 1.2.0", "answer 1.9.0")
    assert replayed["changed"] is False
    assert summary["summary"]["calls"] == 1


def test_two_prompts_are_compared_over_recorded_calls(groundwire_command: Command, calls: Path) -> None:
    given = ("prompts", "diff", "answer/1.2.0", "answer/1.9.0", "--over", str(calls))
    ran = groundwire_command(*given)
    assert ran.code == 0
    assert re.search(r"answer/1\.2\.0 +answer/1\.9\.0", ran.out)
    assert "0 of 1 call came to something else" in ran.out
    assert "1 outcome not known: nothing is recorded of" in ran.out
    live = groundwire_command(*given, "--live", "--json")
    *every, summary = map(json.loads, live.out.splitlines())
    assert {each["after"]["result"] for each in every} == {"answered", "abstained"}
    assert summary["summary"]["unknown"] == 0


def test_settings_of_the_route_change_what_comes(groundwire_command: Command, calls: Path, folder: Path) -> None:
    (folder / "settings.yaml").write_text("thresholds: {min_relevance: 1.0}\n")
    given = ("replay", str(calls), "--with", "route=settings.yaml", "--html", "replay.html")
    ran = groundwire_command(*given, "--fail-if-changed")
    assert ran.code == 6
    assert "1 of 2 calls came to something else" in ran.out
    assert "result answered → abstained: 1 call" in ran.out
    page = (folder / "replay.html").read_text()
    assert HOURS in page
    assert "route settings.yaml" in page
    assert groundwire_command(*given).code == 0


def test_a_folder_is_a_data_set_for_eval(groundwire_command: Command, calls: Path) -> None:
    before = groundwire_command("eval", str(calls), "--json", "before.json")
    assert before.out.startswith("2 questions")
    again = groundwire_command("eval", str(calls), "--again", "--in-process", "--json", "after.json")
    assert again.code == 0
    compared = groundwire_command("eval", "compare", "before.json", "after.json", "--json")
    assert json.loads(compared.out)["items"] == {"common": 2, "only_before": 0, "only_after": 0}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere"),
        (["groundwire.yaml"], "groundwire.yaml"),
        (["prompts"], "prompts has no recording, whose name ends with .jsonl"),
        (["calls", "--live"], "--live asks models for changed calls: say what changes, with --with"),
        (["calls", "--with", "temperature=1"], "--with temperature=1: give prompt=NAME/VERSION"),
        (["calls", "--with", "model=a", "--with", "model=b"], "--with model is given twice: give one"),
        (["calls", "--with", "model=gpt"], "there is no model gpt"),
        (["calls", "--with", "prompt=answer/7.0.0"], "7.0.0"),
        (["calls", "--with", "route=groundwire.yaml"], "--with route: "),
        (["calls", "--with", "route=none.yaml"], "none.yaml"),
        (["n" * 5000], "File name too long"),
        (["calls", "--with", "route=model.yaml"], "there is no model nope"),
        (["calls", "--with", "route=limits.yaml"], "--with route: write keys of `routes.<name>`"),
        (["calls", "--with", "route=twice.yaml"], "twice.yaml:2: `search` is given twice, first in line 1"),
        (["calls", "--with", "route=long.yaml"], "--with route: "),
    ],
)
def test_what_cannot_be_replayed_is_one_line(
    groundwire_command: Command, folder: Path, arguments: list[str], said: str
) -> None:
    (folder / "model.yaml").write_text("models: [nope]\n")
    (folder / "limits.yaml").write_text("limits: 5\n")
    (folder / "twice.yaml").write_text("search: {}\nsearch: {}\n")
    (folder / "long.yaml").write_text(f"thresholds: {{min_relevance: {'9' * 5000}}}\n")
    ran = groundwire_command("replay", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_another_search_is_not_known_and_nobody_is_told_to_ask_for_it(
    groundwire_command: Command, calls: Path, folder: Path
) -> None:
    (folder / "wider.yaml").write_text("limits: {top_k: 3}\n")
    ran = groundwire_command("replay", file_of(calls, ANSWERED), "--with", "route=wider.yaml", "--live")
    assert ran.code == 1
    assert "1 outcome not known: nothing is recorded of search\n" in ran.out


def test_a_recording_that_is_cut_is_one_line(groundwire_command: Command, calls: Path) -> None:
    file = Path(file_of(calls, ANSWERED))
    whole = file.read_bytes()
    for cut in (whole[: len(whole) // 2], whole.replace(b'"groundwire_recording":2', b'"groundwire_recording":3'), b""):
        file.write_bytes(cut)
        ran = groundwire_command("replay", str(file))
        assert ran.code == 2
        assert str(file) in ran.err
        assert ran.err.count("\n") == 1


def test_what_was_masked_is_replayed_as_it_was_kept(
    groundwire_command: Command, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, "[name, email]")
    capfd.readouterr()
    ran = groundwire_command("replay", str(tmp_path / "calls"))
    assert (ran.code, ran.out.endswith("2 of 2 replays exact\n")) == (0, True)
