"""The AnswerCache of several processes, in Redis."""
