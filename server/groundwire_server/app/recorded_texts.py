"""The texts of a recorded call, and the same call with others in their place."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

from groundwire_server.adapters.recorded.tokens import text_digest
from groundwire_server.domain.answer import Citation, GroundedText, Span
from groundwire_server.domain.cached_answer import CachedAnswer
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, Not
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.prompts.context import ContextValue, PromptContext
from groundwire_server.domain.question import Question
from groundwire_server.domain.text.words import query_terms
from groundwire_server.ports.exchange import (
    Finished,
    LocalFinding,
    PortCall,
    RecordedExchange,
    RenderedPrompt,
    Reply,
    Returned,
    TokensPart,
    Wrote,
)


def exchange_texts(exchange: RecordedExchange) -> Iterable[str]:
    """Return all texts of callers, documents and models in a recorded call, each whole and once."""
    found: dict[str, None] = {}

    def note(text: str) -> str:
        if text:
            found[text] = None
        return text

    with_texts(exchange, note)
    return found


def with_texts(exchange: RecordedExchange, kept: Callable[[str], str]) -> RecordedExchange:
    """Return a recorded call with other texts; its outcome is that of the texts that there were.

    So is what ports were asked: `renew` notes both anew.

    Args:
        exchange: as it was recorded.
        kept: returns what takes the place of a text.
    """
    return _Texts(kept).exchange(exchange)


class _Texts:
    """Puts texts in the place of others.

    Args:
        kept: returns what takes the place of a text.
    """

    def __init__(self, kept: Callable[[str], str]) -> None:
        self._kept = kept
        self._changed: dict[str, str] = {}

    def exchange(self, exchange: RecordedExchange) -> RecordedExchange:
        parts, searched = exchange.parts, _searched(exchange)
        changed = replace(
            exchange,
            question=self._question(exchange.question),
            parts=replace(parts, known={self._text(text): share for text, share in parts.known.items()}),
            prompts=tuple(map(self._rendered, exchange.prompts)),
            rewrite_prompts=tuple(map(self._prompt, exchange.rewrite_prompts)),
            calls=tuple(self._call(call, searched) for call in exchange.calls),
            local_findings=tuple(map(self._local, exchange.local_findings)),
        )
        tokens = {alias: self._counts(part) for alias, part in parts.tokens.items()}
        rewriter = None if parts.rewriter is None else self._counts(parts.rewriter)
        return replace(changed, parts=replace(changed.parts, tokens=tokens, rewriter=rewriter))

    def _text(self, text: str) -> str:
        kept = self._kept(text) if text else text
        if kept != text:
            self._changed[text] = kept
        return kept

    def _counts(self, part: TokensPart) -> TokensPart:
        """Return counts with those of the texts that there were for what takes their places.

        Those of parts of a text stay, under digests that `renew` leaves out: a short text can be guessed from its own.
        """
        counts = dict(part.counts)
        for text, kept in self._changed.items() if counts else ():
            if (count := counts.pop(text_digest(text), None)) is not None:
                counts[text_digest(kept)] = count
        return replace(part, counts=counts)

    def _question(self, question: Question) -> Question:
        return replace(
            question,
            text=self._text(question.text),
            standalone=self._text(question.standalone),
            unknown=self._terms(question.unknown, [question.searched]),
            filter=None if question.filter is None else self._filter(question.filter),
            task=self._text(question.task),
            turns=tuple(replace(turn, text=self._text(turn.text)) for turn in question.turns),
            context=tuple((name, self._text(value)) for name, value in question.context),
            provided=tuple(map(self._passage, question.provided)),
            end_user_id=self._text(question.end_user_id),
        )

    def _passage(self, passage: Passage) -> Passage:
        masked = replace(
            passage,
            text=self._text(passage.text),
            title=self._text(passage.title),
            source_uri=self._text(passage.source_uri),
            metadata={key: self._metadata(value) for key, value in passage.metadata.items()},
            place=replace(passage.place, section=tuple(map(self._text, passage.place.section))),
        )
        return passage if masked == passage else masked

    def _metadata(self, value: MetadataValue) -> MetadataValue:
        if isinstance(value, str):
            return self._text(value)
        return tuple(map(self._text, value)) if isinstance(value, tuple) else value

    def _filter(self, condition: Filter) -> Filter:
        match condition:
            case AllOf(operands=operands):
                return AllOf(tuple(map(self._filter, operands)))
            case AnyOf(operands=operands):
                return AnyOf(tuple(map(self._filter, operands)))
            case Not(operand=operand):
                return Not(self._filter(operand))
            case Equals(value=str() as value):
                return replace(condition, value=self._text(value))
            case Contains(values=values):
                return replace(condition, values=tuple(map(self._text, values)))
            case _:
                return condition

    def _terms(self, terms: frozenset[str] | None, texts: Sequence[str]) -> frozenset[str] | None:
        """Return the terms of some texts that are also terms of what is kept of these."""
        kept = list(map(self._text, texts))
        if terms is None or kept == list(texts):
            return terms
        return terms.intersection(term for text in kept for term in query_terms(text))

    def _rendered(self, rendered: RenderedPrompt) -> RenderedPrompt:
        prompt = None if rendered.prompt is None else self._prompt(rendered.prompt)
        return replace(rendered, prompt=prompt, context=self._context(rendered.context))

    def _context(self, context: PromptContext) -> PromptContext:
        return replace(context, untrusted=self._values(context.untrusted), trusted=self._values(context.trusted))

    def _values(self, values: Mapping[str, ContextValue]) -> Mapping[str, ContextValue]:
        return {name: self._value(value) for name, value in values.items()}

    def _value(self, value: ContextValue) -> ContextValue:
        if isinstance(value, str):
            return self._text(value)
        texts = tuple(self._text(each) for each in value if isinstance(each, str))
        return texts or tuple((each[0], self._text(each[1])) for each in value if not isinstance(each, str))

    def _prompt(self, prompt: Prompt) -> Prompt:
        begun = prompt.begun
        return replace(
            prompt,
            system=self._text(prompt.system),
            user=self._text(prompt.user),
            question=self._text(prompt.question),
            unknown=self._terms(prompt.unknown, [prompt.question]),
            handles={handle: self._passage(each) for handle, each in prompt.handles.items()},
            begun=begun and replace(begun, written=self._text(begun.written), correction=self._text(begun.correction)),
        )

    def _call(self, call: PortCall, searched: Sequence[str]) -> PortCall:
        return replace(call, replies=tuple(self._replies(call.replies, searched)))

    def _replies(self, replies: tuple[Reply, ...], asked: Sequence[str]) -> Iterator[Reply]:
        written = [reply.text for reply in replies if isinstance(reply, Wrote)]
        kept = self._pieces(written)
        pieces = iter(kept)
        for reply in replies:
            match reply:
                case Wrote():
                    yield replace(reply, text=next(pieces))
                case Finished(finish=finish) if kept != written:
                    # Its tokens are the text once more, as the model wrote it.
                    yield replace(reply, finish=replace(finish, tokens=()))
                case Returned(value=Evidence() as found):
                    passages = tuple(map(self._passage, found.passages))
                    unknown = self._terms(found.unknown, [*asked, found.searched])
                    searched = self._text(found.searched)
                    yield replace(reply, value=replace(found, passages=passages, searched=searched, unknown=unknown))
                case Returned(value=CachedAnswer() as cached):
                    yield replace(reply, value=self._cached(cached))
                case _:
                    yield reply

    def _pieces(self, pieces: list[str]) -> list[str]:
        """Return what a model wrote, cut into as many pieces."""
        whole = "".join(pieces)
        kept = self._text(whole)
        if kept == whole:
            return pieces
        ends = [len(kept) * end // max(1, len(whole)) for end in accumulate(map(len, pieces), initial=0)]
        return [kept[start:end] for start, end in pairwise(ends)]

    def _cached(self, cached: CachedAnswer) -> CachedAnswer:
        evidence = tuple(map(self._passage, cached.evidence))
        return replace(cached, answer=self._answer(cached.answer), evidence=evidence, subject="", end_user="")

    def _answer(self, answer: GroundedText) -> GroundedText:
        text = self._text(answer.text)
        if text == answer.text:
            return replace(answer, citations=tuple(map(self._cited, answer.citations)))
        # Its sentences stand elsewhere in the other text.
        whole = Span.within(text, 0, len(text))
        citations = tuple(replace(self._cited(each), span=whole) for each in answer.citations)
        return replace(answer, text=text, citations=citations, sentences=(), dropped_citations=(), masks=())

    def _cited(self, citation: Citation) -> Citation:
        return replace(citation, passage=self._passage(citation.passage), quote=self._text(citation.quote))

    def _local(self, found: LocalFinding) -> LocalFinding:
        text = self._text(found.text)
        if text == found.text:
            return found
        return replace(found, text=text, findings=tuple(_moved(each, found.text, text) for each in found.findings))


def _searched(exchange: RecordedExchange) -> Sequence[str]:
    """Return what a call may have searched for: its question, as it was asked and as it was put anew."""
    return [exchange.question.searched, *(each.prompt.question for each in exchange.prompts if each.prompt is not None)]


def _moved(finding: Finding, before: str, after: str) -> Finding:
    """Return a finding at its place in another text."""
    start = end = 0
    for _, begin, until, other_begin, other_until in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if begin <= finding.start < until or (begin == until == finding.start):
            start = min(other_begin + finding.start - begin, other_until)
        if begin < finding.end <= until:
            end = other_until if until == finding.end else min(other_begin + finding.end - begin, other_until)
    return replace(finding, start=start, end=max(end, start))
