"""The address charter: the one place where a path or a link is made (DESIGN §5).

Addresses are relative to the site's root, without a leading slash; a page's ends with `/` and is the
file `<address>index.html`. What is printed in a paper must resolve for decades, so a slug is a pure
function of the name alone: adding a study never moves the address of another.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

# Of the largest plate there is, of 3,456 wells: a well beyond has no place on a plate's page.
MOST_ROWS, MOST_COLUMNS = 48, 72

HOME = ""
STUDIES = "studies/"
GENES = "genes/"
PROTEINS = "proteins/"
COMPOUNDS = "compounds/"
ANTIBODIES = "antibodies/"
PHENOTYPES = "phenotypes/"
ORGANISMS = "organisms/"
METHODS = "methods/"
STUDY_TYPES = "study-types/"
CELL_LINES = "cell-lines/"
SEARCH = "search/"
QUERY = "query/"
EXPLORE = "explore/"
DOWNLOADS = "downloads/"
CHANGES = "downloads/changes/"
PLACES = "places/"
EMBED = "embed/"
COMPARE = "compare/"
ABOUT = "about/"
CHECKS = "about/checks/"
IMPORTS = "about/imports/"
DATA = "data/"

_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega"
)
_GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", _GREEK_NAMES.split(), strict=True))


_PLAIN = re.compile(r"[A-Za-z0-9/._~%-]*").fullmatch


@lru_cache(maxsize=2**16)
def _quoted(name: str) -> str:
    # Of a million samples the plates and wells are a few thousand names.
    return quote(name, safe="")


def _readable(name: str) -> str:
    """ASCII, lower case, only [a-z0-9_-], no double hyphen; may be empty."""
    text = name.lower()
    if not name.isascii():
        text = unicodedata.normalize("NFKD", name).lower()
        text = "".join(_GREEK.get(c, c) for c in text if not unicodedata.combining(c))
    text = re.sub(r"[^a-z0-9_]+", "-", text)
    return text.strip("-")[:60].strip("-")


@lru_cache(maxsize=2**16)
def slug(name: str, *, capitals: bool = False) -> str:
    """A name as part of an address: ASCII, and unique also where case does not count (macOS, Windows, DNS habits).

    Names may hold `/ * # [ ]` or differ only by case (fly genes, plates P120 and p120). A name that is
    already its own readable form is used as it is; with `capitals`, so is one that only needs lower
    case (human gene symbols are in capitals). Every other name gets six hex digits of its digest.

    >>> slug("plate1_1_013"), slug("SGOL1", capitals=True), slug("sgo1", capitals=True)
    ('plate1_1_013', 'sgol1', 'sgo1-f67abe')
    """
    readable = _readable(name)
    plain = name.lower() if capitals and name == name.upper() else name
    free = bool(readable) and plain == readable and not (capitals and name != name.upper())
    # `index` and anything that looks like a digest suffix must not be taken by a plain name.
    if free and not re.search(r"-[0-9a-f]{6}$", readable) and readable != "index":
        return readable
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode()).hexdigest()[:6]
    return f"{readable or 'name'}-{digest}"


def study(accession: str) -> str:
    return f"studies/{accession}/"


def provenance(accession: str) -> str:
    """What an import read and where it went; `ledger.json` beside it says the same to programs."""
    return f"studies/{accession}/provenance/"


def component(accession: str, name: str) -> str:
    return f"studies/{accession}/{name}/"


def container(accession: str, component_name: str, name: str) -> str:
    """A plate or dataset."""
    return f"studies/{accession}/{component_name}/{slug(name)}/"


@lru_cache(maxsize=2**16)
def fragment(sample_name: str) -> str:
    """What stands for a well or image in the fragment of its page, and is its row's id.

    A name may itself end as a field does: then its dot is escaped, as assets/js/viewer-state.js does.

    >>> fragment("A2"), fragment("x.f2"), fragment("x.f2.tif")
    ('A2', 'x%2Ef2', 'x.f2.tif')
    """
    return re.sub(r"\.(?=f[0-9]+\Z)", "%2E", _quoted(sample_name))


def sample(accession: str, component_name: str, container_name: str, sample_name: str, field: int = 1) -> str:
    """A well or image on its container's page: `…/plate1/#A2`, `#A2.f3` for the third field."""
    return container(accession, component_name, container_name) + "#" + fragment(sample_name) + (f".f{field}" if field > 1 else "")


def image(image_id: str) -> str:
    return f"images/{image_id}/"


def embed(image_id: str) -> str:
    """The viewer of an image alone, for a frame of another page; `oembed.json` lies beside it."""
    return f"{EMBED}{image_id}/"


def image_id(accession: str, component_name: str, name: str) -> str:
    return f"{accession}-{component_name}-{slug(name)}".lower()


def zarr(image_id: str) -> str:
    """The group of an image's OME-Zarr; its files lie below."""
    return f"zarr/{image_id}.zarr"


def plate_zarr(accession: str, component_name: str, plate: str, entry: int = 0) -> str:
    """The group of a plate's OME-Zarr; an image of it is `<plate>/<row>/<column>/<field>`. `entry`: which of several under `images`.

    Below a folder of its own, since an image id never holds a slash: no plate takes an image's address.
    """
    again = f"~{entry + 1}" if entry else ""
    return f"zarr/plates/{image_id(accession, component_name, plate)}{again}.zarr"


def original(image_id: str, name: str) -> str:
    """The source file of an image, by its own name."""
    return f"originals/{image_id}/{name}"


def gene_slug(symbol_or_id: str, organism: str | None) -> str:
    """`sgol1--homo-sapiens`: one page per organism and gene. Slugs hold no `--`, so the two parts stay apart.

    A gene with no organism gets `--unspecified`.
    """
    return f"{slug(symbol_or_id, capitals=True)}--{_readable(organism or '') or 'unspecified'}"


def gene(gene_slug_: str) -> str:
    return f"genes/{gene_slug_}/"


def plural(kind: str) -> str:
    """A kind of entity as pages and lists are called: gene → genes, antibody → antibodies."""
    return kind[:-1] + "ies" if kind.endswith("y") else kind + "s"


def entity(kind: str, slug_: str) -> str:
    """The page of a gene, protein, compound or antibody."""
    return f"{plural(kind)}/{slug_}/"


def of_organism(kind: str) -> bool:
    """Whether entities of a kind belong to an organism, which is then the last part of their slug."""
    return kind in ("gene", "protein")


def entity_list(kind: str, organism: str | None, part: str) -> str:
    """A browse page of a kind: below its organism, else below `by/`. An entity's own page lies one level higher."""
    return f"{plural(kind)}/{(_readable(organism or '') or 'unspecified') if of_organism(kind) else 'by'}/{part}/"


def term_slug(curie: str | None, name: str) -> str:
    """CMPO_0000118 for a term (a colon breaks relative links), else the name's slug."""
    return curie.replace(":", "_") if curie else slug(name)


def phenotype(slug_: str) -> str:
    return f"phenotypes/{slug_}/"


def organism(slug_: str) -> str:
    return f"organisms/{slug_}/"


# Where the pages of each kind of term are.
TERMS = {"phenotype": PHENOTYPES, "organism": ORGANISMS, "method": METHODS, "study type": STUDY_TYPES, "cell line": CELL_LINES}


def term(kind: str, slug_: str) -> str:
    return f"{TERMS[kind]}{slug_}/"


def named_term_slug(curie: str | None, name: str) -> str:
    """As term_slug, for kinds whose names are the authors' words: capitals tell no two apart."""
    return curie.replace(":", "_") if curie else slug(name.casefold())


def named_term(kind: str, curie: str | None, name: str) -> str:
    """The page of a method, study type or cell line that a study names."""
    return term(kind, slug(cell_line_key(name)) if kind == "cell line" else named_term_slug(curie, name))


def cell_line_key(name: str) -> str:
    """What spellings of one cell line share: U-2 OS and U2OS, HeLa and Hela. Capitals, blanks, hyphens and underscores do not count.

    >>> cell_line_key("U-2 OS"), cell_line_key("HeLa Kyoto")
    ('u2os', 'helakyoto')
    """
    return re.sub(r"[\s_\u2010-\u2015-]+", "", unicodedata.normalize("NFKC", name).casefold()) or name


def sample_id(accession: str, component_name: str, container_name: str, sample_name: str, repeat: int = 1) -> str:
    """`idr0002/screenA/plate1_1_013/A2`, each part percent-encoded; `~2` where a source repeats the well.

    `~` itself is encoded, so that no name can look like a repeat.
    """
    parts = (_quoted(p) for p in (accession, component_name, container_name, sample_name))
    return "/".join(parts).replace("~", "%7E") + (f"~{repeat}" if repeat > 1 else "")


def file_of(address: str) -> str:
    """The file that answers an address."""
    return address + "index.html" if address == "" or address.endswith("/") else address


def relative(page: str, target: str) -> str:
    """A link from page `page` to `target` (both addresses), so that a site works below any path and when moved.

    >>> relative("studies/idr0002/", "genes/x/"), relative("", "studies/"), relative("studies/", "")
    ('../../genes/x/', 'studies/', '../')
    """
    path, mark, fragment = target.partition("#")
    if path == page and mark:
        return mark + fragment
    *folders, _ = page.split("/")
    *wanted, last = path.split("/")
    common = 0
    for here, there in zip(folders, wanted, strict=False):
        if here != there:
            break
        common += 1
    # A corpus has millions of links, nearly all of letters that need no quoting: os.path.relpath and quote were a fifth of a gene's page.
    rest = "/".join((*wanted[common:], last))
    way = "../" * (len(folders) - common) + (rest if _PLAIN(rest) else quote(rest, safe="/%"))
    return (way or "./") + mark + fragment


def root(page: str) -> str:
    """The way from a page to the site's root: `../../`, or `./` on the home page."""
    return "../" * page.count("/") or "./"
