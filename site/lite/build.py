"""Build JupyterLite: the first chapters in a browser, with all that they load.

Usage: .lite/bin/python site/lite/build.py        (make site-lite)

It takes what `make site-lite` has put into .lite, asks no network, and writes the
folder site/_build/html/lite, which any web server can serve as it is.
"""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import nbformat

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".lite"
WORK = CACHE / "work"
OUT = ROOT / "site/_build/html/lite"
PYODIDE = CACHE / "node_modules/pyodide"
KERNEL = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension"
PARTS = "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"
# The pages, and what their cells read or import; links lead to the others.
FILES = "notebooks", "exercises", "small_server", "templates"
FILES += "my_flask_app.py", "wsgi.py", "README.md"
# The editions in other languages, and what they have of their own.
EDITIONS = [path.parent for path in sorted(ROOT.glob("*/edition.toml"))]
THEIRS = "notebooks", "exercises", "messages.json", "README.md"
# What the kernel needs of its own wheels; the others are for widgets.
OWN = "ipykernel", "piplite", "pyodide_kernel"


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.rmtree(OUT, ignore_errors=True)
    copy_files(WORK / "files")
    names = copy_python(WORK / "static/pyodide")
    settings = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": names}}
    plugin = "@jupyterlite/pyodide-kernel-extension:kernel"
    data = {
        "appName": "The WSGI workbook",
        "exposeAppInBrowser": True,  # the tests look into it
        "litePluginSettings": {plugin: settings},
    }
    config = {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}
    (WORK / "jupyter-lite.json").write_text(json.dumps(config))
    build = [sys.executable, "-W", "ignore", "-m", "jupyterlite_core", "build"]
    build += ["--apps=lab", "--no-sourcemaps", "--log-level=30"]
    build += [f"--lite-dir={WORK}", f"--contents={WORK / 'files'}"]
    build += [f"--output-dir={OUT}"]
    subprocess.run(build, cwd=WORK, check=True, stdout=subprocess.DEVNULL)
    for edition in EDITIONS:
        translate_menus(edition)


def translate_menus(edition):
    """Make a second entrance, beside `lab`, where JupyterLite's menus are in the
    language of an edition, a Path; files, settings and all else are the same."""
    place = OUT / edition.name
    shutil.copytree(OUT / "lab", place)
    config = json.loads((place / "jupyter-lite.json").read_text())
    settings = json.loads((edition / "lab/overrides.json").read_text("utf-8"))
    data = {"appUrl": f"/{place.name}", "settingsOverrides": settings}
    config["jupyter-config-data"] |= data
    (place / "jupyter-lite.json").write_text(json.dumps(config))


def copy_files(folder):
    """Copy the pages and the files of the workbook to `folder`, and those of its
    editions."""
    ignore = shutil.ignore_patterns("__pycache__", ".*", "wrong", "ruff.toml")
    names = [*FILES, *(f"{e.name}/{name}" for e in EDITIONS for name in THEIRS)]
    for name in names:
        path, copy = ROOT / name, folder / name
        if path.is_dir():
            shutil.copytree(path, copy, ignore=ignore)
        else:
            shutil.copy2(path, copy)
    shutil.copy2(HERE / "serving.py", folder / "notebooks/serving.py")
    for path in folder.rglob("*.ipynb"):
        join_lines(path)
    for path in folder.rglob("*.svg"):  # JupyterLite shows no letter beyond Latin-1
        text = path.read_text("utf-8").encode("ascii", "xmlcharrefreplace")
        path.write_bytes(text)


def join_lines(path):
    """Store each text of a notebook as one string, as nbformat reads it: of a
    list of lines JupyterLite shows a comma before all but the first."""
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    path.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")


def copy_python(folder):
    """Copy Pyodide and the wheels to `folder`, with a list by which it finds and
    checks them; return their names."""
    folder.mkdir(parents=True)
    for name in PARTS:
        shutil.copy2(PYODIDE / name, folder)
    extension = Path(sys.prefix, KERNEL, "static/pypi")
    own = [path for name in OWN for path in extension.glob(f"{name}-*.whl")]
    wheels = [*sorted(CACHE.glob("wheels/*.whl")), *own]
    packages = [package(copy_pure(wheel, folder)) for wheel in wheels]
    packages.append(package(pack_extension(folder)))
    lock = json.loads((PYODIDE / "pyodide-lock.json").read_text())
    lock["packages"] = {entry["name"]: entry for entry in packages}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    return [*lock["packages"]]


def copy_pure(wheel, folder):
    """Copy a wheel without what was compiled for another machine (MarkupSafe has
    the same in Python); return the Path of the copy."""
    name, version, *_ = wheel.name.split("-")
    copy = folder / f"{name}-{version}-py3-none-any.whl"
    with ZipFile(wheel) as old, ZipFile(copy, "w") as new:
        for item in old.infolist():
            if not item.filename.endswith(".so"):
                new.writestr(item, old.read(item))
    return copy


def pack_extension(folder):
    """Pack in_browser.py, and the file by which IPython loads it, as a wheel;
    return its Path."""
    path = folder / "in_browser-1-py3-none-any.whl"
    config = "get_config().InteractiveShellApp.extensions = ['in_browser']\n"
    with ZipFile(path, "w") as wheel:
        wheel.write(HERE / "in_browser.py", "in_browser.py")
        data = "in_browser-1.data/data/etc/ipython/ipython_config.py"
        wheel.writestr(data, config)
        metadata = "Metadata-Version: 2.1\nName: in_browser\nVersion: 1\n"
        wheel.writestr("in_browser-1.dist-info/METADATA", metadata)
    return path


def package(wheel):
    """What Pyodide's list says of a wheel, a dict. All wheels are loaded at the
    start: none needs a list of others, or of what it brings."""
    name, version, *_ = wheel.name.split("-")
    return {
        "name": name.replace("_", "-").lower(),
        "version": version,
        "file_name": wheel.name,
        "sha256": sha256(wheel.read_bytes()).hexdigest(),
        "install_dir": "site",
        "package_type": "package",
        "imports": [],
        "depends": [],
    }


if __name__ == "__main__":
    main()
