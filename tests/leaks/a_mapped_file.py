# Leaves: a mapped file.
import mmap, os

file = open('/dev/shm/mapped', 'wb+')
file.truncate(8 << 20)
map = mmap.mmap(file.fileno(), 8 << 20)
map.write(bytes(range(256)) * 1024)
os.unlink('/dev/shm/mapped')
memory = os.memfd_create('left')
os.write(memory, bytes(8 << 20))
