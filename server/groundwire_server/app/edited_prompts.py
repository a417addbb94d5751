"""Versions of prompts whose files were edited: a version is a text, and reports name it by its number alone."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from groundwire_server.adapters.prompts.folder import PromptFolder
from groundwire_server.domain.prompts.registry import PromptVersion

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EditedVersion:
    """A version that had another text under its number."""

    before: PromptVersion
    after: PromptVersion

    @property
    def name(self) -> str:
        """The prompt's name and the number."""
        return f"{self.after.name}/{self.after.version}"


def edited_versions(before: PromptFolder, after: PromptFolder) -> Sequence[EditedVersion]:
    """Return the versions of a folder that have another text than when it was read before."""
    known = {(each.name, each.version): each for each in before.versions}
    pairs = ((known.get((each.name, each.version)), each) for each in after.versions)
    return [EditedVersion(old, new) for old, new in pairs if old is not None and old.text != new.text]


def report_edits(before: PromptFolder, after: PromptFolder) -> Mapping[str, str]:
    """Log a warning for each version that was edited; return what the line on the reload says of them.

    An edit is in use all the same: a draft is edited many times before a label points at it. What was pushed to the
    records does not come here, since two texts under one number are refused.

    Args:
        before: the folder as it was in use.
        after: the folder as it is in use now.
    """
    edited = edited_versions(before, after)
    for each in edited:
        about = {"prompt": each.name, "before": each.before.digest, "after": each.after.digest}
        _log.warning(
            "a version of a prompt was edited and keeps its number, by which reports and experiments name both texts: "
            "give a text that is not a draft the next number",
            extra=about,
        )
    return {"edited_prompts": ", ".join(each.name for each in edited)} if edited else {}
