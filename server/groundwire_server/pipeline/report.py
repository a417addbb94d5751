"""The report of one call, written while its stages run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from groundwire_server.domain.answer import CheckedSentence
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import ModelUsage, Prompt, Usage
from groundwire_server.domain.guards.finding import Flag
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import ModelAttempt, ModelIdentity, RatedPassage, Report, StageTiming
from groundwire_server.domain.step import Attempt
from groundwire_server.domain.vocabulary import (
    CacheResult,
    CacheStaleness,
    Cause,
    ConflictKind,
    Purpose,
    Rewriting,
    Verdict,
)


@dataclass(slots=True)
class ReportBuilder:
    """What is known so far of how an outcome came about; times in seconds.

    Attributes:
        arrived: when the call came in, on the event loop's clock.
        experiment_arm: the arms that the call belongs to.
        prompt: the last one rendered.
        model: the alias of the model whose text the outcome holds, or else of the last one asked.
        rewriting: how the question was put so that it needs no earlier turns.
        searched_question: what was searched for; empty where it was the caller's question as it is.
        found: the passages that the search found.
        chosen: those in the last prompt, or before it those that it could use, best first.
        left_out: how many of those that it could use did not fit the last prompt.
        attempts: the models that have been asked, in order.
        usage: what each model consumed, by its alias and purpose.
        stages: every run of a stage that has ended, in the order of their ends.
        verdicts: how many sentences that models wrote had each.
        conflicts: how many of each kind those sentences had.
        sufficiency: the probability, by the route's checker, that the passages hold the answer; None where it is not
            known.
        flags: what guards found, each with the number of texts that had it.
        guards_unavailable: the guards that could not be asked, and without which the call went on.
        cache: what looking for an earlier answer came to; None where none was looked for.
        cache_staleness: why the one that was found does not hold.
        routing_rule: the name of the rule that chose the models; empty where none did.
    """

    request_id: str
    trace_id: str
    route: str
    arrived: float
    experiment_arm: str = ""
    corpus_version: str = ""
    prompt: Prompt | None = None
    model: str = ""
    found: Sequence[Passage] = ()
    chosen: Sequence[Passage] = ()
    left_out: int = 0
    attempts: list[ModelAttempt] = field(default_factory=list)
    usage: dict[tuple[str, Purpose], Usage] = field(default_factory=dict)
    stages: list[StageTiming] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    conflicts: Counter[ConflictKind] = field(default_factory=Counter)
    sufficiency: float | None = None
    time_to_first_token: float | None = None
    rewriting: Rewriting | None = None
    searched_question: str = ""
    flags: Counter[Flag] = field(default_factory=Counter)
    guards_unavailable: list[str] = field(default_factory=list)
    cache: CacheResult | None = None
    cache_staleness: CacheStaleness | None = None
    routing_rule: str = ""

    @property
    def evidence(self) -> tuple[Passage, ...]:
        """The passages of a prompt with their whole texts: those are what the store is asked for."""
        whole = {each.chunk_id: each.text for each in self.found}
        return tuple(
            each if (text := whole.get(each.chunk_id, each.text)) == each.text else replace(each, text=text)
            for each in self.chosen
        )

    @classmethod
    def begin(cls, inquiry: Inquiry, trace_id: str) -> "ReportBuilder":
        """Return the report of an inquiry of which nothing is known but what the call says.

        Args:
            inquiry: what is asked.
            trace_id: of the span around it, in hexadecimal.
        """
        question = inquiry.question
        return cls(question.request_id, trace_id, inquiry.policy.route, inquiry.arrived, inquiry.experiment_arm)

    def attempt(self, step: Attempt, identity: ModelIdentity | None) -> None:
        """Record that a model is about to be asked."""
        self.attempts.append(ModelAttempt(step.model, identity, step.action))
        self.model = step.model

    def attempt_failed(self, cause: Cause) -> None:
        """Record why the last attempt failed."""
        self.attempts[-1] = replace(self.attempts[-1], cause=cause)

    def consumed(self, model: str, purpose: Purpose, usage: Usage) -> None:
        """Add what a call of a model has consumed."""
        self.usage[model, purpose] = self.usage.get((model, purpose), Usage()) + usage

    def judged(self, sentence: CheckedSentence) -> None:
        """Record the verdict on a sentence that a model wrote."""
        self.verdicts[sentence.verdict] += 1
        self.conflicts.update(conflict.kind for conflict in sentence.conflicts)

    def first_output(self, now: float) -> None:
        """Record that a model has begun to write; only the first time counts."""
        if self.time_to_first_token is None:
            self.time_to_first_token = now - self.arrived

    def build(self, now: float) -> Report:
        """Return the report as it stands."""
        prompt = self.prompt
        return Report(
            request_id=self.request_id,
            trace_id=self.trace_id,
            route=self.route,
            corpus_version=self.corpus_version,
            prompt_name="" if prompt is None else prompt.name,
            prompt_version="" if prompt is None else prompt.version,
            experiment_arm=self.experiment_arm,
            model=self.model,
            found=len(self.found),
            best_relevance=max((each.scores.relevance or 0.0 for each in self.found), default=None),
            passages=tuple(RatedPassage(each.chunk_id, each.scores.relevance or 0.0) for each in self.chosen),
            passages_cut=count_cut(self.chosen, self.found) + self.left_out,
            attempts=tuple(self.attempts),
            usage=tuple(ModelUsage(model, purpose, usage) for (model, purpose), usage in self.usage.items()),
            stages=tuple(sorted(self.stages, key=_start)),
            judged=dict(self.verdicts),
            conflicts=dict(self.conflicts),
            time_to_first_token=self.time_to_first_token,
            total=now - self.arrived,
            rewriting=self.rewriting,
            searched_question=self.searched_question,
            flags=dict(self.flags),
            guards_unavailable=tuple(self.guards_unavailable),
            cache=self.cache,
            cache_staleness=self.cache_staleness,
            routing_rule=self.routing_rule,
        )


def _start(timing: StageTiming) -> float:
    return timing.start


def count_cut(chosen: Sequence[Passage], found: Sequence[Passage]) -> int:
    """Return how many of the passages chosen are the beginning of one that was found."""
    whole = {passage.chunk_id: passage.text for passage in found}
    return sum(len(passage.text) < len(whole.get(passage.chunk_id, "")) for passage in chosen)
