"""``python -m lakenb`` is the command ``lakenb``."""

import sys

from lakenb.cli.main import main

sys.exit(main())
