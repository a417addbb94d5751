"""`groundwire eval`: measures answers, searches and verdicts, and compares two runs."""
