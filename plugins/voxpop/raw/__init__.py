"""The restricted zone: what tools sent, byte for byte, in batches that are never edited once visible."""
