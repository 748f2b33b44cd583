"""ISAPI documents, written: elements from tuples, and the namespaces of different firmware."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

OLD = "http://www.hikvision.com/ver20/XMLSchema"
NEW = "http://www.isapi.org/ver20/XMLSchema"
STANDARD = "http://www.std-cgi.com/ver20/XMLSchema"

Node = tuple[str, "str | int | float | Sequence[Node]"]
"""A name and its text, or its children."""


def written(node: Node, namespace: str) -> bytes:
    """A whole document."""
    name, content = node
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} version="2.0" xmlns="{namespace}">'
    return f"{head}{_content(content)}</{name}>\n".encode()


def response(path: str, code: int, string: str, sub: str) -> Node:
    """A ResponseStatus."""
    return (
        "ResponseStatus",
        [("requestURL", path), ("statusCode", code), ("statusString", string), ("subStatusCode", sub)],
    )


def _content(content: "str | int | float | Sequence[Node]") -> str:
    if isinstance(content, str | int | float):
        return escape(str(content))
    return "".join(f"<{name}>{_content(inner)}</{name}>" for name, inner in content)
