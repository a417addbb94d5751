"""The questions about one documentation, as they are kept in a file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "questions"


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a documentation.

    Attributes:
        text: the question.
        kind: what is asked for, such as a command or the cell of a table; `absent` for what is not in there.
        source: the file that has the answer, as a path within the documentation; empty where there is none.
        expects: alternatives; of one of them every string must be in the answer. None where there is no answer.
    """

    text: str
    kind: str
    source: str
    expects: Sequence[Sequence[str]]

    @property
    def answerable(self) -> bool:
        return bool(self.expects)


@dataclass(frozen=True, slots=True)
class Documentation:
    """A project's documentation, and what is asked about it.

    Attributes:
        project: its name.
        repository: owner and name of the repository that has it.
        commit: the version that the questions were written for.
        paths: patterns of the files that are read, within the repository.
        questions: what is asked.
    """

    project: str
    repository: str
    commit: str
    paths: Sequence[str]
    questions: Sequence[Question]

    @classmethod
    def read(cls, path: Path) -> "Documentation":
        """Return what a file says."""
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        questions = [
            Question(each["question"], each["kind"], each["from"], each["expects"]) for each in said["questions"]
        ]
        return cls(said["project"], said["repository"], said["commit"], said["paths"], questions)


def documentation(project: str) -> Documentation:
    """Return the documentation of a project.

    Raises:
        FileNotFoundError: when there are no questions about it.
    """
    return Documentation.read(FOLDER / f"{project}.json")
