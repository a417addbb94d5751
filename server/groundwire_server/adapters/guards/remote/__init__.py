"""Guards behind endpoints: classification models, and guards of the operator's own behind HTTP or gRPC."""
