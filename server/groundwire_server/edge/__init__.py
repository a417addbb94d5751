"""gRPC: interceptors around every call, and servicers that convert and delegate."""
