"""The editions in other languages: extract, fill in, build, look after.

Usage: python -m tools.translate extract LANGUAGE
       python -m tools.translate status LANGUAGE [PO ...]
       python -m tools.translate todo LANGUAGE PO [--all] > FILE
       python -m tools.translate fill LANGUAGE PO FILE
       python -m tools.translate build [LANGUAGE] [--check]

LANGUAGE is a folder with an edition.toml, such as zh. `extract` brings its
.po files up to date with the English. `status` has a line for each: how
many entries it has, how many are missing or stale, since the English is
another now, and how many have lost something, such as a link, or a term of
terms.csv; of the files PO it names each. `todo` prints what is missing, for
an editor, and `fill` stores what was written there. `build` writes the
pages, of all editions if none is named; with --check, it says which of them
are not as they would be built.
The exit status is 1 where something is left to do.
"""

import sys
from pathlib import Path

from tools.translate.building import Building
from tools.translate.catalogue import Catalogues, fill, is_done, is_stale, key, to_do
from tools.translate.edition import Edition, editions
from tools.translate.losses import losses
from tools.workbook import ROOT, name_of


def name_of_po(edition, path):
    """The name of the .po file at a path as it was typed, a str."""
    place = Path(path).resolve().relative_to(edition.folder / "po")
    return place.with_suffix("").as_posix()


def report(name, file, edition):
    """The numbers of a .po file, and what is to be done: a list of ints,
    entries, missing, stale, lost, words; and a list of lines."""
    lines, missing, stale, lost, words = [], 0, 0, 0, 0
    for entry in file:
        if is_done(entry):
            found = [*losses(entry, edition)]
            lost += bool(found)
            lines += [f"  {key(entry)}: {line}" for line in found]
            continue
        words += len(entry.msgid.split())
        stale += is_stale(entry)
        missing += not is_stale(entry)
        kind = "stale" if is_stale(entry) else "missing"
        lines.append(f"  {key(entry)}: {kind}")
    return [len(file), missing, stale, lost, words], lines


def line_of(name, numbers):
    """A line of `status`."""
    entries, missing, stale, lost, words = numbers
    left = f"; {words:,} words to do" if words else ""
    return (
        f"{name}: {entries} entries, {missing} missing, {stale} stale, "
        f"{lost} lost{left}"
    )


def status(edition, paths):
    """Print a line for each .po file, and their sum; return the exit status."""
    files = Catalogues(edition).files
    names = [name_of_po(edition, path) for path in paths]
    total = [0] * 5
    for name in names or files:
        numbers, lines = report(name, files[name], edition)
        print(line_of(name, numbers), *(lines if names else []), sep="\n")
        total = [a + b for a, b in zip(total, numbers, strict=True)]
    print(line_of("all", total))
    return int(any(total[1:4]))


def build(edition, check):
    """Write the pages, or say which are not as they would be; return the
    exit status."""
    building = Building(Catalogues(edition))
    changed = [*building.stale()] if check else building.write()
    name = edition.folder.name
    what = "not as they would be built" if check else "written anew"
    print(f"{name}: {len(changed)} of {len(building.files)} files are {what}")
    for path in changed:
        print(f"  {name_of(path)}")
    return int(check and bool(changed))


def main(command, *rest):
    """Do what was typed; return the exit status."""
    if command == "build":
        names = [word for word in rest if word != "--check"]
        chosen = [Edition(ROOT / name) for name in names] or editions()
        return max([build(e, "--check" in rest) for e in chosen], default=0)
    edition, *rest = Edition(ROOT / rest[0]), *rest[1:]
    if command == "status":
        return status(edition, rest)
    catalogues = Catalogues(edition)
    if command == "extract":
        for path in catalogues.save():
            print(name_of(path))
        return 0
    name = name_of_po(edition, rest[0])
    file = catalogues.files[name]
    if command == "todo":
        print(to_do(file, "--all" in rest), end="")
        return 0
    given = fill(file, Path(rest[1]).read_text("utf-8"))
    catalogues.save(name)
    found = [(key(entry), line) for entry in given for line in losses(entry, edition)]
    print(
        f"{len(given)} entries filled in",
        *(f"  {k}: {line}" for k, line in found),
        sep="\n",
    )
    return int(bool(found))


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        sys.exit(f"{error}\n{__doc__}")
