import dis
import doctest
import inspect


def function(a, *b, c=1, **d):
    """Add.

    >>> function(1)
    2
    """
    return a + c


print(inspect.signature(function), inspect.getsourcelines(function)[1], inspect.getsourcefile(function) == __file__)
print(inspect.getcomments(function), function.__code__.co_filename == __file__, function.__module__)
print(doctest.testmod(verbose=False))
print(inspect.getmodulename(__file__), inspect.getmodule(function).__name__)
