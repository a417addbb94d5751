"""A real RabbitMQ of a test's own, where one is installed."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# Debian's /usr/sbin/rabbitmq-server runs as its own user, with the machine's own folders.
COMMAND = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin")
EPMD = shutil.which("epmd")
READY = "Server startup complete"

needs_rabbitmq = pytest.mark.skipif(
    COMMAND is None or EPMD is None,
    reason="rabbitmq-server is not installed: apt-get install rabbitmq-server (package rabbitmq-server)",
)


@dataclass(frozen=True)
class RabbitMQ:
    """A broker that runs.

    Attributes:
        url: of AMQP.
        environment: of its commands, such as `rabbitmqctl`.
    """

    url: str
    environment: dict[str, str]

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl`; return what it prints."""
        command = ["/usr/lib/rabbitmq/bin/rabbitmqctl", *arguments]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout


@contextmanager
def prepared_rabbitmq(folder: Path) -> Iterator[RabbitMQ]:
    """Yield what a RabbitMQ needs that is started by others: folders, ports and a port mapper of its own, on loopback.

    Args:
        folder: for its files, which it finds again when it is started again.
    """
    port, mapper_port = free_port(), free_port()
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = true\nlog.file = false\n")
    (folder / "enabled_plugins").write_text("[].")
    environment = os.environ | {
        "HOME": str(folder),  # of the cookie
        "RABBITMQ_NODENAME": f"groundwire-{port}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
        "ERL_EPMD_PORT": str(mapper_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    mapping = [str(EPMD), "-port", str(mapper_port), "-address", "127.0.0.1"]
    with subprocess.Popen(mapping) as mapper:
        try:
            yield RabbitMQ(f"amqp://127.0.0.1:{port}/", environment)
        finally:
            mapper.terminate()


@contextmanager
def rabbitmq_server(folder: Path) -> Iterator[RabbitMQ]:
    """Run a RabbitMQ.

    Args:
        folder: for its files.
    """
    with prepared_rabbitmq(folder) as prepared, _running(prepared.environment, folder):
        yield prepared


@contextmanager
def _running(environment: dict[str, str], folder: Path) -> Iterator[None]:
    # A process group: the script starts the broker, and the broker helpers.
    with (
        (folder / "err.txt").open("w") as errors,
        subprocess.Popen(
            [str(COMMAND)], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, process_group=0
        ) as process,
    ):
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if READY in line:
                    break
            else:
                pytest.fail(f"RabbitMQ did not start: {''.join(lines[-20:])} {(folder / 'err.txt').read_text()}")
            yield
        finally:
            # It holds nothing that has to be kept, and takes seconds to end in order.
            os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
