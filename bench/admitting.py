"""CPU of admission: what the limits of one call take, counted in memory, and its slot of the process."""

import asyncio
import time

from bench.product import LIMITS
from groundwire_server.adapters.quota.memory import MemoryQuotaStore
from groundwire_server.admission.admission import Admission
from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.admission.quota_reports import QuotaReports
from groundwire_server.admission.quotas import Quotas
from groundwire_server.admission.waiting import WaitingLines
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.compose import Process
from groundwire_server.app.configuration.models.limits import LimitRowConfig
from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.recording import unrecorded

_SUBJECTS = 100


class Admitting:
    """Calls of several subjects, admitted as by the server under measurement."""

    def __init__(self) -> None:
        rows = [LimitRowConfig.model_validate(row).row(name) for name, row in LIMITS.items()]
        recording, clock = unrecorded(), SystemClock()
        reports = QuotaReports(recording.metrics, recording.lines)
        quotas = Quotas(LimitTable(rows), MemoryQuotaStore(time.time), WaitingLines(), {}, reports, clock)
        self._process = Process.begin(recording)
        self._admission = Admission((quotas, self._process.capacity))
        self._requesters = [Requester("bench", f"subject-{number}", "", "default") for number in range(_SUBJECTS)]

    async def milliseconds(self, calls: int) -> float:
        """Return the CPU that admitting one call and giving back what it held takes, in milliseconds."""
        now = time.monotonic()
        applicants = [Applicant(Work.ANSWER, each, now, Deadline(now + 30.0)) for each in self._requesters]
        began = time.process_time()
        for number in range(calls):
            async with self._admission.admitted(applicants[number % _SUBJECTS]):
                pass
            # What admission leaves to the event loop is done here.
            await asyncio.sleep(0)
        return (time.process_time() - began) / calls * 1000

    def end(self) -> None:
        """End the process's threads."""
        self._process.end()
