class Stop(SystemExit):
    pass


try:
    raise Stop(6)
finally:
    print("finally")
