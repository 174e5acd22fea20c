"""What asking across studies costs a reader, counted in a real browser, cold: every body of every request, the page's own included.

    make bench-across ARGS="SITE [AGAIN]"

SITE is a built portal; AGAIN a second one, such as the same studies ten times over (benchmarks/copies.py): then each figure
of it stands beside the first's, with their ratio. Sizes are those of the bodies as a host sends them that compresses text
with gzip. Genes are chosen by a fixed seed among those that both portals have.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from playwright.sync_api import Page, Response

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.first_view import first_result, on_the_way  # noqa: E402  the checkout's own folder comes first
from tests.browser.watched import Browsing, Served, serve  # noqa: E402

GENES, SYMBOLS = 200, 40
# What is promised (issue 4): kilobytes of a typical gene's page alone, of what resolving a symbol takes, and how much tenfold may add.
PAGE, RESOLVE, GROWTH = 10.0, 15.0, 1.1


@dataclass(frozen=True)
class Asked:
    """One thing that a reader asks for. `alone`: kilobytes of the page's own HTML."""

    kilobytes: float
    requests: int
    alone: float


def ask(browsing: Browsing, site: Path, url: str, until: Callable[[Page], object] | None = None, only: str = "") -> Asked:
    """Opens `url` in a browser that has seen nothing yet. `only`: requests are counted until the page is one below this folder."""
    answers: list[Response] = []
    page = browsing.blank(url)
    page.context.on("response", lambda answer: answers.append(answer))
    page.goto(url, wait_until="load" if only else "networkidle")
    if only:
        page.wait_for_url(lambda address: f"/{only}" in address and "?value=" not in address, timeout=20_000)
    if until:
        until(page)
        page.wait_for_load_state("networkidle")
    counted = []
    for answer in answers:
        if only and f"/{only}" in answer.url and "?value=" not in answer.url:
            break
        counted.append(answer)
    sizes = [on_the_way(site, a) for a in counted if a.url.startswith("http")]
    browsing.close_pages()
    return Asked(sum(sizes), len(sizes), on_the_way(site, answers[0]))


def line(name: str, asked: list[Asked], again: list[Asked] | None, of: str = "kilobytes") -> float:
    """Prints the median, 95th and worst of a figure; the ratio of the two portals' medians, 1 where there is one."""

    def told(its: list[Asked]) -> tuple[float, float, float]:
        sizes = sorted(getattr(a, of) for a in its)
        return sizes[len(sizes) // 2], sizes[int(len(sizes) * 0.95)], sizes[-1]

    first, second = told(asked), told(again) if again else None
    requests = sorted(a.requests for a in asked)
    text = f"{name:44} {len(asked):4}  {first[0]:7.1f} {first[1]:7.1f} {first[2]:7.1f}   {requests[len(requests) // 2]:3} {requests[-1]:3}"
    if second:
        text += f"   {second[0]:7.1f} {second[1]:7.1f} {second[2]:7.1f}   {second[0] / first[0]:.2f}×"
    print(text, flush=True)
    return second[0] / first[0] if second else 1.0


def of_both(sql: str, sites: list[Path]) -> list[str]:
    """What a question to the tables answers in every portal, sorted."""
    answers = [{row[0] for row in duckdb.sql(sql.replace("@", f"{site}/data")).fetchall()} for site in sites]
    return sorted(set.intersection(*answers))


Figures = list[tuple[str, list[Asked]]]


def asked_of(browsing: Browsing, served: Served, genes: list[str], symbols: list[str], pages: dict[str, str]) -> Figures:
    site = served.site.resolve()
    return [
        ("gene page", [ask(browsing, site, f"{served.root}genes/{slug}/") for slug in genes]),
        ("resolving a symbol", [ask(browsing, site, f"{served.root}gene/?value={symbol}", only="genes/") for symbol in symbols]),
        *((name, [ask(browsing, site, served.root + address)]) for name, address in pages.items()),
        ("console, first result", [ask(browsing, site, f"{served.root}query/", first_result)]),
    ]


def first(site: Path, table: str, which: str) -> str:
    """The address of the row with most samples."""
    sql = f"SELECT address FROM '{site}/data/{table}.parquet' WHERE {which} AND address IS NOT NULL ORDER BY samples DESC, address LIMIT 1"
    return duckdb.sql(sql).fetchall()[0][0]


def component_near(site: Path, rows: int) -> tuple[str, int]:
    """The address of the component whose number of samples is nearest to `rows`, and how many it has."""
    sql = f"SELECT address, samples FROM '{site}/data/components.parquet' ORDER BY abs(samples - {rows}), 1 LIMIT 1"
    return duckdb.sql(sql).fetchall()[0]


def main() -> int:
    sites = [Path(argument) for argument in sys.argv[1:3]]
    if not sites:
        print(__doc__)
        return 2
    found = of_both("SELECT slug FROM '@/entities.parquet' WHERE kind = 'gene' AND samples > 0", sites)
    genes = random.Random(4).sample(found, min(GENES, len(found)))
    # Names that mean one thing: for another the reader chooses from a list.
    found = of_both(
        """SELECT any_value(name) FROM '@/entities.parquet' WHERE kind = 'gene'
           GROUP BY lower(name) HAVING count(*) = 1 AND regexp_full_match(any_value(name), '[A-Z0-9]+')""",
        sites,
    )
    symbols = random.Random(5).sample(found, min(SYMBOLS, len(found)))
    results: list[Figures] = []
    for site in sites:
        pages = {
            "phenotype page, the one with most samples": first(site, "terms", "role = 'phenotype'"),
            "plate page, the one with most wells": first(site, "containers", "kind = 'plate'"),
        }
        for rows in (50_000, 400_000):
            address, samples = component_near(site, rows)
            pages[f"component table of {samples:,} rows"] = address
        with serve(site) as served, Browsing() as browsing:
            results.append(asked_of(browsing, served, genes, symbols, pages))
    head = f"{'cold, in kB':44} {'n':>4}  {'median':>7} {'95th':>7} {'worst':>7}   requests"
    print(head + ("   the second: median, 95th, worst, ratio" if len(sites) > 1 else ""))
    over = False
    for at, (name, asked) in enumerate(results[0]):
        again = results[1][at][1] if len(results) > 1 else None
        ratio = line(name, asked, again)
        if name == "gene page":
            line("  its HTML alone", asked, again, "alone")
            over |= sorted(a.alone for a in asked)[len(asked) // 2] > PAGE or ratio > GROWTH
        if name == "resolving a symbol":
            over |= max(a.kilobytes for a in asked) > RESOLVE or ratio > GROWTH
    print("a promise is broken" if over else "within what is promised")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
