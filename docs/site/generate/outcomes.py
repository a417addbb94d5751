"""The reference of the outcomes: the words that callers, spans, logs and route tables share."""

from collections.abc import Iterator

from docs.site.generate import markdown
from docs.site.generate.contract import ENUMS, FIELDS, MESSAGES, VALUES
from docs.site.generate.protos import source, sources
from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.domain import outcome
from groundwire_server.domain.vocabulary import Action, Cause


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Outcomes",
        "Every call that the service has planned for is OK and carries one result, one cause, one action and one next "
        "step. These are closed sets; [concepts](../concepts/outcomes.md) explains how to use them.",
        "## Results",
        "● marks those that this version produces. The others are in the contract so that clients can be written "
        "against the whole set now.",
        markdown.table(["", "result", "meaning"], _results()),
        "## Causes",
        "The last column lists the actions that a route tries by default, in order.",
        markdown.table(["cause", "what happened", "then"], _causes()),
        "Once checked text has left a stream, only `REPAIR` of a sentence and `NEXT_MODEL` are possible, which "
        "continue the text; otherwise the answer is cut short. Where no action of a row is possible, the call fails "
        "safe.",
        "## Actions",
        markdown.table(["action", "what the service did"], words("Action")),
        "## Next steps",
        markdown.table(["next step", "what the caller should do"], words("NextStep")),
        "## Losses",
        "What a degraded outcome lacks.",
        markdown.table(["loss", "meaning"], _losses()),
        "## Verdicts",
        "Every sentence of an answer has one. Only VERBATIM and ENTAILED count as verified.",
        markdown.table(["verdict", "meaning"], words("Verdict")),
        "## Confidence",
        markdown.table(["confidence", "meaning"], words("Confidence")),
        "## Stages",
        markdown.table(["stage", "meaning"], words("Stage")),
    )


def _results() -> Iterator[tuple[str, str, str]]:
    file = source("outcome")
    (place,) = [n for n, message in enumerate(file.file.message_type) if message.name == "Outcome"]
    for number, field in enumerate(file.file.message_type[place].field):
        if not field.HasField("oneof_index"):
            continue
        kind = field.type_name.rpartition(".")[2]
        said = file.comment(MESSAGES, place, FIELDS, number).removeprefix(f"{field.name} ")
        link = f"[{field.name}](contract/outcome.md#{kind.lower()})"
        yield "●" if hasattr(outcome, kind) else "", link, markdown.prose(" ".join(said.split()))


def _causes() -> Iterator[tuple[str, str, str]]:
    for name, said in words("Cause"):
        then: tuple[Action, ...] = FALLBACKS.get(Cause(name.strip("`")), ())
        yield name, said, ", ".join(markdown.code(action.value) for action in then)


def words(name: str) -> Iterator[tuple[str, str]]:
    """Yield the values of an enum of the contract without their prefix, each with its meaning."""
    ((file, place),) = [
        (file, n) for file in sources() for n, enum in enumerate(file.file.enum_type) if enum.name == name
    ]
    values = file.file.enum_type[place].value
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    for number, value in enumerate(values):
        if value.number:
            yield _word(value.name, prefix, file.comment(ENUMS, place, VALUES, number))


def _losses() -> Iterator[tuple[str, str]]:
    file = source("outcome")
    (place,) = [n for n, message in enumerate(file.file.message_type) if message.name == "Degraded"]
    for number, value in enumerate(file.file.message_type[place].enum_type[0].value):
        if value.number:
            yield _word(value.name, "LOSS_", file.comment(MESSAGES, place, 4, 0, VALUES, number))


def _word(name: str, prefix: str, comment: str) -> tuple[str, str]:
    said = " ".join(comment.split()).removeprefix(name).removeprefix(": ").strip()
    return markdown.code(name.removeprefix(prefix)), markdown.prose(said)
