"""Models over HTTP: one session a provider, streams read as they come and closed as soon as nobody wants them."""
