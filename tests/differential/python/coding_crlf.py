print('one')
if True:
    print('''a
b''')
raise KeyError('crlf')
