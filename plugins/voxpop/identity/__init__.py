"""Records linked by what they say of persons: names, dates of birth, addresses. In the restricted zone."""
