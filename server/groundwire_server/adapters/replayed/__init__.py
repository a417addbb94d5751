"""Ports as they are while a recorded call is replayed: each returns what was recorded, when it came then."""
