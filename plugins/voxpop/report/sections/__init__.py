"""What the page shows, a module a section: each reads its figures from the candidate's public tables."""
