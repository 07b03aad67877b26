# Shows all that a program can see of another that ran before it in its container. Nothing here may depend on anything else:
# what differs between two fresh containers, such as numbers of inodes and processes, is left out or made relative.
import ctypes, os, resource, signal, socket, stat

uid = os.getuid()


def owner(number):
    return 'own' if number == uid else number


def show_tree(root):
    for directory, directories, files in os.walk(root):
        for name in [''] + directories + files:
            path = os.path.join(directory, name) if name else directory
            info = os.lstat(path)
            size = info.st_size if stat.S_ISREG(info.st_mode) else ''
            print('file', os.fsencode(path), oct(info.st_mode), owner(info.st_uid), owner(info.st_gid), info.st_nlink, size)
            print('attributes', os.listxattr(path, follow_symlinks=False))


for root in ['/workspace', '/build', '/tmp', '/dev/shm', '/dev/mqueue', '/var/tmp', '/run']:
    show_tree(root)
for root in ['/workspace', '/build', '/tmp', '/dev/shm']:
    figures = os.statvfs(root)
    print('figures', root, figures.f_blocks, figures.f_bfree, figures.f_files, figures.f_ffree)

for kind in ['shm', 'sem', 'msg']:
    print(kind, open(f'/proc/sysvipc/{kind}').read().splitlines()[1:])

for pid in sorted(map(int, filter(str.isdigit, os.listdir('/proc')))):
    try:
        command = open(f'/proc/{pid}/cmdline', 'rb').read()
        status = dict(line.split(':\t', 1) for line in open(f'/proc/{pid}/status') if ':\t' in line)
    except OSError:
        continue
    uids = [owner(int(number)) for number in status['Uid'].split()]
    # Whether another one happens to run or to sleep at this moment is its own affair.
    state = status['State'].strip().replace('R (running)', 'S (sleeping)')
    print('process', command, state, uids, status['Threads'].strip(), 'self' if pid == os.getpid() else '')

print('mounts', sorted(' '.join(line.split()[4:6]) for line in open('/proc/self/mountinfo')))
print('descriptors', sorted(map(int, os.listdir('/proc/self/fd'))))
print('signals', [signal.getsignal(number) for number in sorted(signal.valid_signals())], signal.pthread_sigmask(0, []))
print('limits', [resource.getrlimit(number) for number in range(16)])
print('umask', os.umask(0), 'nice', os.nice(0), 'cpus', os.sched_getaffinity(0))
print('directory', os.getcwd(), 'environment', sorted(os.environ.items()))
print('groups', os.getgroups(), 'parent', os.getppid() != 0, 'session', os.getsid(0) == os.getpid())
for table in ['tcp', 'tcp6', 'udp', 'udp6']:
    print(table, open(f'/proc/net/{table}').read().splitlines()[1:])
print('unix', sum('@' in line for line in open('/proc/net/unix')))
print('interfaces', open('/proc/net/dev').read())
print('queue', ctypes.CDLL(None).mq_open(b'/left0', os.O_RDONLY))
print('terminals', os.listdir('/dev/pts'))
for port in [4711, 4712, 4713]:
    for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM]:
        with socket.socket(socket.AF_INET, kind) as free:
            free.bind(('127.0.0.1', port))
