"""ONNX models that run in this process."""
