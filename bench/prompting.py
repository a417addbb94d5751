"""CPU of a prompt: assigning its call to an arm, and rendering it over eight passages of 600 characters."""

import json
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.experiments.assignment import RouteTraffic
from groundwire_server.domain.experiments.experiment import Arm, Experiment, ExperimentUnit, RampStep
from groundwire_server.domain.fencing.fence import draw_mark
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.prompts import PromptInputs

_DATA: Final = Path(__file__).with_name("data") / "paraphrases.json"
_PASSAGE: Final = 600
_PASSAGES: Final = 8
_END_USERS: Final = 1000


class Prompting:
    """Prompts of the version that is built in, on a route with one experiment."""

    def __init__(self) -> None:
        texts = list(json.loads(_DATA.read_text())["passages"].values())
        long = [text[:_PASSAGE] for text in texts if len(text) >= _PASSAGE]
        self._passages = [
            Passage(f"c{place}", text, title=f"Chapter {place}") for place, text in enumerate(islice(long, _PASSAGES))
        ]
        turns = (Turn(True, "What is this about?"), Turn(False, long[0][:200]))
        self._question = Question("default", "Who found it, and in which year?", "request-1", turns=turns)
        self._prompts = built_in_prompts()
        begun = datetime(2026, 1, 1, tzinfo=UTC)
        arms = (Arm("control", 50.0), Arm("candidate", 50.0, {"prompt": {"version": "1.2.0"}}))
        experiment = Experiment("shorter", "default", ExperimentUnit.END_USER, arms, (RampStep(0.0, 50.0),), begun, "")
        self._traffic = RouteTraffic((experiment,), holdout_percent=5.0)

    def milliseconds(self, calls: int) -> float:
        """Return the CPU that the prompt of one call takes, in milliseconds."""
        now = datetime.now(UTC)
        marks = [draw_mark() for _ in range(calls)]
        requesters = [Requester("bench", "app", f"visitor-{number % _END_USERS}", "default") for number in range(calls)]
        began = time.process_time()
        for mark, requester in zip(marks, requesters, strict=True):
            self._traffic.assigned(requester, now)
            self._prompts.render("answer", "1.2.0", PromptInputs(self._question, self._passages, mark))
        return (time.process_time() - began) / calls * 1000
