"""Service definitions cut down to the operations we call, before zeep makes objects of them.

What onvif-zeep ships describes some 700 operations and 2,000 types; a whole `devicemgmt` costs 8 MB and 0.2 s, the part
that a handful of calls needs next to nothing. What is left out is found by following references from those operations.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_XML = "http://www.w3.org/XML/1998/namespace"
_KINDS = {
    f"{_XSD}{tag}": kind
    for tag, kind in {
        "element": "element",
        "complexType": "type",
        "simpleType": "type",
        "attribute": "attribute",
        "group": "group",
        "attributeGroup": "attributeGroup",
    }.items()
}
_NAMED_IN = {"substitutionGroup": "element", "element": "element", "message": "message"}
_TYPES_IN = ("type", "base", "itemType", "memberTypes")

Key = tuple[str, str]
"""A kind of component and its name as `{namespace}name`."""


class PrunedFiles:
    """Zeep's transport for one WSDL file and the schemas beside it, with only what `operations` need. No network.

    Of those that are not `typed` only the question is left: their answers are read by hand.
    """

    def __init__(self, wsdl: Path, operations: frozenset[str], typed: frozenset[str]) -> None:
        self._texts = _pruned(wsdl.resolve(), operations, typed)

    def load(self, url: str) -> bytes:
        """The file's text. Raises FileNotFoundError for what the definition does not refer to."""
        path = Path(urlsplit(url).path).resolve()
        if path not in self._texts:
            raise FileNotFoundError(url)
        return self._texts[path]


def _pruned(wsdl: Path, operations: frozenset[str], typed: frozenset[str]) -> dict[Path, bytes]:
    """Every file that the WSDL reaches, serialised anew. Raises ValueError for an operation that is not in it."""
    roots = _files(wsdl)
    components = {key: element for root in roots.values() for key, element in _components(root)}
    found = {e.get("name") for root in roots.values() for e in root.iter(f"{_WSDL}operation")}
    if not operations <= found:
        raise ValueError(f"{wsdl.name} has no {', '.join(sorted(operations - found))}")
    for root in roots.values():
        for operation in list(root.iter(f"{_WSDL}operation")):
            if operation.get("name") not in operations:
                _remove(operation)
            elif operation.get("name") not in typed:
                for answer in list(operation.iterchildren(f"{_WSDL}output", f"{_WSDL}fault")):
                    _remove(answer)
    waiting = [e for root in roots.values() for e in root.iter(f"{_WSDL}operation")]
    kept: set[Key] = set()
    while waiting:
        for key in _references(waiting.pop()):
            if key in components and key not in kept:
                kept.add(key)
                waiting.append(components[key])
    for key, element in components.items():
        if key not in kept:
            _remove(element)
    return {path: etree.tostring(root) for path, root in roots.items()}


def _files(start: Path) -> dict[Path, etree._Element]:
    """The file and all it includes or imports, parsed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    roots: dict[Path, etree._Element] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in roots:
            continue
        root = roots[path] = etree.parse(str(path), parser).getroot()
        for element in root.iter(f"{_XSD}import", f"{_XSD}include", f"{_WSDL}import"):
            location = element.get("schemaLocation") or element.get("location")
            if location and not urlsplit(location).scheme:
                waiting.append((path.parent / location).resolve())
        for documentation in list(root.iter(f"{_XSD}annotation", f"{_WSDL}documentation")):
            _remove(documentation)
    return roots


def _components(root: etree._Element) -> Iterator[tuple[Key, etree._Element]]:
    """What of a file can be referred to: its schemas' named children, and messages."""
    for schema in root.iter(f"{_XSD}schema"):
        namespace = schema.get("targetNamespace", "")
        for element in schema:
            if element.tag in _KINDS and element.get("name"):
                yield (_KINDS[element.tag], f"{{{namespace}}}{element.get('name')}"), element
    for message in root.iter(f"{_WSDL}message"):
        yield ("message", f"{{{root.get('targetNamespace', '')}}}{message.get('name')}"), message


def _references(component: etree._Element) -> Iterator[Key]:
    """What a component names, itself and everything within it."""
    for element in component.iter(etree.Element):
        for attribute in _TYPES_IN:
            for name in element.get(attribute, "").split():
                yield "type", _qualified(element, name)
        for attribute, kind in _NAMED_IN.items():
            if attribute in element.attrib:
                yield kind, _qualified(element, str(element.attrib[attribute]))
        if "ref" in element.attrib:
            yield _KINDS.get(element.tag, "element"), _qualified(element, str(element.attrib["ref"]))


def _qualified(element: etree._Element, name: str) -> str:
    prefix, _, local = name.rpartition(":")
    # `xml` is bound without being declared.
    namespace: Any = _XML if prefix == "xml" else element.nsmap.get(prefix or None)
    return f"{{{namespace or ''}}}{local}"


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
