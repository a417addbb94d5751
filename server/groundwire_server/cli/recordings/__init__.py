"""The commands of `groundwire recordings`."""
