"""The catalog: what each middleware is. Handlers are named by dotted path and never imported here."""
