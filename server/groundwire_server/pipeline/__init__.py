"""The path from a question to an outcome; read `answer.py` first."""
