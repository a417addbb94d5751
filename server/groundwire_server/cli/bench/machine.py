"""What figures were measured on: enough to tell which can be compared, nothing that tells whose machine it is."""

import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("groundwire-server", "grpcio", "protobuf")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and what runs on it.

    Attributes:
        system: the operating system and the processor's architecture.
        processor: the processor's name.
        cores: how many of its cores this process may use.
        python: Python's version.
        packages: versions of what the figures depend on most.
    """

    system: str
    processor: str
    cores: int
    python: str
    packages: dict[str, str]

    @property
    def kind(self) -> str:
        """Machines that say the same here can be compared; a newer package is what one wants to compare."""
        minor = ".".join(self.python.split(".")[:2])
        return f"{self.system}, {self.processor}, {self.cores} cores, Python {minor}"

    @property
    def labels(self) -> dict[str, str]:
        """All of it by name, for people."""
        return {
            "system": self.system,
            "processor": self.processor,
            "cores": str(self.cores),
            "Python": self.python,
            **self.packages,
        }

    def facts(self) -> dict[str, object]:
        """All of it, for JSON."""
        return asdict(self)


def this_machine() -> Machine:
    """The machine this runs on."""
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=_cores(),
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
    )


def _cores() -> int:
    # What a container or a scheduler allows is what counts; not every system can say that.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or "unknown processor"
