# Leaves: other places.
for path in ['/', '/etc', '/usr/local/bin', '/var/tmp', '/run', '/kiln', '/dev', '/sys/fs/cgroup', '/proc/sys/kernel', '/root', '/home', '/opt']:
    try:
        open(f'{path}/left', 'w').write('x')
        print('wrote', path)
    except OSError as error:
        print(path, error.errno)
