"""Redis, which the processes of one service share."""
