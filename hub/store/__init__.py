"""The only SQL: tables, migrations, writes and reads."""
