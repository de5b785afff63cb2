"""Whether CDK is installed here; it is never imported to find out."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from lakenb.errors import SynthError

_MODULES: Final = ("aws_cdk", "constructs", "cloudformation_validate")
_INSTALL: Final = "pip install 'lakenb[cdk]'"


def refuse_uninstalled(modules: tuple[str, ...] = _MODULES) -> None:
    """Raise if CDK is not installed; it is not imported for that.

    Raises
    ------
    SynthError
        Naming the command that installs it.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise uninstalled(", ".join(missing))


def uninstalled(missing: str) -> SynthError:
    """Return the error that something is not installed.

    Parameters
    ----------
    missing
        The modules' names.
    """
    what = f"CDK is not installed here ({missing} cannot be imported)"
    return SynthError(what, "the environment of this Python", _INSTALL)
