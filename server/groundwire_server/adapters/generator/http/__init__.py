"""Models over HTTP: streams read as they come and closed as soon as nobody wants them."""
