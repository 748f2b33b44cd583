"""ISAPI: HTTP with XML (or JSON) that devices of Hikvision and its rebrands speak."""
