"""The interceptors around every call. Each says what it must stand inside and why; `chain.py` checks the order."""
