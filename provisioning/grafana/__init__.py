"""Dashboards, data sources and teams in Grafana, one organisation a customer.

Folder permissions hide dashboards, not data: whoever may use a data source may ask it anything. So each customer has an
organisation of their own, with data sources of their own, whose credentials read that customer's databases alone.
"""
