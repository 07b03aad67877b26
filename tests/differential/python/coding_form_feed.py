print('form feed')
