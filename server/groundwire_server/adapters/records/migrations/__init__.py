"""The steps from one schema of the tables to the next, in the form of alembic."""
