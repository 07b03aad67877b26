del __file__, __cached__
raise ValueError("with a status of its own")
