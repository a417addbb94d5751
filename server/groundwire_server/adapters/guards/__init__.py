"""Guards: what looks for things in texts that a policy does not allow."""
