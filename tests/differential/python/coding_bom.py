print('with a BOM', ascii('é'))
raise ValueError('line two')
