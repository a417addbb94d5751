"""CPU of the guards that every route has: a question, eight passages of 600 characters, an answer of 500."""

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.screens import Screens, open_screens
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.answer import CheckedSegment, Span
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.answer import AnswerScreening
from groundwire_server.pipeline.screening.evidence import EvidenceScreening
from groundwire_server.pipeline.screening.question import screen_question
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.recording import Recording

_DATA = Path(__file__).with_name("data") / "squad2-dev-8-articles.json"
_PASSAGES, _PASSAGE, _ANSWER = 8, 600, 500
_ROUTE = "default"


class GuardsAtWork:
    """The three screens of answers, with the guards that a route has by default.

    Args:
        recording: takes their spans.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._screens: Screens | None = None
        self._clock = SystemClock()
        self._policy = load(Sources()).configuration.routes[_ROUTE].policy(_ROUTE)
        read = json.loads(_DATA.read_text(encoding="utf-8"))
        texts = [
            paragraph["context"][:_PASSAGE]
            for article in read["data"]
            for paragraph in article["paragraphs"]
            if len(paragraph["context"]) >= _PASSAGE
        ]
        self._answers = [texts[at : at + _PASSAGES] for at in range(0, len(texts) - _PASSAGES + 1, _PASSAGES)]

    async def milliseconds(self, *, known: bool) -> float:
        """Return the CPU that the screens of one answer take, in milliseconds.

        Args:
            known: whether its passages were looked at before, as those of frequent questions are.
        """
        if self._screens is None:
            configuration = load(Sources()).configuration
            self._screens = (await open_screens(configuration, Shared().lease(), self._recording))[_ROUTE]
            # What guards make when they look at a first text is no part of any answer.
            await self._screen_all(self._screens)
        evidence = self._screens[Screen.EVIDENCE]
        screens = self._screens if known else {**self._screens, Screen.EVIDENCE: replace(evidence, memory=None)}
        began = time.process_time()
        await self._screen_all(screens)
        return (time.process_time() - began) / len(self._answers) * 1000

    async def _screen_all(self, screens: Screens) -> None:
        # Nothing else of a route is needed for its screens.
        ports = cast("Ports", SimpleNamespace(screens=screens))
        for number, texts in enumerate(self._answers):
            now = self._clock.now()
            inquiry = Inquiry(
                Question(_ROUTE, "What does the treaty say of the border, and since when?", f"request-{number}"),
                Caller("bench", "load"),
                self._policy,
                now,
                Deadline(now + 10.0),
            )
            report = ReportBuilder(inquiry.question.request_id, "", _ROUTE, now)
            run = StageRunner(inquiry.time_plan(), self._clock, self._recording.tracer, report)
            passages = [Passage(f"{number}-{place}", text, f"{number}-{place}") for place, text in enumerate(texts)]
            await screen_question(inquiry, ports, run)
            shown = await EvidenceScreening(inquiry, ports, run).passages(passages)
            answer = texts[0][:_ANSWER]
            segment = CheckedSegment(answer, Span.within(answer, 0, len(answer)), (), ())
            await AnswerScreening(inquiry, ports, shown, run).segments((segment,), "")
