"""A checker on this machine: a cross-encoder from a folder of the operator's."""

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure
from groundwire_server.adapters.checker.options import OnnxOptions
from groundwire_server.adapters.checker.pairs import Pairs
from groundwire_server.adapters.onnx.cross_encoder import CrossEncoder, InvalidOutputError
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import CheckReply, CheckRequest, SufficiencyReply, SufficiencyRequest
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause


class OnnxChecker:
    """The Rater that runs in this process, in threads of its own. Close it at the end.

    Args:
        model: loaded beforehand, in a thread.
        options: of the model.
    """

    def __init__(self, model: CrossEncoder, options: OnnxOptions) -> None:
        self._model = model
        self._pairs = Pairs(options)
        self._pool = ThreadPoolExecutor(options.workers, thread_name_prefix="checker")

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence.

        A batch that runs in a thread cannot be stopped, but none is begun after the deadline or a cancellation.
        """
        loop = asyncio.get_running_loop()
        scores: list[float | None] = []
        try:
            if not deadline.remaining(loop.time()):
                raise TimeoutError
            windows = self._pairs.windows(request)
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                for batch in self._pairs.batches(windows.inputs):
                    scores += await loop.run_in_executor(self._pool, self._model.scores, batch)
        except TimeoutError:
            raise ChargedFailure(Failure(Cause.MODEL_TIMEOUT), Usage()) from None
        except InvalidOutputError:
            raise ChargedFailure(InvalidReplyFailure(CheckerFault.NO_PROBABILITY), Usage()) from None
        except Failure as failure:
            raise ChargedFailure(failure, Usage()) from None
        return CheckReply(self._pairs.probabilities(windows, scores), Usage())

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return None: these models compare texts, and know nothing of questions."""
        del request, deadline
        return SufficiencyReply(None, Usage())

    def close(self) -> None:
        """End the threads; what is running finishes first, nothing more is begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)
