"""The gate: the project's expectations, run on a candidate, and what becomes of it."""
