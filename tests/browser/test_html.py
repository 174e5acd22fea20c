"""The files themselves: valid HTML, no broken link, no dead end; no browser needed."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.browser import kinds, links

ROOT = Path(__file__).parents[2]
HTML_VALIDATE = ROOT / "assets/node_modules/html-validate/bin/html-validate.mjs"
CONFIG = Path(__file__).with_name("htmlvalidate.json")


def test_no_link_is_broken(built_demo: Path) -> None:
    found = links.broken(built_demo)
    assert not found, f"{len(found)} broken:\n" + "\n".join(found[:40])


def test_every_page_can_be_reached_from_the_home_page(built_demo: Path) -> None:
    """By following links, without scripts: what is not linked is not published."""
    waiting, seen = [""], {""}
    everything = set(kinds.pages(built_demo))
    while waiting:
        address = waiting.pop()
        for link in links.read(kinds.html(built_demo, address)).links:
            where = links.target_of(address, link)
            if where and where[0] in everything and where[0] not in seen:
                seen.add(where[0])
                waiting.append(where[0])
    assert everything - seen <= {"404.html"}, sorted(everything - seen)[:20]


def test_html_is_valid(built_demo: Path, tmp_path: Path) -> None:
    """All pages in one run of html-validate; each message once, with how often it came."""
    files = [str(p) for p in sorted(built_demo.rglob("*.html"))]
    node = ROOT / ".venv/bin/node"
    done = subprocess.run(
        [node if node.exists() else "node", HTML_VALIDATE, "--config", CONFIG, "--formatter", f"json={tmp_path / 'said.json'}", *files],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert (tmp_path / "said.json").is_file(), done.stdout + done.stderr
    said: dict[str, list[str]] = {}
    for result in json.loads((tmp_path / "said.json").read_text()):
        for message in result["messages"]:
            where = f"{Path(result['filePath']).relative_to(built_demo)}:{message['line']}"
            said.setdefault(f"{message['ruleId']}: {message['message']}", []).append(where)
    assert not said, "\n".join(f"{what} ({len(where)} times, first at {where[0]})" for what, where in sorted(said.items()))


def test_no_page_names_a_third_party_to_load_from(built_demo: Path) -> None:
    loads = re.compile(r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|data|poster)\s*=\s*["']?(?:https?:)?//""")
    styles = re.compile(r"""<link\b[^>]*rel=["']?stylesheet[^>]*href=["']?(?:https?:)?//""")
    for address in kinds.pages(built_demo):
        text = kinds.html(built_demo, address)
        assert not loads.search(text) and not styles.search(text), address
        assert text.index("Content-Security-Policy") < text.index("<link"), f"{address}: the policy must come first"
    for sheet in built_demo.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//|@import", sheet.read_text()), sheet
