"""Whether a dependency takes calls yet."""

import logging
from collections.abc import Callable
from typing import Final

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

_LOG: Final = logging.getLogger(__name__)


class Readiness:
    """What is known of a model's being loaded. Calls of one that is not ready fail at once, and cost it nothing.

    Args:
        name: names the model in the log.
        retry_after: seconds that such a call says to wait.
        lost: is called when the model is found not to be ready: somebody must find out when it is.

    Attributes:
        ready: whether it may be called; a model of which nothing is known may.
    """

    def __init__(self, name: str, retry_after: float, lost: Callable[[], None]) -> None:
        self.ready = True
        self._name = name
        self._retry_after = retry_after
        self._lost = lost

    def __repr__(self) -> str:
        """Return whether it is ready."""
        return f"<Readiness {self._name}: {'ready' if self.ready else 'not ready'}>"

    def failure(self) -> Failure | None:
        """Return what a call would fail with at this time; None when the model may be called."""
        return None if self.ready else Failure(Cause.MODEL_NOT_READY, retry_after=self._retry_after)

    def note(self, failure: Failure) -> None:
        """Keep what the failure of a call says about it."""
        if failure.cause is Cause.MODEL_NOT_READY:
            self.found(ready=False)

    def found(self, *, ready: bool) -> None:
        """Keep what was found out about it."""
        if self.ready == ready:
            return
        self.ready = ready
        if ready:
            _LOG.info("%s is ready.", self._name)
        else:
            _LOG.warning("%s is not ready: it is not called until its server says that it is.", self._name)
            self._lost()
