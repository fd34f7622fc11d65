"""Run the command line as ``python -m csimodels``."""

import sys

from csimodels.cli import main

sys.exit(main())
