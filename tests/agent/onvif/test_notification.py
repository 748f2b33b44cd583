import datetime

from lxml import etree

from agent.onvif.notification import MAX_MESSAGES, Notification, notifications

# As an access controller sends it; the prefix of the topic is its own choice.
OPENED = b"""<?xml version="1.0"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tev="http://www.onvif.org/ver10/events/wsdl"
 xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema"
 xmlns:tns1="http://www.onvif.org/ver10/topics"><env:Body><tev:PullMessagesResponse>
 <tev:CurrentTime>2025-03-01T08:00:00Z</tev:CurrentTime><tev:TerminationTime>2025-03-01T08:01:00Z</tev:TerminationTime>
 <wsnt:NotificationMessage>
  <wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">
    tns1:Door/State/DoorPhysicalState
  </wsnt:Topic>
  <wsnt:Message><tt:Message UtcTime="2025-03-01T07:59:58.250Z" PropertyOperation="Changed">
   <tt:Source><tt:SimpleItem Name="DoorToken" Value="D1"/></tt:Source>
   <tt:Data><tt:SimpleItem Name="State" Value="Open"/></tt:Data>
  </tt:Message></wsnt:Message>
 </wsnt:NotificationMessage>
 <wsnt:NotificationMessage>
  <wsnt:Topic>tns1:AccessControl/tns1:Denied/tns1:Credential</wsnt:Topic>
  <wsnt:Message><tt:Message UtcTime="never">
   <tt:Source><tt:SimpleItem Name="AccessPointToken" Value="R1"/></tt:Source>
   <tt:Data><tt:SimpleItem Name="CredentialToken" Value="C7"/><tt:SimpleItem Name="Reason" Value="Expired"/>
    <tt:ElementItem Name="Extra"><tt:Anything/></tt:ElementItem><tt:SimpleItem Name="Broken"/></tt:Data>
  </tt:Message></wsnt:Message>
 </wsnt:NotificationMessage>
 <wsnt:NotificationMessage><wsnt:Topic>tns1:Empty</wsnt:Topic></wsnt:NotificationMessage>
 <wsnt:NotificationMessage><wsnt:Message><tt:Message/></wsnt:Message></wsnt:NotificationMessage>
</tev:PullMessagesResponse></env:Body></env:Envelope>"""


def test_messages_become_records_with_topics_without_prefixes() -> None:
    assert notifications(etree.fromstring(OPENED)) == [
        Notification(
            topic="Door/State/DoorPhysicalState",
            operation="Changed",
            at=datetime.datetime(2025, 3, 1, 7, 59, 58, 250_000, tzinfo=datetime.UTC),
            source={"DoorToken": "D1"},
            data={"State": "Open"},
        ),
        Notification(
            topic="AccessControl/Denied/Credential",
            source={"AccessPointToken": "R1"},
            data={"CredentialToken": "C7", "Reason": "Expired"},
        ),
    ]


def test_a_flood_is_cut() -> None:
    one = (
        "<w:NotificationMessage xmlns:w='w'><w:Topic>a:b</w:Topic><w:Message><w:Message/></w:Message>"
        "</w:NotificationMessage>"
    )
    flood = etree.fromstring(f"<x>{one * (MAX_MESSAGES + 5)}</x>")
    assert len(notifications(flood)) == MAX_MESSAGES


def test_long_values_are_cut_and_control_characters_dropped() -> None:
    text = (
        "<x><N:NotificationMessage xmlns:N='n'><N:Topic>t</N:Topic><N:Message><N:Message><N:Data>"
        f"<N:SimpleItem Name='State' Value='{'y' * 5000}&#9;'/>"
        "</N:Data></N:Message></N:Message></N:NotificationMessage></x>"
    )
    assert notifications(etree.fromstring(text))[0].data == {"State": "y" * 200}


def test_a_topic_is_printable() -> None:
    text = (
        "<x><N:NotificationMessage xmlns:N='n'><N:Topic>tns1:Device/\x9b31mTrig\u202eger\nx</N:Topic>"
        "<N:Message><N:Message/></N:Message></N:NotificationMessage></x>"
    )
    assert notifications(etree.fromstring(text))[0].topic == "Device/31mTriggerx"
