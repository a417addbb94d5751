"""OpenTelemetry's set-up, and the export of what is recorded to receivers of OTLP."""
