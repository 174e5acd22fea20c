from __future__ import annotations

import pytest

from tests.pages.fixtures import Portal
from tests.pages.reading import Reading


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    return Portal(tmp_path_factory.mktemp("portal"))


@pytest.fixture(scope="session")
def pages(portal: Portal) -> dict[str, bytes]:
    """Every file of the small portal."""
    return portal.pages()


@pytest.fixture(scope="session")
def readings(pages: dict[str, bytes]) -> dict[str, Reading]:
    return {path: Reading(data.decode()) for path, data in pages.items() if path.endswith(".html")}
