"""Ports as they are while a call is recorded: each passes on what it is asked, and notes what comes back."""
