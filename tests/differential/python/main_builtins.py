import builtins

print(sorted(vars(builtins)))
print(hasattr(builtins, "_"), builtins.__spec__ is not None)
print(builtins.__import__, builtins.open.__module__)
print(quit, exit, copyright.__class__.__name__, help)
