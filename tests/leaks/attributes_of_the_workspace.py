# Leaves: attributes of the workspace.
import ctypes, os

for path in ['.', '/build']:
    for name in ['user.left', 'system.posix_acl_default']:
        try:
            os.setxattr(path, name, b'x' * 100)
        except OSError as error:
            print(name, error)
libc = ctypes.CDLL(None, use_errno=True)
directory = os.open('.', os.O_RDONLY)
flags = ctypes.c_long(0x40)  # FS_NODUMP_FL
print('ioctl', libc.ioctl(directory, 0x40086602, ctypes.byref(flags)))
os.utime('.', (1, 1))
