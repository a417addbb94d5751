"""Screening the question, before anything else sees it."""

from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.guards import ScreenedText, Screening
from groundwire_server.pipeline.stage import StageRunner


async def screen_question(inquiry: Inquiry, ports: Ports, run: StageRunner) -> None:
    """Let a question with its earlier turns and its context pass, unless a guard forbids it.

    Raises:
        Failure: QUESTION_FORBIDDEN, GUARD_UNAVAILABLE or TIME_EXHAUSTED.
    """
    question = inquiry.question
    beside = [*(turn.text for turn in question.turns), *(text for _, text in question.context)]
    await _screen([question.text, *beside], inquiry, ports, run)


async def screen_rewritten(inquiry: Inquiry, ports: Ports, run: StageRunner) -> None:
    """Let what was made of a question pass: words of several turns may say together what none says alone.

    Raises:
        Failure: as for the question.
    """
    question = inquiry.question
    if question.standalone and question.standalone != question.text:
        await _screen([question.standalone], inquiry, ports, run)


async def _screen(texts: list[str], inquiry: Inquiry, ports: Ports, run: StageRunner) -> None:
    guards = ports.screens.get(Screen.QUESTION)
    if guards is None or not (screening := Screening(Screen.QUESTION, guards, inquiry, run)):
        return
    texts = [text for text in texts if text]
    if texts:
        screening.forbid(await screening.screen([ScreenedText(text) for text in texts]))
