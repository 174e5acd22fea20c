"""The figures of a page, each with the query that its page says gives it (templates/parts.html: as_query)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import duckdb

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    above: Node | None = None
    below: list[Node | str] = field(default_factory=list)

    def text(self) -> str:
        return "".join(b if isinstance(b, str) else b.text() for b in self.below)

    def all(self) -> Iterator[Node]:
        yield self
        for b in self.below:
            if isinstance(b, Node):
                yield from b.all()

    def nearest(self, attribute: str) -> str | None:
        node: Node | None = self
        while node is not None and attribute not in node.attributes:
            node = node.above
        return node.attributes[attribute] if node else None


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = self.here = Node("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {k: v or "" for k, v in attrs}, self.here)
        self.here.below.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.below.append(Node(tag, {k: v or "" for k, v in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self.here
        while node is not None and node.tag != tag:
            node = node.above
        if node is not None and node.above is not None:
            self.here = node.above

    def handle_data(self, data: str) -> None:
        self.here.below.append(data)


def tree(html: str) -> Node:
    parser = _Tree()
    parser.feed(html)
    parser.close()
    return parser.top


@dataclass(frozen=True)
class Figure:
    """`row`: the answer's leading text columns, joined by a blank; None where the answer has one row."""

    column: str
    row: str | None
    shown: int | float


def _number(text: str) -> int | float:
    digits = re.sub(r"[\s,\u202f\u00a0]", "", text)
    return float(digits) if "." in digits else int(digits)


def asked(page: Node) -> Iterator[tuple[str, str, list[Figure]]]:
    """(id of the block, SQL, the figures in it) of every query of a page."""
    blocks = {n.attributes["id"]: n for n in page.all() if "id" in n.attributes}
    for link in page.all():
        if "data-of" in link.attributes and link.tag == "a":
            of = link.attributes["data-of"]
            sql = unquote(link.attributes["href"].partition("#sql=")[2])
            assert of in blocks, f"no element has the id {of} that a query is said to be of"
            figures = [
                Figure(n.attributes["data-figure"], n.nearest("data-row"), _number(n.text()))
                for n in blocks[of].all()
                if "data-figure" in n.attributes
            ]
            yield of, sql, figures


def check(con: duckdb.DuckDBPyConnection, page: Path) -> int:
    """Compares every figure of a page with the answers of its block's queries; how many were compared. Raises AssertionError."""
    told: dict[tuple[str, str | None, str], int | float] = {}
    wanted: dict[tuple[str, str | None, str], int | float] = {}
    for of, sql, figures in asked(tree(page.read_text())):
        answer = con.execute(sql)
        names = [d[0] for d in answer.description or ()]
        rows = answer.fetchall()
        wanted |= {(of, f.row, f.column): f.shown for f in figures}
        # A row is named by its first columns, as many as tell it from the others.
        for lead in range(1, len(names)):
            keys = [" ".join(str(v) for v in row[:lead] if v is not None) for row in rows]
            if len(set(keys)) == len(keys):
                for key, row in zip(keys, rows, strict=True):
                    told |= {(of, key, name): value for name, value in zip(names[lead:], row[lead:], strict=True)}
        if len(rows) == 1:
            told |= {(of, None, name): value for name, value in zip(names, rows[0], strict=True)}
    for (of, key, column), shown in wanted.items():
        if shown == 0 and (of, key, column) not in told:
            continue  # a group of no rows is no row of the answer
        assert (of, key, column) in told, f"{page}: no query of #{of} answers {column!r} of {key!r}, which the page says is {shown}"
        assert told[of, key, column] == shown, (
            f"{page}: {column!r} of {key!r} in #{of} is {shown}, and the query says {told[of, key, column]}"
        )
    return len(wanted)


def tables(data: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with every published table under its name, and component tables under theirs, as the query page has them."""
    con = duckdb.connect()
    for file in sorted(data.glob("*.parquet")):
        if not re.search(r"-[0-9a-f]{12}$", file.stem):
            con.execute(f"""CREATE VIEW "{file.stem}" AS SELECT * FROM '{file}'""")
    return con
