#!/usr/bin/env python
"""Slidecase: study folders in, a static portal out.

Read this file as a table of contents. `ingest.gather` reads and checks every study; `plan` names every step
that makes the portal of them; the commands below run both. (`python -m build` would run this file, not PyPA's
build: nobody builds wheels that way here.)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ingest.gather import Gathered, NoContent, NoDay, contents_of, gather, told_by_checks
from ingest.importers import commands as importers
from ingest.recorded import record
from ingest.releases import BadName
from ingest.releases import record as record_changes
from portal import frozen, problems, terminal
from portal.addresses import TERMS
from portal.engine import why as reasons
from portal.engine.origins import Unreadable
from portal.engine.run import Engine, StepFailed
from portal.engine.step import Need, Recipe, Step, Tree
from portal.engine.store import Busy, Gone, Store
from portal.pages import (
    about,
    containers,
    downloads,
    embed,
    explore,
    genes,
    home,
    images,
    lists,
    query,
    redirects,
    resolve,
    search,
    study,
    term_lists,
    term_pages,
)
from portal.pages.changes import changes as changes_page
from portal.pages.checks import checks
from portal.pages.entities import entities as entity_pages
from portal.pages.frame import frame as frame_of
from portal.pages.imports import imports
from portal.pages.places_map import places_page, study_maps
from portal.pages.platemaps import telling
from portal.pages.provenance import provenance
from portal.pages.used import used_by
from portal.publish import assets, places, preview, release, watch
from portal.terminal import DONE, LEFT_OUT, NOTHING, Content, Form, Jobs, Only, Out, StoreAt, Strict
from portal.warehouse import catalogue, counting, cross, dump, entities, manifest, own, studies, terms
from portal.warehouse import changes as releases
from portal.warehouse.changes_told import Form as Told
from portal.warehouse.changes_told import told as changes_told
from portal.warehouse.placed import placed
from portal.warehouse.schema import TABLES
from portal.warehouse.slices import SLICED, study_slices
from search_index import index as search_index

ROOT = Path(__file__).resolve().parent


# ---- the plan


def plan(found: Gathered, templates: Callable[[Recipe], Tree], ours: Tree, theirs: Tree) -> tuple[list[Step], list[Need]]:
    """Every step after the content was read, in order, and which parts of their trees make the site. `templates`: those of a recipe."""
    steps: list[Step] = []
    site: list[Need] = []

    def step(name: str, recipe: Recipe, /, *needs: Need | Tree, published: bool = False, **params: object) -> Need:
        steps.append(Step(name, recipe, params, needs))
        if published:
            site.append(Need(name))
        return Need(name)

    # Facts: what is known of each study, of all of them, and of every gene, phenotype and organism.
    tables = [Need(f"samples {s.accession}/{c.name}") for s, c in found.components]
    for s in found.good:
        read = [Need(f"samples {s.accession}/{c.name}", "summary.json") for c in s.components]
        drawn = [Need(n, "images.json") for c in s.components for n in found.images[s.accession, c.name]]
        step(f"facts {s.accession}", studies.facts, Need(f"study {s.accession}", "study.json"), *read, *drawn, accession=s.accession)
    all_facts = [Need(f"facts {s.accession}") for s in found.good]
    no_titles = [Need(f"facts {s.accession}", "components") for s in found.good]
    step("entities", entities.entities, *tables, *no_titles, *(Need(n) for n in found.gene_files))
    files = [Need("entities", "entities.parquet"), Need("entities", "entity_names.parquet")]
    step("terms", terms.terms, *tables, *no_titles, *files, *(Need(f"ontology {n}", "ontology.json") for n in found.ontologies))
    listed = step("catalogue", catalogue.catalogue, *all_facts, Need("entities", "lines"), Need("terms", "lines"))

    # The dump: one table a step, then each component's own, then the manifest that names them all.
    parts = {"entities": files[0], "sample_targets": files[1]}
    parts |= {name: Need("terms", f"{name}.parquet") for name in ("terms", "term_ancestors", "term_names")}
    for name in TABLES:
        part = [parts[name]] if name in parts else []
        step(f"table {name}", dump.table, *tables, *(all_facts if name in ("studies", "files") else no_titles), *part, name=name)
    own_tables = [
        step(f"own table {n}", own.own_table, Need(f"samples {n}", "table.parquet"), study=s.accession, component=c.name)
        for s, c in found.components for n in [f"{s.accession}/{c.name}"]
    ]  # fmt: skip
    named = [Need(f"table {n}") for n in TABLES]
    cut = step("slices", study_slices, *(Need(f"table {n}") for n in SLICED))
    said = {"title": found.portal.title, "licence": found.portal.metadata_licence, "site_url": found.portal.site_url}
    data = step("dump", manifest.dump, *named, *own_tables, cut, published=True, **said)

    # What surrounds every page: scripts, style, the frame; the search index is found through a pointer, so no page names it.
    scripts = step("assets", assets.assets, ours, theirs, published=True)
    library = step("vendor", assets.vendor, theirs, published=True)
    step("search index", search_index.search, listed, Need("entities", "lines"), Need("terms", "lines/terms.json"), published=True)
    where = [
        step(f"placed {n}", placed, Need(f"samples {n}", "samples.parquet"), study=s.accession, component=c.name, kind=c.kind)
        for s, c in found.components for n in [f"{s.accession}/{c.name}"]
    ]  # fmt: skip
    around = step("frame", frame_of, scripts, library, *where, portal=found.portal.model_dump(mode="json"))

    def page(name: str, recipe: Recipe, /, *needs: Need | Tree, **params: object) -> None:
        step(name, recipe, templates(recipe), around, *needs, published=True, **params)

    # Pages.
    maps = [step(f"map {s.accession}/{c.name}", telling, Need(f"samples {s.accession}/{c.name}")) for s, c in found.components]
    page("page home", home.home, listed, *maps)
    page("page studies", lists.studies, listed)
    for s in found.good:
        names = [f"{s.accession}/{c.name}" for c in s.components]
        told = [n for name in names for n in (Need(f"own table {name}", "entry.json"), Need(f"samples {name}", "table.parquet"))]
        told.append(step(f"place maps {s.accession}", study_maps, library, *(Need(f"placed {name}") for name in names)))
        reported = s.accession in found.ledgers
        page(f"page study {s.accession}", study.study, Need(f"facts {s.accession}", "facts.json"), *told, imported=reported)
        if reported:
            page(f"page provenance {s.accession}", provenance, Need(f"ledger {s.accession}"), components=[c.name for c in s.components])
        page(f"page images {s.accession}", images.images, Need(f"facts {s.accession}", "facts.json"))
        for c in s.components:
            its = Need(f"facts {s.accession}", f"components/{c.name}.json"), Need(f"samples {s.accession}/{c.name}")
            page(
                f"page plates {s.accession}/{c.name}", containers.containers, *its, Need(f"own table {s.accession}/{c.name}", "entry.json")
            )
    about_all = Need("entities", "looked_for.json"), Need("entities", "missing.json")
    for bucket in range(64):
        page(f"page entities {bucket:02d}", entity_pages, Need("entities", f"pages/{bucket:02d}"), *about_all)
    page("page entity lists", genes.entity_lists, Need("entities", "lines"))
    page("page resolvers", resolve.resolvers, Need("entities", "lines"))
    for folder in TERMS.values():
        page(f"page {folder.rstrip('/')}", term_pages.term_pages, Need("terms", f"pages/{folder.rstrip('/')}"), Need("terms", "genes"))
    page("page term lists", term_lists.term_lists, Need("terms", "lines/terms.json"))
    page("page places", places_page, library, *where)
    page("page downloads", downloads.downloads, data, listed, changes=bool(found.releases))
    page("page changes", changes_page, listed, found.releases)
    page("page query", query.query, data)
    crossed = step("crossing", cross.crossing, *(Need(f"table {n}") for n in cross.TABLES))
    page("page explore", explore.explore, crossed, data)
    page("page search", search.search, listed)
    page("page embed", embed.shared)
    named_by = [Need(n, "sourced.json") for n in found.gene_sources]
    page("page about", about.about, listed, *named_by, imports=found.has_imports, checks=found.has_checks)
    reports = [Need(f"ledger {accession}", "account.json") for accession in found.ledgers] + [Need(name) for name in found.overviews]
    page("page imports", imports, *reports, studies=found.names, left_out=found.left_out)
    counts = [
        step(f"counted {n}", counting.counted, Need(f"check {n}", "check.json"), *named, name=n, studies=found.names) for n in found.checks
    ]
    page("page checks", checks, *counts, *(Need(f"table {n}") for n in ("studies", "components", "containers")))
    site += [Need(name, "site") for names in found.images.values() for name in names]
    return steps, site


def realise(engine: Engine, content: Path, only: Sequence[str] = (), strict: bool = False) -> tuple[Gathered, Tree, dict[str, str]]:
    """Content → what was gathered, the site's tree (empty where nothing can be published), and which step made each of its paths."""
    found = gather(engine, content, only)
    if (not found.good and found.problems) or (strict and problems.errors(found.problems)):
        return found, Tree(), {}
    ours = partial(assets.own_files, engine.store)
    templates = used_by(ours("templates"), engine.store.read)
    steps, site = plan(found, templates, ours("assets", "js", "css"), ours("assets", "package-lock.json", "vendor.mjs", "bundle.mjs"))
    engine.run(steps, stage="Building")
    parts = {need: engine.results[need.step].under(need.under) for need in site}
    tree = Tree.merge(parts.values())
    # Last come the pages that moved: an old address sends readers on only where no page is, and only to one that is.
    moved, wrong = frozen.settled(found.recorded, tree, whole=not only and not found.left_out)
    if moved:
        last = Step("page redirects", redirects.redirects, {"moved": moved}, (templates(redirects.redirects), Need("frame")))
        parts[Need(last.name)] = engine.run([last], stage="Sending readers on")[last.name]
        tree = Tree.merge([tree, parts[Need(last.name)]])
    found = replace(found, problems=tuple(sorted({*found.problems, *wrong, *told_by_checks(engine, found)})))
    return found, tree, {path: need.step for need, part in parts.items() for path in part}


# ---- commands

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=str(__doc__).split("\n")[0])
app.add_typer(importers.app, name="import")

CORES = os.cpu_count() or 1
# What may happen to anybody, each with its sentence; everything else is a fault of ours.
EXPECTED = (
    BadName, Busy, Gone, reasons.NeverBuilt, releases.NoRelease, NoContent, NoDay, StepFailed, Unreadable, *release.REFUSALS,
    places.Emptied, preview.PortTaken,
)  # fmt: skip
edge = partial(terminal.edge, NOTHING, EXPECTED)


def build_once(content: Path, out: Path, jobs: int, only: Sequence[str], strict: bool, store_at: Path | None, wait: bool = False) -> int:
    places.check(content, out, store_of(out, store_at))
    store = Store(store_of(out, store_at))
    with store.lock(wait):
        with terminal.progress("Building") as shown, Engine(store, jobs, shown) as engine:
            found, tree, made_by = realise(engine, content, only, strict)
        terminal.report(found.problems)
        if not tree or (strict and problems.errors(found.problems)):
            terminal.say(f"Nothing was published: {terminal.summary(found.problems)}.")
            return NOTHING
        places.check_not_emptied(len(found.good), content, out)
        with terminal.counting("Publishing", "files") as told:
            published = release.publish(store, tree, out, told=told)
        with terminal.afterwards() as failed:
            store.record_build(engine.outcomes, made_by, out)
            release.collect(store, told=terminal.say)
    terminal.say(f"{terminal.count(len(engine.ran), 'step')} ran, {engine.known:,} known from before.")
    terminal.built(out, len(tree), published.changed, len(found.good), found.left_out, found.problems)
    return LEFT_OUT if failed or found.left_out or problems.errors(found.problems) else DONE


def store_of(out: Path, store: Path | None) -> Path:
    return store or out.absolute().parent / ".slidecase"


@app.command()
def build(content: Content = Path("content"), out: Out = Path("site"), jobs: Jobs = CORES, only: Only = None,
          strict: Strict = False, store: StoreAt = None) -> None:  # fmt: skip
    """Build the portal and publish it at --out.

    A study with an error is left out and named; the others are published. Exit code 0: done; 1: done, but studies
    were left out or errors found; 2: nothing was published, and what was published before stands untouched.
    """
    with edge():
        raise typer.Exit(build_once(content, out, jobs, only or [], strict, store))


@app.command()
def serve(content: Content = Path("content"), out: Out = Path("site"), jobs: Jobs = CORES, store: StoreAt = None,
          port: Annotated[int, typer.Option(help="Port on this computer; 0 takes a free one.")] = 8000,
          base: Annotated[str, typer.Option(help="Path below which the portal is served.")] = "/") -> None:  # fmt: skip
    """Build, serve on this computer, and build again when the content, a template, a script or a style changes."""

    def again() -> None:
        with edge(end=False):
            build_once(content, out, jobs, [], False, store, wait=True)

    with edge():
        listening = preview.listen(port=port)
        again()
        watched = [content, *(ROOT / part for part in ("templates", "assets/js", "assets/css"))]
        watch.serve_and_watch(out, watched, again, listening, base)


@app.command()
def check(paths: Annotated[list[Path] | None, typer.Argument(help="Content or study folders, or files in them. [default: content]")] = None,
          form: Form = terminal.Format.text, jobs: Jobs = CORES, store: StoreAt = None) -> None:  # fmt: skip
    """Report every problem, each with its place and its mend. Nothing is published.

    Exit code 0: no errors (there may be warnings); 1: errors; 2: there is nothing to check.
    """
    with edge():
        found: set[problems.Problem] = set()
        for content, only in contents_of(paths or [Path("content")]):
            with terminal.progress("Checking") as shown, Engine(Store(store or Path(".slidecase")), jobs, shown) as engine:
                # Frozen addresses can only be told from the pages there would be.
                whole = (content / frozen.FILE).is_file() and not only
                found |= {*(realise(engine, content)[0] if whole else gather(engine, content, only)).problems}
        terminal.report(found, form)
        terminal.say(f"{terminal.summary(found)}.")
        raise typer.Exit(LEFT_OUT if problems.errors(found) else DONE)


@app.command()
def why(output: Annotated[str, typer.Argument(help="A path of the site, such as studies/idr0002/, or the name of a step.")],
        out: Out = Path("site"), store: StoreAt = None) -> None:  # fmt: skip
    """Say which step made an output, whether the last build ran it, and what had changed."""
    with edge():
        for sentence in reasons.why(reasons.opened(store_of(out, store)), output, str(out)):
            print(sentence)


@app.command()
def freeze(content: Content = Path("content"), out: Out = Path("site"), store: StoreAt = None) -> None:
    """Record the addresses that the last build published in addresses.tsv of the content folder."""
    with edge():
        builds = reasons.opened(store_of(out, store)).builds(out)
        if not builds:
            raise reasons.NeverBuilt(f"nothing has been published at {out} yet; build first")
        recorded, wrong = record(content, builds[0].site)
        terminal.report(wrong)
        terminal.say(f"{terminal.count(recorded, 'address', 'addresses')} recorded in {content / frozen.FILE}.")
        raise typer.Exit(NOTHING if wrong else DONE)


@app.command()
def changes(before: Annotated[Path, typer.Argument(help="The release before: a published site, or its data folder.")],
            after: Annotated[Path, typer.Argument(help="The release after it.")],
            into: Annotated[Path | None, typer.Option(help="Content folder: record the changes for the portal's own page.")] = None,
            name: Annotated[str, typer.Option(help="What the release after is called there, such as 2026-11.")] = "",
            form: Annotated[Told, typer.Option("--format", help="How they are written.")] = Told.text) -> None:  # fmt: skip
    """Say what changed in the tables from one release to the next: rows, columns and studies that came, went or changed."""
    with edge():
        found = releases.compare(releases.release(before), releases.release(after), name)
        print(changes_told(found, form), end="")
        if into:
            terminal.say(f"Recorded in {record_changes(into, name, found)}.")


@app.command()
def gc(out: Out = Path("site"), store: StoreAt = None, dry_run: Annotated[bool, typer.Option("--dry-run")] = False) -> None:
    """Remove remembered results that the last builds did not use. Published releases and source files stay."""
    with edge():
        opened = reasons.opened(store_of(out, store))
        with opened.lock():
            release.collect(opened, dry_run=dry_run, told=terminal.say)
        terminal.swept(opened.gc(dry_run=dry_run), dry_run)


if __name__ == "__main__":
    app()
