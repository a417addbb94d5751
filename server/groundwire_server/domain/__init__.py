"""What the service talks about: plain values, standard library only."""
