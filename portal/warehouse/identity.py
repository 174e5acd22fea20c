"""Which rows of the target tables are the same gene, protein, compound or antibody: one page each.

A gene's or protein's identity is (organism, symbol), or (organism, identifier) where a row has no symbol. Then:

- symbols that stand beside one identifier are one gene (KIAA1244, BIG3 and ARFGEF3 with Entrez 57221), unless a file of names lists
  them as two; see portal.warehouse.merging, also for what files of names say of old names and synonyms (SGOL1 is SGO1);
- an identifier without a symbol joins the gene whose symbols it is paired with elsewhere, where these are one gene's;
- symbols that differ by case only are two genes (fly: `dl` and `Dl`), unless something joins them;
- genes of different organisms never join, whatever they share;
- a gene goes by the present symbol of the file of names, else by the spelling that is first by code point, a choice that no count can
  turn over; the addresses of its other spellings send readers on;
- a symbol that a spreadsheet turned into a date (`Mar-02`) is read as the symbol that its identifier stands beside elsewhere
  and that gives this date (MARCH2); where nothing proves one, the identifier alone tells the gene, because one date may be
  several genes.

A compound has no organism, and capitals do not tell two apart. An antibody's identity is its identifier (of a maker, or of the
Antibody Registry), since its symbol is often that of the protein that it binds.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal import addresses
from portal.eaten import dates, restored
from portal.facts import Eaten, EntityKind, Named
from portal.warehouse.merging import FILLER, NOTHING, Known, put_together
from portal.warehouse.organisms import UNSPECIFIED, Organism

_MOST_NAMES = 50
KINDS: tuple[EntityKind, ...] = ("gene", "protein", "compound", "antibody")
OF_ORGANISM = frozenset(k for k in KINDS if addresses.of_organism(k))

Row = tuple[str | None, str | None, str | None]  # organism, identifier, symbol, as a target row has them
Key = tuple[str, str | None, str | None]  # an organism's key, identifier, symbol


class SlugCollision(Exception):
    """Two things would have one address."""


@dataclass(frozen=True)
class Gene:
    """An entity. `name` is shown; `also` are its other names; `aliases` the slugs of those that tables write."""

    slug: str
    name: str
    symbol: str | None
    organism: Organism | None
    identifiers: tuple[str, ...]
    synonyms: tuple[str, ...]
    eaten: tuple[Eaten, ...] = ()
    kind: EntityKind = "gene"
    also: tuple[Named, ...] = ()
    aliases: tuple[str, ...] = ()


def _nfc(text: str | None) -> str | None:
    return unicodedata.normalize("NFC", text) if text else None


def slug_of(kind: EntityKind, name: str, organism: Organism | None) -> str:
    """A pure function of kind, name and organism (portal.addresses)."""
    if kind in OF_ORGANISM:
        return addresses.gene_slug(name, organism.name if organism else None)
    return addresses.slug(name, capitals=True)


def identify(
    rows: Sequence[Row], organisms: Mapping[str, Organism], *, kind: EntityKind = "gene", known: Known = NOTHING
) -> tuple[list[Gene], list[int]]:
    """The entities of distinct target rows of one kind, sorted by slug, and for each row the index of its entity.

    Every row has an identifier or a symbol. Raises SlugCollision where two entities would share an address.
    """
    key_of = {name: o.key for name, o in organisms.items()} if kind in OF_ORGANISM else {}
    written = [(key_of.get(o or "", UNSPECIFIED), _nfc(i), _nfc(s)) for o, i, s in rows]
    if kind == "antibody":
        return _antibodies(written)
    keyed = _restored(written, known) if kind == "gene" else written
    groups = put_together(((o, s, i) for o, i, s in keyed if s), known, any_case=kind == "compound")
    name_of: dict[tuple[str, str], str] = {}
    for o, _, s in keyed:
        if s and (o, s) not in name_of:
            members = groups.members((o, s))
            name = groups.symbol((o, s)) or next((m for m in members if not dates(m)), members[0])
            name_of |= {(o, m): name for m in members}
    beside: dict[tuple[str, str], set[str]] = defaultdict(set)
    for o, i, s in keyed:
        if i and s:
            beside[o, i].add(name_of[o, s])
    names = []
    for o, i, s in keyed:
        paired = beside.get((o, i or ""), set())
        said = known.of_identifier.get((o, i or ""), frozenset())
        if s:
            names.append(name_of[o, s])
        elif len(paired) == 1:
            names.append(next(iter(paired)))
        else:
            symbol = next(iter(said)) if len(said) == 1 and not paired else i or ""
            names.append(name_of.get((o, symbol), symbol))
    entities = _entities(kind, rows, written, keyed, names, organisms, known, beside)
    index = {(e.organism.key if e.organism else UNSPECIFIED, e.name): n for n, e in enumerate(entities)}
    return entities, [index[o, name] for (o, _, _), name in zip(keyed, names, strict=True)]


def _entities(
    kind: EntityKind,
    rows: Sequence[Row],
    written: Sequence[Key],
    keyed: Sequence[Key],
    names: Sequence[str],
    organisms: Mapping[str, Organism],
    known: Known,
    beside: Mapping[tuple[str, str], set[str]],
) -> list[Gene]:
    identifiers: dict[tuple[str, str], set[str]] = defaultdict(set)
    spelt: dict[tuple[str, str], set[str]] = defaultdict(set)
    eaten: dict[tuple[str, str], set[Eaten]] = defaultdict(set)
    joint: dict[tuple[str, str], set[str]] = defaultdict(set)  # names of others that share an identifier but are known to be others
    for (o, i, s), (_, _, cell), name in zip(keyed, written, names, strict=True):
        if cell and kind == "gene" and dates(cell):
            eaten[o, name].add(Eaten(written=cell, identifier=i, proved=s not in (None, cell)))
        identifiers[o, name].update({i} if i else ())
        if s:
            spelt[o, name].add(s)
            if i and len(beside[o, i]) <= FILLER:
                joint[o, name].update(beside[o, i] - {name})
    by_key = {organism.key: organism for organism in organisms.values()}
    taken: dict[str, tuple[str, str]] = {}
    slugs = {}
    for o, name in identifiers:
        slugs[o, name] = slug = slug_of(kind, name, by_key.get(o))
        taken.setdefault(slug.casefold(), (o, name))
    found = []
    for o, name in sorted(identifiers, key=lambda key: (slugs[key], key)):
        organism = by_key.get(o) if kind in OF_ORGANISM else None
        others = sorted(spelt[o, name] - {name})
        aliases: list[str] = []
        for other in others:
            slug = slug_of(kind, other, organism)
            if taken.setdefault(slug.casefold(), (o, name)) == (o, name) and slug not in (slugs[o, name], *aliases):
                aliases.append(slug)
        by_file = [n for n in known.names_of.get((o, name), ()) if n != name and n not in others]
        source = known.symbols.get((o, name))
        also = [Named(name=n, how="file" if known.meant((o, n)) else "written", source=source if known.meant((o, n)) else None)
                for n in others] + [Named(name=n, how="file", source=source) for n in by_file]  # fmt: skip
        found.append(Gene(
            slug=slugs[o, name], name=name, symbol=name if spelt[o, name] or (o, name) in known.symbols else None, organism=organism,
            identifiers=tuple(sorted(identifiers[o, name] | set(known.identifiers_of.get((o, name), ())))),
            synonyms=tuple(dict.fromkeys([*others, *sorted(joint[o, name] - {name}), *by_file]))[:_MOST_NAMES],
            eaten=tuple(sorted(eaten[o, name], key=lambda e: (e.written, e.identifier or ""))) if (o, name) in eaten else (),
            kind=kind, also=tuple(also[:_MOST_NAMES]), aliases=tuple(aliases),
        ))  # fmt: skip
    refuse_collisions((g.slug, f"{g.kind} {g.name} of {g.organism.name if g.organism else 'no organism'}") for g in found)
    return found


def _antibodies(rows: Sequence[Key]) -> tuple[list[Gene], list[int]]:
    """One an identifier, capitals aside; rows without one by their symbol."""
    keys = [(i or s or "").casefold() for _, i, s in rows]
    identifiers: dict[str, set[str]] = defaultdict(set)
    symbols: dict[str, set[str]] = defaultdict(set)
    for key, (_, i, s) in zip(keys, rows, strict=True):
        identifiers[key].update({i} if i else ())
        symbols[key].update({s} if s else ())
    found = {}
    for key in identifiers:
        own = min(identifiers[key], default="")
        named = sorted(symbols[key])
        name = f"{named[0]} {own}" if own and named else own or named[0]
        found[key] = Gene(
            slug=addresses.slug(own or named[0], capitals=True), name=name, symbol=named[0] if named else None, organism=None,
            identifiers=tuple(sorted(identifiers[key])), synonyms=tuple(n for n in named if n != name)[:_MOST_NAMES], kind="antibody",
            also=tuple(Named(name=n, how="written") for n in named if n != name)[:_MOST_NAMES],
        )  # fmt: skip
    order = sorted(found, key=lambda k: found[k].slug)
    refuse_collisions((found[k].slug, f"antibody {found[k].name}") for k in order)
    place = {k: n for n, k in enumerate(order)}
    return [found[k] for k in order], [place[k] for k in keys]


def _restored(rows: Sequence[Key], known: Known) -> list[Key]:
    """The rows with the symbols that spreadsheets ate: restored where the identifier proves it, else without symbol.

    A date without an identifier is all that its row has, and stays. What proves: a row elsewhere with this identifier and the symbol,
    or a file of names that gives the identifier to the symbol or to the gene whose old name it is.
    """
    beside: dict[tuple[str, str], set[str]] = defaultdict(set)
    wanted = {(o, i) for o, i, s in rows if i and s and dates(s)}
    for key in wanted:
        for symbol in known.of_identifier.get(key, ()):
            beside[key].update({symbol, *known.names_of.get((key[0], symbol), ())})
    for o, i, s in rows:
        if i and s and (o, i) in wanted:
            beside[o, i].add(s)
    return [
        (o, i, restored(s, beside[o, i] if len(beside[o, i]) <= FILLER else ())) if i and (o, i) in wanted and s and dates(s) else (o, i, s)
        for o, i, s in rows
    ]


def refuse_collisions(slugs: Iterable[tuple[str, str]]) -> None:
    """Raises SlugCollision for two of (slug, what it names) whose slugs are the same where case does not count."""
    claimed: dict[str, str] = {}
    for slug, what in slugs:
        other = claimed.setdefault(slug.casefold(), what)
        if other != what:
            raise SlugCollision(f"{other} and {what} would both be at '{slug}'; one of the names must change in its table")
