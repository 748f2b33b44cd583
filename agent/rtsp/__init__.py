"""A small RTSP/1.0 client (RFC 2326): whether a camera describes a stream. It never starts one."""
