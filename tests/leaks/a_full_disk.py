# Leaves: a full disk.
for directory in ['.', '/tmp', '/dev/shm']:
    try:
        with open(f'{directory}/full', 'wb') as file:
            while True:
                file.write(bytes(1 << 20))
    except OSError:
        pass
