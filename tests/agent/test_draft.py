"""Reports are cut to the wire's bounds before they are numbered."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.draft import MAX_BODY_BYTES, MAX_ITEMS, Draft, body_of, cut, joined
from tests.agent.drafts import BOOT, draft, events, samples
from wire.codec import MAX_BYTES, decode, encode
from wire.messages import Event, Lost, Report, Sample


def test_a_small_report_stays_whole_and_keeps_its_stream() -> None:
    assert cut(draft(3, 2)) == [draft(3, 2)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9000), st.integers(0, 9000))
def test_cutting_keeps_every_sample_and_event_once_and_in_order(count: int, happened: int) -> None:
    whole = Draft(boot=BOOT, mono=1, sent=1, samples=samples(count), events=events(happened), lost=[_lost(1, 2, 3)])
    parts = cut(whole)
    assert [s for part in parts for s in part.samples] == whole.samples
    assert [e for part in parts for e in part.events] == whole.events
    assert [one for part in parts for one in part.lost] == whole.lost
    for part in parts:
        assert max(len(part.samples), len(part.events)) <= MAX_ITEMS
        assert decode(Report, encode(part.numbered("aaaaaa:1"))).samples == list(part.samples)


def test_parts_are_streams_of_their_own_so_that_thinning_does_not_always_hit_the_same_devices() -> None:
    parts = cut(draft(9000))
    assert len({part.stream for part in parts}) == len(parts) > 1


def test_a_report_of_large_samples_fits_the_wire_in_parts() -> None:
    wide = [
        Sample(device="cam-1", at=n, values={f"m{'x' * 60}{metric}": 1.0 / 3 for metric in range(256)})
        for n in range(40)
    ]
    parts = cut(Draft(boot=BOOT, mono=1, sent=1, samples=wide))
    assert all(len(body_of(part.numbered("a" * 32 + ":999999999999999"))) <= MAX_BODY_BYTES for part in parts)
    assert sum(len(part.samples) for part in parts) == 40


def test_one_event_too_large_for_any_report_goes_with_its_texts_cut() -> None:
    monster = Event(device="door-1", at=1, type="door.opened", data={f"k{n}": "\x01" * 1000 for n in range(64)})
    (part,) = cut(Draft(boot=BOOT, mono=1, sent=1, events=[monster]))
    assert len(encode(part.numbered("aaaaaa:1"))) < MAX_BYTES
    assert part.events[0].data["k7"] == "\x01" * 200


losses = st.builds(
    lambda start, length, count: _lost(start, start + length, count),
    st.integers(0, 10_000),
    st.integers(0, 1000),
    st.integers(1, 100),
)


@given(st.lists(losses, max_size=80))
def test_joined_losses_are_few_and_add_up_to_the_same(lost: list[Lost]) -> None:
    few = joined(lost, most=8)
    assert len(few) <= 8
    assert sum(one.count for one in few) == sum(one.count for one in lost)
    assert all(any(one.from_ <= old.from_ and old.to <= one.to for one in few) for old in lost)


def _lost(start: int, end: int, count: int) -> Lost:
    return Lost(from_=start, to=end, count=count)
