"""A RunLog that the processes of one service share, in Redis. See `log.py`."""
