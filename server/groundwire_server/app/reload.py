"""The active configuration, and its replacement: a new one is used as a whole, or not at all.

A snapshot is made of a configuration and of a state of the registry, which holds prompts and experiments. Either may
change; in both cases a whole new snapshot takes the place of the old one.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from groundwire_server.adapters.prompts.catalogue import PromptCatalogue
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
from groundwire_server.app.edited_prompts import report_edits
from groundwire_server.app.experiments.variants import ExpandedConfiguration, refuse_broken
from groundwire_server.app.parts.experiment_opening import open_expanded, report_faults
from groundwire_server.app.parts.experiments import experiment_calls
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.prompts import registry_of, replaced_versions, route_faults, unused_blocks
from groundwire_server.app.parts.registry import prompt_calls
from groundwire_server.app.parts.shared import Lease, Shared
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.prompts.registry import PromptRegistry
from groundwire_server.edge.servicers.documents import INGEST_SECONDS
from groundwire_server.edge.snapshot import CurrentSnapshot, ServingSnapshot
from groundwire_server.ports.registry_records import RegistryState

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
    ("prompts", "managed_by"),
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

MOST_RETIRING: Final = 100
"""Earlier configurations in use, from which on changes of the registry come slower."""

PAUSE_SECONDS: Final = 1.0
"""Before each of those changes: a configuration is kept until no call can use it, and a loop of changes makes many.

A change is still in force on every process within two seconds.
"""

_INVALID: Final = (InvalidConfigurationError, Failure, SetupError, ImportError, OSError)
"""What says that a configuration, or a state of the registry, cannot be used."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class ActiveConfig:
    """A configuration and a state of the registry, with everything that was opened for them."""

    loaded: Loaded
    state: RegistryState
    expanded: ExpandedConfiguration
    stores: Sequence[Store]
    snapshot: ServingSnapshot
    opened: AsyncExitStack

    @property
    def longest(self) -> float:
        """Seconds after which no call that uses it can still be running."""
        routes = self.loaded.configuration.routes.values()
        return max(INGEST_SECONDS, *(route.longest for route in routes))

    async def close(self) -> None:
        """Close what was opened."""
        await self.opened.aclose()


class ConfigReloader:
    """The active configuration and the active state of the registry, which a reload replaces.

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
        # The newest state, which may be another than the active one: it did not fit the configuration.
        self._newest = active.state

    def __repr__(self) -> str:
        routes = ", ".join(self.configuration.routes)
        file = self._sources.file or "no file"
        return f"<ConfigReloader: {file}, routes {routes}, {len(self._retiring)} earlier configurations still in use>"

    @classmethod
    async def begin(cls, sources: Sources, loaded: Loaded, process: Process) -> "ConfigReloader":
        """Open the stores and models of the first configuration, which was verified, and follow the registry.

        Raises:
            SetupError: when something that it names cannot be used, or the registry cannot be read.
            Failure: when a store cannot be opened.
            ImportError: when an extra is not installed.
            OSError: when a folder cannot be used.
        """
        shared = Shared(process.weights)
        key_sets: KeySets = {}
        state = RegistryState() if process.registry is None else await process.registry.begin()
        active = await _open(loaded, state, process, shared, key_sets)
        report_faults(active.expanded.reasons, {})
        reloader = cls(sources, process, active, shared, key_sets)
        if process.registry is not None:
            process.registry.follow(reloader.use)
        return reloader

    @property
    def configuration(self) -> Configuration:
        """The active configuration."""
        return self._active.loaded.configuration

    @property
    def loaded(self) -> Loaded:
        """The active configuration, as it was loaded."""
        return self._active.loaded

    @property
    def state(self) -> RegistryState:
        """The active state of the registry."""
        return self._active.state

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

    async def use(self, state: RegistryState) -> bool:
        """Use a state of the registry if it fits the active configuration; return whether it is in use."""
        async with self._reloading:
            if len(self._retiring) >= MOST_RETIRING:
                await asyncio.sleep(PAUSE_SECONDS)
            self._newest = state
            about: dict[str, object] = {"revision": state.revision}
            try:
                self._replace(await self._opened(self.loaded, state))
            except _INVALID as wrong:
                about["why"] = str(wrong)
                _log.error("a change of prompts or experiments cannot be used; the earlier ones stay", extra=about)
                return False
            _log.info("a change of prompts or experiments is in use", extra=about)
            return True

    async def close(self) -> None:
        """Close everything that is open."""
        for retiring in self._retiring.values():
            retiring.cancel()
        await asyncio.gather(*self._retiring.values(), return_exceptions=True)
        for active in (*self._retiring, self._active):
            await active.close()

    async def _reload(self) -> bool:
        try:
            loaded = await asyncio.to_thread(load, self._sources)
            if loaded.same(self.loaded):
                _log.info("the configuration has not changed")
                return True
            refuse_changes(self.configuration, loaded, FIXED)
            await asyncio.to_thread(verify, loaded, SystemClock().today())
            before = self.loaded.prompts
            await self._replace_by_reload(loaded)
        except _INVALID as wrong:
            _log.error("the new configuration is invalid; the old one stays in use", extra={"why": str(wrong)})
            return False
        logging.getLogger().setLevel(loaded.configuration.telemetry.log_level)
        _log.info("the new configuration is in use", extra=report_edits(before, loaded.prompts))
        return True

    async def _replace_by_reload(self, loaded: Loaded) -> None:
        """Use a configuration with the newest state, or where they do not fit, with the active one."""
        try:
            opened = await self._opened(loaded, self._newest)
        except _INVALID:
            if self._newest is self._active.state:
                raise
            opened = await self._opened(loaded, self._active.state)
        try:
            refuse_broken(self._active.expanded, opened[0].expanded)
        except InvalidConfigurationError:
            await opened[0].close()
            raise
        self._replace(opened)

    async def _opened(self, loaded: Loaded, state: RegistryState) -> tuple[ActiveConfig, KeySets]:
        key_sets = dict(self._key_sets)
        return await _open(loaded, state, self._process, self._shared, key_sets), key_sets

    def _replace(self, opened: tuple[ActiveConfig, KeySets]) -> None:
        active, key_sets = opened
        before, self._active, self._key_sets = self._active, active, key_sets
        report_faults(active.expanded.reasons, before.expanded.reasons)
        self.current.snapshot = active.snapshot
        self._retiring[before] = asyncio.get_running_loop().create_task(self._retire(before))

    async def _retire(self, active: ActiveConfig) -> None:
        await asyncio.sleep(active.longest)
        await active.close()
        del self._retiring[active]


async def _open(
    loaded: Loaded, state: RegistryState, process: Process, shared: Shared, key_sets: KeySets
) -> ActiveConfig:
    registry = registry_of(loaded.prompts, state)
    # What is compiled for the first time takes a while, and calls go on beside it.
    if faults := await asyncio.to_thread(list, route_faults(loaded.configuration, registry, process.templates)):
        raise InvalidConfigurationError([loaded.located(each) for each in faults])
    for each in replaced_versions(registry):
        _log.warning("a prompt has the number of one that is built in", extra={"why": str(loaded.located(each))})
    for each in unused_blocks(loaded.configuration, registry, process.templates):
        _log.warning("a block of context is in no prompt", extra={"why": str(loaded.located(each))})

    async def opened(expanded: ExpandedConfiguration) -> ActiveConfig:
        return await _open_expanded(loaded, state, registry, expanded, process, shared, key_sets)

    now = SystemClock().today()
    return await open_expanded(loaded.configuration, state, registry, process.templates, now, opened)


async def _open_expanded(
    loaded: Loaded,
    state: RegistryState,
    registry: PromptRegistry,
    expanded: ExpandedConfiguration,
    process: Process,
    shared: Shared,
    key_sets: KeySets,
) -> ActiveConfig:
    configuration = expanded.configuration
    async with AsyncExitStack() as opening:
        authenticated = access(configuration.authentication, configuration.tenants, SystemClock(), key_sets)
        admitted = await opening.enter_async_context(authenticated)
        lease = shared.lease()
        opening.push_async_callback(lease.end)
        await _lock_folders(configuration, lease)
        parts = await open_parts(configuration, lease, process.recording)
        policies = {
            name: (
                expanded.policy(
                    name,
                    calibrated_policy(
                        name,
                        route,
                        parts.of_route(name, route.store),
                        parts.rerankers.get(name),
                        configuration.records.retention,
                    ),
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
            prompt_calls(
                loaded.configuration, configuration, registry, process.registry, process.templates, parts.tokens
            ),
            configuration.prompts.managed_by,
            PromptCatalogue(registry, process.templates),
            experiment_calls(
                loaded.configuration,
                state,
                registry,
                process.templates,
                expanded,
                process.registry,
                None if process.experiment_results is None else process.experiment_results.results,
            ),
            expanded.traffic,
        )
        process.weights.replace(configuration.tenant_weights)
        return ActiveConfig(loaded, state, expanded, tuple(parts.stores.values()), snapshot, opening.pop_all())


async def _lock_folders(configuration: Configuration, lease: Lease) -> None:
    """Keep other servers from the folders of embedded stores; among several workers the supervisor does it."""
    if configuration.server.workers == 1:
        for folder in embedded_folders(configuration):
            await lease.take(("folder", folder), partial(folder_lock, folder))
