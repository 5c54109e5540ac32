"""What lies in a server's folder, when a check starts it."""

from pathlib import Path

SERVED = Path(__file__).resolve().parent / "served"


def files_of(exercise, **more):
    """The files for an exercise, such as "05_2", {name: text}, as `serve`
    takes them; `more` are modules of the learner's, {name: text}."""
    files = {f"{name}.py": text for name, text in more.items()}
    for path in sorted((SERVED / exercise).iterdir()):
        if path.is_file():
            files[path.name] = path.read_text("utf-8")
    return files
