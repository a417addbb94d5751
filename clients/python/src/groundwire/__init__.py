"""The Python side of groundwire's contract.

The messages and stubs of the Protobuf package ``groundwire.v1`` are imported from the Python package of the same name::

    from groundwire.v1 import answer_service_pb2, answer_service_pb2_grpc
"""
