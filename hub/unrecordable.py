"""What already tells why a channel has nothing to record. The rules about recordings share it."""

DOWN = frozenset({"channel_offline", "channel_video_loss", "camera_unreachable", "camera_not_streaming"})
"""Rules. With no picture there is nothing to record: theirs is the ticket."""
