"""Reflection in the shape that our layers stand around: it writes, it does not yield."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

SERVICE = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name
METHODS = f"/{SERVICE}/"


class Reflection(ReflectionServicer):  # type: ignore[misc]  # has no types
    """Shows the contract."""

    async def ServerReflectionInfo(
        self, request_iterator: AsyncIterator[Any], context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> None:
        """Answer each question about the contract."""
        async for response in super().ServerReflectionInfo(request_iterator, context):
            await context.write(response)
