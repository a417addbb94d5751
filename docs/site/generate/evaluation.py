"""The reference of evaluations: the measures, and the formats of recordings and results, read from the code."""

from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from docs.site.generate import markdown
from groundwire_server.evaluation import recording, result
from groundwire_server.evaluation.comparison import COMPARISON_MARK
from groundwire_server.evaluation.items import QuestionItem, Record, StatementItem, StatementPassage, TextItem
from groundwire_server.evaluation.measures import intervals
from groundwire_server.evaluation.measures.catalog import MEASURES

LINES = (
    recording.RecordingHeader,
    recording.RecordedQuestion,
    recording.RecordedStatement,
    recording.RecordedText,
)
PARTS = (
    recording.RecordedSubject,
    recording.RecordedInput,
    recording.RecordedGuard,
    QuestionItem,
    StatementItem,
    StatementPassage,
    TextItem,
    recording.RecordedPassage,
    recording.RecordedOutcome,
    recording.RecordedAnswer,
    recording.RecordedSentence,
    recording.RecordedConflict,
    recording.RecordedCitation,
    recording.RecordedUsage,
    recording.RecordedStage,
    recording.RecordedError,
    recording.RecordedFinding,
)


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Evaluation",
        "What `groundwire eval` measures, writes and reads. [Evaluate answers](../how-to/evaluate.md) shows how to use "
        "it.",
        "## Measures",
        "A measure is named by its group and its name. Shares have Wilson's interval. Others have one from a bootstrap "
        f"of {intervals.SAMPLES:,} samples with the seed {intervals.SEED}. All are 95 % confidence intervals.",
        markdown.table(["measure", "better", "meaning"], measures()),
        "An expected answer stands in an answer when its words do, in their order: case, punctuation and the form of "
        "characters make no difference. `f1` and the exact matches compare as the evaluation of SQuAD does. An answer "
        "is right when it contains an expected one; an answer to a question that the documents do not answer is wrong. "
        "Thresholds name `verdicts/by_kind/KIND/refused` and `verdicts/by_kind/KIND/verified` as well, and of guards "
        "`guards/by_category/SCREEN/GUARD/CATEGORY/missed`, `…/false_alarms` and `…/elsewhere`: the last counts texts "
        "that are labelled with other categories alone.",
        "## Recordings",
        f"A recording is UTF-8, one JSON object a line. The first line is the header; its key "
        f"`groundwire_recording` holds the version of the format, {recording.VERSION}. Every other line is a "
        "question, a statement or a text, which `kind` tells. Lines may be in any order. Of several about the same "
        "item, the last counts. A key with its default may be left out; an unknown key is an error.",
        *(section for model in (*LINES, *PARTS) for section in _model(model)),
        "## Results",
        f"The result is one JSON object. `{result.MARK}` holds the version of its format, {result.VERSION}; `subjects` "
        "and `inputs` are those of the recordings. `measures` has an object for each group, and in it one for each "
        "measure with `value`, `low`, `high` and `count`. Beside them are tables: `outcomes`, "
        "`abstention.risk_coverage`, `confidence.by_word`, `confidence.by_relevance`, `verdicts.by_kind`, "
        "`guards.by_category`, `guards.by_language`, `guards.confusions`, `latency.stages` and `cost.by_purpose`. "
        "`slices` has the same for each label, and `items` the values of each question, statement and text, from which "
        "two results are compared. A comparison that is printed as JSON has "
        f"`{COMPARISON_MARK}`, the counts of the `items`, and the `differences`.",
    )


def measures() -> Iterator[tuple[str, str, str]]:
    """Yield each measure, which way is better, and what it says."""
    return ((markdown.code(each.path), each.better, markdown.prose(each.about)) for each in MEASURES)


def _model(model: type[Record]) -> Iterator[str]:
    yield f"### {model.__name__}"
    yield markdown.prose((model.__doc__ or "").partition("\n")[0])
    yield markdown.table(
        ["key", "type", "meaning"],
        (
            (
                markdown.code(name),
                _type(field.annotation),
                f"{markdown.prose(field.description or '')}{'' if field.is_required() else ' Optional.'}",
            )
            for name, field in model.model_fields.items()
        ),
    )


def _type(annotation: Any) -> str:
    """Return a type in the terms of JSON."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(markdown.code(f"{each}") for each in arguments)
    if origin in {Union, UnionType}:
        return " or ".join(_type(each) for each in arguments if each is not NoneType)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return f"word of `{annotation.__name__}`"
    return {str: "text", int: "integer", float: "number", bool: "boolean"}.get(annotation, "object")
