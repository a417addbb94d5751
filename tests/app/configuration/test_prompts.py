"""The folder of prompts that a configuration names, and what its routes make of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundwire_server.app.configuration import external
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.files.small import marks_of
from tests.adapters.tokens.vocabularies import published_cl100k
from tests.doubles.prompts import USER, template

TONE = template("Tone: {{ tone }}.", header="description: A trial.\nvariables: {tone: {}}")
FENCED = template(
    user=USER + "\n<tone-context-{{ mark }}>{{ tone }}</tone-context-{{ mark }}>",
    header="description: A trial.\nvariables: {tone: {required: true}}",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one version, which is named as a configuration names it."""
    monkeypatch.chdir(tmp_path)
    put(Path("prompts/answer/2.0.0.jinja"), template())
    return Path("prompts")


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def wrong(route: str = "", prompts: str = "", more: str = "", model: str = "extractive") -> list[str]:
    """The errors of a configuration with the folder and one route."""
    Path("groundwire.yaml").write_text(
        f"prompts: {{folder: prompts{prompts}}}\n"
        f"routes:\n  default: {{models: [{model}], store: main{route}}}\n"
        f"stores: {{main: {{kind: embedded, folder: data}}}}\n{more}"
    )
    try:
        external.verify(load(Sources(Path("groundwire.yaml"), {})), datetime.now(UTC))
    except InvalidConfigurationError as invalid:
        return [str(error) for error in invalid.errors]
    return []


def test_a_folder_with_versions_and_labels_is_right() -> None:
    put(Path("prompts/labels.yaml"), "answer: {production: 1.2.0, candidate: 2.0.0}\n")
    assert wrong() == []
    assert wrong(", prompt: {label: candidate}") == []
    assert wrong(", prompt: {version: 2.0.0}") == []


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("answer/3.0.0.jinja", template(user=USER + "{{ turns }}"), "answer/3.0.0.jinja:10: `turns` is not a text"),
        ("labels.yaml", "answer: {production: 9.0.0}", "prompts/labels.yaml:1: answer.production points at 9.0.0"),
        ("labels.yaml", "answer: [1]", "prompts/labels.yaml:1: must hold labels by prompt"),
        ("answer/02.0.0.jinja", template(), "prompts/answer/02.0.0.jinja: must be named by its version"),
        ("answer/latest.jinja", template(), "prompts/answer/latest.jinja: must be named by its version"),
        ("answer/3.0.0.jinja", "x", "prompts/answer/3.0.0.jinja: has no block `system`"),
    ],
    ids=["template", "label-to-nothing", "labels", "zeros", "name", "no-template"],
)
def test_what_is_wrong_in_the_folder_is_one_line_each(file: str, text: str, says: str) -> None:
    put(Path("prompts", file), text)
    lines = wrong()
    assert all(line.startswith("groundwire.yaml:1: prompts.folder: ") for line in lines)
    assert any(says in line for line in lines)


def test_a_folder_that_is_not_there_says_how_to_make_one() -> None:
    (Path("prompts") / "answer" / "2.0.0.jinja").unlink()
    Path("prompts/answer").rmdir()
    Path("prompts").rmdir()
    assert wrong() == [
        "groundwire.yaml:1: prompts.folder: prompts: does not exist: `groundwire prompts init` makes one"
    ]


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("{name: anser}", "there is no prompt 'anser'; there are: answer"),
        ("{version: 9.0.0}", "prompt 'answer' has no version '9.0.0'; it has: 1.2.0, 1.2.1, 2.0.0"),
        ("{label: candidate}", "prompt 'answer' has no label 'candidate'; it has: none"),
    ],
)
def test_a_prompt_that_a_route_names_and_there_is_not_is_one_line(prompt: str, says: str) -> None:
    assert wrong(f", prompt: {prompt}") == [f"groundwire.yaml:3: routes.default.prompt: {says}"]


def test_what_only_the_records_have_is_looked_for_when_a_server_starts() -> None:
    managed = ", managed_by: operations"
    assert wrong(", prompt: {label: candidate}", managed) == []
    put(Path("prompts/answer/3.0.0.jinja"), "x")
    assert len(wrong("", managed)) > 0


def test_a_variable_that_only_the_operator_may_fill_is_filled_by_no_other() -> None:
    put(Path("prompts/answer/2.0.0.jinja"), TONE)
    assert wrong(", context: {tone: {source: instructions}}", more="context: {tenants: {}}\n") == []
    (line,) = wrong(", context: {tone: {source: caller, key: tone}}")
    assert line.startswith(
        "groundwire.yaml:3: routes.default.context: the prompt shows 'tone' outside a fence, and a block of the source "
        "caller is written by callers"
    )


def test_a_variable_behind_a_fence_may_be_anybodys_and_a_required_one_is_declared() -> None:
    put(Path("prompts/answer/2.0.0.jinja"), FENCED)
    assert wrong(", context: {tone: {source: caller, key: tone}}") == []
    (line,) = wrong()
    assert line.startswith("groundwire.yaml:3: routes.default.context: the prompt requires 'tone': declare a block")


def test_a_file_that_comes_to_the_folder_is_watched_before_it_is_read(folder: Path) -> None:
    assert wrong() == []
    loaded = load(Sources(Path("groundwire.yaml"), {}))
    assert loaded.watched == marks_of(loaded.watched)
    put(folder / "answer" / "3.0.0.jinja", "x")
    watched = loaded.watched
    assert watched[folder / "answer" / "3.0.0.jinja"] is None
    assert watched != marks_of(watched)
    assert not loaded.same(load(Sources(Path("groundwire.yaml"), {})))


SMALL = ", prompt: {version: %s}, limits: {output_tokens: 400}"


def small(window: int) -> str:
    """The section of a model with a window."""
    return (
        "providers: {local: {kind: openai, base_url: 'http://127.0.0.1:9/v1'}}\n"
        f"models: {{small: {{kind: openai, provider: local, model: gpt-4o, context_window: {window}}}}}\n"
    )


def test_a_prompt_that_leaves_no_room_in_the_window_of_a_model_is_one_line(folder: Path) -> None:
    put(folder / "answer" / "3.0.0.jinja", template("Answer from the passages. " * 400))
    (line,) = wrong(SMALL % "3.0.0", more=small(2048), model="small")
    assert "routes.default.prompt: leaves no room for passages: of the window of small, 2048 tokens, " in line
    assert wrong(SMALL % "3.0.0", more=small(8192), model="small") == []
    assert wrong(SMALL % "2.0.0", more=small(2048), model="small") == []


def test_the_tokens_of_a_folder_are_counted_for_the_models_that_are_configured(folder: Path) -> None:
    put(folder / "answer" / "3.0.0.jinja", template("слово " * 200, header="limits: {max_tokens: 700}"))
    assert wrong(SMALL % "3.0.0", more=small(8192), model="small") == [], "o200k has few tokens for Russian"
    common = small(8192).replace("gpt-4o", "gpt-4")
    (line,) = wrong(SMALL % "3.0.0", more=common, model="small")
    assert "leaves no room for passages: its own text has " in line
    assert " tokens by small (estimate:cl100k), and limits.max_tokens is 700: raise it" in line
    # A vocabulary is not read for that: its own count may be as low as the estimate allows.
    vocabulary = f"tokens: {{kind: tiktoken, encoding: cl100k_base, file: {published_cl100k()}}}"
    (line,) = wrong(
        SMALL % "3.0.0", more=common.replace("context_window", f"{vocabulary}, context_window"), model="small"
    )
    assert " tokens by small (at least, estimate:cl100k), and " in line
