"""What surrounds the calls of a dependency, whatever the port: slots, a span, a circuit, retries."""
