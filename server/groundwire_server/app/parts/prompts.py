"""The registry of prompts: what is built in, the operator's folder, and the records, as one value."""

from groundwire_server.adapters.prompts.built_in import built_in_versions
from groundwire_server.adapters.prompts.folder import NO_FOLDER, PromptFolder
from groundwire_server.domain.prompts.registry import PromptConflictError, PromptRegistry, joined
from groundwire_server.ports.prompt_records import RegistryState


def registry_of(folder: PromptFolder = NO_FOLDER, state: RegistryState | None = None) -> PromptRegistry:
    """Return all versions and labels that are in force at once.

    Args:
        folder: the operator's, as it was read with the configuration.
        state: of the records, whose labels go before those of the folder; None without records.

    Raises:
        PromptConflictError: when two texts have one number, or a label of the folder points at nothing.
    """
    state = state or RegistryState()
    registry = joined(
        (*built_in_versions(), *folder.versions, *state.versions), (*folder.labels, *state.labels), state.revision
    )
    if dangling := next(folder.dangling(registry), None):
        raise PromptConflictError(str(dangling))
    return registry
