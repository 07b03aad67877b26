def föö():
    raise ValueError("\u4e2d\u6587 \U0001f600 \udcff")


föö()
