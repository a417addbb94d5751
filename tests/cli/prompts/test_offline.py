"""`groundwire prompts init`, `show`, `lint`, `diff` and `render`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.tokens.vocabularies import published_cl100k
from tests.cli.conftest import Ran
from tests.doubles.prompts import template

Command = Callable[..., Ran]


def test_init_begins_a_folder_in_which_nothing_changes(
    groundwire_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = groundwire_command("prompts", "init")
    assert (ran.code, ran.err) == (0, "")
    text = groundwire_command("prompts", "show", "answer", "--text").out
    newest = groundwire_command("prompts", "list", "--json").out
    in_force = json.loads(newest)[0]["versions"][0]["version"]
    (file,) = Path("prompts/answer").iterdir()
    assert file.read_text() == text
    assert Path("prompts/labels.yaml").read_text() == f"answer: {{production: {in_force}}}\n"
    assert ran.out.splitlines()[:2] == [
        f"wrote {file}, a copy of answer/{in_force}",
        f"wrote prompts/labels.yaml: production stays {in_force}",
    ]
    assert "  add to the configuration: prompts: {folder: prompts}" in ran.out
    Path("groundwire.yaml").write_text("prompts: {folder: prompts}\n")
    assert groundwire_command("prompts", "lint", "--strict").code == 0
    listed = json.loads(groundwire_command("prompts", "list", "--json").out)[0]
    assert listed["routes"] == {"default": in_force}
    again = groundwire_command("prompts", "init")
    assert again.code == 0, "the next number is free"
    assert len(list(Path("prompts/answer").iterdir())) == 2


def test_init_begins_the_folder_that_the_configuration_names_already(
    groundwire_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("groundwire.yaml").write_text(
        "prompts: {folder: prompts}\n"
        "routes: {default: {models: [extractive], store: main, prompt: {name: answer, label: production}}}\n"
    )
    assert "`groundwire prompts init` makes one" in groundwire_command("config", "check").err
    ran = groundwire_command("prompts", "init")
    assert (ran.code, ran.err) == (0, "")
    assert "add to the configuration" not in ran.out
    assert groundwire_command("config", "check").code == 0


def test_init_reads_the_labels_of_the_folder_that_it_adds_to(
    groundwire_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        ran = groundwire_command("prompts", "init", "texts")
        assert (ran.code, ran.err) == (0, ""), "no configuration names it yet"
    assert len(list(Path("texts/answer").iterdir())) == 2


@pytest.mark.usefixtures("config")
def test_init_takes_another_version_and_name_and_refuses_what_would_change_answers(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "init", "--from", "faq/candidate", "--as", "help")
    assert (ran.code, ran.err) == (0, "")
    assert Path("prompts/help/1.0.0.jinja").read_text() == Path("prompts/faq/1.1.0.jinja").read_text()
    ran = groundwire_command("prompts", "init", "--from", "answer")
    assert ran.code == 2
    assert "prompts/labels.yaml has no label production for answer" in ran.err
    assert not Path("prompts/answer").exists()
    ran = groundwire_command("prompts", "init", "--as", "No Name")
    assert (ran.code, "a name matches" in ran.err) == (2, True)


@pytest.mark.usefixtures("config")
def test_show_says_what_a_version_is_and_prints_its_text(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "show", "faq/candidate")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:7] == [
        "faq/1.1.0",
        "  description Frequent questions.",
        "  owner       web team",
        "  kept        in the folder",
        "  labels      candidate",
        "  variables   tone (text, required), terms (pairs)",
        lines[6],
    ]
    assert lines[6].startswith("  tokens      ")
    assert ran.out.endswith(Path("prompts/faq/1.1.0.jinja").read_text())
    exact = groundwire_command("prompts", "show", "prompts/faq/1.1.0.jinja", "--text")
    assert exact.out == Path("prompts/faq/1.1.0.jinja").read_text()
    shown = json.loads(groundwire_command("prompts", "show", "faq", "--json").out)
    assert (shown["version"], shown["labels"], shown["owner"]) == ("1.0.0", ["production"], "")


@pytest.mark.usefixtures("config")
def test_show_says_what_is_wrong_with_a_version(groundwire_command: Command) -> None:
    Path("draft.jinja").write_text(template(user="{{ question }}"))
    ran = groundwire_command("prompts", "show", "draft.jinja")
    assert ran.code == 0
    assert "  error       `question` is text of others and stands outside a fence" in ran.out


@pytest.mark.usefixtures("config")
def test_lint_prints_a_line_for_each_fault_and_the_sizes_of_the_others(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "lint")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "3 templates: no errors, no warnings"
    assert "prompts/faq/1.0.0.jinja: " in ran.out
    Path("prompts/faq/1.2.0.jinja").write_text(template(user="{{ question }}", header="owner: me"))
    ran = groundwire_command("prompts", "lint")
    assert ran.code == 1
    assert "prompts/faq/1.2.0.jinja:6: error: `question` is text of others and stands outside a fence" in ran.out
    found = json.loads(groundwire_command("prompts", "lint", "prompts/faq/1.2.0.jinja", "--json").out)
    (linted,) = found["templates"]
    assert (linted["template"], linted["tokens"]) == ("prompts/faq/1.2.0.jinja", {})
    assert {each["line"] for each in linted["findings"]} == {6}


@pytest.mark.usefixtures("config")
def test_lint_ends_with_5_on_a_warning_where_it_is_strict(groundwire_command: Command) -> None:
    Path("prompts/faq/1.2.0.jinja").write_text(template(header="owner: me"))
    assert groundwire_command("prompts", "lint").code == 0
    ran = groundwire_command("prompts", "lint", "--strict")
    assert ran.code == 5
    assert "prompts/faq/1.2.0.jinja:1: warning: has no description: add `description: …`" in ran.out


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("groundwire.yaml", "    context: {tone: {source: instructions}}\n", "", "the prompt requires 'tone': declare"),
        ("prompts/labels.yaml", "1.1.0", "9.0.0", "faq.candidate points at 9.0.0, which there is not"),
        ("groundwire.yaml", "label: candidate", "label: trial", "prompt 'faq' has no label 'trial'"),
    ],
)
def test_lint_looks_at_labels_and_routes_as_well(
    groundwire_command: Command, file: str, old: str, new: str, says: str
) -> None:
    Path(file).write_text(Path(file).read_text().replace(old, new))
    ran = groundwire_command("prompts", "lint")
    assert ran.code == 1
    assert any(says in line for line in ran.out.splitlines())


@pytest.mark.usefixtures("config")
def test_diff_shows_templates_and_what_they_render(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "diff", "faq", "faq/candidate", "--context", "tone=friendly")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == ["--- faq/1.0.0", "+++ faq/1.1.0"]
    assert "+owner: web team" in lines
    middle = lines.index("--- faq/1.0.0, rendered")
    assert lines[middle + 1] == "+++ faq/1.1.0, rendered"
    assert "-Answer shortly." in lines[middle:]
    assert "+Answer in a friendly tone." in lines[middle:]
    assert groundwire_command("prompts", "diff", "faq", "faq/1.0.0").out == "nothing differs\n"
    only = groundwire_command("prompts", "diff", "faq", "faq/1.1.0", "--rendered", "--json")
    assert json.loads(only.out)["template"] == []


@pytest.mark.usefixtures("config")
def test_diff_says_where_only_the_template_differs(groundwire_command: Command) -> None:
    text = Path("prompts/faq/1.0.0.jinja").read_text()
    Path("prompts/faq/1.0.1.jinja").write_text(text.replace("Frequent questions.", "Questions."))
    ran = groundwire_command("prompts", "diff", "faq/1.0.0", "faq/1.0.1")
    assert ran.out.splitlines()[-1] == "what they render of the example is the same"


@pytest.mark.usefixtures("config")
def test_render_prints_what_a_model_is_asked(groundwire_command: Command) -> None:
    Path("facts.jsonl").write_text('"Members sign."\n{"fact_id": "f2", "title": "Rules", "text": "Anybody may."}\n')
    ran = groundwire_command(
        *("prompts", "render", "faq/candidate", "--question", "Who signs?", "--passages", "facts.jsonl"),
        *("--context", "tone=friendly", "--context", 'terms={"VAT": "a tax"}', "--json"),
    )
    assert (ran.code, ran.err) == (0, "")
    prompt = json.loads(ran.out)
    assert prompt["system"].startswith("Answer in a friendly tone. VAT means a tax.\n")
    assert "Members sign." in prompt["user"]
    assert prompt["user"].endswith("<question-0a1b2c3d4e5f>Who signs?</question-0a1b2c3d4e5f>")
    shown = groundwire_command("prompts", "render", "faq").out
    assert shown.startswith("system, about ")
    assert "Parcels wait at the reception" in shown


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("message", "says"), [("repair", "Your last reply"), ("continuation", "The answer has been begun")]
)
def test_render_prints_the_other_messages(groundwire_command: Command, message: str, says: str) -> None:
    ran = groundwire_command("prompts", "render", "faq", "--message", message, "--json")
    assert says in json.loads(ran.out)["user"]


@pytest.mark.usefixtures("config")
def test_render_prints_the_correction_of_a_sentence(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "render", "faq", "--message", "correction", "--json")
    assert "Your reply was stopped there" in json.loads(ran.out)["begun"]["correction"]


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("faq", "--message", "poem"), "--message poem: there are answer, repair, correction, continuation"),
        (("faq/candidate", "--context", "tone"), "--context tone: write NAME=VALUE"),
        (("faq/candidate", "--context", "tune=x"), "--context: there is no variable tune; did you mean tone?"),
        (
            ("faq/candidate", "--context", "terms=x"),
            '--context terms: is pairs: write JSON such as {"term": "meaning"}',
        ),
        (("faq/2.0.0",), "prompt 'faq' has no version '2.0.0'; it has: 1.0.0, 1.1.0"),
        (("absent.jinja",), "absent.jinja cannot be read: No such file or directory"),
        (("wrong.jinja",), "prompt draft/0.0.0 cannot be used: has no block `system`"),
    ],
)
def test_what_cannot_be_rendered_is_one_line(
    groundwire_command: Command, arguments: tuple[str, ...], says: str
) -> None:
    Path("wrong.jinja").write_text("text")
    ran = groundwire_command("prompts", "render", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"groundwire: {says}")
    assert ran.err.count("\n") == 1


@pytest.mark.usefixtures("config")
def test_sizes_are_counted_for_each_model_by_what_counts_for_it(groundwire_command: Command) -> None:
    file = Path("groundwire.yaml")
    vocabulary = f"{{kind: tiktoken, encoding: cl100k_base, file: {published_cl100k()}}}"
    file.write_text(
        file.read_text() + "providers: {local: {kind: openai, base_url: 'http://127.0.0.1:9/v1'}}\n"
        "models:\n"
        "  extractive: {kind: extractive}\n"
        f"  exact: {{kind: openai, provider: local, model: gpt-4, tokens: {vocabulary}}}\n"
        "  other: {kind: openai, provider: local, model: gpt-4}\n"
    )
    out = groundwire_command("prompts", "lint", "answer").out
    exact, other = out.splitlines()[:2]
    assert exact.endswith(" tokens without passages, by exact (tiktoken:cl100k_base)")
    assert other.endswith(" tokens without passages, by other (estimate:cl100k)")


@pytest.mark.usefixtures("config")
def test_passages_with_an_unknown_key_are_one_line_with_those_there_are(groundwire_command: Command) -> None:
    Path("facts.jsonl").write_text('{"id": "hours", "text": "It opens at six."}\n')
    ran = groundwire_command("prompts", "render", "answer", "--passages", "facts.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("groundwire: facts.jsonl:1: id is an unknown key; there are: fact_id, source_uri, text, title\n")
