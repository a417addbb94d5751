"""A plugin of pytest for the tests of clients/langchain and clients/llamaindex: a handbook, and who asks about it.

They run in an environment of their own, against the server that tests/callers/test_frameworks.py starts.
"""

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import groundwire
from groundwire.v1.document_pb2 import TextFormat

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "frameworks.md"
TEXTS = {
    "desk": "# Desk\n\n## Parcels\n\nParcels are signed for at the front desk. Only the porter may sign for parcels.",
    "room": "Parcels that nobody collects are kept in the mail room for thirty days.",
    "lost": "Lost parcels are reported to the carrier by the sender.",
    "car": "Cars are parked in the yard.",
}


@pytest.fixture(scope="session", autouse=True)
def stored() -> None:
    """The texts in the server, each with a topic in its metadata."""
    with groundwire.SyncClient.from_env() as client:
        documents = [
            groundwire.Document(
                document_id=name,
                title=f"The {name}",
                source_uri=f"https://docs.example/{name}.md",
                text=text,
                text_format=TextFormat.TEXT_FORMAT_MARKDOWN,
                allowed_principals=["*"],
                metadata={"topic": groundwire.MetadataValue(string_value="cars" if name == "car" else "mail")},
            )
            for name, text in TEXTS.items()
        ]
        assert [result.error.message for result in client.ingest(documents) if result.HasField("error")] == []


@pytest.fixture
def clients() -> Iterator[groundwire.Clients]:
    """Clients that were made outside of any event loop, as a module makes them."""
    with groundwire.Clients.from_env(subject="ada", timeout=20) as made:
        yield made


@pytest.fixture
def topic() -> Callable[[str], groundwire.Filter]:
    """Return what makes a filter of one topic."""

    def equal(value: str) -> groundwire.Filter:
        narrowed = groundwire.Filter()
        narrowed.equals.key = "topic"
        narrowed.equals.value.string_value = value
        return narrowed

    return equal


def examples(framework: str) -> list[str]:
    """Return the Python of a package's README, which is in the working directory, and of the page about frameworks."""
    readme = Path("README.md").read_text(encoding="utf-8")
    titled = rf'```python title="{framework}_\w+\.py"\n(.*?)```'
    return [
        *re.findall(r"```python\n(.*?)```", readme, re.DOTALL),
        *re.findall(titled, PAGE.read_text(encoding="utf-8"), re.DOTALL),
    ]


def printed(example: str) -> str:
    """Return what an example prints, with the test's server and tenant in place of those that are shown."""
    code = example.replace("127.0.0.1:50051", os.environ["GROUNDWIRE_SERVER"])
    code = code.replace('tenant="acme"', f'tenant="{os.environ["GROUNDWIRE_TENANT"]}"')
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "example", "exec"), {"__name__": "__main__"})
    return said.getvalue()
