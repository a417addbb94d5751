"""Facts from files, and what is no fact."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire.v1.grounding_service_pb2 import Fact
from groundwire_server.cli.check.facts import FACT_LIMIT, FACTS_LIMIT, read_facts
from groundwire_server.cli.exits import CommandError, ExitCode

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file where the command runs."""
    monkeypatch.chdir(tmp_path)

    def file(name: str, content: str | bytes) -> Path:
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        return Path(name)

    return file


def test_a_text_file_is_one_fact_without_the_white_space_around_it(write: Write) -> None:
    text = "# Parcels\n\nParcels wait. They are kept.\n"
    assert read_facts([write("mail room.md", text)]) == [
        Fact(fact_id="mail%20room.md", title="mail room.md", text=text.strip())
    ]


def test_a_long_text_is_cut_between_sentences(write: Write) -> None:
    sentence = f"{'Parcels wait ' * 20}there."
    facts = read_facts([write("long.txt", f"{sentence} " * 100)])
    assert [fact.fact_id for fact in facts] == ["long.txt:1", "long.txt:2", "long.txt:3"]
    assert all(len(fact.text) <= FACT_LIMIT for fact in facts)
    assert all(fact.text.startswith("Parcels") and fact.text.endswith("there.") for fact in facts)
    assert sum(fact.text.count("there.") for fact in facts) == 100


BOTH = ["Parcels wait.", {"factId": "desk", "title": "Desk", "sourceUri": "https://example.com/", "text": "They do."}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("facts.json", json.dumps(BOTH)),
        ("facts.jsonl", "\n\n".join(map(json.dumps, BOTH))),
        ("facts.ndjson", "\ufeff" + "\r\n".join(map(json.dumps, BOTH))),
    ],
    ids=["JSON", "JSON lines", "with a byte order mark"],
)
def test_json_holds_texts_and_facts_as_the_contract_maps_them(write: Write, name: str, content: str) -> None:
    first, second = read_facts([write(name, content)])
    assert (first.text, first.title) == ("Parcels wait.", "")
    assert first.fact_id.startswith(f"{name}:")
    assert second == Fact(fact_id="desk", title="Desk", source_uri="https://example.com/", text="They do.")


def test_facts_of_several_files_keep_their_order(write: Write) -> None:
    files = [write("b.md", "Second."), write("a.md", "First.")]
    assert [fact.text for fact in read_facts(files)] == ["Second.", "First."]


WRONG = [
    ("empty file", "f.txt", "", "f.txt has no text"),
    ("white space", "f.txt", " \n\t", "f.txt has no text"),
    ("not UTF-8", "f.txt", b"caf\xe9", "f.txt is not UTF-8 in line 1"),
    ("not JSON", "f.json", "[", "f.json is not JSON"),
    ("nested without end", "f.json", "[" * 100_000, "f.json is not JSON"),
    ("no list", "f.json", '{"text": "x"}', "f.json is not a list of facts"),
    ("number", "f.jsonl", '"x"\n7', "f.jsonl:2 is neither a text nor an object"),
    ("unknown field", "f.jsonl", '{"text": "x", "url": "y"}', "f.jsonl:1: url is an unknown key; there are: fact_id, "),
    (
        "nearly a field",
        "f.jsonl",
        '{"text": "x", "id": "y"}',
        "f.jsonl:1: id is an unknown key; there are: fact_id, ",
    ),
    ("number as a text", "f.jsonl", '{"text": 7}', "f.jsonl:1: text must be a text"),
    ("null", "f.jsonl", '{"text": "x", "title": null, "sourceUri": 1}', "f.jsonl:1: sourceUri must be a text"),
    ("without text", "f.jsonl", '{"factId": "x"}', "f.jsonl:1 has no text"),
    ("blank text", "f.json", '["x", " "]', "f.json, fact 2 has no text"),
    ("lone surrogate", "f.json", r'["\ud83d"]', "f.json, fact 1 has a lone surrogate"),
    ("lone surrogate in an object", "f.json", r'[{"text": "\ude00"}]', "f.json, fact 1 "),
    ("10,001 characters", "f.json", json.dumps(["x" * 10_001]), "f.json, fact 1 has 10001 characters, and 10000"),
    ("201 facts", "f.json", json.dumps(["x"] * (FACTS_LIMIT + 1)), "the files hold 201 facts, and 200"),
    (
        "one id twice",
        "f.json",
        '[{"factId": "a", "text": "x"}, {"factId": "a", "text": "y"}]',
        "two facts have the id a",
    ),
]


@pytest.mark.parametrize(("name", "content", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_no_fact_is_named_with_its_place(write: Write, name: str, content: str | bytes, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        read_facts([write(name, content)])
    assert caught.value.code is ExitCode.USAGE
    assert caught.value.message.startswith(said)


def test_a_character_in_two_escapes_is_whole(write: Write) -> None:
    (fact,) = read_facts([write("f.json", r'["\ud83d\ude00"]')])
    assert fact.text == "😀"


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"^nowhere\.md cannot be read: No such file"):
        read_facts([Path("nowhere.md")])
