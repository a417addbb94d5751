"""The support bundle of `groundwire doctor`: what helps to find a fault, without secrets."""
