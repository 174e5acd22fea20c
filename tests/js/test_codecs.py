"""What viewer-codecs.js unpacks is what the libraries packed, whatever the format, the shuffle, the size of a value and of a block."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest

from portal.publish.assets import node
from tests.js.site import ROOT

SCRIPT = """
import { readFileSync } from 'node:fs'
globalThis.document = { documentElement: { dataset: { vendor: '' } }, baseURI: '%s' }
const { BLOSC, ZSTD, blosc } = await import('%s')
const said = []
for (const { kind, packed, shape, dataType, most } of JSON.parse(readFileSync(0, 'utf8'))) {
  const bytes = Uint8Array.from(Buffer.from(packed, 'base64'))
  try {
    const found = most ? await blosc(bytes, most) : await { BLOSC, ZSTD }[kind].fromConfig({}, { shape, dataType }).decode(bytes)
    said.push(Buffer.from(found).toString('base64'))
  } catch (error) {
    said.push(`refused: ${error.message}`)
  }
}
process.stdout.write(JSON.stringify(said))
"""


def unpacked(tmp_path: Path, cases: list[dict[str, Any]]) -> list[str]:
    # What the page's own folder of libraries holds.
    (tmp_path / "fzstd.mjs").write_text(f"export {{ decompress }} from '{(ROOT / 'assets/node_modules/fzstd/esm/index.mjs').as_uri()}'")
    (tmp_path / "fzstd.js").write_text("export { decompress } from './fzstd.mjs'")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    script = SCRIPT % (tmp_path.as_uri() + "/", (ROOT / "assets/js/viewer-codecs.js").as_uri())
    command = [node(), "--input-type=module", "-e", script]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def case(kind: str, packed: bytes, data: np.ndarray, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "packed": base64.b64encode(packed).decode(), "shape": list(data.shape), "dataType": data.dtype.name, **more}


@pytest.mark.parametrize("cname", ["lz4", "lz4hc", "zlib", "zstd"])
def test_blosc(cname: str, tmp_path: Path) -> None:
    dice = np.random.default_rng(7)
    cases, wanted = [], []
    for dtype in ("uint8", "uint16", "float32", "float64"):
        for size in (1, 7, 130, 1024, 5003, 100_000):
            data = (dice.poisson(4, size) * 100).astype(dtype)
            if size == 130:
                data = dice.integers(0, 250, size).astype(dtype)  # hardly to be packed
            for shuffle in (0, 1, 2):
                for block in (0, 4096):
                    packed = numcodecs.Blosc(cname=cname, clevel=5, shuffle=shuffle, blocksize=block).encode(data)
                    cases.append(case("BLOSC", bytes(packed), data))
                    wanted.append(data.tobytes())
    for one, told, data in zip(cases, unpacked(tmp_path, cases), wanted, strict=True):
        assert not told.startswith("refused"), (told, one["dataType"], one["shape"])
        assert base64.b64decode(told) == data, (one["dataType"], one["shape"])


def test_zstd_and_damage(tmp_path: Path) -> None:
    data = np.random.default_rng(7).poisson(9, 40_000).astype(np.uint16)
    packed = bytes(numcodecs.Zstd(level=3).encode(data))
    small = data[:1000]
    lz4 = bytearray(numcodecs.Blosc(cname="lz4", shuffle=0).encode(data))
    lz4[400:500] = b"\xff" * 100
    cases = [
        case("ZSTD", packed, data),
        case("ZSTD", packed, small),  # more than the array says
        case("BLOSC", bytes(numcodecs.Blosc(cname="zstd").encode(data)), small),
        case("BLOSC", bytes(numcodecs.Blosc(cname="blosclz").encode(data)), data),
        case("BLOSC", bytes(lz4), data),
    ]
    first, *others = unpacked(tmp_path, cases)
    assert base64.b64decode(first) == data.tobytes()
    assert all(told.startswith("refused: ") for told in others), others
    assert "BloscLZ" in others[2]
