"""Doors: what is known of each, and the ways to hear of them (ONVIF, Hikvision's ISAPI, JSON lines, MQTT topics)."""
