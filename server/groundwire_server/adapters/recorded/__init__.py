"""Ports as they are while a call is recorded: each passes calls on, and notes what comes back."""
