"""Files that are attached to applications: checked, made harmless, kept, handed out.

What is sent is judged by its content alone. A picture is written anew from its pixels, so that
neither places nor anything hidden comes along; a PDF stays as it is, byte for byte.
"""

from support.files.answers import answer
from support.files.contents import LARGEST, LARGEST_KEPT
from support.files.names import safe_name
from support.files.pictures import LONGEST_SIDE, MOST_PIXELS
from support.files.refusals import Refused
from support.files.store import path_of, remove, strays, tidy
from support.files.taking import MOST_AT_ONCE, QUOTA, take, take_all

__all__ = [
    "LARGEST",
    "LARGEST_KEPT",
    "LONGEST_SIDE",
    "MOST_AT_ONCE",
    "MOST_PIXELS",
    "QUOTA",
    "Refused",
    "answer",
    "path_of",
    "remove",
    "safe_name",
    "strays",
    "take",
    "take_all",
    "tidy",
]
