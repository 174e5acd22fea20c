"""Plain data → study.yaml: block style, in the order given, every text that a YAML reader could mistake quoted."""

from __future__ import annotations

import re
from typing import Any

import yaml

# What the reader of study.yaml refuses: control characters, and those that turn the direction of writing.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_WORDS = re.compile(r"(?i)^(y|n|yes|no|on|off|true|false|null|~|nan|\.nan|[-+]?\.inf)$")


class _Writer(yaml.SafeDumper):
    """No anchors: the reader refuses them, and so would a person."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        # Lists stand two columns in from their key.
        return super().increase_indent(flow, False)


def _text(writer: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None
    if "\n" in value and not re.search(r"[ \t]\n|^\s|\s$", value):
        style = "|"
    elif _WORDS.match(value) or re.match(r"^[-+.]?\d", value):
        # 2016-05-26, 20531400, 2.10, no: text to us, something else to other readers.
        style = '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Writer.add_representer(str, _text)


def clean(value: Any) -> Any:
    """Text as a study.yaml may hold it, everywhere in nested data; keys too."""
    if isinstance(value, str):
        return _REFUSED.sub("", value.replace("\x85", " ").replace("\u2028", "\n").replace("\u2029", "\n"))
    if isinstance(value, dict):
        return {clean(k): clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    return value


def refused(value: Any) -> str:
    """The characters that `clean` takes out of nested data."""
    if isinstance(value, str):
        return "".join(_REFUSED.findall(value.replace("\x85", " ")))
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return "".join(map(refused, parts))


def study_yaml(data: dict[str, Any]) -> bytes:
    """UTF-8, the same bytes for the same data. Values are text, lists and dicts."""
    written = yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
    return written.encode()
