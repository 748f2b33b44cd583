"""What every way to ask a device shares: where it is, our account, our manners, bounds and errors.

The protocols over it: `agent/onvif` (SOAP), `agent/isapi` (Hikvision), `agent/dahua` (CGI), `agent/rtsp`.
"""
