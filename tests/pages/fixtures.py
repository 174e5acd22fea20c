"""A small portal made from the models: two studies with tables, plates, datasets and pictures, and every page rendered from it.

`text` stands in every free-text field: the tests of hostile content put payloads there.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from portal.accounts import account
from portal.engine.step import Opened, Work
from portal.pages import (
    about,
    containers,
    downloads,
    embed,
    entities,
    explore,
    frame,
    genes,
    home,
    images,
    imports,
    lists,
    provenance,
    query,
    redirects,
    resolve,
    search,
    study,
    term_lists,
    term_pages,
)
from portal.pages.changes import changes
from portal.pages.places_map import places_page, study_maps
from portal.terms import KINDS
from portal.warehouse.terms import line_of
from tests.pages import imported
from tests.pages.content import PHENOTYPES
from tests.pages.crossed import Crossed

TEMPLATES = Path(__file__).parents[2] / "templates"
STYLES = Path(__file__).parents[2] / "assets" / "css"
ASSETS = "assets/0123456789ab/"
VENDOR = "vendor/0123456789ab/"


def picture(seed: int, size: int, *, bright: bool = False) -> bytes:
    """A WebP with blobs: a stand-in for a micrograph."""
    dice = random.Random(seed)
    whole = Image.new("RGB", (size, size), (245, 240, 238) if bright else (0, 0, 0))
    for _ in range(26):
        x, y, r = dice.randrange(size), dice.randrange(size), dice.randrange(size // 24 + 1, size // 9 + 2)
        colour = (150 + dice.randrange(60), 90, 150) if bright else (dice.randrange(40), 90 + dice.randrange(160), dice.randrange(90, 230))
        whole.paste(
            Image.new("RGB", (r, r), colour), (x, y), Image.radial_gradient("L").resize((r, r)).point(lambda v: 255 - min(255, v * 2))
        )
    out = io.BytesIO()
    whole.save(out, "WEBP", quality=70)
    return out.getvalue()


class Portal(Crossed):
    """The fixture: `pages()` renders everything."""

    # ---- every page

    @cached_property
    def templates(self) -> Opened:
        return self.shelf.tree({p.name: p.read_bytes() for p in sorted(TEMPLATES.iterdir()) if p.is_file()})

    @cached_property
    def site_json(self) -> Opened:
        portal = {
            "title": "Slidecase",
            "site_url": self.site_url,
            "publisher": self.text("A publisher"),
            "contact": "contact@example.org",
            "release": "2026.1",
            "source_url": "https://example.org/source",
            "about": self.text("# What this is\n\nA portal of **images**, see [here](https://example.org).\n\n## More\n\nText."),
            "links": [
                {"name": "Ensembl", "pattern": r"ENSG\d+", "url": "https://www.ensembl.org/id/{id}"},
                {"name": "NCBI Gene", "pattern": r"\d+", "url": "https://www.ncbi.nlm.nih.gov/gene/{id}"},
                {"name": "CMPO", "pattern": r"CMPO:\d{7}", "url": "https://example.org/cmpo/{id}"},
            ],
        }
        around = Work((self.shelf.tree({f"{ASSETS}js/page.js": b""}), self.vendor, *self.placed_trees), self.folder)
        return self.shelf.tree(frame.frame(around, portal={k: v for k, v in portal.items() if v is not None}))

    @cached_property
    def vendor(self) -> Opened:
        return self.shelf.tree({f"{VENDOR}THIRD-PARTY.txt": b"", f"{VENDOR}outlines.json": self.outlines})

    def given(self, *trees: Opened) -> Work:
        return Work((self.templates, self.site_json, *trees), self.folder)

    def json(self, name: str, value: object) -> Opened:
        return self.shelf.tree({name: json.dumps(value).encode()})

    def model(self, name: str, value: Any) -> Opened:
        return self.shelf.tree({name: value.model_dump_json().encode()})

    def pages(self) -> dict[str, bytes]:
        """Every page and file that the page recipes make."""
        out: dict[str, bytes] = {}

        def add(made: Mapping[str, bytes | Path]) -> None:
            for path, data in made.items():
                assert path not in out, f"two recipes make {path}"
                out[path] = data if isinstance(data, bytes) else data.read_bytes()

        listed = self.model("catalogue.json", self.catalogue)
        data = self.shelf.tree({f"data/{n}.json": json.dumps(self.published[n]).encode() for n in ("manifest", "dictionary")})
        add(home.home(self.given(listed)))
        add(lists.studies(self.given(listed)))
        for f in self.facts:
            one = self.model("facts.json", f)
            own = (self.json("entry.json", self.published["entry"]), self.shelf.tree({"table.parquet": self.parquets["table.parquet"]}))
            here = [p for p in self.placed if p.study == f.study.accession]
            drawn = study_maps(Work((self.vendor, *(self.placed_trees if here else ())), self.folder))
            own = own if f.study is self.study else (self.shelf.tree(drawn),)
            add(study.study(self.given(one, *own), imported=f.study is self.study))
            add(images.images(self.given(one)))
            for c in f.study.components:
                tables = self.shelf.tree(self.parquets if c.name == "screenA" else {})
                add(containers.containers(self.given(self.model(f"{c.name}.json", self.record(f, c)), tables)))
        entity_files = {"gene.json": json.dumps([g.model_dump(mode="json") for g in self.gene_facts]).encode()}
        entity_files |= {f"samples/gene/{g.slug}.csv": b"study,component\r\n" for g in self.gene_facts if g.listed}
        looked_for = self.json("looked_for.json", {"tst0001/screenA": [self.text("never seen"), *(n for n, _, _ in PHENOTYPES)]})
        add(entities.entities(self.given(self.shelf.tree(entity_files), looked_for)))
        lines = self.shelf.tree(
            {
                "genes.json": json.dumps([g.model_dump(mode="json") for g in self.gene_lines]).encode(),
                "phenotypes.json": json.dumps([p.model_dump(mode="json") for p in self.catalogue.phenotypes]).encode(),
            }
        )
        add(genes.entity_lists(self.given(lines)))
        add(resolve.resolvers(self.given(lines)))
        for kind in KINDS:
            its = {f"{t.slug}.json": t.model_dump_json().encode() for t in self.term_facts if t.kind == kind}
            add(term_pages.term_pages(self.given(self.shelf.tree(its), self.shelf.tree({"CMPO_0000118.csv": b"gene\r\n"}))))
        listed_terms = [line_of(t).model_dump(mode="json") for t in self.term_facts]
        add(term_lists.term_lists(self.given(self.json("terms.json", listed_terms))))
        add(explore.explore(self.given(self.model("crossing.json", self.crossing), data)))
        add(places_page(self.given(self.vendor, *self.placed_trees)))
        add(downloads.downloads(self.given(data, listed), changes=True))
        add(changes(self.given(listed, self.shelf.tree(self.releases))))
        add(query.query(self.given(data)))
        add(embed.shared(self.given()))
        add(search.search(self.given(listed)))
        add(about.about(self.given(listed), imports=True))
        ledger, overview = imported.ledger(self.text), imported.overview(self.text)
        report = {"ledger.json": ledger.model_dump_json().encode(), "state.json": b'{"edited": true}'}
        add(provenance.provenance(self.given(self.shelf.tree(report)), components=[c.name for c in self.study.components]))
        told = self.model("account.json", account(ledger)), self.model("overview.json", overview)
        add(imports.imports(self.given(*told), studies=[f.study.accession for f in self.facts]))
        add(redirects.redirects(self.given(), moved={"studies/old0001/": "studies/tst0001/"}))
        return out

    def pictures(self) -> dict[str, bytes]:
        """The pictures and styles that pages point to, for looking at them."""
        out = {f"{ASSETS}css/{p.name}": p.read_bytes() for p in STYLES.iterdir()}
        sheet = Image.new("RGB", (24 * 64, 4 * 64))
        for n, image in enumerate([*self.screen_images.images, *self.stack_images.images]):
            seed = int(image.tiles.strip("/").rsplit("/", 1)[1], 16)
            out[image.thumbnail] = picture(seed, 192, bright=image.brightfield)
            if image.featured or image.brightfield:
                out[image.preview] = picture(seed, 512, bright=image.brightfield)
            if n < 96:
                sheet.paste(Image.open(io.BytesIO(out[image.thumbnail])).resize((64, 64)), (n % 24 * 64, n // 24 * 64))
        whole = io.BytesIO()
        sheet.save(whole, "WEBP", quality=70)
        out["tiles/5b1e5b1e5b1e5b1e/sprite.webp"] = whole.getvalue()
        return out

    def write(self, where: Path) -> None:
        """The whole site as files, for a browser."""
        for path, data in {**self.pages(), **self.pictures()}.items():
            target = where / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
