"""What stands around every call, one concern a file; `chain.py` says in which order and why."""
