# Leaves: hard links.
import os

open('one', 'w').write('x')
for number in range(100):
    os.link('one', f'link{number}')
