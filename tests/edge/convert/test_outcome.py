from groundwire.v1 import grounding_pb2, outcome_pb2
from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, Conflict, GroundedText, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.outcome import Degraded, Outcome
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, ConflictKind, Loss, NextStep, Verdict
from groundwire_server.edge.convert.outcome import fill_outcome

TEXT = "Take 9600 mg."
WHOLE = Span.within(TEXT, 0, len(TEXT))
FOUND = Citation(Passage("c1", "Take 1200 mg."), "Take 1200 mg.", WHOLE, added=True)
IDLE = Citation(Passage("c2", "Parcels wait."), "", WHOLE)


def test_an_answer_says_what_was_added_what_was_dropped_and_where_it_departs() -> None:
    conflict = Conflict(ConflictKind.NUMBER, Span.within(TEXT, 5, 9), "c1", "1200")
    sentence = CheckedSentence(WHOLE, Verdict.UNSUPPORTED, 0.2, (0,), "rules", (conflict,))
    answer = GroundedText.of([CheckedSegment(TEXT, WHOLE, (FOUND,), (sentence,), (IDLE,))], Confidence.HIGH)
    losses = (Loss.SENTENCES_BELOW_MINIMUM, Loss.SENTENCES_DROPPED)
    message = outcome_pb2.Outcome()

    fill_outcome(
        message,
        Outcome(Degraded(losses, answer), Cause.UNSUPPORTED, Action.ANSWER, NextStep.SHOW_WITH_CAUTION),
    )

    written = message.degraded.answer
    assert [(citation.chunk_id, citation.added) for citation in written.citations] == [("c1", True)]
    assert [(citation.chunk_id, citation.added) for citation in written.dropped_citations] == [("c2", False)]
    assert message.weakest_verdict == grounding_pb2.VERDICT_UNSUPPORTED
    (said,) = written.sentences[0].conflicts
    assert TEXT[said.span.start_code_point : said.span.end_code_point] == "9600"
    assert (said.kind, said.chunk_id, said.passage_words) == (grounding_pb2.Conflict.KIND_NUMBER, "c1", "1200")
    assert list(message.degraded.losses) == [
        outcome_pb2.Degraded.LOSS_SENTENCES_BELOW_MINIMUM,
        outcome_pb2.Degraded.LOSS_SENTENCES_DROPPED,
    ]


def test_passages_in_the_place_of_an_answer_have_excerpts() -> None:
    passage = Passage("c1", "# Fees\n\nTake these:\n\n- one\n- two\n\n" + "word " * 100)
    message = outcome_pb2.Outcome()

    fill_outcome(
        message,
        Outcome(
            Degraded((Loss.ANSWER,), passages=(passage,)),
            Cause.MODEL_UNAVAILABLE,
            Action.PASSAGES_ONLY,
            NextStep.SHOW_WITH_CAUTION,
        ),
    )

    (written,) = message.degraded.passages
    assert written.text == passage.text
    assert written.excerpt == "Take these:\n\n- one\n- two"
