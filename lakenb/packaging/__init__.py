"""Functions' zips: reproducible to the byte, their hash known before they are built."""

from lakenb.packaging.assets import asset_bucket, asset_key
from lakenb.packaging.sizes import binary_packages, package_sizes
from lakenb.packaging.zips import Zip, function_zip

__all__ = ["Zip", "asset_bucket", "asset_key", "binary_packages", "function_zip", "package_sizes"]
