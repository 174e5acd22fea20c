"""Other programs that open a published OME-Zarr: links to viewers in the browser, and what is typed elsewhere."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Way:
    """One program. `address` is a page that opens the image, or `text` is what is typed there; `how` says where."""

    name: str
    address: str = ""
    text: str = ""
    how: str = ""


def ways(zarr: str, name: str) -> list[Way]:
    """Programs that read the OME-Zarr group at `zarr`, an absolute https address; none where it is not absolute.

    The addresses are those that the programs' own documentation gives: vizarr and the validator take `?source=`, Neuroglancer a
    JSON state in the fragment whose source is `zarr://` and the group.
    """
    if not zarr.startswith(("https://", "http://")):
        return []
    group = zarr.rstrip("/")
    state = {"layers": [{"type": "image", "source": f"zarr://{group}", "name": name}], "layout": "4panel"}
    return [
        Way("vizarr", address=f"https://hms-dbmi.github.io/vizarr/?source={quote(group, safe=':/')}"),
        Way("Neuroglancer", address="https://neuroglancer-demo.appspot.com/#!" + quote(json.dumps(state, separators=(",", ":")), safe="")),
        Way("OME-NGFF validator", address=f"https://ome.github.io/ome-ngff-validator/?source={quote(group, safe=':/')}"),
        Way("napari", text=f"napari --plugin napari-ome-zarr {shlex.quote(group)}", how="in a terminal, with the plug-in napari-ome-zarr"),
        Way("Python", text=f'zarr.open_group({json.dumps(group)}, mode="r")', how="with zarr 3"),
        Way("Fiji", text=group, how="File › Import › HDF5/N5/Zarr/OME-NGFF, as the container's address"),
        Way("QuPath", text=group, how="File › Open URI, in versions that read OME-Zarr over the network"),
    ]
