"""Ends with 0 if the server is serving: the health check of the container.

It asks grpc.health.v1, as a load balancer would, and with the same variables as the command `groundwire`.
"""

import os
import sys
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SECONDS = 3.0


def main() -> int:
    """Ask the server; return the exit status."""
    authorities = Path(os.environ["GROUNDWIRE_TLS_CA"]).read_bytes()
    with grpc.secure_channel(os.environ["GROUNDWIRE_SERVER"], grpc.ssl_channel_credentials(authorities)) as channel:
        try:
            reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError as failed:
            print(failed.code().name)
            return 1
    print(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))
    return int(reply.status != health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(main())
