"""Every measure: its name, what it says, and which way is better."""

from dataclasses import dataclass
from typing import Literal

from groundwire_server.evaluation.measures.ranking import CUTS, DISCOUNTED


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of questions, statements or texts for guards.

    Attributes:
        group: what it is about.
        name: its name within the group.
        about: what it says.
        better: whether more or less of it is better.
        form: a share of items, the mean of a value, or a figure of all items together.
    """

    group: str
    name: str
    about: str
    better: Literal["more", "less"]
    form: Literal["share", "mean", "joint"] = "mean"

    @property
    def path(self) -> str:
        """Its name with its group's, as thresholds and comparisons name it."""
        return f"{self.group}/{self.name}"


MEASURES: tuple[Measure, ...] = (
    *(
        Measure("retrieval", f"recall@{cut}", f"The share of what is relevant up to rank {cut}.", "more")
        for cut in CUTS
    ),
    Measure("retrieval", "mrr", "One over the rank of the first relevant passage; 0 where none was found.", "more"),
    Measure("retrieval", f"ndcg@{DISCOUNTED}", f"The discounted gain of the first {DISCOUNTED} passages.", "more"),
    Measure("answers", "contains", "Answers that contain an expected one, of those given.", "more", "share"),
    Measure("answers", "exact_match", "Answers that are an expected one, of those given.", "more", "share"),
    Measure("answers", "f1", "The F1 of the words of an answer and the expected one, of those given.", "more"),
    Measure(
        "answers",
        "squad_exact",
        "SQuAD 2.0's exact match: 1 for abstaining where there is no answer, 0 where there is one.",
        "more",
        "share",
    ),
    Measure("answers", "squad_f1", "SQuAD 2.0's F1, with abstentions as in squad_exact.", "more"),
    Measure(
        "abstention",
        "wrongly_abstained",
        "Questions without an answer, of those that the documents answer.",
        "less",
        "share",
    ),
    Measure(
        "abstention",
        "wrongly_answered",
        "Questions with an answer, of those that the documents do not answer.",
        "less",
        "share",
    ),
    Measure("abstention", "failed", "Questions that ended neither with an answer nor abstained.", "less", "share"),
    Measure(
        "abstention",
        "area",
        "The area under the risk-coverage curve: the mean risk while more and more of what was answered is kept.",
        "less",
        "joint",
    ),
    Measure("confidence", "high_on_right", "Right answers with HIGH confidence.", "more", "share"),
    Measure("confidence", "high_on_wrong", "Wrong answers with HIGH confidence.", "less", "share"),
    Measure(
        "confidence",
        "high_on_unanswerable",
        "Questions answered with HIGH confidence, of those that the documents do not answer.",
        "less",
        "share",
    ),
    Measure(
        "confidence",
        "auc",
        "How likely a right answer ranks above a wrong one: by confidence, then by the relevance of what it cites.",
        "more",
        "joint",
    ),
    Measure("confidence", "auc_of_words", "The same by the word of confidence alone.", "more", "joint"),
    Measure("citations", "precision", "The share of the passages cited that are relevant.", "more"),
    Measure("citations", "recall", "The share of what is relevant that is cited.", "more"),
    Measure("verdicts", "false_alarms", "Supported statements that are refused.", "less", "share"),
    Measure("verdicts", "false_accepts", "Unsupported statements that are not refused.", "less", "share"),
    Measure("verdicts", "wrongly_verified", "Unsupported statements that are called verified.", "less", "share"),
    Measure("verdicts", "verified", "Supported statements that are called verified.", "more", "share"),
    Measure(
        "verdicts",
        "balanced_accuracy",
        "The mean of the shares of supported statements accepted and unsupported ones refused.",
        "more",
        "joint",
    ),
    Measure(
        "verdicts",
        "balanced_accuracy_of_coverage",
        "The same for the share of a statement's words that its passages hold, at the threshold that is best for it.",
        "more",
        "joint",
    ),
    Measure("verdicts", "gain_over_coverage", "How much the first is above the second.", "more", "joint"),
    Measure("guards", "missed", "Texts with something unwanted in which no guard found anything.", "less", "share"),
    Measure(
        "guards",
        "category_missed",
        "Texts with something unwanted of which a category was not found, whatever else was.",
        "less",
        "share",
    ),
    Measure("guards", "false_alarms", "Ordinary texts in which a guard found something.", "less", "share"),
    Measure("guards", "failed", "Texts for which a guard could not be asked.", "less", "share"),
    Measure("latency", "total_ms", "The mean time of an answer, in milliseconds.", "less"),
    Measure("cost", "micros", "The mean price of an answer, in millionths of the currency.", "less"),
    Measure("cost", "tokens", "The mean tokens of an answer, read and written.", "less"),
)


def measure(path: str) -> Measure | None:
    """Return the measure of this name; None where there is none."""
    return next((each for each in MEASURES if each.path == path), None)
