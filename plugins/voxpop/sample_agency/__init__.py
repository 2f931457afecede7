"""A made-up agency with a known truth, and the tools that it uses, served over HTTP."""
