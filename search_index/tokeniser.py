"""Text to search keys and words. The same rules stand in assets/js/tokeniser.js; tests/search/tokens.tsv holds both.

lunr's own pipelines differ between Python and JavaScript (stemmer, trimmer: facts of the two libraries), so an
index built with one finds nothing for words such as `assay` in the other. Here both sides use these rules alone.
"""

from __future__ import annotations

import re
import unicodedata

_GREEK = dict(zip(
    "αβγδεζηθικλμνξοπρσςτυφχψω",
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon "
    "phi chi psi omega".split(),
    strict=True,
))  # fmt: skip

# Letters that do not decompose under NFKD.
_LETTERS = {"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "n", **_GREEK}

# What people paste before an identifier: a resolver, `doi:`, `PMID:`, the address of a page that ends in it. White space
# is spelt out, since the two languages disagree on it.
_PREFIX = re.compile(
    r"^[ \t\n\r\f\v]*(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:[ \t]*|(?:pmid|pubmed)(?::[ \t]*|[ \t]+)"
    r"|https?://[^ \t\n\r\f\v]+/(?=[^ \t\n\r\f\v/]))",
    re.IGNORECASE | re.ASCII,
)
_OTHER = re.compile(r"[^a-z0-9]+")
_WORD = re.compile(r"[a-z0-9]+")


def _fold(text: str) -> str:
    """Lower case, accents dropped, Greek letters by name; what is not ASCII is still there."""
    text = _PREFIX.sub("", text, count=1)
    if text.isascii():  # most of 40,000 genes: nothing to decompose
        return text.lower()
    out: list[str] = []
    for letter in unicodedata.normalize("NFKD", text):
        # Letter by letter, so that no rule looks at its neighbours (final sigma).
        out.extend(_LETTERS.get(c, c) for c in unicodedata.normalize("NFKD", letter.lower()))
    return "".join(c for c in "".join(out) if unicodedata.category(c) != "Mn")


def key(text: str) -> str:
    """Only [a-z0-9]: `(+)-JQ1` → jq1, `U-2 OS` → u2os, `CMPO:0000118` = `CMPO_0000118`."""
    return _OTHER.sub("", _fold(text))


def words(text: str) -> list[str]:
    """Runs of [a-z0-9], in order: `NF-κB pathway` → nf, kappab, pathway."""
    return _WORD.findall(_fold(text))


def stem(word: str) -> str:
    """A word of prose without its plural; symbols are never stemmed."""
    if len(word) < 4 or any(c.isdigit() for c in word):
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if re.search(r"(?:ss|x|ch|sh)es$", word):
        return word[:-2]
    if re.search(r"[^sui]s$", word):
        return word[:-1]
    return word


def stems(text: str) -> list[str]:
    return [stem(w) for w in words(text)]
