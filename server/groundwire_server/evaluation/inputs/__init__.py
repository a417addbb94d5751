"""Reading what an evaluation is made of: questions, statements and recordings, each in its formats."""
