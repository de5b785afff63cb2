"""Proof about every request: exact partition into finitely many classes, one request decided for each."""
