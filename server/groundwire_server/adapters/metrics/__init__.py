"""Metrics: kept in the process, read by Prometheus and sent over OTLP."""
