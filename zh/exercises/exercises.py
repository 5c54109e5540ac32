"""What a check's cell imports when the sheet's first cell was not run.

A kernel starts in the folder of its notebook, and there `exercises` is this
file. It goes up to the folder of the app, where `exercises` is the package.
In an edition in another language, such as zh, this file is the same; there
the folder of the app is one higher, and the checks speak that language.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

folder, language = Path(__file__).resolve().parent.parent, None
if not (folder / "wsgi.py").exists():
    folder, language = folder.parent, folder.name
os.chdir(folder)
del sys.modules[__name__]
import_module(f"{__name__}.checking").listen(language)
