"""The notebooks of the workbook: find, read, run, normalise, show them.

All tools and tests that look into a notebook do it by these functions.
"""

import csv
import re
import textwrap
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbval.plugin import coalesce_streams

from tools.kernels import AsyncKernels
from tools.needs import tags

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BLANKS = ROOT / "exercises"
SOLUTIONS = BLANKS / "solutions"
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
CELL_METADATA = {"tags", "editable", "deletable", "nbgrader", "jupyter", "alt"}
COLOURS = r"\x1b\[[0-9;]*m"
# A cell raises, without the tag `raises-exception`, or takes a minute; or
# the kernel dies.
FAILURES = CellControlSignal, DeadKernelError


def chapters():
    """The chapters, a list of Path."""
    return sorted(ROOT.glob("notebooks/*.ipynb"))


def sheets():
    """The sheets of exercises, the blank ones and the solved ones, a list
    of Path."""
    folders = "exercises", "exercises/solutions"
    return [
        path for folder in folders for path in sorted(ROOT.glob(f"{folder}/*.ipynb"))
    ]


def documents():
    """The pages in Markdown, a list of Path; not those that npm fetches."""
    places = "*.md", "classroom/*.md", "classroom/*/*.md"
    return [p for place in places for p in sorted(ROOT.glob(place))]


def name_of(path):
    """The path of a file of the project from its root on, a str."""
    return path.relative_to(ROOT).as_posix()


def read(path):
    """The notebook at `path`. ValueError where it is none, OSError where
    there is no file."""
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, KeyError) as error:
        raise ValueError(f"{path} is no notebook: {error!r}") from error


def text_of(notebook):
    """What a file of this notebook contains, a str."""
    return nbformat.writes(notebook) + "\n"


def write(notebook, path):
    """Store a notebook at `path`."""
    path.write_text(text_of(notebook), "utf-8")


def rows(path):
    """The rows of a CSV file, a list of dict; what a row lacks is "".
    ValueError if one has too many fields."""
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, restval="")
        found = []
        for row in reader:
            if more := row.get(None):
                raise ValueError(
                    f"{path.name}, line {reader.line_num}: {more} is too much: "
                    'put what has a comma in it between quotes, "so, or so"'
                )
            found.append(row)
    return found


def cells(notebook, kind):
    """The cells of a kind, "code" or "markdown", a list."""
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def code_cells(notebook):
    """The code cells, a list."""
    return cells(notebook, "code")


def markdown_of(path):
    """The Markdown of a document or a notebook, a str."""
    if path.suffix != ".ipynb":
        return path.read_text("utf-8")
    found = cells(read(path), "markdown")
    return "\n\n".join(cell.source for cell in found)


def tagged(cells, prefix):
    """Yield each tag of `cells` that begins with `prefix`: the cell, and
    the rest of the tag."""
    for cell in cells:
        for tag in tags(cell):
            if tag.startswith(prefix):
                yield cell, tag.removeprefix(prefix)


def shown(cell):
    """What the outputs of a cell show, a str of lines, without colours;
    a picture is its type and size."""
    parts = []
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        elif output.output_type == "stream":
            mark = "stderr: " if output.name == "stderr" else ""
            parts.append(textwrap.indent(output.text, mark))
        else:
            for kind, value in sorted(output.data.items()):
                text = isinstance(value, str) and kind.startswith("text/")
                size = f"{kind}, {len(value)} letters"
                parts.append(value if text else size)
    lines = (p if p.endswith("\n") else p + "\n" for p in parts)
    return re.sub(COLOURS, "", "".join(lines))


def outcome(cell):
    """The outputs of a cell without what may differ between two right
    runs, a list: the count, and the pieces in which a stream came."""
    outputs = [o | {"execution_count": None} for o in cell.outputs]
    outputs = coalesce_streams(map(nbformat.from_dict, outputs))
    for output in outputs:
        if "text" in output:  # JupyterLab shows and saves no \r\n
            output.text = output.text.replace("\r\n", "\n")
    return outputs


def is_blank(notebook):
    """Whether this is a sheet that waits for its answers: a learner can
    delete none of its checks, and its cells look as if nobody ran them."""
    return any(cell.metadata.get("deletable") is False for cell in notebook.cells)


def normalise(notebook):
    """Drop from `notebook` what differs between two runs, and from a blank
    sheet the numbers of its cells; return it."""
    blank = is_blank(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for name in set(cell.metadata) - CELL_METADATA:
            del cell.metadata[name]
        if blank and cell.cell_type == "code":
            cell.execution_count = 0  # as `[ ]:`; nbval needs a number
        for output in cell.get("outputs", []):
            if blank and "execution_count" in output:
                output.execution_count = None
            if output.output_type == "error":  # the last line says it
                output.traceback = [f"{output.ename}: {output.evalue}"]
    return notebook


def execute(notebook, folder, go_on=False):
    """Run `notebook`, in place, in a fresh kernel in `folder`, a Path;
    return how long its cells took, {id: seconds}.

    Raises one of FAILURES at the first cell that fails: those after it
    keep what they had. With `go_on`, only when the kernel dies.
    """
    client = NotebookClient(
        notebook,
        timeout=60,
        iopub_timeout=60,  # for the last of the output, on a busy machine
        kernel_name="python3",
        kernel_manager_class=AsyncKernels,
        resources={"metadata": {"path": folder}},
        coalesce_streams=True,
        allow_errors=go_on,
    )
    try:
        client.execute()
        return {cell.id: seconds(cell) for cell in code_cells(notebook)}
    finally:
        normalise(notebook)


def seconds(cell):
    """How long a cell took that has just been run, a float."""
    if "execution" not in cell.metadata:
        return 0.0  # an empty cell
    busy, idle = (
        datetime.fromisoformat(cell.metadata.execution[name])
        for name in ("iopub.status.busy", "iopub.status.idle")
    )
    return (idle - busy).total_seconds()
