"""What the service talks about: plain values; the standard library, and packages of stems and stop words."""
