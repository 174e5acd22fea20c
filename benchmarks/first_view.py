"""What the first view of each kind of page costs, measured in a real browser and compared with budgets.toml.

    make bench

Sizes are those of the bodies as a host sends them that compresses text with gzip. Exits 1 where a budget is exceeded.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Response

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import kinds  # noqa: E402  the checkout's own folder comes first
from tests.browser.watched import Browsing, serve  # noqa: E402
from tests.conftest import STORE, build_py  # noqa: E402

# Already compressed; a host must send them as they are.
PACKED = (".parquet", ".webp", ".jpg", ".jpeg", ".png", ".gz")


@dataclass(frozen=True)
class Cost:
    requests: int
    kilobytes: float
    largest: tuple[tuple[str, float], ...]


def on_the_way(site: Path, answer: Response) -> float:
    """Kilobytes of this answer's body."""
    if answer.status == 206:
        return int(answer.headers.get("content-length", "0")) / 1000
    path = urlsplit(answer.url).path.lstrip("/")
    file = site / (path + "index.html" if not path or path.endswith("/") else path)
    if answer.request.method == "HEAD" or not file.is_file():
        return 0.0
    raw = file.read_bytes()
    return len(raw if file.suffix in PACKED else gzip.compress(raw, 6)) / 1000


def first_result(page: Page) -> None:
    """The console, until the first example has answered."""
    page.locator(".console-examples button").first.click()
    page.locator(".console-facts", has_text="read").wait_for(timeout=60_000)


def measure(browsing: Browsing, site: Path, url: str, kind: str) -> Cost:
    answers: list[Response] = []
    page = browsing.blank(url)
    page.context.on("response", lambda answer: answers.append(answer))
    page.goto(url, wait_until="networkidle")
    if kind == "query":
        first_result(page)
    page.wait_for_load_state("networkidle")
    sizes = [(urlsplit(a.url).path, on_the_way(site, a)) for a in answers if a.url.startswith("http")]
    largest = sorted(sizes, key=lambda pair: -pair[1])[:3]
    return Cost(len(sizes), sum(size for _, size in sizes), tuple(largest))


def main() -> int:
    budgets = tomllib.loads((ROOT / "benchmarks/budgets.toml").read_text())
    over = 0
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        done = build_py("build", "--content", ROOT / "content", "--out", site, "--store", STORE)
        if not site.exists():
            print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
            return 2
        addresses = kinds.of(site)
        with serve(site) as served, Browsing() as browsing:
            print(f"{'first view of':14} {'requests':>14} {'kB':>16}   heaviest")
            for kind, budget in budgets.items():
                if kind not in addresses:
                    continue
                cost = measure(browsing, site.resolve(), served.root + addresses[kind], kind)
                browsing.close_pages()
                bad = cost.requests > budget["requests"] or cost.kilobytes > budget["kilobytes"]
                over += bad
                heavy = ", ".join(f"{path.rsplit('/', 1)[-1] or 'the page'} {size:.0f}" for path, size in cost.largest)
                requests = f"{cost.requests} of {budget['requests']}"
                kilobytes = f"{cost.kilobytes:.0f} of {budget['kilobytes']}"
                print(f"{kind:14} {requests:>14} {kilobytes:>16}   {heavy}{'   OVER' if bad else ''}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
