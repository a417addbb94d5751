"""The active configuration, and reloading it: the new one is used as a whole, or not at all."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from groundwire_server.adapters.store.embedded.lock import folder_lock
from groundwire_server.app import compose
from groundwire_server.app.access import KeySets, access
from groundwire_server.app.calibration import calibrated_policy
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.compose import Process
from groundwire_server.app.configuration.errors import InvalidConfigurationError, Path
from groundwire_server.app.configuration.external import verify
from groundwire_server.app.configuration.fixed import refuse_changes
from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration, embedded_folders
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.shared import Lease, Shared
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.edge.servicers.documents import INGEST_SECONDS
from groundwire_server.edge.snapshot import CurrentSnapshot, ServingSnapshot

FIXED: tuple[Path, ...] = (
    ("server", "listen"),
    ("server", "workers"),
    ("server", "tls"),
    ("server", "max_concurrent_calls"),
    ("gateway",),
    ("redis",),
    ("records",),
    ("queue",),
    ("reviews",),
    ("answer_cache",),
    ("server", "request_bytes"),
    ("server", "connections"),
    ("server", "arrival"),
    ("capacity",),
    ("telemetry", "service_name"),
    ("telemetry", "resource"),
    ("telemetry", "tracer"),
    ("telemetry", "sampler"),
    ("telemetry", "sampler_ratio"),
    ("telemetry", "otlp"),
    ("telemetry", "prometheus_listen"),
    ("telemetry", "tenants_in_metrics"),
    ("telemetry", "decisions"),
)
"""Settings that only a restart can change."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class ActiveConfig:
    """A configuration with everything that was opened for it."""

    loaded: Loaded
    stores: Sequence[Store]
    snapshot: ServingSnapshot
    opened: AsyncExitStack

    @property
    def longest(self) -> float:
        """Seconds after which no call that uses it can still be running."""
        routes = self.loaded.configuration.routes.values()
        return max(INGEST_SECONDS, *(route.longest for route in routes))


class ConfigReloader:
    """The active configuration, which a reload replaces.

    Attributes:
        current: the snapshot that servicers read.
    """

    def __init__(
        self, sources: Sources, process: Process, active: ActiveConfig, shared: Shared, key_sets: KeySets
    ) -> None:
        self.current = CurrentSnapshot(active.snapshot)
        self._sources = sources
        self._process = process
        self._active = active
        self._shared = shared
        self._key_sets = key_sets
        self._retiring: dict[ActiveConfig, asyncio.Task[None]] = {}
        self._reloading = asyncio.Lock()

    def __repr__(self) -> str:
        routes = ", ".join(self.configuration.routes)
        file = self._sources.file or "no file"
        return f"<ConfigReloader: {file}, routes {routes}, {len(self._retiring)} earlier configurations still in use>"

    @classmethod
    async def begin(cls, sources: Sources, loaded: Loaded, process: Process) -> "ConfigReloader":
        """Open the stores and models of the first configuration, which was verified.

        Raises:
            SetupError: when something that it names cannot be used.
            Failure: when a store cannot be opened.
            ImportError: when an extra is not installed.
            OSError: when a folder cannot be used.
        """
        shared = Shared(process.weights)
        key_sets: KeySets = {}
        return cls(sources, process, await _open(loaded, process, shared, key_sets), shared, key_sets)

    @property
    def configuration(self) -> Configuration:
        """The active configuration."""
        return self._active.loaded.configuration

    @property
    def loaded(self) -> Loaded:
        """The active configuration, as it was loaded."""
        return self._active.loaded

    @property
    def stores(self) -> Sequence[Store]:
        """The stores of the active configuration."""
        return self._active.stores

    async def reload(self) -> bool:
        """Read the configuration again, and use it if all of it is valid; return whether it is in use.

        Calls in flight keep the configuration that they began with. Reloads at once happen one after the other.
        """
        async with self._reloading:
            return await self._reload()

    async def close(self) -> None:
        """Close everything that is open."""
        for retiring in self._retiring.values():
            retiring.cancel()
        await asyncio.gather(*self._retiring.values(), return_exceptions=True)
        for active in (*self._retiring, self._active):
            await active.opened.aclose()

    async def _reload(self) -> bool:
        try:
            loaded = await asyncio.to_thread(load, self._sources)
            if loaded.same(self.loaded):
                _log.info("the configuration has not changed")
                return True
            refuse_changes(self.configuration, loaded, FIXED)
            await asyncio.to_thread(verify, loaded, SystemClock().today())
            key_sets = dict(self._key_sets)
            active = await _open(loaded, self._process, self._shared, key_sets)
        except (InvalidConfigurationError, Failure, SetupError, ImportError, OSError) as wrong:
            _log.error("the new configuration is invalid; the old one stays in use", extra={"why": str(wrong)})
            return False
        before, self._active, self._key_sets = self._active, active, key_sets
        self.current.snapshot = active.snapshot
        logging.getLogger().setLevel(loaded.configuration.telemetry.log_level)
        loop = asyncio.get_running_loop()
        self._retiring[before] = loop.create_task(self._retire(before))
        _log.info("the new configuration is in use")
        return True

    async def _retire(self, active: ActiveConfig) -> None:
        await asyncio.sleep(active.longest)
        await active.opened.aclose()
        del self._retiring[active]


async def _open(loaded: Loaded, process: Process, shared: Shared, key_sets: KeySets) -> ActiveConfig:
    configuration = loaded.configuration
    clock = SystemClock()
    async with AsyncExitStack() as opening:
        authenticated = access(configuration.authentication, configuration.tenants, clock, key_sets)
        admitted = await opening.enter_async_context(authenticated)
        lease = shared.lease()
        opening.push_async_callback(lease.end)
        await _lock_folders(configuration, lease)
        parts = await open_parts(configuration, lease, process.recording)
        policies = {
            name: (
                calibrated_policy(
                    name,
                    route,
                    parts.of_route(name, route.store),
                    parts.rerankers.get(name),
                    configuration.records.retention,
                ),
                route.store,
            )
            for name, route in configuration.routes.items()
        }
        snapshot = compose.snapshot(
            policies,
            parts,
            process,
            admitted,
            configuration.server.write_seconds,
            configuration.self_hosted_only or (),
        )
        process.weights.replace(configuration.tenant_weights)
        return ActiveConfig(loaded, tuple(parts.stores.values()), snapshot, opening.pop_all())


async def _lock_folders(configuration: Configuration, lease: Lease) -> None:
    """Keep other servers from the folders of embedded stores; among several workers the supervisor does it."""
    if configuration.server.workers == 1:
        for folder in embedded_folders(configuration):
            await lease.take(("folder", folder), partial(folder_lock, folder))
