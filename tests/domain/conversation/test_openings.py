"""A change of topic, a correction, and what is no question at all."""

import pytest

from groundwire_server.domain.conversation.standalone import standalone
from groundwire_server.domain.question import Turn

FENCE = (Turn(True, "How high is the fence?"), Turn(False, "180 cm."))


def resolved(question: str, *said: str) -> str | None:
    """What is made of a question after one about a fence, and what was said after that."""
    return standalone(question, (*FENCE, *(Turn(not index % 2, text) for index, text in enumerate(said)))).text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Now something else: do you sell bikes?", "Do you sell bikes?"),
        ("Now something else: how do I get there?", None),
        ("Different topic: is it open on Sundays?", None),
        ("On another note, is it open?", None),
        ("Different question. What does shipping cost?", "What does shipping cost?"),
        ("Unrelated, but when does it close?", None),
        ("Forget that. How do I reset my password?", "How do I reset my password?"),
        ("OK, never mind the fence. How wide is the gate?", "How wide is the gate?"),
        ("Let's change the subject: who leads the team?", "Who leads the team?"),
        ("Etwas anderes: Was kostet er?", None),
        ("Andere Frage: Wo ist das Museum?", "Wo ist das Museum?"),
        ("换个话题，它多少钱？", None),
        ("話は変わりますが、それはいくらですか？", None),
        ("다른 질문인데요, 그건 얼마예요?", None),
        ("By the way, how much does it cost?", "How much does the fence cost?"),
        ("One more question: how much does it cost?", "How much does the fence cost?"),
    ],
)
def test_after_a_change_of_topic_nothing_before_it_counts(question: str, expected: str | None) -> None:
    assert resolved(question) == expected


def test_nor_does_it_for_later_questions() -> None:
    assert resolved("How much does it cost?", "Something else: is it open?", "I cannot tell.") is None
    later = resolved("How deep is it?", "Something else: is the pool open?", "Yes.")
    assert later == "How deep is the pool?"


@pytest.mark.parametrize(
    "question", ["No, the gate", "I meant the gate.", "Not the fence, the gate.", "Sorry, I meant the gate"]
)
def test_a_correction_takes_the_place_of_what_it_corrects(question: str) -> None:
    assert resolved(question) == "How high is the gate?"


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes, please.",
        "No",
        "Really?",
        "Are you sure?",
        "Thank you, that helped a lot!",
        "That is wrong!",
        "That’s not true",
        "I don't understand",
        "Say that again",
        "2",
        "it",
        "nein",
        "谢谢",
        "はい",
        "네",
    ],
)
def test_a_reaction_asks_for_nothing_and_leaves_the_topic(text: str) -> None:
    assert resolved(text) is None
    assert resolved("How much does it cost?", text, "As you like.") == "How much does the fence cost?"


def test_a_list_in_the_answer_to_a_reaction_is_the_one_that_counts() -> None:
    assert resolved("What does the second one cost?", "Yes, please", "1. Oak\n2. Pine") == "What does Pine cost?"


@pytest.mark.parametrize(
    "text", ["Sorry, the server is down. What now?", "Wait, I have another question", "No Man's Sky"]
)
def test_a_sentence_is_no_correction(text: str) -> None:
    assert resolved(text) == text


@pytest.mark.parametrize("text", ["Is the fence right for wet ground?", "No parking: who fines?", "Yes Men: when?"])
def test_a_question_that_begins_like_a_reaction_stays(text: str) -> None:
    assert resolved(text) == text
