"""Licences by SPDX identifier: the name people use and the page that holds the text."""

from __future__ import annotations

import re
from typing import NamedTuple

from portal.pages.prose import url


class Licence(NamedTuple):
    name: str
    url: str


# SPDX License List: identifiers of licences met for image data.
_OTHERS = {
    "CC0-1.0": Licence("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "ODC-By-1.0": Licence("ODC-By 1.0", "https://opendatacommons.org/licenses/by/1-0/"),
    "ODbL-1.0": Licence("ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "MIT": Licence("MIT", "https://opensource.org/license/mit"),
    "Apache-2.0": Licence("Apache 2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
}


def licence(spdx: str | None, address: str | None = None) -> Licence | None:
    """`CC-BY-4.0` → (`CC BY 4.0`, its deed); None where nothing is said. A given address wins."""
    if not spdx:
        return None
    known = _OTHERS.get(spdx)
    if known is None and (m := re.fullmatch(r"CC-((?:BY)(?:-NC)?(?:-SA|-ND)?)-(\d\.\d)", spdx)):
        known = Licence(f"CC {m[1]} {m[2]}", f"https://creativecommons.org/licenses/{m[1].lower()}/{m[2]}/")
    return Licence(known.name if known else spdx, url(address) or (known.url if known else ""))
