"""One module for each middleware."""
