"""An image's page tells of its regions without scripts."""

from __future__ import annotations

from tests.pages.reading import Reading

ADDRESS = "images/demo0002-experimenta-slide/index.html"


def test_regions_stand_in_a_table(pages: dict[str, bytes], readings: dict[str, Reading]) -> None:
    text = pages[ADDRESS].decode()
    table = text[text.index('id="regions"') :].partition("</section>")[0]
    assert "201 regions, of which the first 2 are listed" in table and "rois.json" in table
    rows = [row.partition("</tr>")[0] for row in table.split("<tr>")[2:]]
    cells = [[cell.rpartition(">")[2] for cell in row.replace("</bdi>", "").replace("</th>", "</td>").split("</td>")[:-1]] for row in rows]
    assert cells[0] == ["Nucleus", "polygon", "100.5", "20", "3", "all", "12.25"]
    assert cells[1][:6] == ["Region 2", "point", "1", "2", "all", "1"]
    assert "Length" not in table, "no region has one"
    assert not readings[ADDRESS].unsafe()
