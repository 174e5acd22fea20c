"""The question that the Image Data Resource's own paper asks of its data, asked in the console of the whole corpus."""

from __future__ import annotations

from tests.browser.test_console import plain, rows, with_sql
from tests.browser.watched import Browsing, Served


def test_human_sgol1_is_in_two_screens_and_yeast_stays_apart(served_corpus: Served, open_page: Browsing) -> None:
    """The question that the Image Data Resource's own paper asks of its data."""
    sql = """SELECT t.study, t.component, t.organism, count(DISTINCT t.sample_id) AS samples,
        string_agg(DISTINCT p.term, ' ' ORDER BY p.term) AS terms
        FROM sample_targets t LEFT JOIN sample_phenotypes p USING (sample_id)
        WHERE t.kind = 'gene' AND lower(t.symbol) IN ('sgol1', 'sgo1') AND t.organism IN ('Homo sapiens', 'Schizosaccharomyces pombe')
        GROUP BY ALL ORDER BY t.study, t.component"""
    page = open_page(with_sql(served_corpus, sql))
    found = {(r[0], r[1], r[2]): (int(r[3]), r[4]) for r in map(plain, rows(page))}
    human = {key[:2]: value for key, value in found.items() if key[2] == "Homo sapiens"}
    assert human == {
        ("idr0012", "screenA"): (1, "CMPO:0000118 CMPO:0000305"),
        ("idr0013", "screenB"): (8, "CMPO:0000156 CMPO:0000202 CMPO:0000338 CMPO:0000357"),
    }
    yeast = {key[0]: value[0] for key, value in found.items() if key[2] != "Homo sapiens"}
    assert yeast == {"idr0001": 2}
