# Leaves: a sparse file.
with open('sparse', 'wb') as file:
    file.truncate(100 << 20)
    file.seek(50 << 20)
    file.write(b'x')
