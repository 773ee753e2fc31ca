"""LeRobotDataset v3.0: written from a library, and read into one."""
