"""Recordings -> vectors."""
