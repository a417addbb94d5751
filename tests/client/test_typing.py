"""Typical uses of the client as a type checker sees them: what is right passes, and what is wrong is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAD = """\
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import assert_never, assert_type

import grpc
import grpc.aio

import groundwire
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire.v1.grounding_pb2 import Citation, GroundedText
from groundwire.v1.server_info_pb2 import ServerInfo


async def uses(aio: groundwire.Client, client: groundwire.SyncClient, outcome: groundwire.Outcome) -> None:
"""

RIGHT = """\
assert_type(client.answer("where?"), groundwire.Outcome)
assert_type(await aio.answer("where?", top_k=3, timeout=5), groundwire.Outcome)
assert_type(outcome.text, str)
assert_type(outcome.answer, GroundedText | None)
assert_type(outcome.next_step, groundwire.NextStep)
assert_type(await aio.server_info(), ServerInfo)
groundwire.SyncClient(grpc.insecure_channel("localhost:1"), retry=None)
groundwire.Client(grpc.aio.insecure_channel("localhost:1"), retry=groundwire.Retry(attempts=2))
groundwire.Client("localhost:1", token=lambda: "t", tls=groundwire.Tls(roots=b""))
assert_type(groundwire.Client.from_env(), groundwire.Client)
for event in client.stream("where?"): assert_type(event, StreamAnswerResponse)
for piece in client.stream("where?").text(): assert_type(piece, str)
async for event in aio.stream("where?"): assert_type(event, StreamAnswerResponse)
async for piece in aio.stream("where?").text(): assert_type(piece, str)
assert_type(await aio.submit("where?"), groundwire.AnswerOperation)
assert_type(client.operation("operations/1").wait(timeout=3), groundwire.Outcome)
for listed in client.operations(): assert_type(listed, groundwire.SyncAnswerOperation)
async for operation in (await aio.submit("where?")).watch(): assert_type(operation, groundwire.AnswerOperation)
client.ingest(groundwire.Document(document_id=str(n)) for n in range(3)).close()
if isinstance(outcome, groundwire.Answered): assert_type(outcome.answer, GroundedText)
"""

MATCH = """\
match outcome:
    case groundwire.Answered(text, citations) | groundwire.Cached(text, citations):
        assert_type(text, str)
        assert_type(citations, Sequence[Citation])
    case groundwire.Degraded(text, _, passages):
        print(text, passages)
    case groundwire.Abstained() | groundwire.Queued() | groundwire.InReview():
        print(outcome.report.trace_id)
    case groundwire.Blocked() | groundwire.FailedSafe() | groundwire.Unrecognized():
        print(outcome.next_step)
    case _:
        assert_never(outcome)
"""

WRONG = [
    ("client.answer(b'where?')", "arg-type"),
    ("client.answer('where?', topk=3)", "call-arg"),
    ("await client.answer('where?')", "misc"),
    ("aio.answer('where?').text", "attr-defined"),
    ("async for event in client.stream('where?'): pass", "attr-defined"),
    ("for event in aio.stream('where?'): pass", "attr-defined"),
    ("groundwire.Client(grpc.insecure_channel('localhost:1'))", "arg-type"),
    ("groundwire.SyncClient(grpc.aio.insecure_channel('localhost:1'))", "arg-type"),
    ("groundwire.Client(retry=3)", "arg-type"),
    ("client.submit('where?', answer_within='1 h')", "arg-type"),
    ("(await aio.submit('where?')).wait().text", "attr-defined"),
    ("outcome.nearest", "union-attr"),
    ("outcome.answer.text", "union-attr"),
    ("client.stream('where?').outcome.text", "union-attr"),
    ("client.ingest(['text'])", "list-item"),
    ("client.delete_document('d1', True)", "call-arg"),
    ("groundwire.Retry().attempts = 3", "misc"),
    ("match outcome:\n    case groundwire.Answered(text): pass\n    case _: assert_never(outcome)", "arg-type"),
]


def indented(code: str) -> str:
    return "".join(f"    {line}\n" for line in code.splitlines())


def refused(code: str, path: Path) -> dict[int, set[str]]:
    """Return the codes of mypy's errors, by their line."""
    path.write_text(code)
    cache = ROOT / ".mypy_cache" / "client"
    options = ["--strict", "--output=json", "--config-file=", f"--cache-dir={cache}"]
    command = [sys.executable, "-m", "mypy", *options, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert not ran.stderr, ran.stderr
    found: dict[int, set[str]] = {}
    for said in map(json.loads, ran.stdout.splitlines()):
        found.setdefault(said["line"], set()).add(said["code"])
    return found


@pytest.mark.process
@pytest.mark.slow
def test_what_is_right_passes_and_what_is_wrong_is_refused(tmp_path: Path) -> None:
    code = HEAD + indented(RIGHT) + indented(MATCH)
    expected: dict[int, set[str]] = {}
    for wrong, error in WRONG:
        code += indented(wrong)
        expected[code.count("\n")] = {error}

    assert refused(code, tmp_path / "uses.py") == expected
