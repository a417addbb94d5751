"""The tables of records.

Times are microseconds since 1970 in UTC. Texts are encrypted (`encryption.py`), in the columns named `sealed_*` alone.
Words are those of `domain/vocabulary.py`.
"""
