"""The reference of the error reasons: the contract's comment on each, and what the server sends."""

import re
from collections.abc import Iterator

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2

from docs.site.generate import markdown
from docs.site.generate.contract import ENUMS, VALUES
from docs.site.generate.protos import source
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.statuses import DOMAIN, status_of

PREFIX = "ERROR_REASON_"


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Error reasons",
        "A status other than OK is a failed call. Its details carry `google.rpc.ErrorInfo`, whose `domain` is "
        f"`{DOMAIN}` and whose `reason` is one of these words. What the service has planned for is an "
        "[outcome](outcomes.md), not an error.",
        "No message and no detail holds an exception's text, a prompt, a document or a secret. "
        "[Trailers](calling.md#trailers) lead to the call's trace, and say when to retry.",
        markdown.table(["reason", "status", "message"], rows()),
        *(part for name, comment in _reasons() for part in _reason(name, comment)),
    )


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield each reason with its status and message."""
    for reason in Reason:
        status = status_of(Rejection(reason))
        code = code_pb2.Code.Name(status.code)
        yield f"[{reason.value}](#{reason.value.lower()})", markdown.code(code), markdown.prose(status.message)


def _reasons() -> Iterator[tuple[str, str]]:
    file = source("error_reason")
    for number, value in enumerate(file.file.enum_type[0].value):
        if value.number:
            yield value.name.removeprefix(PREFIX), file.comment(ENUMS, 0, VALUES, number)


def _reason(name: str, comment: str) -> Iterator[str]:
    said, _, example = comment.partition("\n\n")
    _, _, meaning = " ".join(said.split()).partition(": ")
    yield f"## {name} {{ #{name.lower()} }}"
    yield markdown.prose(meaning[:1].upper() + meaning[1:])
    if details := ", ".join(map(markdown.code, _details(Reason(name)))):
        yield f"Details: {details}."
    yield f"```json\n{re.sub(r'^ +', '', example)}\n```"


def _details(reason: Reason) -> Iterator[str]:
    for detail in status_of(Rejection(reason)).details:
        yield _type(detail)
    if reason is Reason.INVALID_REQUEST:
        yield error_details_pb2.BadRequest.DESCRIPTOR.name


def _type(detail: any_pb2.Any) -> str:
    return detail.type_url.rpartition(".")[2]
