"""What the site itself says, in the language of the edition that is shown.

SITE_EDITION names the folder of the edition; without it, all is English.
"""

import functools
import os

from babel import Locale

from tools.translate.catalogue import Catalogues
from tools.translate.edition import Edition, editions
from tools.translate.english import SITE
from tools.workbook import ROOT

NAME = os.environ.get("SITE_EDITION", "")
EDITION = Edition(ROOT / NAME) if NAME else None
FOLDER = ROOT / NAME
LOCALE = EDITION.locale if EDITION else "en"


@functools.cache
def said():
    """What this edition has translated, {name of a .po file: {context or
    English: translation}}; nothing of what has another English now."""
    return Catalogues(EDITION).said if EDITION else {}


def say(sentence, **holes):
    """A sentence of the site, a str, in our language, with its holes filled;
    tools/translate finds it where it is written out. KeyError if it has a
    hole that is not among `holes`."""
    return said().get(SITE, {}).get(sentence, sentence).format(**holes)


@functools.cache
def shown():
    """The folders and the locales of all editions of the site, {str: str}. An
    edition is on the site as soon as it has a README, for the first page."""
    found = [e for e in editions() if (e.folder / "README.md").exists()]
    return {"": "en"} | {edition.folder.name: edition.locale for edition in found}


def tag(locale):
    """The name of a locale on the web, a str: "zh-CN" of "zh_CN"."""
    return locale.replace("_", "-")


def name_in_itself(locale):
    """What the speakers of a language call it, a str."""
    return Locale.parse(locale).get_language_name()
