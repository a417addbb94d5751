"""Judging what a model wrote: a verdict on every sentence of a segment, before anything is decided about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from groundwire_server.domain.answer import CheckedSentence, Segment
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.refused import Departure, RefusedSentence, SentenceFailure
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vocabulary import Cause, ConflictKind, Verdict
from groundwire_server.pipeline.support import Source, check_sentence

STANDING = frozenset({Verdict.VERBATIM, Verdict.ENTAILED, Verdict.CONSISTENT})
"""Verdicts of sentences that their passages carry."""


@dataclass(frozen=True, slots=True)
class JudgedSegment:
    """A segment with the verdicts on its sentences.

    Attributes:
        text: as a model wrote it.
        cited: the passages that it cites, each once.
        added: whether it cites nothing, and the one of `cited` was found.
        sentences: in order; their spans, and those of their conflicts, are within `text`.
    """

    text: str
    cited: tuple[Source, ...]
    added: bool
    sentences: tuple[CheckedSentence, ...]

    @property
    def stands(self) -> bool:
        """Whether its passages carry every sentence of it."""
        return all(sentence.verdict in STANDING for sentence in self.sentences)

    def words(self, sentence: CheckedSentence) -> str:
        """Return a sentence of it."""
        return self.text[sentence.span.start_code_point : sentence.span.end_code_point]


def judge_segment(
    segment: Segment, sources: Mapping[str, Source], rules: RuleChecker, question: str = ""
) -> JudgedSegment:
    """Return a segment with the rules' verdict on each of its sentences.

    One that cites nothing gets the passage that carries it, where there is just one.

    Args:
        segment: what a model wrote.
        sources: what it may cite, by handle.
        rules: judge its sentences.
        question: what is answered.

    Raises:
        SentenceFailure: CITATION_MISSING or CITATION_UNKNOWN.
    """
    if not all(handle in sources for handle in segment.cites):
        raise SentenceFailure(Cause.CITATION_UNKNOWN, refused(segment.text, sources.values()))
    text = segment.text
    stretches = sentences(text)

    def judged(cited: Sequence[Source]) -> tuple[CheckedSentence, ...]:
        return tuple(check_sentence(text[start:end], text, start, cited, rules, question) for start, end in stretches)

    cited = [sources[handle] for handle in dict.fromkeys(segment.cites)]
    if cited:
        return JudgedSegment(text, tuple(cited), added=False, sentences=judged(cited))
    carrying = [
        found
        for source in sources.values()
        if (found := JudgedSegment(text, (source,), added=True, sentences=judged([source]))).stands
    ]
    if len(carrying) != 1:
        raise SentenceFailure(Cause.CITATION_MISSING, refused(text, sources.values()))
    return carrying[0]


def refused_sentence(segment: JudgedSegment, sentence: CheckedSentence, sources: Sequence[Source]) -> RefusedSentence:
    """Return a sentence of a segment as it is shown to the model that repairs it.

    Args:
        segment: that has it.
        sentence: that may not leave.
        sources: the passages that could carry it.
    """
    departures = tuple(
        Departure(
            conflict.kind,
            segment.text[conflict.span.start_code_point : conflict.span.end_code_point],
            "" if conflict.kind is ConflictKind.UNTRUSTED else conflict.passage_words,
        )
        for conflict in sentence.conflicts
    )
    named = {conflict.chunk_id for conflict in sentence.conflicts} - {""}
    says_otherwise = [source for source in sources if source.passage.chunk_id in named and source.passage.trusted]
    return refused(segment.words(sentence), says_otherwise or sources, departures)


def refused(text: str, sources: Iterable[Source], departures: tuple[Departure, ...] = ()) -> RefusedSentence:
    """Return what is wrong with a text that should rest on the trusted source that shares most words with it."""
    said = content_words(text)
    shared = [(len(source.words.occurring(said)), source) for source in sources if source.passage.trusted]
    most, closest = max(shared, key=lambda each: each[0], default=(0, None))
    return RefusedSentence(text, closest.passage if closest is not None and most else None, departures)
