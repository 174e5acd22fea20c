"""Which names are one thing: names that share an identifier, and names that a file of names calls old names of one.

A union of names that is refused where it would say what is known to be wrong: two symbols that a file of names lists as two genes
are never one, whatever a table pairs them with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from portal.outside import LINKS

# An "identifier" that stands beside more symbols than this is a filler, such as a batch number, not one gene's identifier; a symbol
# beside more identifiers is one too, or a spreadsheet has counted its cells upwards: neither says what is one thing.
FILLER = 20

Name = tuple[str, str]  # organism's key, name


@dataclass(frozen=True)
class Known:
    """What files of names say, by organism's key. `symbols`: present symbols → the file's source; `of_name`: another name → the present
    symbols it may mean; `of_identifier` likewise.
    """

    symbols: Mapping[Name, str] = field(default_factory=dict)
    of_name: Mapping[Name, frozenset[str]] = field(default_factory=dict)
    of_identifier: Mapping[Name, frozenset[str]] = field(default_factory=dict)
    names_of: Mapping[Name, tuple[str, ...]] = field(default_factory=dict)
    identifiers_of: Mapping[Name, tuple[str, ...]] = field(default_factory=dict)

    def meant(self, name: Name) -> str | None:
        """The one present symbol that a name that is none itself is an old name or synonym of; None where it may be several."""
        if name in self.symbols:
            return None
        found = self.of_name.get(name) or self._any_case.get((name[0], name[1].casefold()), frozenset())
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def _any_case(self) -> Mapping[Name, frozenset[str]]:
        """Symbols by their other names without capitals: tables write C9ORF100 for what the file lists as C9orf100."""
        found: dict[Name, frozenset[str]] = {}
        for (organism, name), symbols in self.of_name.items():
            key = (organism, name.casefold())
            found[key] = found.get(key, frozenset()) | symbols
        return found


NOTHING = Known()
_SYSTEMS = tuple((name, re.compile(pattern)) for name, pattern, _, kinds in LINKS if not kinds or "gene" in kinds)


def system_of(identifier: str) -> str | None:
    """Which database an identifier is of, told by its form; None for one of no known form."""
    return next((name for name, pattern in _SYSTEMS if pattern.fullmatch(identifier)), None)


def contradict(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether two sets of identifiers belong to two things: both have some of one database, and in none of these do they share one."""
    by: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for side, identifiers in enumerate((ours, theirs)):
        for identifier in identifiers:
            if system := system_of(identifier):
                by[system][side].add(identifier)
    both = [(a, b) for a, b in by.values() if a and b]
    return bool(both) and not any(a & b for a, b in both)


class Groups:
    """Names put together, with the present symbol of each group where a file of names knows one."""

    def __init__(self, known: Known = NOTHING) -> None:
        self._known = known
        self._above: dict[Name, Name] = {}
        self._members: dict[Name, list[Name]] = {}
        self._symbol: dict[Name, str] = {}

    def __contains__(self, name: Name) -> bool:
        return name in self._above

    def __iter__(self) -> Iterator[Name]:
        return iter(self._above)

    def add(self, name: Name) -> Name:
        """The group's mark of a name: any one of its members."""
        if name not in self._above:
            self._above[name] = name
            self._members[name] = [name]
            if name in self._known.symbols:
                self._symbol[name] = name[1]
        while self._above[name] != name:
            self._above[name] = self._above[self._above[name]]
            name = self._above[name]
        return name

    def join(self, one: Name, other: Name) -> bool:
        """Put two names together; False where they are known to be two things."""
        a, b = self.add(one), self.add(other)
        if a == b:
            return True
        if a in self._symbol and b in self._symbol:
            return False
        if len(self._members[a]) < len(self._members[b]):
            a, b = b, a
        self._above[b] = a
        self._members[a] += self._members.pop(b)
        if b in self._symbol:
            self._symbol[a] = self._symbol.pop(b)
        return True

    def members(self, name: Name) -> list[str]:
        """All names of the group, sorted by code point."""
        return sorted(n for _, n in self._members[self.add(name)])

    def symbol(self, name: Name) -> str | None:
        """The present symbol that a file of names gives the group."""
        return self._symbol.get(self.add(name))


def put_together(pairs: Iterable[tuple[str, str, str | None]], known: Known = NOTHING, *, any_case: bool = False) -> Groups:
    """The groups of the symbols in (organism's key, symbol, identifier).

    `any_case`: symbols that differ by capitals only are one (chemical names); else they are two (fly: `dl` and `Dl`), unless something
    joins them. Symbols join, in this order: by an identifier; by an identifier that a file of names gives a symbol; by being an old name
    or synonym, in such a file, of one symbol whose identifiers do not contradict. Deterministic: names are taken in order.
    """
    groups = Groups(known)
    symbols_of: dict[Name, set[str]] = defaultdict(set)
    identifiers_of: dict[Name, set[str]] = defaultdict(set)
    cased: dict[Name, set[str]] = defaultdict(set)
    for organism, symbol, identifier in pairs:
        groups.add((organism, symbol))
        if any_case:
            cased[organism, symbol.casefold()].add(symbol)
        if identifier:
            symbols_of[organism, identifier].add(symbol)
            identifiers_of[organism, symbol].add(identifier)
    for (organism, _), spellings in sorted(cased.items()):
        _together(groups, organism, sorted(spellings))
    telling = {
        key: sorted(s for s in symbols if len(identifiers_of[key[0], s]) <= FILLER)
        for key, symbols in symbols_of.items()
        if len(symbols) <= FILLER
    }
    for (organism, _), together in sorted(telling.items()):
        _together(groups, organism, together)
    for (organism, identifier), together in sorted(telling.items()):
        said = known.of_identifier.get((organism, identifier), frozenset())
        if len(said) == 1:
            _together(groups, organism, [next(iter(said)), *together])
    for name in sorted(groups):
        if (meant := known.meant(name)) is None:
            continue
        organism, present = name[0], (name[0], meant)
        theirs = set(known.identifiers_of.get(present, ()))
        if present in groups:
            theirs |= _all(identifiers_of, organism, groups.members(present))
        if not contradict(_all(identifiers_of, organism, groups.members(name)), theirs):
            groups.join(name, present)
    return groups


def _together(groups: Groups, organism: str, symbols: list[str]) -> None:
    for at, symbol in enumerate(symbols):
        for other in symbols[:at]:
            if groups.join((organism, symbol), (organism, other)):
                break


def _all(identifiers_of: Mapping[Name, set[str]], organism: str, names: Iterable[str]) -> set[str]:
    return set().union(*(identifiers_of.get((organism, n), set()) for n in names))
