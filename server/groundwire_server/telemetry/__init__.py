"""The names of what is measured, and nothing else; set-up is in `app/telemetry/`."""
