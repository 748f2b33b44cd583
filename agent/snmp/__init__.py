"""SNMP of switches over pysnmp, which is loaded only where one is configured: it takes 16 MB. Everything only reads."""
