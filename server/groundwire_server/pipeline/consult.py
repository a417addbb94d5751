"""Asking the route's checker about the sentences that are not word for word in a passage."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from groundwire_server.domain.answer import CheckedSentence
from groundwire_server.domain.entailment import CheckRequest, SentenceToCheck
from groundwire_server.domain.policy import CheckPolicy
from groundwire_server.pipeline.entailment import ask_checker, final_verdict, may_change
from groundwire_server.pipeline.judge import JudgedSegment
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.checker import Checker


@dataclass(frozen=True, slots=True)
class Consultation:
    """The route's checker, and what it is asked with.

    Attributes:
        checker: None leaves what the rules say.
        policy: how it is asked.
        tenant: whose question it is.
        question: that is answered; empty where there is none.
    """

    checker: Checker | None
    policy: CheckPolicy
    tenant: str
    question: str

    @property
    def fingerprints(self) -> dict[str, str]:
        """What decides the checker's verdicts, by its name."""
        return {} if self.checker is None else {self.checker.name: self.checker.fingerprint}

    async def settle(self, segments: Sequence[JudgedSegment], run: StageRunner) -> tuple[JudgedSegment, ...]:
        """Return segments with what the checker says of their sentences, asked about all of them at once.

        Args:
            segments: with the rules' verdicts.
            run: has the time that is left, and takes what the checker consumed.
        """
        if self.checker is None:
            return tuple(segments)
        open_sentences = [
            (segment, sentence)
            for segment in segments
            for sentence in segment.sentences
            if may_change(sentence.verdict)
        ]
        if not open_sentences:
            return tuple(segments)
        request = self._request(open_sentences)
        answer = await ask_checker(self.checker, request, self.policy, run.plan.answer_by, run.report)
        settled = {
            id(sentence): self._settled(self.checker, sentence, len(segment.cited), probability)
            for (segment, sentence), probability in zip(open_sentences, answer.probabilities, strict=True)
        }
        return tuple(
            replace(segment, sentences=tuple(settled.get(id(each), each) for each in segment.sentences))
            for segment in segments
        )

    def _request(self, sentences: Sequence[tuple[JudgedSegment, CheckedSentence]]) -> CheckRequest:
        places: dict[str, int] = {}
        asked: list[SentenceToCheck] = []
        for segment, sentence in sentences:
            cited = tuple(places.setdefault(source.passage.text, len(places)) for source in segment.cited)
            asked.append(SentenceToCheck(segment.words(sentence), cited))
        return CheckRequest(self.tenant, self.question, tuple(places), tuple(asked))

    def _settled(
        self, checker: Checker, sentence: CheckedSentence, cited: int, probability: float | None
    ) -> CheckedSentence:
        kinds = {conflict.kind for conflict in sentence.conflicts}
        ruling = final_verdict(sentence.verdict, kinds, probability, checker.thresholds, self.policy)
        if not ruling.by_checker or probability is None:
            return sentence
        return replace(
            sentence,
            verdict=ruling.verdict,
            support=probability,
            checker=checker.name,
            # A checker is shown all that the sentence cites, and does not say which of it carries the sentence.
            citations=sentence.citations or tuple(range(cited)),
            # What it overruled is shown; words that no rule found are its own matter.
            conflicts=tuple(each for each in sentence.conflicts if each.kind in ruling.overruled),
        )
