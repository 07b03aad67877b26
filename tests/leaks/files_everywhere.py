# Leaves: files everywhere.
import os

for directory in ['.', '/build', '/tmp', '/dev/shm']:
    with open(f'{directory}/left', 'w') as file:
        file.write('x' * 100_000)
    os.makedirs(f'{directory}/deep/er/still')
