"""Execute the notebooks afresh and store them so that a second run changes no byte.

Usage: python tools/refresh.py [NOTEBOOK ...]    (default: all of notebooks/)

A notebook with a cell that fails is left as it was, and the exit status is 1.
"""

import copy
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
from tools.kernels import AsyncKernels

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
# A cell raises, without the tag `raises-exception`, or takes a minute; or
# the kernel dies.
FAILURES = CellControlSignal, DeadKernelError


def execute(notebook, folder):
    """Run `notebook`, in place, in a fresh kernel in `folder` (Path).

    Raises one of FAILURES at the first cell that fails: those after it
    keep what they had.
    """
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        kernel_manager_class=AsyncKernels,
        resources={"metadata": {"path": folder}},
        coalesce_streams=True,
    )
    try:
        client.execute()
    finally:
        normalise(notebook)


def normalise(notebook):
    """Drop from `notebook` what differs between two runs; return it."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        kept = {"tags", "editable", "deletable", "nbgrader"}
        for name in set(cell.metadata) - kept:
            del cell.metadata[name]
        for output in cell.get("outputs", []):
            if output.output_type == "error":  # the last line says it
                output.traceback = [f"{output.ename}: {output.evalue}"]
    return notebook


def changed(old, new):
    """Return the numbers of the code cells whose outputs differ, a list."""
    pairs = zip(code_cells(old), code_cells(new), strict=True)
    return [
        n for n, (a, b) in enumerate(pairs, 1) if a.outputs != b.outputs
    ]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def main(names):
    """Refresh the notebooks of these file `names`; return the exit status."""
    paths = [Path(name).resolve() for name in names]
    status = 0
    for path in paths or sorted(HERE.glob("notebooks/*.ipynb")):
        old = nbformat.read(path, as_version=4)
        new = copy.deepcopy(old)
        try:
            execute(new, path.parent)
        except FAILURES as error:
            print(f"{path.name}: left as it was, a cell failed:\n{error}")
            status = 1
            continue
        nbformat.write(new, path)
        cells = changed(old, new)
        print(
            f"{path.name}: "
            + (f"cells {cells} changed" if cells else "same")
        )
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
