"""`groundwire policy`: what follows a failure, by the configuration."""
