"""YAML with the line and column of every key and value, read from PyYAML's event stream within limits.

Content is hostile until parsed. Aliases can make 1.9 GB from 414 bytes, tags name Python objects, merge keys take
seconds from 600 bytes, and PyYAML's C *composer* dies on 100,000 `[`. So nothing is composed: the flat stream of
events (whose parser keeps a heap, not the C stack) is read one by one, and what a study never needs is refused.

Scalars stay text, so that `NO` is Norway and `3.10` a version; the model knows which field is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from portal.problems import Place, Problem

MAX_BYTES = 4 * 2**20
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_PROBLEMS = 50  # Of one kind of trouble below the model: a file of aliases need not fill a screen.

Path = tuple[str | int, ...]

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_PLAIN_KEY = re.compile(r"[\w.-]+")
# Neither HTML nor a terminal can show these; lone surrogates cannot even be written as UTF-8.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# libyaml with the events alone; the same events in Python where the wheel lacks it.
_Events: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Mark:
    """Line and column, from 1."""

    line: int
    column: int


@dataclass
class Marked:
    """What a YAML file says: dicts, lists, str and None, and where each stands. Paths are tuples of keys and indices.

    `broken` are paths whose value is not what the author wrote, because a problem was already told there.
    """

    root: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)

    def at(self, path: Path) -> Any:
        """The value at a path, None where there is none."""
        value = self.root
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def mark(self, path: Path) -> Mark:
        """Where to look for a value: a scalar's own place, a group's key (or its first line); for what is missing, its parent."""
        while path not in self.values:
            if not path:
                return Mark(1, 1)
            path = path[:-1]
        if path in self.keys and isinstance(self.at(path), (dict, list)):
            return self.keys[path]
        return self.values[path]

    def place(self, file: str, path: Path, *, key: bool = False) -> Place:
        """The place of a value, or with `key` of the key itself."""
        mark = self.keys[path] if key and path in self.keys else self.mark(path)
        return Place(file, mark.line, mark.column, dotted(path))

    def is_broken(self, path: Path) -> bool:
        return any(path[:n] in self.broken for n in range(len(path) + 1))

    def lines(self) -> dict[str, int]:
        """Dotted path → line, for everything in the file."""
        return {dotted(path): self.mark(path).line for path in self.values}


def dotted(path: Path) -> str:
    """`("components", 0, "columns", "gene.id")` → `components[0].columns.gene.id`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{quoted(part)}]"
    return text


def quoted(value: object, limit: int = 80) -> str:
    """A value as a message shows it: `'CMPO_329'`, shortened; what cannot be seen is written as its code point."""
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "'" + "".join(f"<U+{ord(c):04X}>" if _CONTROL.match(c) or BIDI.match(c) or c in "\n\t\r\x85" else c for c in shown) + "'"


def read_yaml(raw: bytes, file: str) -> tuple[Marked | None, list[Problem]]:
    """Bytes of a YAML file → what it says, and problems. None where the text cannot be read to its end.

    Refused, each with its line: anchors, aliases, tags, repeated keys, keys that are not words, a second document,
    control characters; and more than MAX_BYTES, MAX_NODES or MAX_DEPTH. Never raises for bad content.
    """
    if len(raw) > MAX_BYTES:
        return None, [Problem(Place(file), f"has {len(raw):,} bytes", f"write at most {MAX_BYTES:,}; tables belong in files of their own")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return None, [Problem(Place(file, line), f"byte 0x{raw[error.start]:02X} is not UTF-8", "save the file as UTF-8")]
    reading = _Reading(file)
    try:
        for event in _stream(text):
            reading.take(event)
    except _Stop:
        return None, reading.problems
    except yaml.YAMLError as error:
        return None, [*reading.problems, _syntax(error, file, text)]
    return reading.marked, reading.problems


def _stream(text: str) -> Iterator[yaml.Event]:
    loader = _Events(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


class _Stop(Exception):
    """A limit was passed; the problem is told."""


@dataclass
class _Open:
    """A list or mapping being read. `container` None: read over, because a problem was told."""

    container: dict | list | None
    path: Path
    key: str | None = None  # The key whose value comes next.
    skip: bool = False  # The next value belongs to a refused key.


class _Reading:
    """Events → Marked, one at a time; a stack of our own instead of recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.marked = Marked()
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        self.nodes = 0
        self.documents = 0
        self.aliases: set[tuple[str, int]] = set()

    def tell(self, event: Any, path: Path, what: str, mend: str) -> None:
        mark = event.start_mark
        last = len(self.problems) + 1 >= MAX_PROBLEMS
        what = f"{what} (the {MAX_PROBLEMS}th such trouble: reading stops here)" if last else what
        self.problems.append(Problem(Place(self.file, mark.line + 1, mark.column + 1, dotted(path)), what, mend))
        if last:
            raise _Stop

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self.tell(event, (), "holds a second document", "remove the line '---' and what follows, or join the two")
                    raise _Stop
            case yaml.AliasEvent():
                self.refuse_marks(event)
                self.put(event, None, broken=True)
            case yaml.ScalarEvent():
                self.refuse_marks(event)
                self.scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.refuse_marks(event)
                container: dict | list = {} if isinstance(event, yaml.MappingStartEvent) else []
                path = self.put(event, container)
                self.stack.append(_Open(container if path is not None else None, path or ()))
                if len(self.stack) > MAX_DEPTH:
                    self.tell(event, (path or ())[:3], f"is more than {MAX_DEPTH} levels deep", "write it flatter")
                    raise _Stop
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.stack.pop()

    def refuse_marks(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.tell(event, (), f"holds more than {MAX_NODES:,} values", "put rows into a table of their own")
            raise _Stop
        here, mark = self.next_path(), event.start_mark
        if isinstance(event, yaml.AliasEvent):
            # Once a line: a bomb has nine of the same.
            seen = (str(event.anchor), mark.line)
            if seen not in self.aliases:
                self.aliases.add(seen)
                self.tell(event, here, f"uses the alias '*{event.anchor}'", "write the value out again")
            return
        if event.anchor is not None:
            self.tell(event, here, f"has the anchor '&{event.anchor}'", "remove it; write values out where they are needed")
        if event.tag is not None:
            self.tell(event, here, f"has the tag {quoted(event.tag)}", "remove it; every value is read as text")
            self.marked.broken.add(here)

    def next_path(self) -> Path:
        """Where the next value will stand, as far as that is known."""
        if not self.stack:
            return ()
        top = self.stack[-1]
        if isinstance(top.container, list):
            return (*top.path, len(top.container))
        return (*top.path, top.key) if top.key is not None else top.path

    def scalar(self, event: Any) -> None:
        text: str | None = event.value
        bad = _CONTROL.search(event.value)
        if bad:
            self.tell(event, self.next_path(), f"holds the control character U+{ord(bad[0]):04X}", "remove it")
            text = _CONTROL.sub("", event.value)
        elif event.implicit[0] and event.value in _NULL:
            text = None  # A plain empty value; '' and 'null' in quotes stay text.
        self.put(event, text, broken=bool(bad), word=event.value)

    def put(self, event: Any, value: Any, *, broken: bool = False, word: str | None = None) -> Path | None:
        """Puts a value, or a key, where it belongs. Its path; None where it is a key or is read over."""
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if not self.stack:
            self.marked.root = value
            path: Path = ()
        else:
            top = self.stack[-1]
            if top.container is None:
                return None
            if isinstance(top.container, list):
                path = (*top.path, len(top.container))
                top.container.append(value)
            elif top.skip:
                top.skip = False
                return None
            elif top.key is None:
                self.begin(top, event, word, mark)
                return None
            else:
                path = (*top.path, top.key)
                top.container[top.key] = value
                top.key = None
        self.marked.values[path] = mark
        if broken:
            self.marked.broken.add(path)
        return path

    def begin(self, top: _Open, event: Any, word: str | None, mark: Mark) -> None:
        """A key of a mapping; `word` None where it is not a scalar."""
        assert isinstance(top.container, dict)
        if word is None:
            top.skip = True
            self.tell(event, top.path, "has a key that is not a word", "write a word before the ':'")
            return
        word = _CONTROL.sub("", word)
        path = (*top.path, word)
        if word == "<<":
            top.skip = True
            self.tell(event, top.path, "merges keys with '<<'", "write the keys out")
        elif path in self.marked.keys:
            top.skip = True
            self.tell(event, path, f"is written twice, first in line {self.marked.keys[path].line}", "keep one of the two")
        else:
            top.key = word
            self.marked.keys[path] = mark


_SYNTAX = {
    "mapping values are not allowed": ("has a ':' inside a text", "put the text in quotes, or mend the indentation"),
    "found unexpected end of stream": ("ends inside a quoted text", "close the quotes"),
    "did not find expected ',' or ']'": ("has a '[' that is not closed", "close it with ']'"),
    "did not find expected ',' or '}'": ("has a '{' that is not closed", "close it with '}'"),
    "could not find expected ':'": ("has a line without ':'", "write 'key: value', or indent a text that runs on"),
    "did not find expected '-' indicator": ("goes on without '-' in a list", "begin the line with '- ', or mend its indentation"),
    "did not find expected key": ("is indented otherwise than the lines before it", "mend the indentation, or put the text in quotes"),
}


def _syntax(error: yaml.YAMLError, file: str, text: str) -> Problem:
    """PyYAML's word for what it met, in a curator's."""
    if isinstance(error, yaml.reader.ReaderError):
        where = int(error.position)
        # The C reader counts bytes, the Python one characters; a count past the end still gives a line.
        line = text.encode()[:where].count(b"\n") + 1 if _Events is not yaml.SafeLoader else text[:where].count("\n") + 1
        code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "?")
        return Problem(Place(file, line), f"holds the control character U+{code:04X}", "remove it")
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    said = str(getattr(error, "problem", None) or error).split("\n")[0]
    what, mend = f"is not YAML: {said}", "mend the indentation or put the text in quotes"
    if "cannot start any token" in said and mark:
        rows = text.splitlines()
        at = rows[mark.line][mark.column : mark.column + 1] if mark.line < len(rows) else ""
        if at == "\t":
            what, mend = "is indented with a tab", "indent with blanks"
        else:
            what, mend = f"has a text that begins with {quoted(at)}", "put the text in quotes"
    for known, words in _SYNTAX.items():
        if known in said:
            what, mend = words
    return Problem(Place(file, line, column), what, mend)
