"""What a kind of database has to offer: transactions."""

from collections.abc import Callable
from enum import Enum, StrEnum, auto
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from groundwire_server.adapters.records.faults import RecordsFault

T = TypeVar("T")


class RecordsDialect(StrEnum):
    """A kind of database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class TransactionKind(Enum):
    """What a transaction is for."""

    READING = auto()
    WRITING = auto()
    NONE = auto()
    """Each statement stands alone."""


class Transactions(Protocol):
    """Runs transactions on one kind of database.

    Attributes:
        foreign: the driver's own errors, which SQLAlchemy does not wrap.
    """

    @property
    def dialect(self) -> RecordsDialect:
        """The kind of database."""

    @property
    def foreign(self) -> tuple[type[Exception], ...]:
        """The errors that SQLAlchemy does not wrap."""

    async def run(self, kind: TransactionKind, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction, which is committed if it is for writing, and return what the work returns."""

    def fault_of(self, error: BaseException) -> RecordsFault | None:
        """Return what is wrong; None for a broken constraint or a defect of ours, which passes through."""

    async def close(self) -> None:
        """Close the connections."""
