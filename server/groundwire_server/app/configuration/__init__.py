"""What can be set: one file, the environment over it, flags over both; read whole, checked whole, then frozen."""
