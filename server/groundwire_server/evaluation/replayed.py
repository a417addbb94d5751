"""Recorded calls beside what a replay came to: what differs in each, and over all of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groundwire_server.evaluation.recording import RecordedAnswer, RecordedOutcome

NOT_KNOWN: Final = "not known"
"""The outcome of a replay that would have needed what a model has not been asked."""


@dataclass(frozen=True, slots=True)
class OutcomeDifference:
    """Something in which two outcomes differ.

    Attributes:
        what: in the words of the contract, such as `cause`.
        before: in the first; empty where it has none.
        after: in the second.
    """

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ReplayedCall:
    """A recorded call, and what its replay came to.

    Attributes:
        name: of the recording.
        question: of the call.
        before: as it was recorded.
        after: as it was replayed; None where that is not known.
        missing: why it is not known: one sentence; empty where it is.
        places: where all that there is of the two outcomes differs, each by its path; times are not compared.
        other_rules: whether the rules that judge sentences are others than those of the recording.
    """

    name: str
    question: str
    before: RecordedOutcome
    after: RecordedOutcome | None = None
    missing: str = ""
    places: tuple[str, ...] = ()
    other_rules: bool = False

    @property
    def exact(self) -> bool:
        """Whether the replay came to the same in everything."""
        return self.after is not None and not self.places

    @property
    def differences(self) -> tuple[OutcomeDifference, ...]:
        """What differs; nothing where the outcome of the replay is not known."""
        return () if self.after is None else outcome_differences(self.before, self.after)

    @property
    def changed(self) -> bool:
        """Whether the caller would have received something else."""
        return any(each.what in _RECEIVED for each in self.differences)


_RECEIVED: Final = frozenset(
    {"result", "cause", "action", "next step", "answer", "verdicts", "citations", "confidence"}
)
"""What a caller sees; who wrote it, and by which prompt, is expected to differ."""

_READ: Final[Mapping[str, Callable[[RecordedOutcome], str]]] = {
    "result": lambda outcome: outcome.result,
    "cause": lambda outcome: outcome.cause,
    "action": lambda outcome: outcome.action,
    "next step": lambda outcome: outcome.next_step,
    "answer": lambda outcome: _of(outcome, lambda answer: answer.text),
    "verdicts": lambda outcome: _of(outcome, lambda answer: " ".join(each.verdict for each in answer.sentences)),
    "citations": lambda outcome: _of(outcome, _citations),
    "confidence": lambda outcome: _of(outcome, lambda answer: answer.confidence or ""),
    "model": lambda outcome: outcome.model,
    "prompt": lambda outcome: outcome.prompt,
}


def outcome_differences(before: RecordedOutcome, after: RecordedOutcome) -> tuple[OutcomeDifference, ...]:
    """Return in what two outcomes differ; times and usage are not compared."""
    pairs = ((what, read(before), read(after)) for what, read in _READ.items())
    return tuple(OutcomeDifference(what, *pair) for what, *pair in pairs if pair[0] != pair[1])


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What replays of several calls came to.

    Attributes:
        calls: how many there were.
        unknown: how many of them have an outcome that is not known, by why.
        changed: how many came to something else for their caller.
        results: how many had each pair of results, where it changed.
        causes: how many had each pair of causes, where it changed.
        verdicts_before: how many sentences had each verdict as recorded, of the calls whose replay is known.
        verdicts_after: how many have it now.
    """

    calls: int
    unknown: Mapping[str, int]
    changed: int
    results: Mapping[tuple[str, str], int]
    causes: Mapping[tuple[str, str], int]
    verdicts_before: Mapping[str, int]
    verdicts_after: Mapping[str, int]

    @classmethod
    def of(cls, replayed: Iterable[ReplayedCall]) -> "ReplaySummary":
        """Return what replays came to."""
        every = list(replayed)
        pairs = [(each.before, each.after) for each in every if each.after is not None]
        return cls(
            len(every),
            Counter(each.missing for each in every if each.after is None),
            sum(each.changed for each in every),
            Counter((str(one.result), str(other.result)) for one, other in pairs if one.result != other.result),
            Counter((str(one.cause), str(other.cause)) for one, other in pairs if one.cause != other.cause),
            _verdicts(one for one, _ in pairs),
            _verdicts(other for _, other in pairs),
        )

    def facts(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return {
            "calls": self.calls,
            "unknown": sum(self.unknown.values()),
            "changed": self.changed,
            "results": _facts_of(self.results),
            "causes": _facts_of(self.causes),
            "verdicts": {"before": dict(self.verdicts_before), "after": dict(self.verdicts_after)},
        }


def facts_of(replayed: ReplayedCall) -> dict[str, Any]:
    """Return a replayed call, for JSON."""
    return {
        "recording": replayed.name,
        "question": replayed.question,
        "before": _outcome_facts(replayed.before),
        "after": None if replayed.after is None else _outcome_facts(replayed.after),
        "missing": replayed.missing,
        "exact": replayed.exact,
        "changed": replayed.changed,
        "differences": [
            {"what": each.what, "before": each.before, "after": each.after} for each in replayed.differences
        ],
    }


def _outcome_facts(outcome: RecordedOutcome) -> dict[str, Any]:
    return outcome.model_dump(mode="json", exclude_defaults=True)


def _facts_of(pairs: Mapping[tuple[str, str], int]) -> Sequence[Mapping[str, Any]]:
    return [{"before": one, "after": other, "calls": count} for (one, other), count in sorted(pairs.items())]


def _verdicts(outcomes: Iterable[RecordedOutcome]) -> Mapping[str, int]:
    return Counter(
        str(sentence.verdict)
        for outcome in outcomes
        if outcome.answer is not None
        for sentence in outcome.answer.sentences
    )


def _of(outcome: RecordedOutcome, read: Callable[[RecordedAnswer], str]) -> str:
    return "" if outcome.answer is None else read(outcome.answer)


def _citations(answer: RecordedAnswer) -> str:
    return " ".join(each.chunk_id for each in answer.citations)
