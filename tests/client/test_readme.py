"""The examples of the client's README, against a real server."""

import asyncio
import contextlib
import io
import re
from pathlib import Path

from groundwire import SyncClient
from groundwire_server.app.configuration.load import load
from groundwire_server.app.serve import running
from tests.doubles.configured import beside
from tests.doubles.reviewed_service import TICKET, ReviewedService, serving_reviewed

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def run(code: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(README), "exec"), {"__name__": "__main__"})
    return printed.getvalue()


async def test_the_examples_run_in_their_order(tmp_path: Path) -> None:
    answering = examples()[:4]
    sources = beside(tmp_path, embedder=None)
    async with running(sources, load(sources)) as server:
        printed = [
            await asyncio.to_thread(run, example.replace("127.0.0.1:50051", server.address)) for example in answering
        ]

    stored, text, citation, *_ = printed[0].splitlines()
    assert stored == "handbook 1"
    assert "front desk may sign" in text
    assert citation.startswith("  Handbook: “")
    text, outcome = printed[1].splitlines()
    assert "front desk may sign" in text
    assert outcome.startswith(" Answered('")
    *states, text = printed[2].splitlines()
    assert states[-1] == "DONE"
    assert "front desk may sign" in text
    assert re.fullmatch(r"answer \d+\.\d+\.\d+ extractive in no experiment\n", printed[3])


def test_every_call_of_the_client_is_in_the_table() -> None:
    (calls,) = re.findall(r"\n## Calls\n(.*?)\n## ", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    of_the_object = {"close", "from_env"}
    public = {name for name in dir(SyncClient) if not name.startswith("_")} - of_the_object
    assert {name for name in public if not re.search(rf"`{name}\b", calls)} == set()


def test_the_example_of_a_reviewer_decides_what_waits() -> None:
    service = ReviewedService()
    (example,) = examples()[4:]
    with serving_reviewed(service) as address:
        printed = run(example.replace("127.0.0.1:50051", address))
    assert printed.splitlines()[0] == "Who may sign for parcels?"
    decided = service.calls[-1]
    assert (decided.method, decided.request.ticket, decided.request.etag) == ("ApproveReview", TICKET, "2")
