"""Gene symbols that a spreadsheet turned into dates, and back: MARCH2 → `Mar-02`, and which symbol a `Mar-02` was.

A spreadsheet reads MARCH2, MARC2, Mar-2 or SEPT1 as a day of a month and writes it as `2-Mar` or `Mar-02` from then on
(Zeeberg et al., BMC Bioinformatics 2004; Ziemann et al., Genome Biology 2016). The date alone does not tell which symbol it
was; an identifier that stands beside the symbol elsewhere does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}
_NAMES = "|".join(_MONTHS)
# As a spreadsheet writes a date: it always begins the month with a capital. `dec-1` is a gene of the fruit fly, as it stands.
_MONTH_FIRST = re.compile(rf"({_NAMES})-(\d\d)")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})-({_NAMES})(?:-(?:\d\d|\d{{4}}))?")
_ISO = re.compile(r"((?:19|20)\d\d)-(\d\d)-(\d\d)(?:[ T]00:00(?::00)?)?")
# What a spreadsheet takes for a month in front of a number. MARC and SEPT are the two that are no month's usual name.
_SYMBOL = re.compile(
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:c|ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)[-_ ./]?0?(\d{1,2})",
    re.IGNORECASE,
)

Day = tuple[int, int]  # month, number


@lru_cache(maxsize=65_536)
def dates(cell: str) -> frozenset[Day]:
    """What a cell says if it is a date that a spreadsheet made: months with the number that may have stood behind them.

    Two where the number may be the day or the year (`2002-03-01`: MARCH1 or MARCH2); none where the cell is no such date.
    """
    if not 4 < len(cell) < 24:
        return frozenset()
    if match := _MONTH_FIRST.fullmatch(cell):
        return frozenset({(_MONTH[match[1]], int(match[2]))})
    if match := _DAY_FIRST.fullmatch(cell):
        return frozenset({(_MONTH[match[2]], int(match[1]))})
    if match := _ISO.fullmatch(cell):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        if 1 <= month <= 12:
            return frozenset({(month, day), *({(month, year % 100)} if day == 1 else ())})
    return frozenset()


@lru_cache(maxsize=65_536)
def date_of(symbol: str) -> Day | None:
    """The date that a spreadsheet makes of a symbol; None where it leaves it alone, or where the cell is a date already."""
    match = _SYMBOL.fullmatch(symbol)
    if not match or dates(symbol):
        return None
    return _MONTH[match[1][:3].capitalize()], int(match[2])


def restored(cell: str, beside: Iterable[str]) -> str | None:
    """The symbol that a cell was before, of those that stand `beside` the same identifier elsewhere.

    None where the cell is no date, and where none or several of the symbols give it: then nothing is proved.
    Spellings that differ by capitals are one symbol, of which the first by code point is given.
    """
    days = dates(cell)
    fitting = sorted(s for s in beside if days and date_of(s) in days)
    return fitting[0] if len({s.casefold() for s in fitting}) == 1 else None


def could_be(cell: str) -> tuple[str, ...]:
    """Symbols of the usual spellings that a spreadsheet turns into this date, such as MARCH2 and MARC2; () where it is none."""
    words = {3: ("MARCH", "MARC"), 9: ("SEPT", "SEP")}
    return tuple(f"{word}{n}" for month, n in sorted(dates(cell)) for word in words.get(month, (_MONTHS[month - 1].upper(),)))
