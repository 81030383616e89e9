"""MQTT to rows."""
