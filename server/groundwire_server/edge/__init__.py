"""gRPC: layers around every call, servicers that convert and delegate, and nothing else."""
