"""
Workers that can be told to fall ill, with hearts that beat faster: for the tests of the heartbeat.
"""
