import pytest

from agent.device.errors import BadAnswer
from agent.device.xml import MAX_ATTRIBUTES, parse


def element(attributes: int) -> bytes:
    many = " ".join(f'c{n}="d"' for n in range(attributes))
    return f"<a><b {many}/></a>".encode()


def test_an_element_with_attributes_without_end_is_refused() -> None:
    assert len(parse(element(MAX_ATTRIBUTES))[0].attrib) == MAX_ATTRIBUTES
    with pytest.raises(BadAnswer, match="more than 100 attributes"):
        parse(element(MAX_ATTRIBUTES + 1))
