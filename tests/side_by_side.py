"""All tests, in four processes side by side: the corpus of real studies, pages in the browser, the edges, and everything else.

One process would leave a core waiting for the browser or for a build. What each says is told whole, one after the other; the
exit code is that of the first that failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import STORE, demonstration  # noqa: E402  the checkout's own folder comes first

# The first shares the import and the portal of the whole corpus, and takes longest: the others give way to it. A store is one
# build's at a time: each has its own.
BESIDE = {
    "corpus": ("tests/corpus", "tests/importers"),
    "pages": ("tests/browser",),
    "edges": ("tests/publish", "tests/ingest", "tests/js", "tests/docs"),
}


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="slidecase-tests-") as scratch:
        print("tests: the demonstration portal, which all parts look at", flush=True)
        os.environ["SLIDECASE_TEST_DEMO"] = str(demonstration(Path(scratch, "demo/site"), STORE.with_name("test-demo")))
        running = {}
        for name, folders in BESIDE.items():
            with Path(scratch, name).open("wb") as told:
                running[name] = subprocess.Popen(
                    pytest("--color=no", *folders), cwd=ROOT, stdout=told, stderr=subprocess.STDOUT,
                    env={**os.environ, "SLIDECASE_TEST_STORE": f"test-{name}"},
                )  # fmt: skip
                if len(running) == 1:
                    os.nice(5)  # what begins from here on gives way
        print(f"tests: all but {', '.join(BESIDE)}, which run beside", flush=True)
        try:
            rest = [f"--ignore={folder}" for folders in BESIDE.values() for folder in folders]
            codes = [subprocess.run(pytest(*rest), cwd=ROOT).returncode]
            for name, process in running.items():
                codes.append(process.wait())
                print(f"tests: {name}", flush=True)
                sys.stdout.buffer.write(Path(scratch, name).read_bytes())
                sys.stdout.buffer.flush()
        finally:
            for process in running.values():
                process.kill()
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    raise SystemExit(main())
