"""Services of the contract that this version declares and does not offer yet.

Their calls pass the same interceptors as all others, so that a caller can be written against them now: it is
authenticated, its role and its request are checked, and only then is it told that the feature is missing.
"""

from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature

NOT_OFFERED: Mapping[ServiceDescriptor, Feature] = {}
"""The feature that each of them needs."""


def handlers() -> tuple[grpc.GenericRpcHandler, ...]:
    """Return what answers their calls, for a server."""
    return tuple(
        grpc.method_handlers_generic_handler(
            service.full_name, {method.name: _handler(method, feature) for method in service.methods}
        )
        for service, feature in NOT_OFFERED.items()
    )


def _handler(method: MethodDescriptor, feature: Feature) -> Any:
    async def refuse(request: Any, context: Any) -> None:
        raise Rejection.not_offered(feature)

    make = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
    return make(
        refuse,
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )
