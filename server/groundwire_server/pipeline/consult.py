"""Settling the verdicts: what the route's checker says beyond the rules, and what passages can be trusted with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from groundwire_server.domain.answer import CheckedSentence
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.entailment import CheckRequest, SentenceToCheck, SufficiencyRequest
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.pipeline.entailment import ask_checker, ask_sufficiency, final_verdict, may_change
from groundwire_server.pipeline.judge import JudgedSegment
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.pipeline.support import Source
from groundwire_server.pipeline.trust import hold_to_trust
from groundwire_server.ports.checker import Checker


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """A sentence with the rules' verdict on it.

    Attributes:
        text: the sentence.
        cited: the passages that it was held against.
        checked: the verdict.
    """

    text: str
    cited: tuple[Source, ...]
    checked: CheckedSentence

    @property
    def trusted(self) -> tuple[int, ...]:
        """The places of those passages that a checker may rely on."""
        return tuple(place for place, source in enumerate(self.cited) if source.passage.trusted)


@dataclass(frozen=True, slots=True)
class Consultation:
    """The route's checker, and what it is asked with.

    Attributes:
        checker: None leaves what the rules say.
        policy: of the route.
        requester: on whose behalf.
        question: that is answered; empty where there is none.
        rules: have judged the sentences.
    """

    checker: Checker | None
    policy: Policy
    requester: Requester
    question: str
    rules: RuleChecker

    @property
    def fingerprints(self) -> dict[str, str]:
        """What decides the checker's verdicts, by its name."""
        return {} if self.checker is None else {self.checker.name: self.checker.fingerprint}

    @property
    def rates_sufficiency(self) -> bool:
        """Whether the route wants to know if the passages hold the answer."""
        return self.checker is not None and self.policy.check.min_sufficiency is not None

    async def settle_segments(self, segments: Sequence[JudgedSegment], run: StageRunner) -> tuple[JudgedSegment, ...]:
        """Return segments with their sentences settled, all of them at once.

        Args:
            segments: with the rules' verdicts.
            run: has the time that is left, and takes what the checker consumed.
        """
        judged = [
            JudgedSentence(segment.words(sentence), segment.cited, sentence)
            for segment in segments
            for sentence in segment.sentences
        ]
        settled = iter(await self.settle(judged, run))
        return tuple(
            replace(segment, sentences=tuple(next(settled) for _ in segment.sentences)) for segment in segments
        )

    async def settle(self, sentences: Sequence[JudgedSentence], run: StageRunner) -> list[CheckedSentence]:
        """Return sentences with what the checker says of them, as far as the passages behind them can be trusted.

        Those that are word for word in a passage are not asked about, nor those that cite no trusted one.

        Args:
            sentences: with the rules' verdicts.
            run: has the time that is left, and takes what the checker consumed.
        """
        settled = [each.checked for each in sentences]
        if self.checker is not None:
            opened = [
                index for index, each in enumerate(sentences) if may_change(each.checked.verdict) and each.trusted
            ]
            if opened:
                request = self._request([sentences[index] for index in opened], run)
                answer = await ask_checker(self.checker, request, self.policy.check, run.plan.answer_by, run.report)
                for index, probability in zip(opened, answer.probabilities, strict=True):
                    settled[index] = self._settled(self.checker, sentences[index], probability)
        return [
            hold_to_trust(each.text, each.cited, checked, self.rules, self.question, self.policy.release)
            for each, checked in zip(sentences, settled, strict=True)
        ]

    async def rate_sufficiency(self, passages: Sequence[Passage], run: StageRunner) -> None:
        """Have the report say how likely the passages hold the answer; once for all attempts.

        Args:
            passages: what the model is shown.
            run: has the time that is left, and takes what the checker consumed.
        """
        if self.checker is None or run.report.sufficiency is not None:
            return
        texts = tuple(each.text for each in passages)
        request = SufficiencyRequest(self.requester, self.question, texts, run.allowance, run.mark)
        run.report.sufficiency = await ask_sufficiency(
            self.checker, request, self.policy.check, run.plan.answer_by, run.report
        )

    def _request(self, sentences: Sequence[JudgedSentence], run: StageRunner) -> CheckRequest:
        places: dict[str, int] = {}
        asked: list[SentenceToCheck] = []
        for sentence in sentences:
            shown = (sentence.cited[place].passage.text for place in sentence.trusted)
            cited = tuple(places.setdefault(text, len(places)) for text in shown)
            asked.append(SentenceToCheck(sentence.text, cited))
        return CheckRequest(self.requester, self.question, tuple(places), tuple(asked), run.allowance, run.mark)

    def _settled(self, checker: Checker, sentence: JudgedSentence, probability: float | None) -> CheckedSentence:
        checked = sentence.checked
        kinds = {conflict.kind for conflict in checked.conflicts}
        ruling = final_verdict(checked.verdict, kinds, probability, checker.thresholds, self.policy.check)
        if not ruling.by_checker or probability is None:
            return checked
        partial = len(sentence.trusted) < len(sentence.cited)
        if partial and ruling.verdict is Verdict.UNSUPPORTED:
            # It was not shown the others, which may say so: the sentence rests on them.
            return checked
        return replace(
            checked,
            verdict=ruling.verdict,
            support=probability,
            checker=checker.name,
            # A checker is shown all that the sentence cites, and does not say which of it carries the sentence.
            citations=sentence.trusted if partial else checked.citations or sentence.trusted,
            # What it overruled is shown; words that no rule found are its own matter.
            conflicts=tuple(each for each in checked.conflicts if each.kind in ruling.overruled),
        )
