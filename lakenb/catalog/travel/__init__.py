"""How a function of the user's own leaves the notebook: as source, with the values that it reads."""

from lakenb.catalog.travel.travelling import USER_MODULE, Travelling, travelling

__all__ = ["USER_MODULE", "Travelling", "travelling"]
