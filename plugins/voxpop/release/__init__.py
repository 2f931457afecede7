"""Releases: what people query. A folder each, made as a candidate, audited, then published by one pointer."""
