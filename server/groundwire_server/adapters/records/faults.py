"""What is wrong with the database of records."""

from groundwire_server.domain.failure import Fault
from groundwire_server.ports.operations import RecordsError


class RecordsFault(Fault):
    """A fault of the database, or of the way to it, with advice for the operator."""

    UNREACHABLE = ("the database of records cannot be reached", "check that it runs, and `records.url`")
    BUSY = ("the database of records is locked or has no connection left", "end what holds it, or raise `records.pool`")
    SLOW = ("a statement of records took longer than `records.statement_seconds`",)
    READ_ONLY = ("the database of records is read-only", "make it, and its folder, writable for this user")
    FULL = ("the disk of the database of records is full", "free space on it")
    DISK = ("the disk of the database of records fails", "check the disk, and restore a backup if it has lost data")
    CORRUPT = ("the file of records is damaged, or is not a database", "restore a backup, or name another file")
    FOREIGN = ("the database of records belongs to another program", "name another one in `records.url`")
    WRONG_CREDENTIAL = ("the database of records refuses the user", "check `records.username` and `records.password`")
    FORBIDDEN = ("the user may not use the tables of records", "grant it, or run `groundwire db upgrade` as this user")
    NO_DATABASE = ("the database of records does not exist", "create it, then run `groundwire db upgrade`")
    NO_SCHEMA = ("the database has no tables of records", "run `groundwire db upgrade`")
    OLD_SCHEMA = ("the tables of records are of an older groundwire", "back them up, then run `groundwire db upgrade`")
    NEW_SCHEMA = ("the tables of records are of a newer groundwire", "run the newer groundwire, or restore a backup")
    OTHER_SCHEMA = (
        "the tables of records are not those that this groundwire started with",
        "run the groundwire that they were upgraded by, or restore a backup",
    )
    NOT_DURABLE = (
        "the file of records cannot be written so that it survives a loss of power",
        "move it to a local disk: file systems on a network cannot share its journal",
    )
    TLS = ("the database of records does not prove its identity over TLS", "check `records.tls` and `records.ca_file`")
    OUT_OF_MEMORY = ("the database of records is out of memory", "give it more")
    OTHER = ("the database of records failed", "see its log")
    UNKNOWN_KEY = ("a record is sealed with a key that is not configured", "add the key to `records.keys`")
    NEW_RECORD = ("a record is of a newer groundwire", "run the newer groundwire")
    UNREADABLE = ("a record does not open with its key", "check the key; the record may have been changed by hand")


class UnknownKeyError(RecordsError):
    """A record is sealed with a key that this server does not have.

    Attributes:
        key_id: the key's id.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__(RecordsFault.UNKNOWN_KEY)
        self.key_id = key_id

    def __str__(self) -> str:
        return f"{self.fault.message}, {self.key_id}: {self.fault.advice}"
