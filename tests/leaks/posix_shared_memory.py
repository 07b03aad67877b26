# Leaves: posix shared memory.
import os

from multiprocessing import shared_memory, resource_tracker
block = shared_memory.SharedMemory('left', create=True, size=1 << 20)
block.buf[0] = 7
resource_tracker.unregister(block._name, 'shared_memory')
os._exit(0)
