"""How nbgrader grades a sheet here: it reads the answers, and runs the checks.

A check needs only the text of an answer, which it runs in a Python of its own. So
no cell that a learner wrote runs in the kernel that gives the points, and of what
was handed in nothing counts but the texts: the rest is the sheet as it was released,
and what is said about it is in the language that it was handed in.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbgrader.preprocessors import Execute, NbGraderPreprocessor

from classroom.grading import fence
from exercises.checking import code_of
from tools.workbook import read

WORKBOOK = Path("workbook").resolve()  # nbgrader runs in the folder of the course
HEAD = r"(?im)^[ \t]*# *Exercise (\d+)\b"
FENCE = Path(fence.__file__).read_text("utf-8")
TRIES = 3  # so many answers to an exercise are read, those run last


def find_renamed(assignment, student, notebooks):
    """nbgrader calls this before it grades a learner: the one notebook that was
    handed in under another name, such as `...-Ada.ipynb`, gets the right one."""
    named = [path for path in notebooks if Path(path).stem == assignment]
    if len(notebooks) == 1 and not named:
        right = Path(notebooks[0]).with_name(f"{assignment}.ipynb")
        shutil.copy(notebooks[0], right)
        notebooks[:] = [str(right)]


def number_of(cell, kind):
    """The number of the exercise whose "answer" or "check" a cell is, or None."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    found = re.fullmatch(rf"{kind}-(\d+)", name)
    return found and int(found[1])


def answers_in(notebook):
    """The answers in a notebook that was handed in, {number: [text, ...]}: first
    the one with the highest prompt, and of two without prompts the lower."""
    found = {}
    for place, cell in enumerate(notebook.cells):
        head = re.search(HEAD, cell.source)
        number = int(head[1]) if head else number_of(cell, "answer")
        if cell.cell_type == "code" and number and not number_of(cell, "check"):
            rank = cell.get("execution_count") or 0, place
            found.setdefault(number, []).append((rank, cell.source))
    return {n: [text for _, text in sorted(f, reverse=True)] for n, f in found.items()}


def in_all_languages(name):
    """The sheet with a file name as the workbook and its editions have it: the
    file with the words of its checks, a str, or ""; and the notebook."""
    for folder in [WORKBOOK, *sorted(WORKBOOK.glob("*/"))]:
        if Path(folder, "exercises", name).exists():
            words = folder / "messages.json"
            yield str(words) * words.exists(), read(folder / "exercises" / name)


def language_of(notebook, released, sheets):
    """Which of `sheets`, pairs as above, is in the language of `notebook`: the one
    that has most of its cells, and of two such the one in that of `released`; for
    a sheet of the teacher's own it is `released`."""

    def shared(sheet):
        texts = {cell.source for cell in sheet[1].cells}
        both = notebook.cells, released.cells
        return [sum(cell.source in texts for cell in cells) for cells in both]

    return max(sheets, key=shared, default=("", released))


class TakeAnswers(NbGraderPreprocessor):
    """Takes the sheet as it was released, and puts the answers into it; where they
    were written into the sheet of another language, its texts, too."""

    def preprocess(self, notebook, resources):
        assignment = resources["nbgrader"]["assignment"]
        name = f"{resources['nbgrader']['notebook']}.ipynb"
        sheet = read(Path("release", assignment, name))
        sheets = [*in_all_languages(name)]
        words, theirs = language_of(notebook, sheet, sheets)
        if words != language_of(sheet, sheet, sheets)[0]:
            texts = {cell.id: cell.source for cell in theirs.cells}
            for cell in sheet.cells:
                if cell.cell_type == "markdown":
                    cell.source = texts.get(cell.id, cell.source)
        sheet.metadata["words"] = words
        found = answers_in(notebook)
        for cell in sheet.cells:
            texts = found.get(number_of(cell, "answer"), [])
            texts = [text for text in texts if code_of(text) != code_of(cell.source)]
            if texts:
                cell.source, cell.metadata["tries"] = texts[0], texts[:TRIES]
        return sheet, resources


class Kernels(AsyncKernelManager):
    """Kernels that are reached through files, in `folder`, a str."""

    folder, transport = None, "ipc"

    def write_connection_file(self, **options):
        self.connection_file = f"{self.folder}/kernel.json"
        super().write_connection_file(**options)


class RunChecks(Execute):
    """Runs all cells but the answers, behind a fence: each check with the answer's
    text, and where there are several tries, with the next until one is accepted."""

    def __init__(self, *arguments, **options):
        options.setdefault("kernel_manager_class", Kernels)
        super().__init__(*arguments, **options)

    def preprocess(self, notebook, resources, km=None):
        if not fence.version():
            self.log.warning(
                "No Landlock here: what answers may read and write, you may"
            )
        resources["metadata"]["path"] = str(WORKBOOK)
        self.words = notebook.metadata.pop("words")
        with tempfile.TemporaryDirectory(prefix="grading-", dir="/tmp") as folder:
            self.folder, self.fenced = folder, False
            return super().preprocess(notebook, resources, km)

    def start_new_kernel(self, **options):
        self.km.folder = self.folder
        names = "HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_RUNTIME_DIR"
        options["env"] = os.environ | dict.fromkeys(names, self.folder)
        options["env"].pop("PYTHONPATH", None)  # it finds the workbook's copy alone
        super().start_new_kernel(**options)

    def start_new_kernel_client(self):
        client = super().start_new_kernel_client()
        os.remove(self.km.connection_file)  # whoever reads it commands the kernel
        return client

    def preprocess_cell(self, cell, resources, index):
        number = number_of(cell, "check")
        if cell.cell_type != "code" or number_of(cell, "answer"):
            return cell, resources
        if number is None:  # the first cell, or the last
            self.execute_after("", cell, index)
            return cell, resources
        answer = next(c for c in self.nb.cells if number_of(c, "answer") == number)
        judged = []
        for text in answer.metadata.pop("tries", [answer.source]):
            give = (
                f"from exercises import checking\nchecking.ran[{number}] = {text!r}\n"
            )
            self.execute_after(give, cell, index)
            judged.append((text, cell.outputs))
            if all(output.output_type != "error" for output in cell.outputs):
                break
        else:
            judged.append(judged[0])  # the first says what is wrong
        answer.source, cell.outputs = judged[-1]
        return cell, resources

    def execute_after(self, code, cell, index):
        """Run a cell, and in the same kernel first the `code`, a str; before all
        else the fence is built. The learner's language is set each time, for the
        first cell of a sheet sets its own."""
        code = f"import os\nos.environ['CHECK_WORDS'] = {self.words!r}\n{code}"
        if not self.fenced and fence.version():
            code = f"{FENCE}\nfence({str(WORKBOOK)!r}, {self.folder!r})\n{code}"
        self.fenced, source = True, cell.source
        cell.source = code + source
        try:
            self.execute_cell(cell, index, store_history=False)
        finally:
            cell.source = source
