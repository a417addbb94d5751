"""Rules of the checker, one file for each kind of thing that they look at."""
