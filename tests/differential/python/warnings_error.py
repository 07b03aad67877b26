import warnings

warnings.simplefilter("error")
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    warnings.warn("recorded")
    print(len(seen), seen[0].filename == __file__, seen[0].lineno)
open("/dev/null")
warnings.warn("now an error", RuntimeWarning)
