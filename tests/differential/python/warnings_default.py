import warnings

print(warnings.filters)
print(warnings.filters is __import__("_warnings").filters, "__warningregistry__" in globals())


def old():
    warnings.warn("old thing", DeprecationWarning, stacklevel=2)


old()
warnings.warn("shown once")
for _ in range(2):
    warnings.warn("in a loop")
warnings.warn("level", DeprecationWarning)
warnings.warn("pending", PendingDeprecationWarning)
warnings.warn("outer", UserWarning, stacklevel=5)
"\d" if False else None
print(sorted(key for key in globals() if key.startswith("__w")))
