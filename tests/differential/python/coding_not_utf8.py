print('first')
print('café')
