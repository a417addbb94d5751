"""Examines the dependencies of a server without changing anything."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.jwks import KeySetError
from groundwire_server.adapters.authentication.key_sets import reading
from groundwire_server.adapters.authentication.keys import parse
from groundwire_server.adapters.embedder.faults import EmbedderFailure, EmbedderFault
from groundwire_server.adapters.store.embedded.header import FILE, format_of
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.remote_guards import RemoteGuardConfig
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import CheckRequest, SentenceToCheck
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.reranking import RerankRequest
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.ports.guard import ScreenRequest
from groundwire_server.ports.recording import unrecorded

if TYPE_CHECKING:
    from groundwire_server.adapters.http.probe import Probed

_PROBE_SECONDS = 5.0
_WORD = "groundwire"
"""The text that is embedded, checked, rated or screened, as a test."""


def store_format(folder: Path) -> int | None:
    """Return the format of the embedded store in a folder; None where there is none yet.

    Raises:
        Failure: UnusableStoreFailure, whose text says what to do, when the store cannot be used.
        OSError: when the store cannot be read.
    """
    return format_of(folder / FILE)


def describe_store(folder: Path) -> Mapping[str, Any]:
    """Return the format and the size in bytes of the embedded store in a folder, as JSON; or its `error`."""
    file = folder / FILE
    try:
        return {"format": format_of(file), "bytes": file.stat().st_size if file.exists() else 0}
    except Failure as unusable:
        return {"error": str(unusable)}
    except OSError as failed:
        return {"error": f"it cannot be read: {failed.strerror}"}


def count_keys(issuer: IssuerOptions) -> int | str:
    """Read an issuer's key set as a server would; return the number of usable keys, or why it cannot be read."""
    try:
        return len(parse(asyncio.run(_read(issuer.jwks))).keys)
    except (KeySetError, ValueError) as wrong:
        return str(wrong)


def examine_provider(configuration: Configuration, name: str) -> "Probed":
    """Ask a provider for its models, as a server would call it: this tests its address, the key and its readiness."""
    # Imported here: other examinations do not need the HTTP client.
    from groundwire_server.adapters.http.probe import probe  # noqa: PLC0415
    from groundwire_server.app.parts.providers import credentials, health_of  # noqa: PLC0415

    section = configuration.providers[name]
    return asyncio.run(probe(name, section, credentials(section), _PROBE_SECONDS, health_of(section)))


def examine_embedder(configuration: Configuration, name: str) -> str | EmbedderFault | None:
    """Embed a word at the embedder's provider, as a server would; return why that failed, if it did."""
    return asyncio.run(_embedded(configuration, name))


def examine_checker(configuration: Configuration, name: str) -> tuple[str, str] | None:
    """Have a checker rate a word, as a server would; return what is wrong and what to do, if something is."""
    return asyncio.run(_rated(configuration, name))


def examine_reranker(configuration: Configuration, name: str) -> tuple[str, str] | None:
    """Have a reranker rate two words, as a server would; return what is wrong and what to do, if something is."""
    return asyncio.run(_reranked(configuration, name))


def examine_guard(configuration: Configuration, name: str) -> tuple[str, str] | None:
    """Have a guard behind an endpoint screen a word; return what is wrong and what to do, if something is."""
    return asyncio.run(_screened(configuration, name))


async def _screened(configuration: Configuration, name: str) -> tuple[str, str] | None:
    from groundwire_server.adapters.guards.remote.faults import GuardFault  # noqa: PLC0415  # as above
    from groundwire_server.app.parts.remote_guards import open_remote_guard  # noqa: PLC0415
    from groundwire_server.app.parts.shared import Shared  # noqa: PLC0415

    lease = Shared().lease()
    try:
        section = configuration.guards[name]
        if not isinstance(section, RemoteGuardConfig):
            return None
        guard = await open_remote_guard(name, section, configuration, lease, unrecorded())
        request = ScreenRequest(Requester(""), Screen.QUESTION, (_WORD,), Allowance())
        await guard.screen(request, Deadline(asyncio.get_running_loop().time() + _PROBE_SECONDS))
    except ChargedFailure as failure:
        fault = GuardFault.__members__.get(failure.error_type)
        return (fault.message, fault.advice) if fault else (f"it fails with {failure.error_type}", "")
    except SetupError as failed:
        return str(failed), ""
    finally:
        await lease.end()
    return None


async def _reranked(configuration: Configuration, name: str) -> tuple[str, str] | None:
    from groundwire_server.adapters.reranker.faults import RerankerFault  # noqa: PLC0415  # as above
    from groundwire_server.app.parts.rerankers import open_reranker  # noqa: PLC0415
    from groundwire_server.app.parts.shared import Shared  # noqa: PLC0415

    lease = Shared().lease()
    try:
        reranker = await open_reranker(name, configuration, lease, unrecorded())
        request = RerankRequest(Requester(""), _WORD, (_WORD, "another text"))
        await reranker.rate(request, Deadline(asyncio.get_running_loop().time() + _PROBE_SECONDS))
    except ChargedFailure as failure:
        fault = RerankerFault.__members__.get(failure.error_type)
        return (fault.message, fault.advice) if fault else (f"it fails with {failure.error_type}", "")
    except (SetupError, ImportError, OSError) as failed:
        return str(failed), ""
    finally:
        await lease.end()
    return None


async def _rated(configuration: Configuration, name: str) -> tuple[str, str] | None:
    from groundwire_server.adapters.checker.faults import CheckerFault  # noqa: PLC0415  # as above
    from groundwire_server.app.parts.checkers import open_checker  # noqa: PLC0415
    from groundwire_server.app.parts.shared import Shared  # noqa: PLC0415

    lease = Shared().lease()
    try:
        checker = await open_checker(name, configuration, lease, unrecorded())
        request = CheckRequest(Requester(""), "", (_WORD,), (SentenceToCheck(_WORD),))
        await checker.check(request, Deadline(asyncio.get_running_loop().time() + _PROBE_SECONDS))
    except ChargedFailure as failure:
        fault = CheckerFault.__members__.get(failure.error_type)
        return (fault.message, fault.advice) if fault else (f"it fails with {failure.error_type}", "")
    except (SetupError, ImportError, OSError) as failed:
        return str(failed), ""
    finally:
        await lease.end()
    return None


async def _embedded(configuration: Configuration, name: str) -> str | EmbedderFault | None:
    from groundwire_server.app.parts.embedders import open_embedder  # noqa: PLC0415  # as above
    from groundwire_server.app.parts.shared import Shared  # noqa: PLC0415

    lease = Shared().lease()
    try:
        embedder = await open_embedder(name, configuration, lease, unrecorded())
        if embedder is not None:
            await embedder.embed([_WORD], Deadline(asyncio.get_running_loop().time() + _PROBE_SECONDS))
    except EmbedderFailure as failure:
        return failure.fault
    except (Failure, OSError) as failed:
        return str(failed)
    finally:
        await lease.end()
    return None


async def _read(place: str) -> bytes:
    async with reading(place) as fetch:
        return await fetch()
