"""The gateway: the contract over plain HTTP, for browsers and tools that do not speak gRPC."""
