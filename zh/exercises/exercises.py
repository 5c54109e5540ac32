"""What a check's cell imports when the sheet's first cell was not run.

A kernel starts in the folder of its notebook, and there `exercises` is this
file. It goes up to the folder of the app, where `exercises` is the package.
In an edition in another language, whose folder has the words of the checks,
this file is the same, and the folder of the app is one higher.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

folder = Path(__file__).resolve().parent.parent
words = folder / "messages.json"
if words.exists():
    os.environ["CHECK_WORDS"] = str(words)
    folder = folder.parent
os.chdir(folder)
del sys.modules[__name__]
import_module(__name__)
