"""Operations and their rows: words, times and sealed texts, in both directions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import Row

from groundwire_server.adapters.records.encryption import SealedPlace, Sealing
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, CredentialReference
from groundwire_server.domain.experiments.experiment import Assignment, ExperimentUnit
from groundwire_server.domain.operation import Operation, OperationKey, QueuedQuestion, Webhook
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from groundwire_server.ports.operations import OperationCodec, RecordsError

FORMAT: Final = 1
"""Of the sealed columns: rows of a newer one are reported, and left to the servers that know it."""

AnyRow: TypeAlias = Row[*tuple[Any, ...]]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LENGTH_BYTES: Final = 4
_TRACEPARENT_PARTS: Final = 4


def micros(moment: datetime) -> int:
    """Return microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(since_1970: int) -> datetime:
    """Return the time that is so many microseconds after the beginning of 1970 in UTC.

    A time before or after all that can be written, which nobody but an editor of the database has put there, is the
    first or the last that can.
    """
    return _EPOCH + min(max(since_1970, _FIRST), _LAST) * _MICROSECOND


def trace_id(traceparent: str) -> str:
    """Return the trace id of a trace context; empty without one."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) >= _TRACEPARENT_PARTS else ""


class UnreadableOperationError(RecordsError):
    """A row that this server cannot read; others may.

    Attributes:
        why: in words.
    """

    def __init__(self, operation_id: str, error: RecordsError) -> None:
        super().__init__(error.fault)
        self.operation_id = operation_id
        self.why = str(error)


class OperationRows:
    """Reads and writes the columns of an operation that hold more than a number or a name.

    Args:
        sealing: of the columns named `sealed_*`.
        codec: of questions.
    """

    def __init__(self, sealing: Sealing, codec: OperationCodec) -> None:
        self._sealing = sealing
        self._codec = codec

    def fingerprints(self, key: OperationKey, fingerprint: bytes) -> Sequence[bytes]:
        """Return what a fingerprint may be in a row, that of new rows first.

        A digest of a short question can be guessed; without the key of the records this one cannot.
        """
        return fingerprints(self._sealing, key, fingerprint)

    def end_user(self, tenant: str, end_user_id: str) -> str:
        """Return what an end user is called in a row; empty without one."""
        return self._sealing.pseudonyms(tenant, end_user_id)[0] if end_user_id else ""

    def sealed_question(self, key: OperationKey, work: QueuedQuestion) -> bytes:
        """Return the question with all that a worker needs and no other column holds."""
        credential = work.caller.credential
        header = {
            "principals": sorted(work.caller.principals),
            "roles": sorted(work.caller.roles),
            "credential": credential and [credential.kind, credential.name, credential.expires],
            "fingerprint": work.fingerprint.hex(),
            "cause": work.cause,
            "rights_frozen": work.rights_frozen,
            "traceparent": work.traceparent,
            "most_cost": work.most_cost,
            "arms": [[each.experiment, each.arm, each.unit] for each in work.assignments],
        }
        written = json.dumps(header).encode()
        question = self._codec.encode_question(work.question)
        value = len(written).to_bytes(_LENGTH_BYTES) + written + question
        return self._sealing.seal(value, _place(key, "sealed_question"))

    def sealed_webhook(self, key: OperationKey, webhook: Webhook | None) -> bytes | None:
        """Return the address to notify; None without one."""
        if webhook is None:
            return None
        written = json.dumps({"url": webhook.url, "include_answer": webhook.include_answer})
        return self._sealing.seal(written.encode(), _place(key, "sealed_webhook"))

    def sealed_result(self, key: OperationKey, result: bytes) -> bytes:
        """Return an outcome as it is kept."""
        return sealed_result(self._sealing, key, result)

    def work(self, row: AnyRow) -> QueuedQuestion:
        """Return the question of a row that is not done.

        Raises:
            UnreadableOperationError: when it cannot be read.
        """
        with _readable(row):
            key = key_of(row)
            value = self._sealing.open(row.sealed_question, _place(key, "sealed_question"))
            end = _LENGTH_BYTES + int.from_bytes(value[:_LENGTH_BYTES])
            header: Mapping[str, Any] = json.loads(value[_LENGTH_BYTES:end])
            return QueuedQuestion(
                question=self._codec.decode_question(value[end:]),
                caller=_caller(key, header),
                fingerprint=bytes.fromhex(header["fingerprint"]),
                cause=None if header["cause"] is None else Cause(header["cause"]),
                accepted=moment(row.accepted),
                answer_by=moment(row.expires),
                rights_frozen=header["rights_frozen"],
                traceparent=header["traceparent"],
                webhook=self._webhook(key, row.sealed_webhook),
                most_cost=header["most_cost"],
                # A server of before has written none.
                assignments=tuple(
                    Assignment(experiment, arm, ExperimentUnit(unit))
                    for experiment, arm, unit in header.get("arms", ())
                ),
            )

    def operation(self, row: AnyRow, position: int = 0) -> Operation:
        """Return what a row says, with its result where the row has one.

        Raises:
            UnreadableOperationError: when it cannot be read.
        """
        with _readable(row):
            key = key_of(row)
            sealed = getattr(row, "sealed_result", None)
            return Operation(
                key=key,
                state=OperationState(row.state),
                route=row.route,
                request_id=row.request_id,
                trace_id=row.trace_id,
                accepted=moment(row.accepted),
                expires=moment(row.expires),
                position=position,
                attempts=row.attempts,
                cause=None if row.cause is None else Cause(row.cause),
                begun=None if row.begun is None else moment(row.begun),
                ended=None if row.ended is None else moment(row.ended),
                result=None if sealed is None else self._sealing.open(sealed, _place(key, "sealed_result")),
                error=None if row.error is None else Reason(row.error),
                ticket=getattr(row, "ticket", None) or "",
            )

    def webhook(self, row: AnyRow) -> Webhook | None:
        """Return the address that a row notifies; None without one.

        Raises:
            UnreadableOperationError: when it cannot be read.
        """
        with _readable(row):
            return self._webhook(key_of(row), row.sealed_webhook)

    def _webhook(self, key: OperationKey, sealed: bytes | None) -> Webhook | None:
        return (
            None if sealed is None else Webhook(**json.loads(self._sealing.open(sealed, _place(key, "sealed_webhook"))))
        )


def key_of(row: AnyRow) -> OperationKey:
    """Return whose operation a row is."""
    return OperationKey(row.tenant, row.subject, row.operation_id)


def fingerprints(sealing: Sealing, key: OperationKey, fingerprint: bytes) -> Sequence[bytes]:
    """Return what the fingerprint of a request may be in a row; see `OperationRows.fingerprints`."""
    return sealing.digests(fingerprint, _place(key, "fingerprint"))


def sealed_result(sealing: Sealing, key: OperationKey, result: bytes) -> bytes:
    """Return an outcome as it is kept."""
    return sealing.seal(result, _place(key, "sealed_result"))


@contextmanager
def _readable(row: AnyRow) -> Iterator[None]:
    """Raise UnreadableOperationError for whatever is wrong with a row: a newer format, an unknown word, a lost key."""
    newer = RecordsError(RecordsFault.NEW_RECORD)
    try:
        if row.format > FORMAT:
            raise newer
        yield
    except RecordsError as error:
        raise UnreadableOperationError(row.operation_id, error) from None
    except (ValueError, LookupError, TypeError):
        # The words of the exception hold the value: the chain goes no further.
        raise UnreadableOperationError(row.operation_id, newer) from None


def _caller(key: OperationKey, header: Mapping[str, Any]) -> Caller:
    shown = header["credential"]
    credential = None if shown is None else CredentialReference(CredentialKind(shown[0]), shown[1], shown[2])
    roles = frozenset(Role(each) for each in header["roles"])
    return Caller(key.tenant, key.subject, frozenset(header["principals"]), roles, credential)


def _place(key: OperationKey, column: str) -> SealedPlace:
    return SealedPlace(key.tenant, key.subject, key.operation_id, column)
