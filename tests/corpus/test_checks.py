"""Table 1 of IDR's paper, beside the portal of the whole corpus: every figure is met, or it is said why it is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import IDR
from tests.test_sites import readable

TRUTH = IDR.parent / "truth.json"

pytestmark = pytest.mark.skipif(not IDR.is_dir(), reason=f"no studies at {IDR}")


def test_every_printed_figure_is_met_or_explained(built_corpus: Path) -> None:
    text = readable((built_corpus / "about/checks/index.html").read_text())
    told = re.search(r"([\d,]+) of ([\d,]+) figures are met. ([\d,]+) differ, each explained below\.", text)
    assert told, text[:600]
    met, of, differ = (int(n.replace(",", "")) for n in told.groups())
    assert of == 24 * 6 and met + differ == of and met >= 115
    assert "not in this portal" not in text
    # The misprint that the sum of the printed rows gives away.
    assert "Sum of 5D images : 2,538,777 printed, and the printed rows sum to 2,538,877" in text
    assert re.search(r"They differ \d+ .*They agree \d+", text)


def cells_of(site: Path) -> dict[str, list[tuple[str, str]]]:
    """study → (printed, here) of each figure, as a reader is told them."""
    html = (site / "about/checks/index.html").read_text()
    rows = {}
    for row in re.findall(r"<tr[^>]*><th scope=\"row\"><a[^>]*>([^<]+)</a>.*?</tr>", html, re.DOTALL):
        body = re.search(rf"<th scope=\"row\"><a[^>]*>{re.escape(row)}</a>.*?</tr>", html, re.DOTALL)
        assert body
        rows[row] = re.findall(r"(\S+) printed, (\S+) here", readable(body[0]))
    return rows


def test_figures_counted_apart_are_on_the_page(built_corpus: Path) -> None:
    """Every figure of truth.json, which was counted apart from this code, is on the page; nothing differs without a reason."""
    truth = json.loads(TRUTH.read_text())["table1"]
    found = cells_of(built_corpus)
    text = readable((built_corpus / "about/checks/index.html").read_text())
    assert "Not explained" not in text and "not explained" not in text and "not counted)" not in text
    compared = 0
    for study, figures in truth.items():
        printed, ours = figures["paper_table1"], figures["ours"]
        row = dict(zip(("screens", "images_5d", "size_tb", "phenotypes", "targets", "experiments"), found[study], strict=True))
        for name, (in_print, here) in row.items():
            assert float(in_print.replace(",", "")) == printed[name], (study, name)
            if name in ("phenotypes", "targets", "experiments") and figures["complete_tables"]:
                compared += 1
                assert here.replace(",", "") == str(ours[name]), (study, name)
    assert compared >= 3 * 6, found
