"""One module a tool, each a client and a parser; `land` ties them to the raw zone."""
