"""Scenes painted on the device that trains: what they are made of, what they will show, and the painting."""
