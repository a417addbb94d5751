"""Recordings as messages of the contract."""

from groundwire.v1 import recording_service_pb2
from groundwire_server.ports.call_recordings import RecordingEntry


def recording_to_pb(entry: RecordingEntry) -> recording_service_pb2.Recording:
    """Return a recording without its contents; who asked stays inside."""
    message = recording_service_pb2.Recording(
        name=f"recordings/{entry.key.recording_id}",
        request_id=entry.request_id,
        trace_id=entry.trace_id,
        route=entry.route,
        result=entry.result,
        cause=entry.cause,
        prompt=entry.prompt,
        model=entry.model,
        experiment_arm=entry.experiment_arm,
        redacted=entry.redacted,
    )
    message.create_time.FromDatetime(entry.created)
    message.expire_time.FromDatetime(entry.expires)
    return message
