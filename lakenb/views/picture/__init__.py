"""The picture of a pipeline: what its template grants, drawn without a network or a system program."""

from lakenb.views.picture.values import Picture, picture

__all__ = ["Picture", "picture"]
