"""The library: a folder of recorded episodes, what a person says of them, and the way to and from other formats.

`library.store.Library` opens one; `library.lerobot` writes and reads LeRobotDataset v3.0.
"""
