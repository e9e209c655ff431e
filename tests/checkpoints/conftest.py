"""The files of the tests beside this one are imported by their own names, as by the commands that use them too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
