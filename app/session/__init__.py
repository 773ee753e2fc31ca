"""The session: the robot of the running cockpit, in a process of its own."""
