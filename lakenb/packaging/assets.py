"""Where a function's zip lies: the bucket and key that CDK's default bootstrap gives an asset."""

from __future__ import annotations

from lakenb.template.names import stored_under

# CDK guide, "Customize AWS CDK bootstrapping": the default qualifier, part of each bootstrap resource's name.
_QUALIFIER = "hnb659fds"


def asset_key(asset_hash: str) -> str:
    """Return the object key under which CDK stores a zip whose asset hash is given by us."""
    return stored_under(asset_hash, ".zip")


def asset_bucket(account: str, region: str) -> str:
    """Return the name of the bucket in which CDK's default bootstrap keeps assets."""
    return f"cdk-{_QUALIFIER}-assets-{account}-{region}"
