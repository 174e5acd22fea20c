"""One fixture site for the browser tests of the scripts, served at `/` and below a path."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from search_index.index import search
from tests.browser.watched import Served, serve
from tests.js import tiles
from tests.js.site import Site, plate_table, run
from tests.search.fixture import CATALOGUE, many

TABLE_COLUMNS = ("container", "sample", "Gene Symbol", "Score (z: robust)", "n_cells", "has_phenotype", "phenotypes")


def table_page(site: Site, study: str, table: pa.Table, columns: tuple[str, ...], rows: int) -> None:
    """A component's page over a table in row groups of `rows`; its page shows the first 200 rows."""
    path = f"data/studies/{study}/screenA-0123456789ab.parquet"
    size = site.parquet(path, table, rows=rows)
    site.parquet(f"data/studies/{study}/screenA.parquet", table, rows=rows)
    shown = table.select(columns).slice(0, 200).to_pylist()
    head = "".join(f'<th scope="col" data-column="{html.escape(c)}">{html.escape(c)}</th>' for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(row[c]))}</td>" for c in columns) + "</tr>" for row in shown)
    site.page(
        f"studies/{study}/screenA/", ("table",),
        f'<div class="table-view" id="samples"><table id="sample-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>',
        {"parquet": f"../../../{path}", "rows": table.num_rows, "bytes": size, "columns": columns, "all": table.column_names,
         "sha256": hashlib.sha256((site.folder / path).read_bytes()).hexdigest(), "name": f"{study}-screenA",
         "containers": {f"plate{i}": f"plate{i}/" for i in range(12)}},
        wasm=True,
    )  # fmt: skip


def _console_page(site: Site) -> None:
    samples = plate_table()
    phenotypes = pa.table({
        "sample_id": samples["sample_id"].to_pylist()[::4],
        "phenotype": [("round cell", "mitotic delay")[i % 2] for i in range(len(samples) // 4)],
        "term": [("CMPO:0000118", None)[i % 2] for i in range(len(samples) // 4)],
    })  # fmt: skip
    tables = []
    for name, table, rows in (("samples", samples, 256), ("sample_phenotypes", phenotypes, 256)):
        size = site.parquet(f"data/{name}-0123456789ab.parquet", table, rows)
        columns = [{"name": f.name, "type": str(f.type), "meaning": "What it means."} for f in table.schema]
        tables.append({"name": name, "url": f"../data/{name}-0123456789ab.parquet", "rows": len(table), "bytes": size, "columns": columns})
    question = "Which phenotypes are found how often?"
    sql = "SELECT phenotype, count(*) AS samples\nFROM sample_phenotypes\nGROUP BY phenotype ORDER BY phenotype"
    site.page(
        "query/",
        ("console",),
        '<div id="console-root"></div>',
        {"tables": tables, "components": ["demo/screenA"], "examples": [{"question": question, "sql": sql}]},
        wasm=True,
    )


def _image_pages(site: Site) -> None:
    site.write_all(tiles.strips("tiles/stack"))
    site.write_all(tiles.rgb("tiles/slide"))
    site.write("tiles/stack/thumbnail.webp", tiles.thumbnail())
    for name, rois in (("stack", ' data-rois="../../tiles/stack/rois.json"'), ("slide", ""), ("gone", "")):
        site.page(
            f"images/{name}/", ("viewer",),
            f'<div class="viewer" data-info="../../tiles/{name}/info.json"{rois} data-name="{name}"><img src="data:," alt="{name}"></div>',
        )  # fmt: skip


def _plate_page(site: Site) -> None:
    """Two rows of four wells; A3 is missing, B2 has two fields."""
    field = {"info": "../../../../tiles/stack/info.json", "name": "field"}
    names = [(r, c) for r in "AB" for c in (1, 2, 3, 4)]
    wells = {f"{r}{c}": {"kind": "control" if c == 1 else "sample", "score": c + (r == "B") * 4, "round": c == 2} for r, c in names}
    del wells["A3"]
    wells["A4"] = {"score": 4}
    wells["B2"]["fields"] = [field, field]
    cell = '<td id="{0}" data-well="{0}" class="well sample hit"><a href="#{0}">{0}</a>'
    cell += '<div class="well-card" hidden><h2>{0}</h2></div></td>'
    ways = [{"key": k, "label": k.title(), "kind": kind} for k, kind in (("kind", "category"), ("score", "number"), ("round", "flag"))]
    rows = "".join(
        f"<tr><th>{r}</th>"
        + "".join(cell.format(f"{r}{c}") if f"{r}{c}" in wells else '<td class="well missing"></td>' for c in (1, 2, 3, 4))
        + "</tr>"
        for r in "AB"
    )
    site.page(
        "studies/demo/screenA/plate0/", ("plate",),
        f'<section class="plate-view"><div class="plate-tools" hidden></div><table class="plate"><tbody>{rows}</tbody></table>'
        f'<div class="plate-legend"><ul><li>found</li></ul></div><aside id="well" class="well-panel"></aside></section>'
        f'<div class="viewer" id="viewer" hidden></div>',
        {"wells": wells, "colour_by": ways},
    )  # fmt: skip


def _gallery_page(site: Site) -> None:
    field = {"info": "../../../../tiles/stack/info.json", "name": "field"}
    shown = (("one", 1), ("two", 1), ("two", 2))
    pictures = "".join(f'<li data-well="{s}" data-field="{f}"><a href="../../../../images/stack/">{s} {f}</a></li>' for s, f in shown)
    lines = "".join(f'<tr id="{s}" data-state="well sample"><td>{s}</td></tr>' for s in ("one", "two"))
    site.page(
        "studies/demo/experimentA/set/", ("plate-dataset",),
        f'<div class="viewer" id="viewer" hidden></div><section class="plate-view" id="grid"><div class="plate-tools" hidden></div>'
        f'<ul class="gallery" id="gallery">{pictures}</ul><div id="cells"></div></section>'
        f'<table id="twin"><thead><tr><th>Image</th></tr></thead><tbody>{lines}</tbody></table>',
        {"wells": {"one": {"fields": [field]}, "two": {"fields": [field, field]}}, "rows": [{}, {}], "colour_by": []},
    )  # fmt: skip


def _search(site: Site, scratch: Path) -> None:
    lines = json.dumps([gene.model_dump(mode="json") for gene in many(500)]).encode()
    entities = {"lines/genes.json": lines} | {f"lines/{kind}.json": b"[]" for kind in ("proteins", "compounds", "antibodies", "reagents")}
    files = run(search, scratch, {"catalogue.json": CATALOGUE.model_dump_json().encode()}, entities, {"terms.json": b"[]"})
    site.write_all(files)


def _lists(site: Site) -> None:
    site.page("search/", ("search-page",), '<div id="search-root"></div><section id="browse"><h2>Browse instead</h2></section>')
    site.page("phenotypes/CMPO_0000118/", (), "")
    rows = "".join(
        f'<li data-study="{s.accession}" data-organism="{s.organisms[0].name}" data-method="{s.methods[0].name}" data-kind="screen">'
        f"<a>{s.accession} {html.escape(s.title)}</a></li>"
        for s in CATALOGUE.studies
    )
    site.page("studies/", ("list",), f'<form id="study-filters" class="filters" hidden></form><ol>{rows}</ol>')


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("scripts") / "site")
    _search(made, tmp_path_factory.mktemp("search"))
    _lists(made)
    table_page(made, "demo", plate_table(), TABLE_COLUMNS, 256)
    _console_page(made)
    _image_pages(made)
    _plate_page(made)
    _gallery_page(made)
    return made


@pytest.fixture(scope="session")
def site_served(site: Site) -> Iterator[Served]:
    with serve(Path(site.folder)) as both:
        yield both
