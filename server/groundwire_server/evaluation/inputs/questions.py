"""Questions from JSON lines, and from files in the format of SQuAD 2.0."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.evaluation.inputs.parsing import checked, json_of
from groundwire_server.evaluation.items import QuestionItem

_LINE = (
    """a line is such as {"question": "Who may sign?", "expected": ["the front desk"], "relevant": ["parcels.md"]}"""
)
_SQUAD = "SQuAD 2.0 has `data`, with articles of `title` and `paragraphs`, each of `context` and `qas`"


def questions_of_lines(file: Path, text: str) -> tuple[QuestionItem, ...]:
    """Read questions, one JSON object a line; empty lines are passed over.

    Raises:
        SetupError: for a line that is not a question, or holds one for the second time.
    """
    found: dict[str, tuple[int, QuestionItem]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        item = checked(QuestionItem, json_of(line, where, _LINE), where, _LINE)
        if not item.is_labelled:
            known = "nothing is known of the answer: give `expected`, `relevant` or `answerable`"
            raise SetupError(f"{where}: {known}: {_LINE}")
        if item.key in found:
            raise SetupError(
                f"{where}: the question of line {found[item.key][0]} again: leave one out, or give each an `id`"
            )
        found[item.key] = (number, item)
    return tuple(item for _, item in found.values())


def questions_of_squad(file: Path, read: Mapping[str, Any]) -> tuple[QuestionItem, ...]:
    """Return the questions of a file in the format of SQuAD 2.0, each in the slice of its article.

    A passage is relevant when it contains a sentence that an annotator took the answer from.

    Raises:
        SetupError: for an article, paragraph or question that lacks something.
    """
    found: dict[str, QuestionItem] = {}
    for place, asked, article, context in _asked(file, read):
        where = f"{file}: {place}"
        match asked:
            case {"question": str(question), "is_impossible": bool(impossible)} if question.strip():
                answers = [] if impossible else list(_answers(asked, context, where))
            case _:
                raise SetupError(f"{where}: needs a `question` and `is_impossible`: {_SQUAD}")
        known = {
            "id": asked.get("id", ""),
            "question": " ".join(question.split()),
            "expected": list(dict.fromkeys(answer for answer, _ in answers)),
            "relevant_texts": list(dict.fromkeys(sentence for _, sentence in answers)),
            "slice": [article],
        }
        item = checked(QuestionItem, known, where, _SQUAD)
        if item.key in found:
            raise SetupError(f"{where}: the question {item.key} is in the file already: give each its own `id`")
        found[item.key] = item
    return tuple(found.values())


def _asked(file: Path, read: Mapping[str, Any]) -> Iterator[tuple[str, Any, str, str]]:
    """Yield each question with its place in the file, its article's title and its paragraph's text."""
    for a, article in enumerate(_list(read, "data", f"{file}")):
        match article:
            case {"title": str(title)} if title.strip():
                name = title.replace("_", " ")
            case _:
                raise SetupError(f"{file}: data[{a}]: needs a `title`: {_SQUAD}")
        for p, paragraph in enumerate(_list(article, "paragraphs", f"{file}: data[{a}]")):
            place = f"data[{a}].paragraphs[{p}]"
            match paragraph:
                case {"context": str(context)}:
                    pass
                case _:
                    raise SetupError(f"{file}: {place}: needs a `context`: {_SQUAD}")
            for q, asked in enumerate(_list(paragraph, "qas", f"{file}: {place}")):
                yield f"{place}.qas[{q}]", asked, name, context


def _list(read: Any, key: str, where: str) -> list[Any]:
    listed = read.get(key) if isinstance(read, Mapping) else None
    if not isinstance(listed, list):
        raise SetupError(f"{where}: `{key}` must be a list: {_SQUAD}")
    return listed


def _answers(asked: Mapping[str, Any], context: str, where: str) -> Iterator[tuple[str, str]]:
    """Yield each answer with the sentence that it stands in."""
    answers = _list(asked, "answers", where)
    if not answers:
        raise SetupError(f"{where}: has no answer: give one, or set `is_impossible`")
    bounds = sentences(context)
    for answer in answers:
        match answer:
            case {"text": str(text), "answer_start": int(start)} if text.strip() and 0 <= start < max(len(context), 1):
                first, last = start, start + len(text)
                around = [context[low:high] for low, high in bounds if low < last and high > first]
                yield text, around[0] if around else text
            case _:
                raise SetupError(f"{where}: an answer needs `text`, and `answer_start` within the context: {_SQUAD}")
