import decimal
import fractions
import math

print(decimal.getcontext())
print(decimal.Decimal(1) / 7, fractions.Fraction(0.5), math.fsum([0.1] * 10), decimal.localcontext)
with decimal.localcontext() as context:
    context.prec = 5
    print(decimal.Decimal(2).sqrt())
print(decimal.Decimal(0) / 0)
