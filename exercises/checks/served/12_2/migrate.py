import os
import sys
from pathlib import Path

Path("migrated").touch()
sys.exit(int(os.environ.get("FAILS", "0")))
