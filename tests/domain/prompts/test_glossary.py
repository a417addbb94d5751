"""Which terms a text mentions."""

import pytest

from groundwire_server.domain.prompts.glossary import Glossary


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("SLA", "What does our sla promise?"),
        ("service credit", "How are Service Credits paid?"),
        ("café", "Is the cafe open?"),
        ("Kündigungsfrist", "Wie lang ist die kündigungsfrist?"),
        ("SLA-2", "the SLA 2 of last year"),
        ("退款", "我想申请退款。"),
        ("返金", "返金ポリシーは?"),
        ("refund", "refund"),
    ],
)
def test_a_text_mentions_a_term_whatever_its_form(term: str, text: str) -> None:
    assert Glossary([(term, "meaning")]).mentioned([text]) == ((term, "meaning"),)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("SLA", "slate and slab"),
        ("service credit", "The service gives credit."),
        ("service credit", "service"),
        ("退款", "我想付款"),
        ("SLA", ""),
    ],
)
def test_a_part_of_a_word_or_of_a_phrase_is_no_mention(term: str, text: str) -> None:
    assert Glossary([(term, "meaning")]).mentioned([text]) == ()


def test_terms_keep_their_order_and_come_once() -> None:
    glossary = Glossary([("b", "2"), ("a", "1"), ("c", "3")])
    assert glossary.mentioned(["a c", "b a"]) == (("b", "2"), ("a", "1"), ("c", "3"))


def test_two_terms_that_begin_alike_are_two() -> None:
    glossary = Glossary([("plan", "1"), ("plan change", "2"), ("plan fee", "3")])
    assert glossary.mentioned(["a plan change"]) == (("plan", "1"), ("plan change", "2"))


def test_a_term_of_signs_alone_is_never_mentioned() -> None:
    assert Glossary([("+++", "1")]).mentioned(["+++"]) == ()


def test_what_it_holds_is_not_printed() -> None:
    assert repr(Glossary([("term", "meaning")])) == "Glossary(1)"
