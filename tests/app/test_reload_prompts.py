"""Prompts of a folder are in use without a restart: whole, or not at all."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from groundwire_server.app import reload as module
from groundwire_server.app.compose import Process
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.domain.prompts.registry import digest_of
from groundwire_server.domain.question import Question
from groundwire_server.ports.prompts import PromptInputs, Prompts
from groundwire_server.ports.recording import Recording
from tests.app.test_reload import STAYS, TAKEN
from tests.doubles.counts import Counts
from tests.doubles.prompts import template
from tests.doubles.spans import Spans

CONFIGURED = """
server: {{listen: "127.0.0.1:0"}}
stores: {{main: {{kind: embedded, folder: "{folder}/data"}}}}
prompts: {{folder: "{folder}/prompts"}}
routes:
  default: {{models: [extractive], store: main}}
  trial: {{models: [extractive], store: main, prompt: {{label: candidate}}}}
"""


@dataclass
class Place:
    """A folder of prompts and the configuration that names it."""

    folder: Path
    reloader: ConfigReloader

    def put(self, version: str) -> None:
        """Write a version that says its number."""
        put(self.folder, version)

    def label(self, production: str, candidate: str) -> None:
        """Point labels at versions."""
        label(self.folder, production, candidate)

    def rendered(self, route: str) -> str:
        """The version that a route asks with now, told by the prompt's own text."""
        policy, ports = self._route(route)
        prompt = ports.render(policy[0], policy[1], PromptInputs(Question(route, "Why?", "r"), [], "m4rk"))
        assert prompt.system.startswith(f"I am {prompt.version}.")
        return prompt.version

    def _route(self, route: str) -> tuple[tuple[str, str], Prompts]:
        found = self.reloader.current.snapshot.routes._of("acme", route)
        return (found.policy.prompt, found.policy.prompt_version), found.ports.prompts


def put(folder: Path, version: str) -> None:
    """Write a version that says its number."""
    (folder / "answer").mkdir(parents=True, exist_ok=True)
    (folder / "answer" / f"{version}.jinja").write_text(template(f"I am {version}."))


def label(folder: Path, production: str, candidate: str) -> None:
    """Point labels at versions."""
    (folder / "labels.yaml").write_text(f"answer: {{production: {production}, candidate: {candidate}}}\n")


@pytest.fixture
async def place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Place]:
    caplog.set_level(logging.INFO, module.__name__)
    level = logging.getLogger().level
    put(tmp_path / "prompts", "2.0.0")
    put(tmp_path / "prompts", "2.1.0")
    label(tmp_path / "prompts", "2.0.0", "2.1.0")
    sources = Sources(tmp_path / "groundwire.yaml", {})
    (tmp_path / "groundwire.yaml").write_text(CONFIGURED.format(folder=tmp_path))
    reloader = await ConfigReloader.begin(sources, load(sources), Process.begin(Recording(Spans().tracer, Counts())))
    yield Place(tmp_path / "prompts", reloader)
    await reloader.close()
    logging.getLogger().setLevel(level)


async def test_routes_follow_their_labels_and_roll_back(place: Place) -> None:
    assert (place.rendered("default"), place.rendered("trial")) == ("2.0.0", "2.1.0")
    for production in ("2.1.0", "2.0.0"):
        place.label(production, "2.1.0")
        assert await place.reloader.reload()
        assert (place.rendered("default"), place.rendered("trial")) == (production, "2.1.0")


async def test_a_new_version_is_used_once_a_label_points_at_it(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.put("3.0.0")
    assert await place.reloader.reload()
    assert place.rendered("default") == "2.0.0"
    place.label("3.0.0", "2.1.0")
    assert await place.reloader.reload()
    assert place.rendered("default") == "3.0.0"
    assert caplog.messages == [TAKEN, TAKEN]


async def test_one_fault_keeps_the_whole_folder_from_use_and_says_where(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    before = place.reloader.current.snapshot
    place.label("2.1.0", "2.1.0")
    (place.folder / "answer" / "9.0.0.jinja").write_text("{% block system %}")
    assert not await place.reloader.reload()
    assert place.reloader.current.snapshot is before
    assert place.rendered("default") == "2.0.0"
    (record,) = caplog.records
    assert record.getMessage() == STAYS
    assert "answer/9.0.0.jinja:1: this is not a template" in record.__dict__["why"]
    (place.folder / "answer" / "9.0.0.jinja").unlink()
    assert await place.reloader.reload()
    assert place.rendered("default") == "2.1.0"


async def test_a_version_that_a_label_needs_may_not_go(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    (place.folder / "answer" / "2.0.0.jinja").unlink()
    assert not await place.reloader.reload()
    assert "labels.yaml:1: answer.production points at 2.0.0" in caplog.records[0].__dict__["why"]
    assert place.rendered("default") == "2.0.0"


async def test_an_edit_under_the_same_number_is_in_use_and_warned_of(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    file = place.folder / "answer" / "2.0.0.jinja"
    before = digest_of("answer", "2.0.0", file.read_text())
    file.write_text(template("I am 2.0.0. I was edited."))
    assert await place.reloader.reload()
    warning, taken = caplog.records
    assert "was edited and keeps its number" in warning.getMessage()
    about = {name: warning.__dict__[name] for name in ("prompt", "before", "after")}
    assert about == {
        "prompt": "answer/2.0.0",
        "before": before,
        "after": digest_of("answer", "2.0.0", file.read_text()),
    }
    assert (taken.getMessage(), taken.__dict__["edited_prompts"]) == (TAKEN, "answer/2.0.0")
    assert place.rendered("default") == "2.0.0"


async def test_an_edit_that_is_not_taken_in_is_not_warned_of(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    (place.folder / "answer" / "2.0.0.jinja").write_text("{% block system %}")
    assert not await place.reloader.reload()
    assert caplog.messages == [STAYS]


async def test_a_version_that_is_added_is_no_edit(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.put("2.2.0")
    assert await place.reloader.reload()
    assert caplog.messages == [TAKEN]
    assert "edited_prompts" not in caplog.records[0].__dict__
