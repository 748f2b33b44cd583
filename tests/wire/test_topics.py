"""Topics: built and read alike, and hostile ones belong to nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.topics import FROM_AGENT, TO_AGENT, Address, Topics, Verb

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
roots = st.from_regex(r"[A-Za-z0-9_-]{1,9}(/[A-Za-z0-9_-]{1,9}){0,2}", fullmatch=True)


@given(roots, slugs, slugs, st.sampled_from(Verb))
def test_a_topic_reads_as_it_was_built(root: str, site: str, agent: str, verb: Verb) -> None:
    topics = Topics(root)
    assert topics.parse(topics.topic(Address(site, agent), verb)) == (Address(site, agent), verb)


@given(st.text())
def test_a_stranger_topic_belongs_to_nobody(topic: str) -> None:
    assert Topics().parse(topic) is None


@pytest.mark.parametrize(
    "topic",
    [
        "wk/v1/site/agent/report\n",
        "wk/v1/site/agent/report/",
        "/wk/v1/site/agent/report",
        "wk/v1/site/agent/reports",
        "wk/v1/site/agent/config/",
        "wk/v1/site/agent/",
        "wk/v1/+/agent/report",
        "wk/v1/site/#",
        "wk/v1/site/agent/x/report",
        "wk/v1/../agent/report",
        "wk/v1/Site/agent/report",
        "wk/v1/-site/agent/report",
        "wk/v1/site.a/agent/report",
        "wk/v1/" + "s" * 41 + "/agent/report",
        "wk/v1/\u0661/agent/report",
        "wk/v2/site/agent/report",
        "wkxv1/site/agent/report",
        "other/v1/site/agent/report",
        "wk/v1/site/agent/report\x00",
    ],
)
def test_hostile_topics_are_refused(topic: str) -> None:
    assert Topics().parse(topic) is None


@pytest.mark.parametrize(
    ("site", "agent"), [("+", "#"), ("a/b", "c"), ("a", "b/config"), ("", "b"), ("a", "b\n"), ("A", "b")]
)
def test_no_topic_is_built_for_an_id_that_reaches_beyond_its_level(site: str, agent: str) -> None:
    with pytest.raises(ValueError, match="site and agent match"):
        Topics().topic(Address(site, agent), Verb.ACK)


@pytest.mark.parametrize("root", ["", "wk/", "/wk", "wk//x", "wk/+", "#", "wk\n", "w k", "wk.x", "%u"])
def test_a_root_that_is_no_plain_topic_is_refused(root: str) -> None:
    with pytest.raises(ValueError, match="topic root"):
        Topics(root)


def test_a_dot_in_no_root_stands_for_any_letter() -> None:
    assert Topics("a-b").parse("a-b/v1/s/a/ack") is not None
    assert Topics("a_b").parse("a-b/v1/s/a/ack") is None


def test_every_verb_has_one_direction() -> None:
    assert sorted(FROM_AGENT + TO_AGENT) == sorted(Verb)


@given(slugs, slugs, st.sampled_from(Verb))
def test_what_a_hub_says_to_itself_is_no_agents_topic(site: str, agent: str, verb: Verb) -> None:
    topics = Topics()
    assert topics.probe("watchkeeper-hub") == "wk/v1/_hub/watchkeeper-hub/probe"
    assert topics.parse(topics.probe(agent)) is None
    assert topics.topic(Address(site, agent), verb).split("/")[2] != "_hub"
    assert not topics.probe(agent).endswith(f"/{verb}"), "nor does a certificate's name make it one of the rules'"


def test_the_filter_of_all_agents_has_two_wildcards() -> None:
    assert Topics("org/wk").every(Verb.CONFIG_APPLIED) == "org/wk/v1/+/+/config/applied"


def test_an_address_reads_as_a_certificates_name() -> None:
    assert str(Address("north", "gw-1")) == "north/gw-1"
