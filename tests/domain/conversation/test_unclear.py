"""What must not be resolved: one of several things, names that look like pronouns, and turns of another language."""

from collections.abc import Sequence

import pytest

from bench.conversations import read
from groundwire_server.domain.conversation.standalone import standalone
from groundwire_server.domain.question import Turn

CONVERSATIONS = read()


def turns(*said: str) -> Sequence[Turn]:
    """The user's first, and then by turns."""
    return [Turn(not index % 2, text) for index, text in enumerate(said)]


def resolved(question: str, *said: str) -> str | None:
    return standalone(question, turns(*said)).text


def unchanged(question: str) -> bool:
    return all(standalone(question, unrelated).text == question for unrelated in CONVERSATIONS.unrelated)


@pytest.mark.parametrize(
    ("asked", "answered", "question"),
    [
        ("Is the fence higher than the gate?", "Yes.", "How much does it cost?"),
        ("What is the difference between the Atlas tent and the Borea tent?", "Weight.", "Is it waterproof?"),
        ("Should I buy the oak fence or the pine fence?", "It depends.", "How long does it last?"),
        ("Can dogs and cats use the pool?", "No.", "How deep is it?"),
        ("Who are the managers?", "Ann Weber and Tom Smith.", "What is his number?"),
        ("Who founded Acme?", "I could not find that.", "When was he born?"),
        ("How many vacation days do employees get?", "30.", "Does that also apply to contractors?"),
        ("How long does the trip take with the ferry?", "2 h.", "And without it?"),
        ("How high is the fence?", "180 cm.", "And yours?"),
        ("How do I reset my password?", "Click.", "How do I do that?"),
        ("Does Ann Weber work with Tom Smith?", "Yes.", "What is his role?"),
        ("Tell me about Weaviate.", "A store.", "How do they compare?"),
        ("Tell me about Weaviate.", "A store.", "What is the difference?"),
        ("Ist der Zaun höher als das Tor?", "Nein.", "Was kostet es?"),
        ("La valla es más alta que la puerta?", "No.", "¿Cuánto mide?"),
    ],
)
def test_of_several_things_none_is_chosen(asked: str, answered: str, question: str) -> None:
    assert resolved(question, asked, answered) is None


@pytest.mark.parametrize(
    "question",
    [
        "Who leads the IT department?",
        "Who leads the it department?",
        "Is IT open on Sundays?",
        "Does HE steel rust?",
        "Who sings It Must Have Been Love?",
        "What does THIS_VAR do?",
        "What does `this` mean in JavaScript?",
        "What does $this mean in PHP?",
        "What does the flag --it do?",
        "Explain the this keyword",
        "How about this: can I export logs?",
        "How do I use 'it' in RSpec?",
        "What does “that” refer to in the contract?",
        "What does this do: `SELECT it FROM that`?",
    ],
)
def test_names_and_code_that_look_like_pronouns_refer_to_nothing(question: str) -> None:
    assert unchanged(question)


@pytest.mark.parametrize("question", ["HOW MUCH DOES IT COST?", "How Much Does It Cost?", "how much does it cost"])
def test_capitals_everywhere_make_no_names(question: str) -> None:
    assert "the fence" in (resolved(question, "How high is the fence?", "180 cm.") or "")


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("Wie hoch ist der Zaun?", "How much does it cost?"),
        ("松木栅栏多高？", "How much is it?"),
        ("松木栅栏多高？", "Why?"),
        ("Jak wysoki jest ten drewniany płot?", "How much does it cost?"),
        ("How high is the fence?", "Und was kostet er?"),
        ("What is the shipping fee to Austria?", "Und nach Norwegen?"),
        ("How high is the fence?", "它多少钱？"),
        ("松のフェンスの高さは？", "그건 얼마예요?"),
    ],
)
def test_a_turn_of_another_language_completes_nothing(asked: str, question: str) -> None:
    assert resolved(question, asked, "180") is None
