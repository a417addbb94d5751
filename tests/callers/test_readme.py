"""The page for callers of any language names all metadata that the server reads and sends."""

import re
from typing import Any

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge import identity
from groundwire_server.edge.call import Call
from groundwire_server.edge.statuses import DOMAIN, aborted
from tests.callers.toolchains import CONTRACT

PAGE = (CONTRACT / "README.md").read_text(encoding="utf-8")
CONTEXT: Any = None


def keys(heading: str) -> set[str]:
    """Return the keys of the tables under a heading, up to the next one."""
    (part,) = [part for part in PAGE.split("\n## ") if part.startswith(f"{heading}\n")]
    rows = re.findall(r"^\| (`.+?) \|", part, re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row)}


def test_every_trailer_is_named() -> None:
    call = Call("groundwire.v1.AnswerService/Answer", CONTEXT, None, {}, arrived=0.0)
    failed = aborted(Rejection(Reason.OVERLOADED))[2]
    assert keys("Trailers") == {key for key, _ in (*call.trailers, *failed)}


def test_all_metadata_of_a_request_are_named() -> None:
    read = {value for name, value in vars(identity).items() if name.endswith("_KEY")}
    assert len(read) == 5
    assert keys("Metadata of a request") == read | {"traceparent", "tracestate"}


def test_the_domain_of_reasons_is_named() -> None:
    assert f"`{DOMAIN}`" in PAGE
