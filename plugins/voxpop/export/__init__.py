"""A quarter as it is filed: A-11 section 280 and priority goals, from one release."""
