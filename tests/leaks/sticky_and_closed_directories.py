# Leaves: sticky and closed directories.
import os

for mode in [0o1777, 0o000, 0o1000, 0o4777]:
    os.makedirs(f'/tmp/{mode:o}/inner')
    open(f'/tmp/{mode:o}/file', 'w').write('x')
    os.chmod(f'/tmp/{mode:o}/inner', mode)
    os.chmod(f'/tmp/{mode:o}', mode)
os.makedirs('inner/inner')
os.chmod('inner', 0o1777)
os.chmod('.', 0o1777)
