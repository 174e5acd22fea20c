"""The page that crosses studies: phenotypes × components, genes × components, and questions that span several studies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from portal import addresses
from portal.crossing import CrossComponent, CrossGene, Crossing, CrossPhenotype, GenesOfOrganism
from portal.engine.step import Work, recipe
from portal.pages import explore_sql
from portal.pages.asked import text as literal
from portal.pages.explore_sql import Question, Row
from portal.pages.render import Page, opened, read
from portal.pages.tables import manifest

# What a screen can show at once; what is left out is counted beside it.
MOST_ROWS = 100
MOST_COLUMNS = 72
# Pixels of a column, and of a letter above it (assets/css/explore.css).
WIDTH, LETTER = 22, 7
DECLARED = "looked for; samples not told"
# Samples from which a mark is drawn one size larger.
SIZES = (1, 10, 100, 1000)

PHENOTYPES_SQL = """\
SELECT coalesce(term, phenotype) AS phenotype, study, component,
       count(DISTINCT sample_id) AS samples
FROM sample_phenotypes
WHERE NOT control
GROUP BY ALL ORDER BY ALL"""


def genes_sql(organism: str, most: int) -> str:
    """The genes of an organism with phenotypes in most studies, as the page ranks them."""
    of = f"e.organism = {literal(organism)}" if organism else "e.organism IS NULL"
    return f"""\
SELECT e.slug, any_value(e.name) AS gene,
       count(DISTINCT p.study) AS with_phenotype, count(DISTINCT t.study) AS studies,
       count(DISTINCT p.study || '/' || p.component) AS components
FROM sample_targets t
JOIN entities e ON e.kind = 'gene' AND e.slug = t.entity AND {of}
LEFT JOIN (SELECT DISTINCT sample_id, study, component FROM sample_phenotypes WHERE NOT control) p
  ON p.sample_id = t.sample_id
WHERE t.kind = 'gene' AND NOT t.control
GROUP BY e.slug HAVING count(DISTINCT p.study) > 1
ORDER BY with_phenotype DESC, components DESC, count(DISTINCT p.sample_id) DESC, e.slug
LIMIT {most}"""


@dataclass(frozen=True)
class Column:
    """A component over a column. `first`: the first of its group."""

    study: str
    component: str
    address: str
    organism: str
    first: bool
    recorded: bool = True

    @property
    def name(self) -> str:
        return f"{self.study} {self.component}"

    @property
    def place(self) -> str:
        return f"{self.study}/{self.component}"


@dataclass(frozen=True)
class Cell:
    """A phenotype in a component. `size` 1 to 4 where samples have it, 0 where it was looked for and none has it."""

    column: Column
    samples: int
    size: int
    ask: str


@dataclass(frozen=True)
class Group:
    """Columns that lie together. `wide`: whether its short name has room above them."""

    name: str
    short: str
    columns: int
    wide: bool


def _column(component: CrossComponent, first: bool) -> Column:
    address = addresses.component(component.study, component.component)
    return Column(component.study, component.component, address, _few(component.organism), first, component.recorded)


def _few(organisms: str | None) -> str:
    """The first two of organisms joined by `; `."""
    names = (organisms or "no organism given").split("; ")
    return "; ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def columns_of(components: Sequence[CrossComponent], places: Sequence[int]) -> tuple[list[int], list[Column], list[Group]]:
    """The places as their columns lie, the columns, and their groups: organisms, those of most columns first; last what only declares."""
    among: dict[str, list[int]] = defaultdict(list)
    for at in places:
        among[_few(components[at].organism) if components[at].recorded else ""].append(at)
    order, columns, groups = [], [], []
    for organism, its in sorted(among.items(), key=lambda kv: (not kv[0], -len(kv[1]), kv[0])):
        order += its
        columns += [_column(components[at], at == its[0]) for at in its]
        short = _short(organism) if organism else DECLARED
        groups.append(Group(organism or DECLARED, short, len(its), wide=len(its) * WIDTH >= len(short) * LETTER))
    return order, columns, groups


def _short(organism: str) -> str:
    """S. pombe, of Schizosaccharomyces pombe."""
    genus, _, rest = organism.partition(" ")
    return f"{genus[0]}. {rest}" if rest and rest.islower() else organism


def _asks(phenotype: CrossPhenotype, column: Column) -> str:
    row = Row("has", phenotype.term or f"={phenotype.name}", column.place)
    # What is asked is the cell's own term, so that the answer is the cell's.
    return explore_sql.fragment(Question((row,), exact=bool(phenotype.term)))


def _cells(phenotype: CrossPhenotype, order: Sequence[int], columns: Sequence[Column]) -> list[Cell | None]:
    samples = {cell.at: cell.samples for cell in phenotype.cells}
    return [
        Cell(column, samples[at], sum(samples[at] >= size for size in SIZES), _asks(phenotype, column)) if at in samples else None
        for at, column in zip(order, columns, strict=True)
    ]


def presets(told: Crossing) -> list[tuple[str, Question]]:
    """Questions to begin with, each with the conditions it stands for."""
    names = {p.key: p.name for p in told.phenotypes}
    found = []
    if pair := told.pair:
        first, second = names.get(pair.first, pair.first), names.get(pair.second, pair.second)
        question = f"Genes with “{first}” in {pair.study} and “{second}” in any other study"
        found.append((question, Question((Row("has", pair.first, pair.study), Row("has", pair.second, "other")))))
    found.append(("Genes sampled in 3 studies or more with no phenotype", Question((Row("sampled", where=">=3"), Row("no")))))
    shared = next((p for p in told.phenotypes if p.term and p.studies > 1), None)
    if shared:
        both = Question((Row("has", shared.key, ">=2"),))
        found.append((f"Genes with “{shared.name}” in 2 studies or more", both))
    if told.organisms:
        alone = Question((Row("has", where=">=3"),), organism=told.organisms[0])
        found.append((f"Genes of {told.organisms[0]} with a phenotype in 3 studies or more", alone))
    return found


def _genes(told: Crossing, it: GenesOfOrganism) -> dict[str, object]:
    order, columns, _ = columns_of(told.components, sorted({at for g in it.genes for at in g.sampled}))
    shown = columns[:MOST_COLUMNS]

    def marks(gene: CrossGene) -> list[tuple[Column, bool] | None]:
        return [(c, at in gene.found) if at in gene.sampled else None for at, c in zip(order, shown, strict=False)]

    return {
        "organism": it.organism or "no organism given",
        "anchor": f"genes-of-{addresses.gene_slug('x', it.organism or None).partition('--')[2]}",
        "several": it.several,
        "columns": shown,
        "left_out": len(columns) - len(shown),
        "genes": [(g, addresses.gene(g.slug), marks(g)) for g in it.genes],
        "sql": genes_sql(it.organism, len(it.genes)),
    }


@recipe("code")
def explore(work: Work) -> dict[str, bytes]:
    """`explore/`. Inputs after templates and frame: {crossing.json}, {manifest.json}."""
    site = opened(work)
    told = Crossing.model_validate_json(read(work, "crossing.json"))
    shared = [p for p in told.phenotypes if max(p.studies, p.looked_for) > 1]
    rows = shared[:MOST_ROWS]
    order, columns, groups = columns_of(told.components, sorted({cell.at for p in rows for cell in p.cells}))
    shown = columns[:MOST_COLUMNS]
    single: dict[int, list[tuple[CrossPhenotype, int]]] = defaultdict(list)
    for p in told.phenotypes:
        if max(p.studies, p.looked_for) <= 1 or p in shared[MOST_ROWS:]:
            for cell in p.cells:
                single[cell.at].append((p, cell.samples))
    asked = presets(told)
    page = Page(
        address=addresses.EXPLORE,
        title="Across studies",
        kind="explore",
        style="explore",
        scripts=("explore",),
        wasm=True,
        description="Which phenotypes were found in which studies, which genes were hit in several, and questions across them.",
    )
    data = {
        "tables": [{"name": t.name, "url": page.link(t.address)} for t in manifest(work).tables],
        "phenotypes": [[p.term or f"={p.name}", p.name, p.studies] for p in told.phenotypes],
        "broader": told.broader,
        "places": told.places,
        "organisms": told.organisms,
        "technologies": told.technologies,
        "presets": [{"question": text, "hash": explore_sql.fragment(q)} for text, q in asked],
    }
    return site.page(
        "explore.html",
        page,
        columns=shown,
        groups=groups if len(shown) == len(columns) else [],
        columns_left_out=len(columns) - len(shown),
        rows=[(p, addresses.phenotype(p.slug), _cells(p, order[:MOST_COLUMNS], shown)) for p in rows],
        rows_left_out=len(shared) - len(rows),
        single=[
            (_column(told.components[at], True), [(p, addresses.phenotype(p.slug), n) for p, n in sorted(its, key=lambda x: -x[1])])
            for at, its in sorted(single.items())
        ],
        single_total=sum(max(p.studies, p.looked_for) <= 1 for p in told.phenotypes),
        phenotypes_sql=PHENOTYPES_SQL,
        genes=[_genes(told, it) for it in told.genes],
        presets=[(text, explore_sql.sql(q)) for text, q in asked],
        sizes=SIZES,
        page_data=data,
    )
