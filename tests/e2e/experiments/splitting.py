"""A server whose configuration, records and experiments are real, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwire import Client, Document, Outcome, Question
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import Running, running
from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.observation import UnitKey, UnitSums
from groundwire_server.experiments.guarding import GuardWatch
from groundwire_server.ports.experiments import ResultBatch
from tests.doubles.counts import Counts

NAME = "second-model"
QUESTION = "What do lambda expressions create?"
TEXT = "Lambda expressions create anonymous functions. They can be used wherever function objects are required."
ROUTE = "models: [first], store: main, thresholds: {min_relevance: 0.05}"


def configured(folder: Path, route: str = ROUTE, more: str = "") -> str:
    """The text of a configuration with the models `first` and `second`."""
    return f"""
server: {{listen: "127.0.0.1:0", drain: {{grace_seconds: 0}}}}
stores: {{main: {{kind: embedded, folder: "{folder}/data"}}}}
models:
  first: {{kind: extractive, store: main}}
  second: {{kind: extractive, store: main}}
routes:
  default: {{{route}}}
records: {{enabled: true}}
prompts: {{managed_by: acme}}
queue: {{poll_seconds: 0.05, backoff_seconds: 0.05}}
{more}
"""


def split(name: str = NAME, settings: str = "{models: [second]}", share: float = 50, more: str = "") -> str:
    """The definition of an experiment whose treatment has some settings."""
    return f"""
name: {name}
route: default
arms:
- {{name: control, weight: {100 - share}}}
- {{name: candidate, weight: {share}, settings: {settings}}}
{more}
"""


@dataclass
class Splitting:
    """A server, its file, and a client of an operator."""

    file: Path
    server: Running
    client: Client

    async def answer(self, end_user: str = "", *, client: Client | None = None, **given: Any) -> Outcome:
        """Return the outcome of the question, asked on behalf of an end user."""
        return await (client or self.client).answer(Question(text=QUESTION, end_user_id=end_user), **given)

    async def arms(self, users: int = 40) -> dict[str, tuple[str, str]]:
        """Return the arm and the model of the answer of each of some end users."""
        outcomes = {f"user-{number}": await self.answer(f"user-{number}") for number in range(users)}
        return {user: (each.report.experiment_arm, each.report.model) for user, each in outcomes.items()}

    async def reload(self, text: str) -> bool:
        """Write the file again, and have it read."""
        self.file.write_text(text)
        return await self.server.reloader.reload()

    def guards(self, counts: Counts | None = None) -> GuardWatch:
        """Return guards that look once, as those of the server do every few seconds."""
        process = self.server.process
        assert process.registry is not None
        assert process.experiment_results is not None
        results, records = process.experiment_results.results, process.registry.records
        reloader = self.server.reloader
        return GuardWatch(lambda: reloader.state.experiments, results, records, SystemClock(), counts or Counts())

    async def write_worse(self) -> None:
        """Write results as another process might: the candidate answers nothing."""
        opened = self.server.process.experiment_results
        assert opened is not None
        sums = {
            UnitKey(NAME, arm, f"{number:032x}"): UnitSums(1, {Metric.ANSWERED: answered})
            for arm, answered, first in (("control", 1.0, 0), ("candidate", 0.0, 500))
            for number in range(first, first + 500)
        }
        await opened.results.write("another", ResultBatch(1, SystemClock().today(), sums))


@asynccontextmanager
async def splitting(folder: Path, text: str | None = None) -> AsyncIterator[Splitting]:
    """Serve a folder, which keeps what is in its records when it is served again."""
    file = folder / "groundwire.yaml"
    file.write_text(configured(folder) if text is None else text)
    sources = Sources(file, {})
    async with (
        running(sources, load(sources)) as server,
        Client(server.address, tenant="acme", subject="ops", principals=["staff"]) as client,
    ):
        await client.put_document(Document(document_id="lambdas", text=TEXT, allowed_principals=["staff"]))
        yield Splitting(file, server, client)
