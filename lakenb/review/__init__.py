"""The claims P1 to P10 on a template, derived from graph and catalog by lines of its own.

Nothing here shares a helper with what makes the template: if it did, their agreement would prove nothing.
"""
