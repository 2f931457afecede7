"""Pages of a release: what a performance team reads first, made from the candidate's public tables only."""
