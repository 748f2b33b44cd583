"""What lsblk prints becomes one graph of devices."""

import json
from pathlib import Path

import pytest

from agent.collector import CollectError
from agent.machine.lsblk import MOST_BLOCKS, parse

SAMPLES = Path(__file__).parents[1] / "collectors" / "samples" / "encryption"
# this-machine.json was printed by lsblk 2.38.1; the others have its format, with stacks as its manual shows them.


def test_a_device_on_several_others_is_one_with_all_of_them_as_parents() -> None:
    blocks = parse((SAMPLES / "luks-over-raid.json").read_bytes())
    assert blocks["md0"].parents == ("sda1", "sdb1")
    assert blocks["dm-0"].parents == ("md0",)
    assert (blocks["dm-0"].name, blocks["dm-0"].number, blocks["dm-0"].type) == ("rec", "254:0", "crypt")


def test_disks_have_no_parents() -> None:
    blocks = parse((SAMPLES / "this-machine.json").read_bytes())
    assert blocks["vda"].parents == ()
    assert blocks["vda"].number == "254:0"


def test_a_flat_listing_tells_by_its_column() -> None:
    row = {"kname": "dm-0", "name": "x", "maj:min": " 254:0", "type": "crypt", "fstype": None, "pkname": "sda1"}
    (block,) = parse(json.dumps({"blockdevices": [row]}).encode()).values()
    assert block.parents == ("sda1",)
    assert block.number == "254:0"


@pytest.mark.parametrize("printed", [b"", b"[]", b"[1", b'{"x": 1}', b"[" * 100_000])
def test_what_is_no_listing_is_an_error(printed: bytes) -> None:
    with pytest.raises(CollectError, match="did not print its JSON"):
        parse(printed)


def test_rows_that_are_none_are_passed_over() -> None:
    rows = [1, None, {"kname": "../x"}, {"kname": 7}, {"kname": "sda", "children": "x", "maj:min": "zero"}]
    blocks = parse(json.dumps({"blockdevices": rows}).encode())
    assert list(blocks) == ["sda"]
    assert blocks["sda"].number == ""


def test_a_listing_is_bounded_in_length_and_depth() -> None:
    many = [{"kname": f"sd{number}"} for number in range(MOST_BLOCKS + 10)]
    assert len(parse(json.dumps({"blockdevices": many}).encode())) == MOST_BLOCKS
    deep: dict[str, object] = {"kname": "d0"}
    for number in range(1, 200):
        deep = {"kname": f"d{number}", "children": [deep]}
    assert len(parse(json.dumps({"blockdevices": [deep]}).encode())) < 50
